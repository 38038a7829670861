# Extend: Hook point, Tools ordering (the sections have no program: this follows the text)
import cherrypy

POINTS = (
    'on_start_resource', 'before_request_body', 'before_handler', 'before_finalize',
    'on_end_resource', 'before_error_response', 'after_error_response',
    'on_end_request',
)
seen = []


def tell(what):
    seen.append(what)


for point in POINTS:
    setattr(cherrypy.tools, 'tell_' + point, cherrypy.Tool(point, tell))

# "Lower values provide greater priority; if you set the same priority for several
# tools, they will be called in the order you declare them in your configuration."
cherrypy.tools.last = cherrypy.Tool('before_handler', tell, priority=90)
cherrypy.tools.first = cherrypy.Tool('before_handler', tell, priority=5)
cherrypy.tools.second = cherrypy.Tool('before_handler', tell, priority=5)


class Root(object):
    _cp_config = {}

    @cherrypy.expose
    def index(self):
        seen.append('page')
        return "page"

    @cherrypy.expose
    def broken(self):
        raise ValueError("broken")

    @cherrypy.expose
    def ordered(self):
        seen.append('page')
        return "ordered"
    ordered._cp_config = {
        'tools.last.on': True, 'tools.last.what': 'last',
        'tools.first.on': True, 'tools.first.what': 'first',
        'tools.second.on': True, 'tools.second.what': 'second',
    }


for point in POINTS:
    Root._cp_config['tools.tell_%s.on' % point] = True
    Root._cp_config['tools.tell_%s.what' % point] = point
