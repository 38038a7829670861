from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import pytest

import cherrypy
from cherrypy.application.expose import expose
from cherrypy.core.app import Application
from cherrypy.core.tree import Tree
from cherrypy.environment.checker import Checker
from cherrypy.environment.config import Config
from cherrypy.environment.server import Server
from cherrypy.extension.dispatch.objects import MethodDispatcher
from cherrypy.extension.tool import Tool

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Found = Callable[..., list[str]]


class Settings:
    """A class of settings with a default of every kind."""

    number = 1
    share = 0.5
    name = "x"
    switch = False
    items: tuple[int, ...] = (1,)
    unset = None
    _private = 3

    def method(self) -> None:
        pass


@pytest.fixture
def checker() -> Checker:
    return Checker()


@pytest.fixture
def found(checker: Checker) -> Found:
    """Return what finds the mistakes in an application's config and the site's."""

    def look(
        config: Any = None,
        *,
        site: Any = None,
        script_name: str = "",
        root: Any = None,
    ) -> list[str]:
        tree = Tree()
        tree.apps[script_name] = Application(root, script_name, config)
        tree.apps["/wsgi"] = lambda environ, start_response: []
        present = SiteConfig(site or {})
        checker.look_at(
            tree=lambda: tree,
            config=present,
            kinds={"settings": Settings, "server": Server},
        )
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            checker()
        return [str(warning.message) for warning in caught]

    return look


class SiteConfig(dict[str, Any]):
    """Config of a site that nobody acts on."""

    namespaces = Config.namespaces


def test_a_proper_config_gives_no_warning(found: Found) -> None:
    assert found({"/": {"request.show_tracebacks": False, "own": 1}}) == []


def test_a_checker_that_is_off_is_silent(checker: Checker, found: Found) -> None:
    checker.on = False
    assert found() == []


def test_a_single_check_can_be_left_out(checker: Checker, found: Found) -> None:
    vars(checker)["check_skipped_app_config"] = False
    assert found() == []


def test_a_checker_that_was_told_nothing_finds_nothing(checker: Checker) -> None:
    checker()


def test_warnings_are_shown_without_their_place(checker: Checker) -> None:
    shown: list[str] = []

    def check() -> None:
        shown.append(warnings.formatwarning("Oh dear.", UserWarning, "file", 1))

    vars(checker)["check_mine"] = check
    before = warnings.formatwarning
    checker()
    assert shown == ["CherryPy Checker:\nOh dear.\n\n"]
    assert warnings.formatwarning is before


# Sections and keys in the wrong place


def test_sections_are_relative_to_the_application(found: Found) -> None:
    faults = found({"/app": {}, "/app/page": {}, "/apples": {}}, script_name="/app")
    assert len(faults) == 2
    assert "mounted at '/app'" in faults[0]
    assert "'/app/page'" in faults[1]
    assert found({"/app": {}}) == []


@pytest.mark.parametrize(
    "key", ["server.socket_port", "engine.x", "tree.x", "checker.on"]
)
def test_keys_of_the_site_belong_to_the_site(found: Found, key: str) -> None:
    fault = found({"/": {key: 80}})[-1]
    assert "only allowed in site-wide config" in fault
    assert fault.endswith(f"[/] {key} = 80")


def test_sections_without_a_slash_are_free(found: Found) -> None:
    assert found({"database": {"server.socket_port": 80, "tolls.x": 1}}) == []


def test_a_file_for_the_site_and_an_application_has_a_global_section(
    found: Found,
) -> None:
    assert found({"global": {"tools.gzip.on": True}, "/": {}}) == []
    assert "'/static'" in found({"static": {"tools.gzip.on": True}})[0]


def test_an_empty_config_is_told(checker: Checker, found: Found) -> None:
    assert found() == ["The Application mounted at '' has an empty config."]
    checker.global_config_contained_paths = True
    assert "cherrypy.tree.mount(..., config=app_config)" in found()[0]


def test_brackets_belong_into_files(found: Found) -> None:
    assert "extraneous brackets: '[/page]'" in found({"[/page]": {}})[0]


# Keys that do not do what they say


@pytest.mark.parametrize(
    ("dir", "root", "told"),
    [
        (None, None, "tools.staticdir.dir is not set"),
        ("relative", None, "relative path and no root is provided"),
        ("{there}", "{there}", "absolute path, even though a root is provided"),
        ("/sub", "{there}", "If you meant '{there}/sub'"),
        ("x", "relative", "'relative/x' is not an absolute path"),
        (
            "missing",
            "{there}",
            "'{there}/missing' (root + dir) is not an existing path",
        ),
        ("{there}/missing", None, "is not an existing path"),
        ("{there}", None, None),
        ("sub", "{there}", None),
    ],
)
def test_static_directories_must_be_there(
    found: Found, tmp_path: Path, dir: str | None, root: str | None, told: str | None
) -> None:
    (tmp_path / "sub").mkdir()

    def filled(text: str | None) -> str | None:
        return text.format(there=tmp_path) if text else text

    faults = found(
        {
            "/static": {
                "tools.staticdir.on": True,
                "tools.staticdir.dir": filled(dir),
                "tools.staticdir.root": filled(root),
            }
        }
    )
    if told is None:
        assert faults == []
    else:
        assert told.format(there=tmp_path) in faults[0]
        assert "section: [/static]" in faults[0]


