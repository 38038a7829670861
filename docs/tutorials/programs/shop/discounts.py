"""What happens to prices on the way: a tool."""

import cherrypy


@cherrypy.tools.register("before_handler")
def discount(percent=0):
    cherrypy.request.discount = percent
