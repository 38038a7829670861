# Configure: Values in config files use Python syntax
import cherrypy


class MyApp:
    exposed = True

    def POST(self):
        return cherrypy.request.body.read()


class Root:
    myapp = MyApp()

    @cherrypy.expose
    def index(self):
        return "index"

    @cherrypy.expose
    def broken(self):
        raise ValueError("secret")


cherrypy.quickstart(Root(), '', 'values.conf')
