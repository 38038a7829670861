# Configure: the pieces of the chapter that need a request, in one site
import cherrypy


def my_hook_func():
    cherrypy.response.headers['X-Hook'] = 'called'


# The text names the page, the class and the section; what they return is printed there.
class Pages:
    @cherrypy.expose
    def page(self):
        return "Hello, world!"
    page._cp_config = {"request.methods_with_bodies": ("POST", "PUT", "PROPPATCH")}

    @cherrypy.expose
    def config(self):
        return repr(cherrypy.request.config.get('request.methods_with_bodies'))

    @cherrypy.expose
    def database(self):
        return cherrypy.request.app.config['Databases']['driver']


class SetOPages:
    _cp_config = {"request.methods_with_bodies": ("POST", "PUT", "PROPPATCH")}

    @cherrypy.expose
    def page(self):
        return "Hullo, Werld!"

    @cherrypy.expose
    def body(self, **fields):
        return repr(sorted(fields.items()))


class Rest:
    exposed = True

    def GET(self):
        return "got"

    def POST(self):
        return "posted"


# "You can place your own configuration entries in a CherryPy config file by giving
# them a section name which does not start with a slash."
config = {'/':
          {
              'request.dispatch': cherrypy.dispatch.MethodDispatcher(),
              'tools.trailing_slash.on': False,
          }
          }


def mount():
    pages = Pages()
    pages.set = SetOPages()
    # Printed as a file of its own; `combined.conf` is beside this one.
    return (
        cherrypy.Application(pages, '', 'combined.conf'),
        cherrypy.Application(Rest(), '', config),
    )
