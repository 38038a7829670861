# Configure: wsgi (the section has no program: this is what it describes)
import cherrypy


class Root(object):
    @cherrypy.expose
    def index(self):
        return "Hello, world!"


class ChangeCase(object):
    def __init__(self, nextapp, to=None):
        self.nextapp = nextapp
        self.to = to

    def __call__(self, environ, start_response):
        answer = self.nextapp(environ, start_response)
        try:
            for chunk in answer:
                yield getattr(chunk, self.to)()
        finally:
            if hasattr(answer, 'close'):
                answer.close()


wsgiapp = cherrypy.Application(Root(), '', {'/': {
    'wsgi.pipeline': [('changecase', ChangeCase)],
    'wsgi.changecase.to': 'upper',
}})
