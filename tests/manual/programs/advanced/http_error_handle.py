# Advanced: Error handling, HTTPError.handle
import cherrypy


class Root:
    @cherrypy.expose
    def thing(self, path):
        with cherrypy.HTTPError.handle(FileNotFoundError, 404):
            file = open(path)
        # The manual stops here; the page gives the file back.
        return file
