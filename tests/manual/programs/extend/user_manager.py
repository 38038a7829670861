# Extend: Request parameters manipulation
import cherrypy


class UserManager(cherrypy.Tool):
    def __init__(self):
        cherrypy.Tool.__init__(self, 'before_handler',
                               self.load, priority=10)

    def load(self):
        req = cherrypy.request

        # let's assume we have a db session
        # attached to the request somehow
        db = req.db

        # retrieve the user id and remove it
        # from the request parameters
        user_id = req.params.pop('user_id')
        req.params['user'] = db.get(int(user_id))

cherrypy.tools.user = UserManager()


class Root(object):
    @cherrypy.expose
    @cherrypy.tools.user()
    def index(self, user):
        return "hello %s" % user.name


# "Let's assume we have a db session attached to the request somehow": like this.
class User(object):
    def __init__(self, name):
        self.name = name


def attach_session():
    cherrypy.request.db = {7: User('Ines')}


if __name__ == '__main__':
    cherrypy.quickstart(Root(), '/', {'/': {'hooks.on_start_resource': attach_session}})
