# What stands for `uwsgi --wsgi-file mymod.py --callable wsgiapp`
import signal
import threading
from wsgiref.simple_server import make_server

import cherrypy
from mymod import wsgiapp

server = make_server('127.0.0.1', 0, wsgiapp)
cherrypy.engine.foreign_address = server.server_address
signal.signal(
    signal.SIGTERM, lambda *args: threading.Thread(target=server.shutdown).start())
cherrypy.engine.publish('main')
server.serve_forever(poll_interval=0.1)
server.server_close()
cherrypy.engine.exit()
