"""A CherryPy application to begin with.

Copy this folder, give it the name of your project, and change what is in it. It serves
a few pages as it is; within this folder::

    cherryd -c site.conf

`site.conf` says where and how the site runs; `example.conf` configures the
application; `apache-fcgi.conf` is for a site behind Apache.
"""

import os.path
from typing import Any

import cherrypy
from cherrypy import tools, url

local_dir: str = os.path.join(os.getcwd(), os.path.dirname(__file__))


@cherrypy.config(**{"tools.log_tracebacks.on": True})
class Root:
    """The pages of the site."""

    @cherrypy.expose
    def index(self) -> str:
        """Return the page at /."""
        return f"""<html>
<body>Try some <a href='{url("other?a=7")}'>other</a> path,
or a <a href='{url("else?n=14")}'>default</a> path.<br />
Or, just look at the pretty picture:<br />
<img src='{url("files/made_with_cherrypy_small.png")}' />
</body></html>"""

    # Whatever this returns contains words that somebody typed into a URL. As plain text
    # they do no harm; as HTML they would have to be escaped.
    @cherrypy.expose
    @cherrypy.config(
        **{
            "tools.response_headers.on": True,
            "tools.response_headers.headers": [("Content-Type", "text/plain")],
        }
    )
    def default(self, *args: str, **kwargs: Any) -> str:
        """Return what is asked for at all other URLs."""
        return f"args: {args} kwargs: {kwargs}"

    @cherrypy.expose
    @cherrypy.config(
        **{
            "tools.response_headers.on": True,
            "tools.response_headers.headers": [("Content-Type", "text/plain")],
        }
    )
    def other(self, a: Any = 2, b: str = "bananas", c: str | None = None) -> str:
        """Return the page at /other, as plain text."""
        if c is None:
            return f"Have {a} {b}."
        return f"Have {a} {b}, {c}."

    files: Any = tools.staticdir.handler(
        section="/files",
        dir=os.path.join(local_dir, "static"),
        # What may be sent is told by the ending of its name.
        match=r"\.(css|gif|html?|ico|jpe?g|js|png|swf|xml)$",
    )
    """What lies in the folder ``static``."""


root: Root = Root()
"""What `site.conf` mounts."""
