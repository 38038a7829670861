# Basics: Multiple applications, "the previous lines can be written as"
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


blog_conf = {}
forum_conf = {}

cherrypy.tree.mount(Blog(), '/blog', blog_conf)
cherrypy.quickstart(Forum(), '/forum', forum_conf)
