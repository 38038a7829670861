import cherrypy


class Site:
    @cherrypy.expose
    def index(self):
        return "By a path"


cherrypy.config.update({"server.socket_file": "site.sock"})
cherrypy.quickstart(Site())
