"""Config that commands take from files and options."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from types import ModuleType

    from tests.cli.conftest import Program

APP = "import cherrypy\nclass Root: pass\n"


def test_files_reach_the_site_and_the_application(
    cherrypy: Program, site: ModuleType
) -> None:
    cherrypy.write("app.py", APP)
    cherrypy.write("one.conf", "[global]\nserver.my_own: 1\n[/]\na.b: 2\n")
    cherrypy.write("two.conf", "[global]\nserver.my_own: 3\n[/]\na.c: 4\n")
    words = ("--config", "one.conf", "--config", "two.conf")
    assert cherrypy("routes", "app:Root", *words).status == 0
    assert site.server.my_own == 3
    assert site.tree.apps[""].config == {"/": {"a.b": 2, "a.c": 4}}
    files = site.engine.autoreload.files
    assert {str(cherrypy.folder / name) for name in ("one.conf", "two.conf")} == files


def test_a_file_is_stronger_than_the_environment(
    cherrypy: Program, site: ModuleType
) -> None:
    cherrypy.write("app.py", APP)
    cherrypy.write(
        "app.conf",
        "[global]\nenvironment: 'development'\nrequest.show_mismatched_params: True\n",
    )
    words = ("--config", "app.conf", "--environment", "staging")
    assert cherrypy("routes", "app:Root", *words).status == 0
    assert site.config["environment"] == "staging"
    assert site.config["request.show_mismatched_params"] is True
    assert site.config["request.show_tracebacks"] is False


@pytest.mark.parametrize(
    ("text", "status", "sentence"),
    [
        (
            "[global]\nenvironment: 'nowhere'\n",
            1,
            "the config file 'app.conf' names the environment 'nowhere', which is not "
            "there; there are development, embedded, production, staging, test_suite.",
        ),
        (
            "[global]\nserver.socket_host: ''\n",
            1,
            "the config file 'app.conf' has a mistake: The empty string ('') is not an "
            "allowed value. Use '0.0.0.0' instead to listen on all active interfaces "
            "(INADDR_ANY).",
        ),
        (
            "[global]\nengine.autoreloader.on: True\n",
            1,
            "the config file 'app.conf' has a mistake: The config key "
            "'engine.autoreloader.on' is for a plugin 'autoreloader', which the engine "
            "does not have. Did you mean 'autoreload'?",
        ),
        (
            "[/]\ntools.gzip.on: Ja\n",
            1,
            "the config file 'app.conf' has a mistake: Config error in section: '/', "
            "option: 'tools.gzip.on', value: 'Ja'. Config values must be valid Python. "
            "Write tools.gzip.on = 'Ja', with quotes, if it is text.",
        ),
        (
            "[global]\nlog.access_file: '/none/x.log'\n",
            1,
            "the config file 'app.conf' has a mistake: [Errno 2] No such file or "
            "directory: '/none/x.log'. log.access_file names it: its folder must "
            "exist, and the user who runs the program must be allowed to write there.",
        ),
    ],
)
def test_a_file_that_makes_no_sense_is_refused(
    cherrypy: Program, text: str, status: int, sentence: str
) -> None:
    cherrypy.write("app.py", APP)
    cherrypy.write("app.conf", text)
    words = ("routes", "app:Root", "--config", "app.conf")
    assert cherrypy.refuses(*words, status=status) == f"cherrypy routes: {sentence}"


def test_a_file_that_cannot_be_read_is_refused(cherrypy: Program) -> None:
    cherrypy.write("app.py", APP)
    (cherrypy.folder / "folder").mkdir()
    words = ("routes", "app:Root", "--config", "folder")
    assert cherrypy.refuses(*words, status=1) == (
        "cherrypy routes: cannot read the config file 'folder': Is a directory; check "
        "its name and who may read it."
    )


def test_a_file_that_is_not_utf_8_is_refused(cherrypy: Program) -> None:
    cherrypy.write("app.py", APP)
    (cherrypy.folder / "app.conf").write_bytes(b"[global]\n# caf\xe9\n")
    words = ("routes", "app:Root", "--config", "app.conf")
    assert cherrypy.refuses(*words, status=1) == (
        "cherrypy routes: the config file 'app.conf' has a mistake: 'utf-8' codec "
        "can't decode byte 0xe9 in position 14: invalid continuation byte. Save "
        "'app.conf' as UTF-8; config files are read as that."
    )


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("prodution", "did you mean 'production'?"),
        ("prod", "did you mean 'production'?"),
        ("x", "there are development, embedded, production, staging, test_suite."),
    ],
)
def test_an_environment_that_is_not_there_is_refused(
    cherrypy: Program, name: str, meant: str
) -> None:
    cherrypy.write("app.py", APP)
    assert cherrypy.refuses("routes", "app:Root", "--environment", name) == (
        f"cherrypy routes: there is no environment {name!r}; {meant}"
    )


def test_sections_for_one_of_several_applications_are_refused(
    cherrypy: Program,
) -> None:
    cherrypy.write(
        "app.py",
        f"{APP}cherrypy.tree.mount(Root(), '/a')\ncherrypy.tree.mount(Root(), '/b')\n",
    )
    cherrypy.write("app.conf", "[/]\na.b: 1\n[/c]\na.b: 1\n")
    said = cherrypy.refuses("routes", "app", "--config", "app.conf", status=1)
    assert said == (
        "cherrypy routes: the config file 'app.conf' has sections for an application "
        "(/, /c), but there are 2 things mounted; give each application its config "
        "when it is mounted."
    )
