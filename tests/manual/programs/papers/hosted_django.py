# Hosting a Django application on a CherryPy server: a plugin grafts a foreign
# application when the bus starts, and its static files are served beside it. The
# program is not printed; a plain WSGI callable stands for Django.
import cherrypy
from cherrypy.process import plugins


def django_application(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    place = '%(SCRIPT_NAME)s|%(PATH_INFO)s' % environ
    return [place.encode('latin-1')]


class DjangoAppPlugin(plugins.SimplePlugin):
    def start(self):
        self.bus.log("Mounting the Django application")
        cherrypy.tree.graft(django_application)
        self.bus.log("Setting up the static directory to be served")
        static_handler = cherrypy.tools.staticdir.handler(
            section="/", dir="static", root='/home/site')
        cherrypy.tree.mount(static_handler, '/static')


DjangoAppPlugin(cherrypy.engine).subscribe()
cherrypy.engine.signal_handler.subscribe()
cherrypy.engine.start()
cherrypy.engine.block()
