# cherrypy.dispatch.RoutesDispatcher (the manual only names it)
import cherrypy


class Dummy(object):
    def index(self, name='nobody'):
        return "I said good day, %s!" % name

    def show(self, city, year):
        return "%s in %s" % (city, year)


def make_dispatcher():
    dispatcher = cherrypy.dispatch.RoutesDispatcher()
    dispatcher.connect(action='index', name='hounslow', route='/hounslow',
                       controller=Dummy())
    dispatcher.connect(name='city', route='/cities/:city/:year', controller=Dummy(),
                       action='show', requirements={'year': r'\d{4}'})
    return dispatcher


application = cherrypy.Application(None, '', {'/': {'request.dispatch': make_dispatcher()}})
