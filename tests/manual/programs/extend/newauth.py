# Extend: Toolboxes
import cherrypy

# Create a new Toolbox.
newauthtools = cherrypy._cptools.Toolbox("newauth")

# Add a Tool to our new Toolbox.
@newauthtools.register('before_request_body')
def check_access(default=False):
    if not getattr(cherrypy.request, "userid", default):
        raise cherrypy.HTTPError(401)


class Root(object):
    @cherrypy.expose
    # Printed without *path: then /demo would be one segment too many, and a 404.
    def default(self, *path):
        return "Hello"

conf = {
   '/demo': {
       'newauth.check_access.on': True,
       'newauth.check_access.default': True,
   },
   # The manual shows only the open door; this one stays shut.
   '/shut': {
       'newauth.check_access.on': True,
   }
}

app = cherrypy.tree.mount(Root(), config=conf)
# "with the additional step of registering your toolbox with your app", a line that
# the printed program leaves out. Without it the `newauth` entries mean nothing.
app.toolboxes['newauth'] = newauthtools

if __name__ == '__main__':
    cherrypy.engine.signals.subscribe()
    cherrypy.engine.start()
    cherrypy.engine.block()
