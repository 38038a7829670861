"""The supervisors for Apache, on machines that have none."""

from __future__ import annotations

import sys
import types
import unittest
from typing import Any

import pytest

import cherrypy
from cherrypy.test import apache, helper, modfastcgi, modfcgid, modpy, modwsgi, sites


@pytest.mark.parametrize("name", ["modwsgi", "modfcgid", "modfastcgi"])
def test_a_suite_is_skipped_where_there_is_no_apache(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = sys.modules[f"cherrypy.test.{name}"]
    monkeypatch.setattr(module, "APACHE_PATH", "no-such-apache")
    supervisor = helper.CPWebCase.available_servers[name](port=0)
    assert supervisor.using_apache
    with pytest.raises(unittest.SkipTest, match="no-such-apache"):
        supervisor.start("some.tests")
    supervisor.stop()


@pytest.mark.parametrize("name", ["cpmodpy", "modpygw"])
def test_mod_python_is_gone_and_says_so(name: str) -> None:
    supervisor = helper.CPWebCase.available_servers[name](port=1)
    assert "mod_python" in supervisor.template
    with pytest.raises(NotImplementedError, match="2013"):
        supervisor.start("some.tests")
    supervisor.stop()
    for setup in (modpy.wsgisetup, modpy.cpmodpysetup):
        with pytest.raises(NotImplementedError):
            setup(None)


def test_old_names_are_there() -> None:
    for module in (modfastcgi, modfcgid, modpy, modwsgi):
        assert module.curdir.endswith("cherrypy/test")
        assert module.read_process is apache.read_process
        assert module.CONF_PATH.endswith(".conf")
    assert "FastCgiExternalServer" in modfastcgi.conf_fastcgi
    assert "mod_fcgid" in modfcgid.conf_fcgid
    assert "WSGIScriptAlias" in modwsgi.conf_modwsgi


def test_programs_are_read() -> None:
    said = apache.read_process(sys.executable, "-c 'print(1 + 1)'")
    assert said.strip() == "2"
    with pytest.raises(OSError, match="no-such-program"):
        apache.read_process("no-such-program")


def test_mod_wsgi_finds_the_site_of_a_suite(
    site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cherrypy.testing import Client

    class Root:
        @cherrypy.expose
        def index(self) -> str:
            return "behind Apache"

    class SomeTest(helper.CPWebCase):
        @classmethod
        def setup_server(cls) -> None:
            cherrypy.tree.mount(Root())

    suite = types.ModuleType("suite_behind_apache")
    vars(suite).update(SomeTest=SomeTest, CPWebCase=helper.CPWebCase)
    monkeypatch.setitem(sys.modules, suite.__name__, suite)
    monkeypatch.setattr(modwsgi, "loaded", False)
    monkeypatch.setattr(cherrypy, "tree", cherrypy.tree)
    client = Client(modwsgi.application)
    try:
        for _ in range(2):
            answer = client.get("/", environ={"testmod": suite.__name__})
            assert answer.text == "behind Apache"
    finally:
        sites.stop_engine()


def test_a_run_can_be_ended_at_the_first_exit(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    from cherrypy import test

    def end(status: int) -> None:
        raise InterruptedError(status)

    monkeypatch.setattr(os, "_exit", end)
    real = sys.exit
    test.setup()
    try:
        with pytest.raises(InterruptedError):
            sys.exit(3)
    finally:
        test.teardown()
        test.teardown()
    assert sys.exit is real
