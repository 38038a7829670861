# Advanced: How "streaming output" works with CherryPy
import cherrypy


# The manual takes this function for granted.
def authorized():
    return cherrypy.request.headers.get('X-Badge') == 'shown'


class Root:
    @cherrypy.expose
    def thing(self):
        cherrypy.response.headers['Content-Type'] = 'text/plain'
        if not authorized():
            raise cherrypy.NotFound()
        def content():
            yield "Hello, "
            yield "world"
        return content()
    thing._cp_config = {'response.stream': True}

    # What the text of the section tells, as pages of ours: the same without
    # streaming, an error after the head is out, a page that yields by itself.
    @cherrypy.expose
    def buffered(self):
        yield "Hello, "
        cherrypy.response.headers['X-Late'] = 'in time'
        yield "world"

    @cherrypy.expose
    def broken(self):
        yield "Hello, "
        raise ValueError("too late")
    broken._cp_config = {'response.stream': True}

    @cherrypy.expose
    def unfound(self):
        yield "Hello, "
        raise cherrypy.NotFound()


if __name__ == '__main__':
    cherrypy.quickstart(Root())
