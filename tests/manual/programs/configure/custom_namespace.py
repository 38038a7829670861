# Configure: Custom config namespaces, and Environments
import cherrypy


# The manual takes an object `orm` for granted.
class orm:
    connections = []

    @classmethod
    def connect(cls, string):
        cls.connections.append(string)


def db_namespace(k, v):
    if k == 'connstring':
        orm.connect(v)
cherrypy.config.namespaces['db'] = db_namespace

cherrypy.config.update({"db.connstring": "Oracle:host=1.10.100.200;sid=TEST"})

cherrypy._cpconfig.environments['staging']['log.screen'] = False
cherrypy._cpconfig.environments['Greek'] = {
    'tools.encode.encoding': 'ISO-8859-7',
    'tools.decode.encoding': 'ISO-8859-7',
}


# The pages are ours: they show what was understood.
class Root(object):
    @cherrypy.expose
    def index(self):
        return orm.connections[0]

    # The environment only says which charset; the tool for decoding is off by default.
    @cherrypy.expose
    @cherrypy.tools.decode()
    def greek(self, word='\u03bb\u03cc\u03b3\u03bf\u03c2'):
        return word


cherrypy.config.update({'environment': 'Greek'})
cherrypy.quickstart(Root())
