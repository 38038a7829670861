import cherrypy


class Site:
    @cherrypy.expose
    def index(self):
        return f"By {cherrypy.request.scheme}"


cherrypy.config.update(
    {
        "server.ssl_certificate": "certificate.pem",
        "server.ssl_private_key": "key.pem",
    }
)
cherrypy.quickstart(Site())
