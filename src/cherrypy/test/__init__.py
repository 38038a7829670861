"""What tests of a CherryPy site are made of.

`helper.CPWebCase` is a `unittest.TestCase` that starts the site on a real port and
asks it for pages; `helper.CPProcess` runs it as a program of its own; `logtest.LogCase`
looks into logs; `robot.CherryPyLibrary` has the keywords for Robot Framework::

    import cherrypy
    from cherrypy.test import helper

    class EchoTest(helper.CPWebCase):
        @staticmethod
        def setup_server():
            class Root:
                @cherrypy.expose
                def echo(self, message):
                    return message

            cherrypy.tree.mount(Root())

        def test_a_message_comes_back(self):
            self.getPage("/echo?message=Hello%20world")
            self.assertStatus("200 OK")
            self.assertBody("Hello world")

Where nothing but the answer matters, `cherrypy.testing.Client` is faster: it needs no
port and no thread.
"""

from __future__ import annotations

import os
import sys
from typing import Any, NoReturn

__all__ = ["newexit", "setup", "teardown"]

_old_exits: list[Any] = []


def newexit(status: object = None) -> NoReturn:
    """End the process at once with status 1; stands in for `sys.exit`."""
    os._exit(1)


def setup() -> None:
    """Let `sys.exit` end the test run at once, to find out who calls it."""
    _old_exits.append(sys.exit)
    sys.exit = newexit


def teardown() -> None:
    """Undo `setup`."""
    if _old_exits:
        sys.exit = _old_exits.pop()
