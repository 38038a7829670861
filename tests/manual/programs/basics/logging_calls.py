# Basics: Logging
import cherrypy


# The manual shows the three calls; the pages around them are ours.
class Root(object):
    @cherrypy.expose
    def index(self):
        cherrypy.log("hello there")
        return "logged"

    @cherrypy.expose
    def kaboom(self):
        try:
            1 / 0
        except:
            cherrypy.log("kaboom!", traceback=True)
        return "survived"


if __name__ == '__main__':
    cherrypy.config.update({'log.access_file': 'access.log',
                            'log.error_file': 'error.log'})
    cherrypy.quickstart(Root())
