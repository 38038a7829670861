# Advanced: Response timeouts, and the Timeout Monitor
import time

import cherrypy


# The section has no program: these pages use the names that it explains.
class Root(object):
    @cherrypy.expose
    def index(self):
        response = cherrypy.serving.response
        return '%r %r %r' % (
            response.timeout, response.timed_out, response.time <= time.time())

    @cherrypy.expose
    def late(self):
        cherrypy.response.timeout = -1
        cherrypy.response.check_timeout()
        return 'timed out: %r' % cherrypy.response.timed_out

    @cherrypy.expose
    def monitored(self):
        # The monitor asks every active response in its own thread.
        cherrypy.response.timeout = -1
        deadline = time.monotonic() + 20
        while not cherrypy.response.timed_out and time.monotonic() < deadline:
            time.sleep(0.005)
        return 'timed out: %r' % cherrypy.response.timed_out

    @cherrypy.expose
    def own(self):
        raise cherrypy.TimeoutError()


if __name__ == '__main__':
    cherrypy.config.update('timeouts.conf')
    cherrypy.quickstart(Root())
