# Basics: Additional application settings (and configuration from a file)
import cherrypy


class Root(object):
    @cherrypy.expose
    def index(self):
        google_appid = cherrypy.request.app.config['googleapi']['appid']
        # The manual throws the value away; the page shows it.
        cherrypy.response.headers['X-Appid'] = google_appid
        return "hello world!"


cherrypy.quickstart(Root(), '/', "app.conf")
