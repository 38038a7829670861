# Deploy: SSL support, with the headers of "Securing your server" around it
import cherrypy


# The program of "Securing your server", with the lines that only matter here.
@cherrypy.tools.register('before_finalize', priority=60)
def secureheaders():
    headers = cherrypy.response.headers
    if (cherrypy.server.ssl_certificate != None and cherrypy.server.ssl_private_key != None):
        headers['Strict-Transport-Security'] = 'max-age=31536000'  # one year


class Root(object):
    @cherrypy.expose
    def index(self):
        return "%s secured" % cherrypy.request.scheme

    @cherrypy.expose
    def away(self):
        raise cherrypy.HTTPRedirect('/')


cherrypy.server.ssl_module = 'builtin'
cherrypy.server.ssl_certificate = "cert.pem"
cherrypy.server.ssl_private_key = "privkey.pem"

cherrypy.quickstart(Root(), '/', {'/': {'tools.secureheaders.on': True}})
