"""What cannot work says so in one sentence, where programs expect it to fail."""

from __future__ import annotations

import pytest

from cherrypy.httpd.reading import EMPTY


def test_the_server_of_cherrypy_8_tells_where_to_go() -> None:
    with pytest.raises(ImportError, match=r"gone since CherryPy 9.*ws4py") as told:
        from cherrypy import wsgiserver  # noqa: F401
    assert type(told.value) is ImportError
    with pytest.raises(ImportError, match=r"cherrypy\.httpd"):
        import cherrypy.wsgiserver  # noqa: F401


def test_a_websocket_tool_is_told_that_there_is_no_socket_for_it() -> None:
    with pytest.raises(AttributeError, match="ws4py, does not work here"):
        EMPTY.rfile  # noqa: B018
    assert not hasattr(EMPTY, "rfile")
