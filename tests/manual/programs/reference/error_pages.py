# Tutorial: HTTP errors, and what `error_page` may be
import os

import cherrypy

localDir = os.path.dirname(os.path.abspath(__file__))


def callable_page(status, message, traceback, version):
    return "own page: %s | %s" % (status, message)


class HTTPErrorDemo(object):
    # Set a custom response for 403 errors.
    _cp_config = {'error_page.403': os.path.join(localDir, 'custom_error.html'),
                  'error_page.default': callable_page,
                  'request.show_tracebacks': False}

    @cherrypy.expose
    def error(self, code):
        # raise an error based on the get query
        raise cherrypy.HTTPError(status=code)

    @cherrypy.expose
    def messageArg(self):
        message = ("If you construct an HTTPError with a 'message' "
                   "argument, it wil be placed on the error page "
                   "(underneath the status line by default).")
        raise cherrypy.HTTPError(500, message=message)

    @cherrypy.expose
    def broken(self):
        raise ValueError("secret")

    @cherrypy.expose
    @cherrypy.config(**{'request.error_response': lambda: handle_error()})
    def handled(self):
        raise ValueError("secret")


def handle_error():
    cherrypy.response.status = 500
    cherrypy.response.body = [b"<html><body>Sorry, an error occurred</body></html>"]
