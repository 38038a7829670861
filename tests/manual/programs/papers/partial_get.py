# The author's notes: CherryPy now handles partial GETs. The script of the 2.1 days,
# said with the names of today: staticFilter is now tools.staticdir.
import os

import cherrypy


class Root: pass


if __name__ == '__main__':
    cherrypy.quickstart(Root(), '/', {
        '/': {
            'tools.staticdir.on': True,
            'tools.staticdir.root': os.path.dirname(os.path.abspath(__file__)),
            'tools.staticdir.dir': 'static',
        },
    })
