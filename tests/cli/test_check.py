"""Mistakes in a config file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from types import ModuleType

    from tests.cli.conftest import Program


def faults(cherrypy: Program, text: str, *app: str) -> list[str]:
    """Return what is found in a file, each with its line, without its name."""
    cherrypy.write("site.conf", text)
    done = cherrypy("check", "site.conf", *app)
    *found, last = done.out.splitlines()
    if not found:
        assert (done.status, last) == (0, "No mistakes found in site.conf.")
    else:
        count = "1 mistake" if len(found) == 1 else f"{len(found)} mistakes"
        assert (done.status, last) == (1, f"{count} in site.conf.")
    return [line.removeprefix("site.conf:") for line in found]


def test_a_file_without_mistakes_is_praised(cherrypy: Program) -> None:
    text = (
        "[global]\nenvironment: 'production'\nserver.socket_port: 80\n"
        "server.my_own: 1\nserver.admin.socket_port: 8081\nengine.SIGHUP: None\n"
        "engine.autoreload.frequency: 2\nlog.screen: False\nchecker.on: True\n"
        "tools.gzip.on: True\n"
        "[/]\ntools.staticdir.on: True\n"
        f"tools.staticdir.dir: {str(cherrypy.folder)!r}\n"
        "request.show_tracebacks: True\nresponse.headers.Server: 'x'\n"
        "request.body.processors: {}\nhooks.before_handler.x: 'os.getcwd'\n"
        "error_page.404: 'x.html'\ntools.sessions.whatever: 1\n"
        "[database]\nanything: 'goes'\nserver.soket_port: 1\n"
    )
    assert faults(cherrypy, text) == []


@pytest.mark.parametrize(
    ("section", "entry", "fault"),
    [
        (
            "global",
            "server.soket_port: 80",
            "nothing reads 'server.soket_port'; did you mean 'server.socket_port'?",
        ),
        (
            "global",
            "server.admin.soket_port: 80",
            "nothing reads 'server.admin.soket_port'; did you mean "
            "'server.admin.socket_port'?",
        ),
        (
            "global",
            "engine.autoreload.frequncy: 1",
            "nothing reads 'engine.autoreload.frequncy'; did you mean "
            "'engine.autoreload.frequency'?",
        ),
        (
            "global",
            "log.acess_file: 'a'",
            "nothing reads 'log.acess_file'; did you mean 'log.access_file'?",
        ),
        (
            "global",
            "envronment: 'production'",
            "nothing reads 'envronment'; did you mean 'environment'?",
        ),
        (
            "global",
            "environment: 'prodction'",
            "there is no environment 'prodction'; did you mean 'production'?",
        ),
        (
            "global",
            "environment: 'x'",
            "there is no environment 'x'; there are development, embedded, "
            "production, staging, test_suite.",
        ),
        (
            "global",
            "server.thread_pool: 'ten'",
            "The config entry 'server.thread_pool' is 'ten', which is of type 'str'; "
            "it should be int.",
        ),
        (
            "global",
            "server.socket_host: 'localhost'",
            "'server.socket_host' is 'localhost', which may be an IPv4 or an IPv6 "
            "address, so that some clients do not find the server. Use '127.0.0.1' or "
            "'::1' instead.",
        ),
        (
            "/",
            "request.show_traceback: True",
            "nothing reads 'request.show_traceback'; did you mean "
            "'request.show_tracebacks'?",
        ),
        ("/", "tools.gzp.on: True", "there is no tool 'gzp'; did you mean 'gzip'?"),
        (
            "/",
            "error_page.4O4: 'lost.html'",
            "'error_page.4O4' names no status code; use a number, or "
            "error_page.default.",
        ),
        (
            "/",
            "tools.mine.on: True",
            "there is no tool 'mine'; if it is yours, name your application as well, "
            "such as app:Root, and add the tool where that is imported.",
        ),
        (
            "/",
            "tools.gzip: True",
            "tools.gzip lacks an argument; to turn it on, write .on.",
        ),
        (
            "/",
            "tools.gzip.compress_lvl: 3",
            "tools.gzip takes no argument 'compress_lvl'; did you mean "
            "'compress_level'?",
        ),
        (
            "/",
            "tool.gzip.on: True",
            "there is no config namespace 'tool'; did you mean 'tools'? If it is "
            "yours, add it to checker.extra_config_namespaces.",
        ),
        (
            "/",
            "cherrypy.tools.gzip.on: True",
            "'cherrypy.tools.gzip.on' means nothing; write 'tools.gzip.on'.",
        ),
        (
            "/",
            "request.show_tracebacks: 'yes'",
            "The config entry 'request.show_tracebacks' is 'yes', which is of type "
            "'str'; it should be bool.",
        ),
        (
            "/",
            "show_tracebacks: True",
            "'show_tracebacks' is obsolete and has no effect. Use "
            "'request.show_tracebacks' instead.",
        ),
    ],
)
def test_a_mistake_is_found_and_has_a_remedy(
    cherrypy: Program, section: str, entry: str, fault: str
) -> None:
    found = faults(cherrypy, f"# A comment\n\n[{section}]\n{entry}\n")
    assert found == [f"4: [{section}] {fault}"]


def test_an_argument_that_looks_like_none_lists_them_all(cherrypy: Program) -> None:
    (found,) = faults(cherrypy, "[/]\ntools.gzip.xyz: 3\n")
    assert "takes no argument 'xyz'; it takes compress_level, debug, mime" in found


def test_relative_static_paths_are_found(cherrypy: Program) -> None:
    text = (
        "[/]\nx.y: 1\n[/static]\ntools.staticdir.on: True\ntools.staticdir.dir = 'st'\n"
    )
    (_, found) = faults(cherrypy, text)
    assert found == (
        "5: [/static] tools.staticdir.dir is a relative path and no root is provided. "
        "Make it absolute, or set tools.staticdir.root."
    )


def test_settings_of_the_site_in_a_path_are_found(cherrypy: Program) -> None:
    (found,) = faults(cherrypy, "[/]\nserver.socket_port: 80\n")
    assert found.startswith("2: [/] The application mounted at '' contains the foll")
    assert found.endswith("[/] server.socket_port = 80")


def test_a_trusting_proxy_is_found_wherever_it_is(cherrypy: Program) -> None:
    text = "[global]\ntools.proxy.on: True\n[/x]\ntools.proxy.on: True\n"
    found = faults(cherrypy, text)
    assert [line.partition(" tools")[0] for line in found] == ["2: [global]", "4: [/x]"]


def test_namespaces_of_ones_own_can_be_named(cherrypy: Program) -> None:
    text = "[global]\nchecker.extra_config_namespaces: ['mine']\nmine.x: 1\n"
    assert faults(cherrypy, text) == []


def test_tools_and_namespaces_of_the_application_are_known(cherrypy: Program) -> None:
    cherrypy.write(
        "app.py",
        """
