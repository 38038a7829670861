import cherrypy


class Site:
    @cherrypy.expose
    def index(self):
        return "The site"


def foreign(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"At {environ['SCRIPT_NAME']}: {environ['PATH_INFO']}".encode()]


cherrypy.tree.graft(foreign, "/foreign")
cherrypy.quickstart(Site())
