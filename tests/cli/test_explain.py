"""Who answers a request, and why."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Program

SITE = """
import cherrypy

def note(**settings):
    CALLS.append(settings)

CALLS = []
cherrypy.tools.note = cherrypy.Tool("before_handler", note, priority=20)
cherrypy.config.update({"tools.note.colour": "red"})

class Notes:
    _cp_config = {"tools.note.on": True}
    @cherrypy.expose
    def index(self): ...
    @cherrypy.expose
    @cherrypy.tools.json_out()
    def edit(self, number, title="none"):
        raise AssertionError("pages are not called")
    def hidden(self): ...
    @cherrypy.expose
    def moved(self): ...
    moved._cp_config = {
        "tools.redirect.on": True, "tools.redirect.url": "/notes/edit/1",
        "tools.redirect.internal": True,
    }

class Thing:
    exposed = True
    def GET(self): ...
    @cherrypy.config(**{"response.stream": True})
    def PUT(self): ...

class Plain:
    pass

class Root:
    notes = Notes()
    api = Thing()
    plain = Plain()
    @cherrypy.expose
    async def index(self, name="world"): ...
    @cherrypy.expose
    @cherrypy.tools.allow(methods=["POST"])
    def save(self, text): ...
    @cherrypy.expose
    @cherrypy.config(**{"tools.gzp.on": True})
    def broken(self): ...

def make():
    config = {
        "/": {"tools.encode.encoding": "utf-8"},
        "/api": {"request.dispatch": cherrypy.dispatch.MethodDispatcher()},
        "/static": {"tools.staticdir.on": True, "tools.staticdir.dir": FOLDER},
    }
    return cherrypy.Application(Root(), "/site", config)
