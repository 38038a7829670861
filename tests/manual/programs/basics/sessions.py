# "Using sessions", in files.
import cherrypy


class Root(object):
    @cherrypy.expose
    def index(self):
        if 'count' not in cherrypy.session:
            cherrypy.session['count'] = 0
        cherrypy.session['count'] += 1
        return str(cherrypy.session['count'])


if __name__ == '__main__':
    cherrypy.quickstart(Root(), '/', 'sessions.conf')
