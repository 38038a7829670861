# Deploy: Embedding into another WSGI framework, its rules one by one
import signal
import threading
from wsgiref.simple_server import make_server

import cherrypy


class Root(object):
    @cherrypy.expose
    def index(self):
        return "Hello World!"


wsgiapp = cherrypy.tree.mount(Root())

# Disable the built-in HTTP server since it will not be used.
cherrypy.server.unsubscribe()
# Disable autoreload.
cherrypy.config.update({'engine.autoreload.on': False})
# Disable CherryPy signals handling. Printed as engine.signals.subscribe(), which would
# enable it; quickstart alone subscribes the handler, so there is nothing to do here.
# Use the "embedded" environment configuration scheme.
cherrypy.config.update({'environment': 'embedded'})

if __name__ == '__main__':
    server = make_server('127.0.0.1', 0, wsgiapp)
    cherrypy.engine.foreign_address = server.server_address
    # The other framework has signals of its own.
    signal.signal(
        signal.SIGTERM, lambda *args: threading.Thread(target=server.shutdown).start())

    # Start the CherryPy's engine. Do not call cherrypy.engine.block().
    cherrypy.engine.start()
    # If you rely on the "main" channel, publish to it.
    server.service_actions = lambda: cherrypy.engine.publish('main')
    server.serve_forever(poll_interval=0.1)
    server.server_close()
    # Stop the CherryPy's engine when you terminate.
    cherrypy.engine.stop()
