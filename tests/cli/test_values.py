"""How config values are shown."""

from __future__ import annotations

import pytest

from cherrypy.cli.values import shown


class Thing:
    def method(self) -> None: ...


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("tools.gzip.on", True, "True"),
        ("tools.x.text", "some 'text'", "\"some 'text'\""),
        ("tools.x.check", Thing.method, "tests.cli.test_values.Thing.method"),
        ("tools.x.check", Thing().method, "tests.cli.test_values.Thing.method"),
        ("tools.x.kind", Thing, "tests.cli.test_values.Thing"),
        ("tools.x.thing", Thing(), "<tests.cli.test_values.Thing object>"),
        ("tools.auth_digest.key", "a565c27146791cfb", "'...'"),
        ("database.password", "hunter2", "'...'"),
        ("session_secret", b"x", "'...'"),
        ("api_token", None, "None"),
        ("tools.sessions.store", "redis://me:pw@host/0", "'redis://...@host/0'"),
        ("tools.x.url", "http://host/a@b", "'http://host/a@b'"),
    ],
)
def test_values_are_shown_without_addresses_and_secrets(
    name: str, value: object, text: str
) -> None:
    assert shown(name, value) == text
