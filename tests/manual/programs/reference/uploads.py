# Tutorial: File upload and download (cherrypy.tutorial.tut09_files), from its text
import os

import cherrypy
from cherrypy.lib import static

absDir = os.path.dirname(os.path.abspath(__file__))


class FileDemo(object):
    @cherrypy.expose
    def upload(self, myFile):
        size = 0
        while True:
            data = myFile.file.read(8192)
            if not data:
                break
            size += len(data)
        return "%s %s %s" % (size, myFile.filename, myFile.content_type)

    @cherrypy.expose
    def plain(self):
        # "You can simply return a file-like object from your page handler."
        return open(os.path.join(absDir, 'uploads.py'), 'rb')

    @cherrypy.expose
    def download(self):
        path = os.path.join(absDir, 'uploads.py')
        return static.serve_file(path, 'application/x-download',
                                 'attachment', os.path.basename(path))
