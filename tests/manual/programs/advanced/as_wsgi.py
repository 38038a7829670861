# Advanced: Make your CherryPy application a WSGI application
import random
import string

import cherrypy


# From the section on aliases; the settings are ours.
class StringGenerator(object):
    @cherrypy.expose(['generer', 'generar'])
    def generate(self, length=8):
        return ''.join(random.sample(string.hexdigits, int(length)))

    @cherrypy.expose
    def index(self):
        return "Hello world!"


myconf = {'/': {'tools.response_headers.on': True,
                'tools.response_headers.headers': [('X-Mine', 'yes')]}}

wsgiapp = cherrypy.Application(StringGenerator(), '/', config=myconf)