"""


@pytest.fixture
def explained(cherrypy: Program) -> Callable[..., dict[str, Any]]:
    """Return what explains a URL of the site, as the last document."""
    cherrypy.write("app.py", f"FOLDER = {str(cherrypy.folder)!r}\n{SITE}")

    def explained(*words: str) -> dict[str, Any]:
        done = cherrypy("explain", "app:make", *words, "--json")
        assert done.status == 0, done
        document: dict[str, Any] = json.loads(done.out)[-1]
        return document

    return explained


def origin(document: dict[str, Any], key: str) -> tuple[str, str]:
    """Return value and origin of a config key."""
    (entry,) = [each for each in document["config"] if each["key"] == key]
    return entry["value"], entry["origin"]


def test_the_page_and_its_arguments_are_named(explained: Any) -> None:
    found = explained("/site/notes/edit/12?title=Milk")
    assert found["page"] == "app.Notes.edit"
    assert found["file"] == "app.py"
    assert found["args"] == ["'12'"]
    assert found["kwargs"] == {"title": "'Milk'"}
    assert found["calls_page"]
    assert found["result"] == "the page is called"
    assert found["status"] is None


def test_parameters_of_a_body_are_arguments(explained: Any) -> None:
    found = explained("/site/save", "-d", "text=Milk&more=1")
    assert found["method"] == "POST"
    assert found["kwargs"] == {"text": "'Milk'", "more": "'1'"}
    assert found["result"] == (
        "400 Bad Request (Unexpected body parameters: more), because the arguments do "
        "not fit the page"
    )
    assert (found["status"], found["calls_page"]) == (400, False)


def test_hooks_stand_in_the_order_in_which_they_run(explained: Any) -> None:
    hooks = explained("/site/notes/edit/12")["hooks"]
    assert [(each["point"], each["priority"], each["name"]) for each in hooks] == [
        ("before_handler", 20, "tools.note"),
        ("before_handler", 30, "tools.json_out"),
        ("before_handler", 60, "tools.trailing_slash"),
        ("before_handler", 70, "tools.encode"),
        ("before_error_response", 50, "tools.log_tracebacks"),
        ("before_error_response", 50, "tools.log_headers"),
    ]
    assert hooks[0]["settings"] == {"colour": "'red'"}


def test_every_config_value_has_an_origin(cherrypy: Program, explained: Any) -> None:
    cherrypy.write(
        "app.conf",
        "[global]\ntools.note.size: 3\n[/notes]\ntools.note.weight: 4\n"
        "tools.note.on: 1\n",
    )
    words = ("--config", "app.conf", "--environment", "staging")
    found = explained("/site/notes/edit/12", *words)
    assert origin(found, "tools.note.weight") == ("4", "app.conf [/notes]")
    assert origin(found, "tools.note.size") == ("3", "app.conf [global]")
    assert origin(found, "tools.note.colour") == (
        "'red'",
        "what app:make sets when it is imported",
    )
    assert origin(found, "tools.encode.encoding") == (
        "'utf-8'",
        "[/] of the application's config",
    )
    assert origin(found, "tools.json_out.on") == (
        "True",
        "decorators of app.Notes.edit",
    )
    assert origin(found, "request.show_tracebacks") == (
        "False",
        "environment 'staging'",
    )
    assert origin(found, "tools.encode.on") == ("True", "a default of the framework")
    (entry,) = [each for each in found["config"] if each["key"] == "tools.note.on"]
    assert (entry["value"], entry["origin"]) == ("1", "app.conf [/notes]")
    assert entry["overridden"] == [["True", "class app.Notes"]]


def test_config_of_a_method_is_found(explained: Any) -> None:
    found = explained("/site/api", "-X", "PUT")
    assert found["page"] == "app.Thing.PUT"
    assert origin(found, "response.stream") == ("True", "decorators of app.Thing.PUT")
    assert found["dispatcher"].endswith("MethodDispatcher")


def test_a_method_that_is_not_there_is_explained(explained: Any) -> None:
    found = explained("/site/api", "-X", "DELETE")
    assert found["result"] == (
        "405 Method Not Allowed: the object has methods for GET, HEAD, PUT"
    )
    assert found["status"] == 405


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("/site/notes/hidden", "app.Notes.hidden is there, but it is not exposed; put"),
        ("/site/ntes/edit", "the object of class app.Root has no 'ntes' (did you me"),
        (
            "/site/plain",
            "the object of class app.Plain has no exposed index and",
        ),
        (
            "/site/plain/deep/er",
            "the object of class app.Plain has no 'deep', and",
        ),
    ],
)
def test_what_is_not_found_is_explained(explained: Any, url: str, reason: str) -> None:
    found = explained(url)
    assert found["result"].startswith(f"404 Not Found: {reason}")
    assert found["page"] is None


def test_arguments_that_do_not_fit_are_explained(explained: Any) -> None:
    found = explained("/site/notes/edit")
    assert found["result"] == (
        "404 Not Found (Missing parameters: number), because the arguments do not fit "
        "the page"
    )
    assert found["page"] == "app.Notes.edit"


def test_a_redirect_is_explained(explained: Any) -> None:
    found = explained("/site/notes")
    assert found["result"] == (
        "tools.trailing_slash answers: 301, go to http://localhost/site/notes/"
    )
    assert found["status"] == 301
    assert not found["calls_page"]


def test_a_tool_that_refuses_is_named(explained: Any) -> None:
    found = explained("/site/save")
    assert found["result"] == "tools.allow answers: 405 Method Not Allowed"


def test_hooks_that_are_passed_over_are_marked(
    cherrypy: Program, explained: Any
) -> None:
    done = cherrypy("explain", "app:make", "/site/save")
    outcomes = {x[2]: x[-1] for x in done.lines if len(x) > 3 and x[1].isdecimal()}
    assert outcomes["tools.allow"] == "HTTPError"
    assert outcomes["tools.trailing_slash"] == "skipped"


def test_hooks_made_anew_belong_to_their_tool(
    cherrypy: Program, explained: Any
) -> None:
    cherrypy.write("app.conf", "[/]\ntools.sessions.on: True\n")
    found = explained("/site/", "--config", "app.conf")
    of_sessions = [x["point"] for x in found["hooks"] if x["name"] == "tools.sessions"]
    assert of_sessions[0] in ("before_request_body", "before_handler")
    assert not any("SessionOpener" in each["name"] for each in found["hooks"])


def test_headers_are_sent(cherrypy: Program, explained: Any) -> None:
    cherrypy.write(
        "app.conf", "[/]\ntools.accept.on: True\ntools.accept.media: 'a/b'\n"
    )
    words = ("/site/", "--config", "app.conf", "-H", "Accept: text/html")
    found = explained(*words)
    assert found["result"].startswith("tools.accept answers: 406 Not Acceptable")


def test_a_file_is_answered_by_its_tool(explained: Any) -> None:
    found = explained("/site/static/app.py")
    assert found["result"] == "tools.staticdir answers in the place of a page: 200 OK"
    assert origin(found, "tools.staticdir.section") == ("'/static'", "the dispatcher")


def test_tools_need_not_run(explained: Any) -> None:
    found = explained("/site/notes", "--no-tools")
    assert found["result"] == "the page is called"
    assert "tools.trailing_slash" in [each["name"] for each in found["hooks"]]
    assert sys.modules["app"].CALLS == []


def test_an_internal_redirect_is_followed(cherrypy: Program, explained: Any) -> None:
    done = cherrypy("explain", "app:make", "/site/notes/moved")
    assert "GET /site/notes/moved\n" in done.out
    assert "tools.redirect continues with /site/notes/edit/1" in done.out
    assert "GET /site/notes/edit/1\n" in done.out
    assert done.out.count("the page is called") == 1


def test_broken_config_is_explained(explained: Any) -> None:
    found = explained("/site/broken")
    assert found["result"].startswith("fails: AttributeError: There is no tool 'gzp'")


def test_a_tool_that_fails_is_named(cherrypy: Program, explained: Any) -> None:
    cherrypy.write("app.conf", "[/]\ntools.note.on: True\ntools.note.callable: 1\n")
    text = (cherrypy.folder / "app.py").read_text()
    text = text.replace("CALLS.append(settings)", "raise ZeroDivisionError('no')")
    cherrypy.write("app.py", text)
    found = explained("/site/notes/edit/12")
    assert found["result"] == (
        "tools.note answers: 500, because of ZeroDivisionError: no"
    )


def test_a_dispatcher_that_fails_is_explained(cherrypy: Program) -> None:
    cherrypy.write(
        "odd.py",
        "class Root:\n    def _cp_dispatch(self, vpath):\n        return 1 / 0\n",
    )
    done = cherrypy("explain", "odd:Root", "/x")
    assert "fails: ZeroDivisionError: division by zero" in done.out


def test_a_dispatcher_of_ones_own_is_asked(cherrypy: Program) -> None:
    cherrypy.write(
        "odd.py",
        """
