"""Tutorial 6: the method that is called when there is no other.

A method called ``default`` answers for all URLs below its object that lead nowhere
else; what is left of the URL arrives as arguments. Here /hendrik and /remi look like
pages, but are data.
"""

import os.path

import cherrypy


class UsersPage:
    """A page for each user."""

    @cherrypy.expose
    def index(self) -> str:
        """Return links to the users, as a list from a database would be."""
        return """
            <a href="./remi">Remi Delon</a><br/>
            <a href="./hendrik">Hendrik Mans</a><br/>
            <a href="./lorenzo">Lorenzo Lamas</a><br/>
        """

    @cherrypy.expose
    def default(self, user: str) -> str:
        """Return the page of a user: /remi calls ``default("remi")``."""
        if user == "remi":
            out = "Remi Delon, CherryPy lead developer"
        elif user == "hendrik":
            out = "Hendrik Mans, CherryPy co-developer & crazy German"
        elif user == "lorenzo":
            out = "Lorenzo Lamas, famous actor and singer!"
        else:
            out = "Unknown user. :-("
        return f'{out} (<a href="./">back</a>)'


tutconf: str = os.path.join(os.path.dirname(__file__), "tutorial.conf")

if __name__ == "__main__":
    cherrypy.quickstart(UsersPage(), config=tutconf)
