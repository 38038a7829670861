# Extend: Publish/Subscribe pattern, Built-in channels, Bus API
import cherrypy

heard = []


def listen(channel):
    cherrypy.engine.subscribe(channel, lambda *args: heard.append(channel))


for channel in ('start', 'stop', 'graceful', 'exit', 'before_request', 'after_request',
                'start_thread', 'stop_thread'):
    listen(channel)


def add(a, b):
    return a + b


cherrypy.engine.subscribe('add', add)


class Root(object):
    @cherrypy.expose
    def index(self):
        return ' '.join(heard)

    @cherrypy.expose
    def add(self, a, b):
        # "A published message will eventually generate a response."
        return repr(cherrypy.engine.publish('add', int(a), int(b)))

    @cherrypy.expose
    def unsubscribe(self):
        cherrypy.engine.unsubscribe('add', add)
        return repr(cherrypy.engine.publish('add', 1, 2))


if __name__ == '__main__':
    cherrypy.engine.subscribe('exit', lambda: print('heard:', *heard), priority=90)
    cherrypy.quickstart(Root())
