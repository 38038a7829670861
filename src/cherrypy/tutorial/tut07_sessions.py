"""Tutorial 7: sessions.

``cherrypy.session`` is a dictionary for each visitor. It is there for pages where the
tool ``sessions`` is on, and lives as long as the visitor keeps coming.
"""

import os.path

import cherrypy


# Switched on for the whole class; a config file could do the same.
@cherrypy.config(**{"tools.sessions.on": True})
class HitCounter:
    """Counts how often a visitor has looked."""

    @cherrypy.expose
    def index(self) -> str:
        """Count, and tell."""
        # A visitor who is here for the first time has no count yet.
        count = cherrypy.session.get("count", 0) + 1
        cherrypy.session["count"] = count
        return f"""
            During your current session, you've viewed this
            page {count} times! Your life is a patio of fun!
        """


tutconf: str = os.path.join(os.path.dirname(__file__), "tutorial.conf")

if __name__ == "__main__":
    cherrypy.quickstart(HitCounter(), config=tutconf)
