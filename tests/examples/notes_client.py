"""What the tests of the notes have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cherrypy.testing import Client

__all__ = ["PASSWORD", "add", "log_in"]

PASSWORD = "correct horse"


def log_in(client: Client, name: str) -> Client:
    """Register a user."""
    form = {"name": name, "password": PASSWORD}
    assert client.post("/account/register", data=form).status_code < 400
    return client


def add(client: Client, title: str = "Milk", text: str = "two litres") -> str:
    """Keep a note and return the path of its page."""
    response = client.post("/add", data={"title": title, "text": text})
    assert response.ok, response
    return response.request.url.partition("?")[0].removeprefix("http://localhost")
