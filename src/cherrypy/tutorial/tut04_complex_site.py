"""Tutorial 4: several objects.

An attribute that is an object is a folder: ``root.links.extra`` answers at
/links/extra/. So a site grows as a tree of objects, each with a task of its own.
"""

import os.path

import cherrypy


class HomePage:
    """The page at /, and the folders below it."""

    joke: "JokePage"
    links: "LinksPage"

    @cherrypy.expose
    def index(self) -> str:
        """Return links to the folders below."""
        return """
            <p>Hi, this is the home page! Check out the other
            fun stuff on this site:</p>

            <ul>
                <li><a href="/joke/">A silly joke</a></li>
                <li><a href="/links/">Useful links</a></li>
            </ul>"""


class JokePage:
    """The page at /joke/."""

    @cherrypy.expose
    def index(self) -> str:
        """Return the joke."""
        return """
            <p>"In Python, how do you create a string of random
            characters?" -- "Read a Perl file!"</p>
            <p>[<a href="../">Return</a>]</p>"""


class LinksPage:
    """The pages below /links/."""

    def __init__(self) -> None:
        # An object may make those below it by itself.
        self.extra: ExtraLinksPage = ExtraLinksPage()

    @cherrypy.expose
    def index(self) -> str:
        """Return the links; the one to `extra` is relative."""
        return """
            <p>Here are some useful links:</p>

            <ul>
                <li>
                    <a href="http://www.cherrypy.dev">The CherryPy Homepage</a>
                </li>
                <li>
                    <a href="http://www.python.org">The Python Homepage</a>
                </li>
            </ul>

            <p>You can check out some extra useful
            links <a href="./extra/">here</a>.</p>

            <p>[<a href="../">Return</a>]</p>
        """


class ExtraLinksPage:
    """The page at /links/extra/."""

    @cherrypy.expose
    def index(self) -> str:
        """Return more links; .. leads to the page one folder up."""
        return """
            <p>Here are some extra useful links:</p>

            <ul>
                <li><a href="http://del.icio.us">del.icio.us</a></li>
                <li><a href="http://www.cherrypy.dev">CherryPy</a></li>
            </ul>

            <p>[<a href="../">Return to links page</a>]</p>"""


# Objects can be hung into the tree from outside as well, at any time.
root: HomePage = HomePage()
root.joke = JokePage()
root.links = LinksPage()

tutconf: str = os.path.join(os.path.dirname(__file__), "tutorial.conf")

if __name__ == "__main__":
    cherrypy.quickstart(root, config=tutconf)