import cherrypy

def page():
    raise AssertionError("pages are not called")

def dispatch(path_info):
    cherrypy.request.config = {"tools.gzip.on": True}
    cherrypy.request.handler = page

def make():
    return cherrypy.Application(None, "", {"/": {"request.dispatch": dispatch}})
""",
    )
    done = cherrypy("explain", "odd:make", "/x")
    assert "odd.page" in done.out
    assert "tools.gzip.on  True  from the dispatcher, which merges config" in done.out


def test_patterns_are_named_where_none_matches(cherrypy: Program) -> None:
    cherrypy.write(
        "odd.py",
        """
import cherrypy

def page(number): ...

def make():
    dispatcher = cherrypy.dispatch.RoutesDispatcher()
    dispatcher.connect("book", "/books/{number}", page)
    dispatcher.connect("add", "/add", page, conditions={"method": ["POST", "PUT"]})
    return cherrypy.Application(None, "", {"/": {"request.dispatch": dispatcher}})
""",
    )
    done = cherrypy("explain", "odd:make", "/pages/1")
    reason = "no pattern matches; there are /books/{number}, /add (only POST, PUT)."
    assert f"404 Not Found: {reason}" in done.out
    assert "number='1'" in cherrypy("explain", "odd:make", "/books/1").out


def test_popped_arguments_are_arguments(cherrypy: Program) -> None:
    cherrypy.write(
        "odd.py",
        """
import cherrypy

@cherrypy.popargs("year")
class Root:
    @cherrypy.expose
    def index(self, year=None): ...
