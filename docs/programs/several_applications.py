import cherrypy


class Blog:
    @cherrypy.expose
    def index(self):
        return f"The blog, at {cherrypy.request.script_name}"


class Forum:
    @cherrypy.expose
    def index(self):
        return f"The forum, at {cherrypy.request.script_name}"


cherrypy.tree.mount(Blog(), "/blog", {"/": {"tools.gzip.on": True}})
cherrypy.tree.mount(Forum(), "/forum")

cherrypy.engine.signals.subscribe()
cherrypy.engine.start()
cherrypy.engine.block()
