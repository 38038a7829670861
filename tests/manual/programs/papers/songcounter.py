# A user's notes: HTTP Utilities with CherryPy
from collections import defaultdict

import cherrypy

counts = defaultdict(int)

class SongCounts(object):
    exposed = True

    def GET(self, id):
        return str(counts[id])

    def POST(self, id):
        counts[id] += 1
        return str(counts[id])

class CounterApp(object):
    exposed = True
    song = SongCounts()

    def GET(self):
        # Printed as iteritems(), a method of Python 2.
        return ','.join(['%s=%s' % (k, v) for k, v in counts.items()])

    def DELETE(self):
        # A line is lost before this one in the copy that we have.
        counts.clear()
        return 'OK'

sc_conf = {
    '/': {
        # The end of the dictionary is lost too.
        'request.dispatch': cherrypy.dispatch.MethodDispatcher(),
    }
}

application = cherrypy.tree.mount(CounterApp(), config=sc_conf)
