import cherrypy


class Site:
    @cherrypy.expose
    def index(self):
        return "Hello from another server"


cherrypy.config.update({"environment": "embedded"})
application = cherrypy.Application(Site(), "", {"/": {"tools.gzip.on": True}})