""",
    )
    assert "year='2024'" in cherrypy("explain", "odd:Root", "/2024/").out


def test_the_text_is_for_people(cherrypy: Program, explained: Any) -> None:
    done = cherrypy("explain", "app:make", "/site/notes/edit/12?title=Milk")
    first, *lines = done.out.splitlines()
    assert first == "GET /site/notes/edit/12?title=Milk"
    rows = [line.split(None, 1) for line in lines[:4]]
    assert rows[0][0] == "page"
    assert rows[0][1].startswith("app.Notes.edit  (app.py:")
    assert rows[1] == ["arguments", "'12', title='Milk'"]
    assert rows[2] == ["result", "the page is called"]
    assert "Hooks, in the order in which they run" in lines
    assert "Config in force" in lines
    # What concerns no request is left out.
    assert "log.screen" not in done.out


@pytest.mark.parametrize(
    ("words", "status", "sentence"),
    [
        (["x"], 2, "'x' is no URL; it begins with a slash."),
        (
            ["http://x:99999"],
            2,
            "'http://x:99999' is no URL: Port out of range 0-",
        ),
        (["http://[::1/"], 2, "'http://[::1/' is no URL: Invalid IPv6 URL."),
        (["/x", "-H", "Accept"], 2, "the header 'Accept' has no colon; write 'Name: v"),
        (
            ["/x"],
            1,
            "nothing is mounted at '/x', so it is not found (404); there are a",
        ),
        (["/wsgi/x"], 1, "'/wsgi/x' is answered by app.wsgi, a WSGI application whose"),
        (["/site/", "-H", "Host: a b"], 1, "was refused before any page was looked"),
    ],
)
def test_what_cannot_be_explained_is_refused(
    cherrypy: Program, explained: Any, words: list[str], status: int, sentence: str
) -> None:
    cherrypy.write(
        "app.py",
        f"FOLDER = ''\n{SITE}\n"
        "def wsgi(environ, start_response): ...\ncherrypy.tree.graft(wsgi, '/wsgi')\n",
    )
    said = cherrypy.refuses("explain", "app:make", *words, status=status)
    assert sentence in said


def test_config_of_an_object_is_told_from_that_of_its_class(cherrypy: Program) -> None:
    cherrypy.write(
        "odd.py",
        """
import cherrypy

class Page:
    exposed = True
    _cp_config = {"tools.gzip.on": True}
    def __call__(self): ...

class Root:
    default = Page()
    one = Page()

root = Root()
root.one = Page()
root.one._cp_config = {"tools.gzip.on": False}
root._cp_config = {"tools.expires.on": True}
""",
    )
    one = cherrypy("explain", "odd:root", "/one").out
    assert "tools.gzip.on            False  from an object of class odd.Page" in one
    assert "tools.expires.on         True   from an object of class odd.Root" in one
    other = cherrypy("explain", "odd:root", "/other").out
    assert "tools.gzip.on            True  from class odd.Page" in other
    assert "arguments   'other'" in other


def test_children_that_are_made_have_config_too(cherrypy: Program) -> None:
    cherrypy.write(
        "odd.py",
        """
import cherrypy

class User:
    _cp_config = {"tools.gzip.on": True}
    @cherrypy.expose
    def index(self): ...

class Between:
    _cp_config = {"tools.expires.on": True}
    user = User()

class Root:
    def _cp_dispatch(self, vpath):
        vpath.pop(0)
        return Between() if vpath else None
""",
    )
    done = cherrypy("explain", "odd:Root", "/ada/user/")
    assert "tools.gzip.on            True  from class odd.User" in done.out
    assert "tools.expires.on         True  from an object on the path" in done.out
    done = cherrypy("explain", "odd:Root", "/ada")
    assert "has no 'ada', its _cp_dispatch found nothing either, and no" in done.out


def test_an_object_that_is_not_exposed_is_explained(cherrypy: Program) -> None:
    cherrypy.write(
        "odd.py",
        """
import cherrypy

class Api:
    def GET(self): ...

def page(): ...

class Root:
    api = Api()
    index = staticmethod(page)
    @staticmethod
    def text(): ...

def make():
    config = {"/api": {"request.dispatch": cherrypy.dispatch.MethodDispatcher()}}
    return cherrypy.Application(Root(), "", config)
""",
    )
    done = cherrypy("explain", "odd:make", "/api")
    assert "odd.Api is not exposed; give its class exposed = True." in done.out
    done = cherrypy("explain", "odd:make", "/")
    assert "404 Not Found: odd.page is there, but it is not exposed; put" in done.out


def test_asynchronous_tools_are_watched_too(cherrypy: Program) -> None:
    cherrypy.write(
        "odd.py",
        """
import cherrypy

async def guard(open=False):
    if not open:
        raise cherrypy.HTTPError(403)

cherrypy.tools.guard = cherrypy.Tool("before_handler", guard)

class Root:
    @cherrypy.expose
    @cherrypy.tools.guard()
    def shut(self): ...
    @cherrypy.expose
    @cherrypy.tools.guard(open=True)
    async def open(self): ...
""",
    )
    done = cherrypy("explain", "odd:Root", "/shut")
    assert "result      tools.guard answers: 403 Forbidden" in done.out
    assert "the page is called" in cherrypy("explain", "odd:Root", "/open").out
