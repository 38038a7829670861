"""Tutorial 5: inheritance.

The classes of pages may have any base class. What all pages have in common, such as
the top and the end, is best kept in one.
"""

import os.path

import cherrypy


class Page:
    """What every page of this site has: a title, a header and a footer."""

    title = "Untitled Page"

    def header(self) -> str:
        """Return the top of the page. This is not exposed, and so it is no page."""
        return f"""
            <html>
            <head>
                <title>{self.title}</title>
            <head>
            <body>
            <h2>{self.title}</h2>
        """

    def footer(self) -> str:
        """Return the end of the page."""
        return """
            </body>
            </html>
        """


class HomePage(Page):
    """The page at /."""

    title = "Tutorial 5"

    def __init__(self) -> None:
        self.another: AnotherPage = AnotherPage()

    @cherrypy.expose
    def index(self) -> str:
        """Return the page; header and footer come from the base class."""
        return (
            self.header()
            + """
            <p>
            Isn't this exciting? There's
            <a href="./another/">another page</a>, too!
            </p>
        """
            + self.footer()
        )


class AnotherPage(Page):
    """The page at /another/."""

    title = "Another Page"

    @cherrypy.expose
    def index(self) -> str:
        """Return the page."""
        return (
            self.header()
            + """
            <p>
            And this is the amazing second page!
            </p>
        """
            + self.footer()
        )


tutconf: str = os.path.join(os.path.dirname(__file__), "tutorial.conf")

if __name__ == "__main__":
    cherrypy.quickstart(HomePage(), config=tutconf)