import cherrypy

def limit(most): ...

class Root: pass

box = cherrypy._cptools.Toolbox("own")
box.limit = cherrypy.Tool("before_handler", limit)
app = cherrypy.Application(Root())
app.toolboxes["own"] = box
app.namespaces["colours"] = lambda key, value: None
""",
    )
    text = "[/]\nown.limit.on: True\nown.limit.mst: 3\ncolours.sky: 'blue'\n"
    assert faults(cherrypy, text, "app") == [
        "3: [/] own.limit takes no argument 'mst'; did you mean 'most'?"
    ]


def test_nothing_in_the_file_happens(cherrypy: Program, site: ModuleType) -> None:
    port = site.server.socket_port
    text = "[global]\nserver.socket_port: 99\nlog.error_file: 'made.log'\n[/]\na: 1\n"
    assert faults(cherrypy, text) == []
    assert site.server.socket_port == port
    assert not (cherrypy.folder / "made.log").exists()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "[/]\ntools.gzip.on: Ja\n",
            "cherrypy check: the config file 'site.conf' has a mistake: Config error "
            "in section: '/', option: 'tools.gzip.on', value: 'Ja'. Config values must "
            "be valid Python. Write tools.gzip.on = 'Ja', with quotes, if it is text.",
        ),
        (
            "tools.gzip.on: True\n",
            "cherrypy check: the config file 'site.conf' has a mistake: File contains "
            "no section headers. file: 'site.conf', line: 1 'tools.gzip.on: True\\n'. "
            "Begin the file with the line [global] for settings of the whole site, or "
            "[/] for those of an application.",
        ),
    ],
)
def test_a_file_that_is_no_config_is_refused(
    cherrypy: Program, text: str, sentence: str
) -> None:
    cherrypy.write("site.conf", text)
    assert cherrypy.refuses("check", "site.conf", status=1) == sentence


def test_a_file_that_is_not_there_is_refused(cherrypy: Program) -> None:
    cherrypy.write("site.conf", "")
    assert cherrypy.refuses("check", "sit.conf", status=1) == (
        "cherrypy check: cannot read the config file 'sit.conf': No such file or "
        "directory; did you mean 'site.conf'?"
    )
    assert cherrypy.refuses("check", "none/of.these", status=1) == (
        "cherrypy check: cannot read the config file 'none/of.these': No such file or "
        "directory; check its name and who may read it."
    )
