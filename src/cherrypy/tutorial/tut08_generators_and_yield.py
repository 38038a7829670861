"""Tutorial 8: generators.

A page may yield its text piece by piece instead of returning it. That is pleasant
where a text has many pieces; with the config entry ``response.stream`` the pieces are
also sent one by one, as soon as they are there.
"""

import os.path
from collections.abc import Iterator

import cherrypy


class GeneratorDemo:
    """A page that is made of pieces."""

    def header(self) -> str:
        """Return the top of the page."""
        return "<html><body><h2>Generators rule!</h2>"

    def footer(self) -> str:
        """Return the end of the page."""
        return "</body></html>"

    @cherrypy.expose
    def index(self) -> Iterator[str]:
        """Yield the page."""
        users = ["Remi", "Carlos", "Hendrik", "Lorenzo Lamas"]
        yield self.header()
        yield "<h3>List of users:</h3>"
        for user in users:
            yield f"{user}<br/>"
        yield self.footer()


tutconf: str = os.path.join(os.path.dirname(__file__), "tutorial.conf")

if __name__ == "__main__":
    cherrypy.quickstart(GeneratorDemo(), config=tutconf)
