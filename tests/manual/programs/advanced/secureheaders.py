# Advanced: Securing your server
import cherrypy

# set the priority according to your needs if you are hooking something
# else on the 'before_finalize' hook point.
@cherrypy.tools.register('before_finalize', priority=60)
def secureheaders():
    headers = cherrypy.response.headers
    headers['X-Frame-Options'] = 'DENY'
    headers['X-XSS-Protection'] = '1; mode=block'
    headers['Content-Security-Policy'] = "default-src='self'"
    # add this to secureheaders():
    # only add Strict-Transport headers if we're actually using SSL; see the ietf spec
    # "An HSTS Host MUST NOT include the STS header field in HTTP responses
    # conveyed over non-secure transport"
    # http://tools.ietf.org/html/draft-ietf-websec-strict-transport-sec-14#section-7.2
    if (cherrypy.server.ssl_certificate != None and cherrypy.server.ssl_private_key != None):
        headers['Strict-Transport-Security'] = 'max-age=31536000'  # one year


class Root(object):
    @cherrypy.expose
    def index(self):
        return "safe"


if __name__ == '__main__':
    cherrypy.quickstart(Root(), '/', 'secureheaders.conf')
