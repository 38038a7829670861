# Extend: Tools, "tools can also be created and assigned manually"
import cherrypy


def logit():
    print(cherrypy.request.remote.ip)

cherrypy.tools.logit = cherrypy.Tool('before_finalize', logit)


class Root(object):
    # "Obviously the tool may be declared the other usual ways."
    @cherrypy.expose
    def index(self):
        return "hello world"
    index._cp_config = {'tools.logit.on': True}


if __name__ == '__main__':
    cherrypy.quickstart(Root())
