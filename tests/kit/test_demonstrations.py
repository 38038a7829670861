"""The modules of the kit that show something when they are run."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from cherrypy.test import checkerdemo, sessiondemo
from cherrypy.testing import Client

if TYPE_CHECKING:
    from types import ModuleType


def test_the_checker_has_much_to_say(site: ModuleType) -> None:
    checkerdemo.set_up()
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        site.checker()
    told = "\n".join(str(each.message) for each in heard)
    for section in checkerdemo.config:
        assert section in told
    for word in ("'/empty' has an empty config", "server.thread_pool", "tolls.gzip.on"):
        assert word in told


def test_a_session_is_shown(site: ModuleType) -> None:
    def fact(name: str) -> Any:
        return page.text.partition(f"<th>{name}</th><td>")[2].partition("</td>")[0]

    site.tree.mount(sessiondemo.Root(), "", sessiondemo.config)
    client = Client(site.tree, follow_redirects=True)
    page = client.get("/")
    first = fact("Session")
    assert (fact("Visits"), fact("New")) == ("1", "True")
    page = client.get("/")
    assert (fact("Visits"), fact("New")) == ("2", "False")
    assert fact("Cookie that was sent") == fact("Session") == first
    page = client.post("/regenerate")
    assert fact("Visits") == "3"
    assert fact("Session") != first
    page = client.post("/expire")
    assert "forget" in fact("What happened")
    page = client.get("/")
    assert (fact("Visits"), fact("New")) == ("1", "True")
    assert client.get("/regenerate").status_code == 405
