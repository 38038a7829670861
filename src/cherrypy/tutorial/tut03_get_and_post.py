"""Tutorial 3: passing variables.

What stands in the query of a URL, and what a form sends, arrives as arguments of the
method. GET or POST makes no difference.
"""

import html
import os.path

import cherrypy


class WelcomePage:
    """Asks for a name and greets."""

    @cherrypy.expose
    def index(self) -> str:
        """Return a form; the browser will send it to /greetUser."""
        return """
            <form action="greetUser" method="GET">
            What is your name?
            <input type="text" name="name" />
            <input type="submit" />
            </form>"""

    # An argument with a default need not be there. Text that came from outside must be
    # escaped before it becomes part of a page: `cherrypy.tools` cannot do it for you,
    # a template language can. Here the standard library does.
    @cherrypy.expose
    def greetUser(self, name: str | None = None) -> str:
        """Greet; or, if there is no name, ask again."""
        if name:
            return f"Hey {html.escape(name, quote=False)}, what's up?"
        if name is None:
            # There was no argument: somebody typed the URL by hand.
            return 'Please enter your name <a href="./">here</a>.'
        return 'No, really, enter your name <a href="./">here</a>.'


tutconf: str = os.path.join(os.path.dirname(__file__), "tutorial.conf")

if __name__ == "__main__":
    cherrypy.quickstart(WelcomePage(), config=tutconf)
