"""Who may import whom, and what importing may cost."""

from __future__ import annotations

import json
import pkgutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import cherrypy
from tests.architecture.house import PROJECT

HEAVY = [
    "asyncio",
    "concurrent.futures",
    "ctypes",
    "email",
    "html.parser",
    "http.client",
    "http.server",
    "multiprocessing",
    "pydoc",
    "routes",
    "sqlite3",
    "ssl",
    "unittest",
    "urllib.request",
    "watchfiles",
    "wsgiref",
    "xml",
    "xmlrpc",
]
"""What most sites never need, or not before their first request."""

PROBE = """
import json, os, sys, threading
before, files = set(sys.modules), len(os.listdir("/dev/fd"))
import cherrypy
print(json.dumps({
    "modules": sorted(set(sys.modules) - before),
    "threads": threading.active_count(),
    "files": len(os.listdir("/dev/fd")) - files,
}))
"""


@pytest.fixture(scope="module")
def cost() -> dict[str, Any]:
    """Return what a fresh interpreter gained by importing the package."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE], capture_output=True, text=True, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_import_contracts_are_kept() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [linter, "--no-cache"], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", HEAVY)
def test_importing_the_package_leaves_heavy_modules_alone(
    cost: dict[str, Any], name: str
) -> None:
    assert name not in cost["modules"]


def test_importing_the_package_starts_no_thread_and_opens_no_file(
    cost: dict[str, Any],
) -> None:
    assert cost["threads"] == 1
    assert cost["files"] == 0


def test_no_module_takes_the_name_of_a_public_attribute() -> None:
    # Importing cherrypy.x sets the attribute x of cherrypy: a module of that name
    # would replace the documented object on the day somebody imports it.
    for child in pkgutil.iter_modules(cherrypy.__path__):
        if child.name in cherrypy.__all__:
            module = import_module(f"cherrypy.{child.name}")
            assert getattr(cherrypy, child.name) is module, child.name
