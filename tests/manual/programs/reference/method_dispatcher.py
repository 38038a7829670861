# cherrypy.dispatch.MethodDispatcher, with the service of Tutorial 7. Its string is kept
# on the object: sessions have programs of their own.
import random
import string

import cherrypy


@cherrypy.expose
class StringGeneratorWebService(object):
    mystring = None

    @cherrypy.tools.accept(media='text/plain')
    def GET(self):
        return self.mystring.upper()

    def POST(self, length=8):
        some_string = ''.join(random.sample(string.hexdigits, int(length)))
        self.mystring = some_string
        return some_string

    def PUT(self, another_string):
        self.mystring = another_string

    def DELETE(self):
        self.mystring = None


conf = {
    '/': {
        'request.dispatch': cherrypy.dispatch.MethodDispatcher(),
        'tools.response_headers.on': True,
        'tools.response_headers.headers': [('Content-Type', 'text/plain')],
    }
}

application = cherrypy.Application(StringGeneratorWebService(), '', conf)
