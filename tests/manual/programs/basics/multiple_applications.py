# Basics: Multiple applications
import cherrypy


# The manual takes these two classes and their settings for granted.
class Blog(object):
    @cherrypy.expose
    def index(self):
        return "My blog"


class Forum(object):
    @cherrypy.expose
    def index(self):
        return "My forum"

    @cherrypy.expose
    def where(self):
        return cherrypy.url('/threads')


blog_conf = {'/': {'tools.response_headers.on': True,
                   'tools.response_headers.headers': [('X-App', 'blog')]}}
forum_conf = {'/': {'tools.response_headers.on': True,
                    'tools.response_headers.headers': [('X-App', 'forum')]}}

cherrypy.tree.mount(Blog(), '/blog', blog_conf)
cherrypy.tree.mount(Forum(), '/forum', forum_conf)

cherrypy.engine.start()
cherrypy.engine.block()
