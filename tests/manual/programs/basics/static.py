# Basics: Static content serving; the four configuration files are beside this file
import mimetypes

import cherrypy
from cherrypy.lib.static import serve_file

mimetypes.types_map['.csv'] = 'text/csv'


class Root(object):
    @cherrypy.expose
    def download(self, filepath):
        return serve_file(filepath, "application/x-download", "attachment")


# The manual does not say where its four configurations are mounted.
if __name__ == '__main__':
    for name in ("file", "directory", "root", "index"):
        cherrypy.tree.mount(Root(), '/' + name, 'static_%s.conf' % name)
    cherrypy.engine.signals.subscribe()
    cherrypy.engine.start()
    cherrypy.engine.block()
