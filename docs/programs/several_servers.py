import cherrypy


class Site:
    @cherrypy.expose
    def index(self):
        return f"You came by {cherrypy.request.local.port}"


cherrypy.config.update(
    {
        "server.socket_port": 8080,
        "server.inside.socket_host": "127.0.0.1",
        "server.inside.socket_port": 8090,
        "server.inside.thread_pool": 2,
    }
)
cherrypy.quickstart(Site())
