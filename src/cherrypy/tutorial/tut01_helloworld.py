"""Tutorial 1: Hello World.

The smallest program that serves a page.
"""

import os.path

import cherrypy


class HelloWorld:
    """The object that stands for the site. Its pages are its methods."""

    # Only what is exposed can be reached from outside.
    @cherrypy.expose
    def index(self) -> str:
        """Return the page at the URL /."""
        return "Hello world!"


# Where the server listens is a matter of configuration, not of the program.
tutconf: str = os.path.join(os.path.dirname(__file__), "tutorial.conf")

if __name__ == "__main__":
    # Serve one object, at /, until somebody presses Ctrl-C.
    cherrypy.quickstart(HelloWorld(), config=tutconf)
