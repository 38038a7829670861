# Extend: Tools
import cherrypy


@cherrypy.tools.register('before_finalize')
def logit():
    print(cherrypy.request.remote.ip)


class Root(object):
    @cherrypy.expose
    @cherrypy.tools.logit()
    def index(self):
        return "hello world"


if __name__ == '__main__':
    cherrypy.quickstart(Root())