def test_the_root_of_static_directories_may_be_inherited(
    found: Found, tmp_path: Path
) -> None:
    (tmp_path / "css").mkdir()
    config = {
        "/": {"tools.staticdir.root": str(tmp_path)},
        "/css": {"tools.staticdir.on": True, "tools.staticdir.dir": "css"},
    }
    assert found(config) == []


def test_static_directories_that_are_off_are_not_looked_for(found: Found) -> None:
    assert found({"/static": {"tools.staticdir.on": False}}) == []


def test_static_files_must_be_there(found: Found, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    config = {
        "/": {"tools.staticfile.on": True, "tools.staticfile.filename": str(page)}
    }
    assert "(root + filename) is not an existing path" in found(config)[0]
    page.touch()
    assert found(config) == []


def test_names_of_earlier_versions_are_told(checker: Checker, found: Found) -> None:
    checker.deprecated = {"old": None}  # type: ignore[misc]  # for this checker only
    faults = found(
        {"/": {"show_tracebacks": True}}, site={"log_file_not_found": True, "old": 1}
    )
    assert faults[0].startswith(
        "'log_file_not_found' is obsolete and has no effect. Remove it."
    )
    assert faults[1].startswith("'old' is deprecated. Remove it.")
    assert "Use 'request.show_tracebacks' instead" in faults[2]


@pytest.fixture
def _toolbox(monkeypatch: pytest.MonkeyPatch) -> None:
    class Box:
        gzip = proxy = object()

    monkeypatch.setattr(Application, "toolboxes", {"tools": Box()})


@pytest.mark.usefixtures("_toolbox")
@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("tolls.gzip.on", "the 'tolls' config namespace is unknown"),
        ("tools.zip.on", "the 'zip' tool was not found"),
        ("cherrypy.tools.gzip.on", "try 'tools.gzip.on' instead"),
        ("cherrypy.nothing", "the 'cherrypy' config namespace is unknown"),
        ("tools.gzip.on", None),
        ("log.screen", None),
        ("request.anything", None),
        ("own", None),
    ],
)
def test_keys_that_nobody_acts_on_are_told(
    found: Found, key: str, told: str | None
) -> None:
    faults = found({"/": {key: True}})
    if told is None:
        assert faults == []
    else:
        (fault,) = faults
        assert told in fault


def test_namespaces_of_ones_own_can_be_made_known(
    checker: Checker, found: Found
) -> None:
    checker.extra_config_namespaces.append("mine")
    assert found({"/": {"mine.x": 1}}) == []
    assert Checker.extra_config_namespaces == []


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("settings.number", "80", "it should be int"),
        ("settings.number", True, "it should be int"),
        ("settings.switch", 1, "it should be bool"),
        ("settings.name", 3, "it should be str"),
        ("settings.items", 3, "it should be tuple"),
        ("engine.autoreload.frequency", "1", "it should be int or float"),
        ("server.socket_port", "80", "it should be int"),
        ("server.socket_host", 3, "it should be str"),
        ("tools.gzip.on", "False", "it should be bool"),
        ("engine.autoreload.on", "no", "it should be bool"),
        ("tools.sessions.timeout", "60", "it should be int"),
        ("tools.sessions.timeout", 0.5, None),
        ("tools.gzip.on", 1, None),
        ("settings.number", 1.5, None),
        ("settings.share", 0.1, None),
        ("settings.switch", True, None),
        ("settings.items", [3], None),
        ("settings.number", None, None),
        ("settings.unset", 3, None),
        ("settings.unknown", 3, None),
        ("engine.autoreload.frequency", 1, None),
    ],
)
def test_values_have_the_type_of_the_default(
    found: Found, key: str, value: object, told: str | None
) -> None:
    faults = found({"/": {}}, site={key: value})
    assert len(faults) == bool(told)
    assert all(fault.endswith(f"{told}.") for fault in faults)


def test_types_are_checked_in_applications_too(found: Found) -> None:
    faults = found({"/": {"settings.number": "80"}})
    assert "The config entry 'settings.number' in [/] is '80'" in faults[-1]


