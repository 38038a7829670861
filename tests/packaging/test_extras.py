"""Each extra brings the modules that the code imports, and is named where they lack."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib import import_module
from importlib.metadata import packages_distributions

import pytest

from tests.packaging.conftest import PROJECT

EXTRAS: dict[str, list[str]] = tomllib.loads(
    (PROJECT / "pyproject.toml").read_text(encoding="utf-8")
)["project"]["optional-dependencies"]

# What is imported with each extra; `zstd` is in the standard library from 3.14 on.
MODULES = {
    "argon2": "argon2",
    "brotli": "brotli",
    "coverage": "coverage",
    "memcached": "pymemcache",
    "postgres": "psycopg",
    "redis": "redis",
    "robot": "robot",
    "routes": "routes",
    "zstd": "backports.zstd" if sys.version_info < (3, 14) else "compression.zstd",
}

# What asks for the extra where its package is not installed.
WITHOUT = {
    "argon2": "import cherrypy.lib.passwords as p; p._argon2()",
    "brotli": "import cherrypy.lib.compression as c; c.compressor('br', 4)",
    "memcached": "import cherrypy.stores.opening as o; o.open_store('memcached://h:1')",
    "postgres": "import cherrypy.stores.opening as o; o.open_store('postgresql://h/d')",
    "redis": "import cherrypy.stores.opening as o; o.open_store('redis://h/0')",
    "robot": "import cherrypy.test.robot",
    "routes": "import cherrypy; cherrypy.dispatch.RoutesDispatcher()",
}


def package(requirement: str) -> str:
    """Return the name of the package that a requirement asks for."""
    found = re.match(r"[\w.-]+", requirement)
    assert found
    return found[0].lower()


@pytest.mark.parametrize("extra", MODULES)
def test_the_extra_brings_the_module(extra: str) -> None:
    module = MODULES[extra]
    import_module(module)
    if module.startswith("compression"):
        return
    brought = {name.lower() for name in packages_distributions()[module.split(".")[0]]}
    assert brought & {package(line) for line in EXTRAS[extra]}


@pytest.mark.parametrize("extra", WITHOUT)
def test_where_the_package_lacks_the_extra_is_named(extra: str) -> None:
    # None in sys.modules: as if it were not installed.
    module = MODULES[extra]
    program = f"import sys; sys.modules[{module!r}] = None\n{WITHOUT[extra]}"
    done = subprocess.run(
        [sys.executable, "-c", program], text=True, capture_output=True, check=False
    )
    assert f"morello[{extra}]" in done.stderr.splitlines()[-1]


def test_every_extra_is_explained() -> None:
    page = (PROJECT / "docs/dependencies.md").read_text(encoding="utf-8")
    rows = set(re.findall(r"^\| `([\w-]+)` \|", page, re.MULTILINE))
    assert set(EXTRAS) - {"dev"} <= rows


def test_every_tool_of_development_is_explained() -> None:
    page = (PROJECT / "docs/dependencies.md").read_text(encoding="utf-8")
    tools = {package(line) for line in EXTRAS["dev"]} - {"morello"}
    assert {name for name in tools if f"`{name}`" not in page} == set()


def test_every_extra_that_is_named_exists() -> None:
    named = set()
    for path in (PROJECT / "src" / "cherrypy").rglob("*.py"):
        for found in re.findall(r"morello\[([\w,]+)\]", path.read_text("utf-8")):
            named |= set(found.split(","))
    assert named <= set(EXTRAS)
    assert named
