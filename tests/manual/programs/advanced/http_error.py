# Advanced: Error handling
import cherrypy


# The manual takes this function for granted.
def authorized():
    return cherrypy.request.headers.get('X-Badge') == 'shown'


class Root:
    @cherrypy.expose
    def thing(self, path):
        if not authorized():
            raise cherrypy.HTTPError(401, 'Unauthorized')
        try:
            file = open(path)
        except FileNotFoundError:
            raise cherrypy.HTTPError(404)
        # The manual stops here; the page gives the file back.
        return file
