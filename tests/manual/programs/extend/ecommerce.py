# Extend: Typical pattern (the second form), with the plugin of "Create a plugin"
import cherrypy
from cherrypy.process import wspbus, plugins


class DatabasePlugin(plugins.SimplePlugin):
    def __init__(self, bus, db_klass):
        plugins.SimplePlugin.__init__(self, bus)
        self.db = db_klass()

    def start(self):
        self.bus.log('Starting up DB access')
        self.bus.subscribe("db-save", self.save_it)

    def stop(self):
        self.bus.log('Stopping down DB access')
        self.bus.unsubscribe("db-save", self.save_it)

    def save_it(self, entity):
        self.db.save(entity)


# "The SQLiteDB here is a fake class that is used as our database provider."
class SQLiteDB(object):
    def __init__(self):
        self.rows = []

    def save(self, entity):
        self.rows.append(entity.data)


# The manual takes the class Cart for granted.
class Cart(object):
    def __init__(self, data):
        self.data = data


class ECommerce(object):
    @cherrypy.expose
    def save_kart(self, cart_data):
        cart = Cart(cart_data)
        cherrypy.engine.publish('db-save', cart)

    # This page is ours: it shows what was saved.
    @cherrypy.expose
    def saved(self):
        return ','.join(plugin.db.rows)


if __name__ == '__main__':
    plugin = DatabasePlugin(cherrypy.engine, SQLiteDB)
    plugin.subscribe()
    cherrypy.quickstart(ECommerce(), '/')
