# Deploy: Reverse-proxying, Nginx
import cherrypy

class Root(object):
    @cherrypy.expose
    def index(self):
        return "hello world"

    # This page is ours: it shows what the application knows of its client.
    @cherrypy.expose
    def who(self):
        return "%s %s" % (cherrypy.request.remote.ip, cherrypy.url('/'))

if __name__ == '__main__':
    cherrypy.config.update({
        'server.socket_port': 8080,
        'tools.proxy.on': True,
        'tools.proxy.base': 'http://www.example.com'
    })

    cherrypy.quickstart(Root())
