# Advanced: Host a foreign WSGI application in CherryPy
import cherrypy


def raw_wsgi_app(environ, start_response):
    status = '200 OK'
    response_headers = [('Content-type','text/plain')]
    start_response(status, response_headers)
    # Printed as a str, which PEP 3333 does not allow on Python 3.
    return [b'Hello world!']

cherrypy.tree.graft(raw_wsgi_app, '/')

cherrypy.engine.signals.subscribe()
cherrypy.engine.start()
cherrypy.engine.block()