@pytest.mark.parametrize(
    ("dispatcher", "told"),
    [
        (MethodDispatcher, "Write MethodDispatcher() instead of MethodDispatcher."),
        ("MethodDispatcher()", "is 'MethodDispatcher()', which is no dispatcher."),
        (MethodDispatcher(), None),
        (None, None),
    ],
)
def test_dispatchers_can_be_asked(
    found: Found, dispatcher: object, told: str | None
) -> None:
    faults = found({"/": {"request.dispatch": dispatcher}})
    assert len(faults) == bool(told)
    assert told is None or told in faults[0]


# Settings that invite trouble


def test_localhost_is_ambiguous(found: Found) -> None:
    site = {"server.socket_host": "localhost", "server.two.socket_host": "localhost"}
    assert len(found({"/": {}}, site=site)) == 2
    assert found({"/": {}}, site={"server.socket_host": "127.0.0.1"}) == []


@pytest.mark.usefixtures("_toolbox")
def test_a_proxy_tool_should_not_believe_everybody(found: Found) -> None:
    on = {"tools.proxy.on": True}
    trusting = {**on, "tools.proxy.trusted": ["10.0.0.0/8"]}
    assert [f for f in found({"/": on}) if "tools.proxy.trusted" in f]
    assert [f for f in found({"/": {}}, site=on) if "tools.proxy.trusted" in f]
    assert not [f for f in found({"/": trusting}) if "tools.proxy.trusted" in f]


@pytest.mark.usefixtures("_toolbox")
def test_a_proxy_tool_of_the_program_itself_is_its_own_affair(
    found: Found, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Tool("before_request_body", lambda base=None: None)
    monkeypatch.setattr(Application.toolboxes["tools"], "proxy", own)
    assert found({"/": {}}, site={"tools.proxy.on": True}) == []


# What beginners do wrong; tests/teaching has more.


class Pages:
    @expose
    def index(self) -> str:
        return ""


class NoPages:
    def index(self) -> str:
        return ""


class Branch(NoPages):
    pages = Pages()


class Finder(NoPages):
    def _cp_dispatch(self, vpath: list[str]) -> object:
        return Pages()


@pytest.mark.parametrize(
    ("root", "told"),
    [
        (Pages(), None),
        (Pages, "Write Pages() instead of Pages"),
        (NoPages(), "nothing of NoPages is exposed"),
        (NoPages, None),
        (Branch(), None),
        (Finder(), None),
        (object(), None),
    ],
)
def test_an_application_has_a_page(found: Found, root: Any, told: str | None) -> None:
    faults = found({"/": {}}, root=root)
    assert len(faults) == bool(told)
    assert told is None or told in faults[0]


def test_who_finds_pages_otherwise_need_expose_none(found: Found) -> None:
    config = {"/": {"request.dispatch": print}, "own": {}}
    assert found(config, root=NoPages()) == []


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({"static": {"tools.gzip.on": True}}, "Write '/static'"),
        ({"own": {"colour": 1}}, None),
        ({"/": {"error_page.404": "nowhere.html"}}, "there is no such file"),
        ({"/": {"error_page.404": print}}, None),
        ({"/": {"error_page.404": __file__}}, None),
        ({"/": {"settings.numbr": 1}}, "Did you mean 'settings.number'?"),
        ({"/": {"setings.number": 1}}, "Did you mean 'settings.number'?"),
        ({"/": {"settings.else": 1}}, None),
        ({"/": {"settings.a.numbr": 1}}, None),
        ({"/": {"tools.gzip.levl": 1}}, "It takes: "),
        ({"/": {"tools.gzip.mimetypes": 1}}, "Did you mean 'mime_types'?"),
        ({"/": {"tools.gzip.on": 1, "tools.gzip.priority": 1}}, None),
        ({"/": {"tools.sessions.anything": 1}}, None),
    ],
)
def test_what_is_nearly_right_is_told(
    checker: Checker, found: Found, config: Any, told: str | None
) -> None:
    checker.extra_config_namespaces = ["settings", "setings"]
    cherrypy.tools  # noqa: B018 - so that there are tools
    faults = found(config)
    assert len(faults) == bool(told), faults
    assert told is None or told in faults[0]


def test_sections_are_no_config_of_the_site(found: Found) -> None:
    faults = found({"/": {}}, site={"/page": {"tools.gzip.on": True}, "own": {}})
    assert len(faults) == 1
    assert "config={'/page': ...}" in faults[0]


def test_sections_that_an_application_has_too_are_no_mistake(found: Found) -> None:
    both = {"/": {"tools.gzip.on": True}, "/page": {"tools.etags.on": True}}
    assert found(both, site=both) == []
    assert len(found({"/": {"tools.etags.on": True}}, site=both)) == 2


def test_mount_points_begin_with_a_slash(found: Found) -> None:
    assert "Mount it at '/shop'" in found({"/": {}}, script_name="shop")[0]
