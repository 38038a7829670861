# Configure: Separate Configuration Files
import cherrypy


# The manual takes the three roots and their settings for granted.
class Root(object):
    def __init__(self, name):
        self.name = name

    @cherrypy.expose
    def index(self):
        return self.name


root1, root2, root3 = Root("root"), Root("forum"), Root("blog")
appconf1 = appconf2 = appconf3 = {'/': {'tools.trailing_slash.on': True}}

# global config
cherrypy.config.update({'environment': 'production',
                        'log.error_file': 'site.log',
                        # ...
                        })

# Mount each app and pass it its own config
cherrypy.tree.mount(root1, "", appconf1)
cherrypy.tree.mount(root2, "/forum", appconf2)
cherrypy.tree.mount(root3, "/blog", appconf3)

if hasattr(cherrypy.engine, 'block'):
    # 3.1 syntax
    cherrypy.engine.start()
    cherrypy.engine.block()
else:
    # 3.0 syntax
    cherrypy.server.quickstart()
    cherrypy.engine.start()
