"""Tutorial 10: HTTP errors.

Raising `cherrypy.HTTPError` ends a page with an error. How it looks is a matter of
configuration: each status may have a page of its own, and the traceback is shown only
where ``request.show_tracebacks`` is on.
"""

import os.path
from typing import NoReturn

import cherrypy

localDir: str = os.path.dirname(__file__)
curpath: str = os.path.normpath(os.path.join(os.getcwd(), localDir))


# The page for 403 is a file; in it, %(message)s and others are filled in.
@cherrypy.config(**{"error_page.403": os.path.join(curpath, "custom_error.html")})
class HTTPErrorDemo:
    """Pages that fail."""

    @cherrypy.expose
    def index(self) -> str:
        """Return links to the errors."""
        shown = cherrypy.config.get("request.show_tracebacks", False)
        trace = "off" if shown else "on"
        return f"""
        <html><body>
            <p>Toggle tracebacks <a href="toggleTracebacks">{trace}</a></p>
            <p><a href="/doesNotExist">Click me; I'm a broken link!</a></p>
            <p>
              <a href="/error?code=403">
                Use a custom error page from a file.
              </a>
            </p>
            <p>These errors are explicitly raised by the application:</p>
            <ul>
                <li><a href="/error?code=400">400</a></li>
                <li><a href="/error?code=401">401</a></li>
                <li><a href="/error?code=402">402</a></li>
                <li><a href="/error?code=500">500</a></li>
            </ul>
            <p><a href="/messageArg">You can also set the response body
            when you raise an error.</a></p>
        </body></html>
        """

    @cherrypy.expose
    def toggleTracebacks(self) -> NoReturn:
        """Show tracebacks from now on, or hide them, and go back."""
        shown = cherrypy.config.get("request.show_tracebacks", False)
        cherrypy.config.update({"request.show_tracebacks": not shown})
        raise cherrypy.HTTPRedirect("/")

    @cherrypy.expose
    def error(self, code: str) -> NoReturn:
        """Fail with the status that the URL asks for."""
        raise cherrypy.HTTPError(status=code)

    @cherrypy.expose
    def messageArg(self) -> NoReturn:
        """Fail with words of one's own."""
        message = (
            "If you construct an HTTPError with a 'message' argument, it will be "
            "placed on the error page (underneath the status line by default)."
        )
        raise cherrypy.HTTPError(500, message=message)


tutconf: str = os.path.join(os.path.dirname(__file__), "tutorial.conf")

if __name__ == "__main__":
    cherrypy.quickstart(HTTPErrorDemo(), config=tutconf)
