# cherrypy.process.servers: other servers under ServerAdapter
from wsgiref.simple_server import WSGIRequestHandler, make_server

import cherrypy
from cherrypy.process.servers import ServerAdapter


# The manual takes "MyWSGIServer" and "another.HTTPServer" for granted.
class Quiet(WSGIRequestHandler):
    def log_message(self, *args):
        pass


class MyWSGIServer(object):
    ready = False

    def __init__(self, host, port):
        self.server = make_server(host, port, cherrypy.tree, handler_class=Quiet)

    def start(self):
        self.ready = True
        self.server.serve_forever(poll_interval=0.05)

    def stop(self):
        self.ready = False
        self.server.shutdown()
        self.server.server_close()


class Root(object):
    @cherrypy.expose
    def index(self):
        return "Hello from %s" % cherrypy.request.wsgi_environ['SERVER_SOFTWARE']


cherrypy.tree.mount(Root())
mine = MyWSGIServer(host='127.0.0.1', port=0)
s1 = ServerAdapter(
    cherrypy.engine,
    mine,
    # The manual leaves the address out; then the adapter cannot wait for the port.
    bind_addr=mine.server.server_address
)
s1.subscribe()
cherrypy.engine.signals.subscribe()
cherrypy.engine.start()
cherrypy.engine.block()
