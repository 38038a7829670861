"""A client without sockets: ask any WSGI application, look at its answer.

`Client` builds the environ that a server would build, calls the application in the
present thread and hands back a `Response`. Nothing listens, nothing waits, and an
exception that escapes the application arrives in the test with its traceback::

    from cherrypy.testing import Client

    client = Client(cherrypy.tree)
    answer = client.post("/notes", data={"title": "Milk"}, follow_redirects=True)
    assert answer.status_code == 200
    assert "Milk" in answer.text

The plot: `client` asks, `forms` puts what is sent into bytes, `exchange` calls the
application, `response` is what came back, `cookies` is what stays.
"""

from __future__ import annotations

from cherrypy.testing.client import Client, RequestOptions, TooManyRedirects
from cherrypy.testing.cookies import Cookie, Cookies
from cherrypy.testing.response import Response, ResponseHeaders, SentRequest

__all__ = [
    "Client",
    "Cookie",
    "Cookies",
    "RequestOptions",
    "Response",
    "ResponseHeaders",
    "SentRequest",
    "TooManyRedirects",
]
