# cherrypy.process.plugins.Autoreloader: a file to watch, and modules not to watch
import os
import pathlib

import cherrypy

myFile = os.path.abspath('watched.txt')
cherrypy.engine.autoreload.files.add(myFile)
cherrypy.engine.autoreload.match = r'^(?!cherrypy).+'
cherrypy.config.update({'engine.autoreload.frequency': 0.05})


class Root(object):
    @cherrypy.expose
    def index(self):
        return pathlib.Path(myFile).read_text()


cherrypy.quickstart(Root())
