"""Tutorial 2: several methods.

Each method that is exposed is a page, and its name is the URL. Pages link to each
other as pages do.
"""

import os.path

import cherrypy


class HelloWorld:
    """A site of two pages."""

    @cherrypy.expose
    def index(self) -> str:
        """Return the page at /, with a link to the other one."""
        return 'We have an <a href="show_msg">important message</a> for you!'

    @cherrypy.expose
    def show_msg(self) -> str:
        """Return the page at /show_msg."""
        return "Hello world!"


tutconf: str = os.path.join(os.path.dirname(__file__), "tutorial.conf")

if __name__ == "__main__":
    cherrypy.quickstart(HelloWorld(), config=tutconf)
