# Basics: Disable logging
import cherrypy


class Root(object):
    @cherrypy.expose
    def index(self):
        cherrypy.log("hello there")
        return "not logged"


if __name__ == '__main__':
    cherrypy.config.update({'log.screen': False,
                            'log.access_file': '',
                            'log.error_file': ''})
    cherrypy.quickstart(Root())
