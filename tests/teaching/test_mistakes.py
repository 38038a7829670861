"""The mistakes that beginners make, made here; and what they are told.

Each function makes one mistake and returns what somebody who makes it gets to see: on
the console, on the development error page, or as an exception. ``docs/mistakes.md``
has a heading for each, with the message; the messages there are compared with the
real ones, so neither can go without the other.
"""

from __future__ import annotations

import asyncio
import functools
import html
import re
import socket
import sqlite3
import subprocess
import sys
import traceback
import warnings
from contextlib import closing
from http.cookies import CookieError
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

import cherrypy
from cherrypy.process import servers
from cherrypy.process.wspbus import Bus
from cherrypy.testing import Client
from tests.front_door import untouched

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    Page = TypeVar("Page", bound=Callable[..., Any])

MISTAKES: dict[str, Callable[[Eyes], str]] = {}
"""The mistakes by their headings in the documentation."""

BOOK = Path(__file__).parents[2] / "docs" / "mistakes.md"

HELLO = """\
import cherrypy

class Root:
    @cherrypy.expose
    def index(self):
        return "Hello"

"""


def mistake(title: str) -> Callable[[Callable[[Eyes], str]], Callable[[Eyes], str]]:
    """Add a mistake under its heading."""

    def add(make: Callable[[Eyes], str]) -> Callable[[Eyes], str]:
        assert title not in MISTAKES
        MISTAKES[title] = make
        return make

    return add


class Eyes:
    """Sees what somebody sees who makes a mistake."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.patch = patch
        self._alone: list[Coroutine[Any, Any, object]] = []

    def left_alone(self, coroutine: Coroutine[Any, Any, object]) -> Any:
        """Return a coroutine that nobody will await, and nobody complains of."""
        self._alone.append(coroutine)
        return coroutine

    def close(self) -> None:
        """End what was left alone."""
        for coroutine in self._alone:
            coroutine.close()

    def page(
        self,
        root: Any,
        path: str = "/",
        config: dict[str, dict[str, Any]] | None = None,
        **options: Any,
    ) -> str:
        """Return status, heading and advice of the development error page."""
        sections: dict[str, dict[str, Any]] = {"/": {"request.explain_errors": True}}
        for section, entries in (config or {}).items():
            sections.setdefault(section, {}).update(entries)
        app = cherrypy.Application(root, "", sections)
        method = options.pop("method", "GET")
        answer = Client(app).request(method, path, **options)
        advice = re.findall(
            r'<h1>(.*?)</h1>|<div class="teach">(.*?)</div>', answer.text, re.DOTALL
        )
        assert answer.status_code < 400 or advice, answer.text
        shown = [re.sub("<[^>]*>", "", "".join(each)) for each in advice]
        return "\n".join([answer.status, *map(html.unescape, shown)])

    def raised(self, function: Callable[[], object]) -> str:
        """Return the last lines of the traceback that a call ends with."""
        with pytest.raises(BaseException) as caught:  # noqa: PT011 - of any type
            function()
        return "".join(traceback.format_exception_only(caught.value))

    def console(self, program: str, *, quiet: bool = False) -> str:
        """Return what a program prints on the console.

        Args:
            program: Its source.
            quiet: Whether there must be no traceback.
        """
        (self.folder / "app.py").write_text(program)
        done = subprocess.run(
            [sys.executable, "app.py"],
            check=False,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=60,
        )
        said = done.stdout + done.stderr
        assert not (quiet and "Traceback" in said), said
        return said

    def checker(
        self,
        root: Any,
        config: dict[str, dict[str, Any]] | None = None,
        site: dict[str, Any] | None = None,
    ) -> str:
        """Return what the checker prints when the engine starts."""
        with untouched() as door, warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            door.config.update(site or {})
            door.tree.mount(root, "", config or {"/": {}})
            door.checker()
        return "\n".join(str(each.message) for each in told)


@pytest.fixture
def eyes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Eyes]:
    monkeypatch.chdir(tmp_path)
    with untouched(), closing(Eyes(tmp_path, monkeypatch)) as eyes:
        yield eyes


class Home:
    """A site with a page and a half."""

    @cherrypy.expose
    def index(self) -> str:
        return "Home"

    @cherrypy.expose
    def greet(self, name: str) -> str:
        return f"Hello, {name}!"

    def secret(self) -> str:
        return "not meant to be seen, or so it seems"


def site(**pages: Callable[..., Any]) -> Any:
    """Return an object with these pages, which are methods of its class."""
    for page in pages.values():
        page.exposed = True  # type: ignore[attr-defined]
    return type("Root", (), dict(pages))()


JSON_IN = {"/": {"tools.json_in.on": True}}


def reader() -> Any:
    """Return a site that reads what it is sent."""
    return site(index=lambda self: cherrypy.request.json)


def refuse_type(self: object) -> str:
    """Refuse a type without any tool."""
    raise cherrypy.HTTPError(415)


# --------------------------------------------------------------- pages not found


@mistake("A page is not found, although it is there")
def _not_exposed(eyes: Eyes) -> str:
    return eyes.page(Home(), "/secret")


@mistake("No page is found at all")
def _nothing_exposed(eyes: Eyes) -> str:
    class Root:
        def index(self) -> str:
            return "Hello"

    return eyes.checker(Root()) + eyes.page(Root())


@mistake("The address has a slip of the pen")
def _misspelt_path(eyes: Eyes) -> str:
    return eyes.page(Home(), "/gret")


@mistake("The front page is missing")
def _no_index(eyes: Eyes) -> str:
    return eyes.page(site(start=lambda self: "Hello"))


@mistake("A decorator has lost the page")
def _lost_by_decorator(eyes: Eyes) -> str:
    def logged(page: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            return page(*args, **kwargs)

        return wrapper

    class Root:
        @logged
        @cherrypy.expose
        def report(self) -> str:
            return "Hello"

    return eyes.page(Root(), "/report")


@mistake("Part of the path was meant as an argument")
def _index_with_argument(eyes: Eyes) -> str:
    return eyes.page(site(index=lambda self, name="": name), "/Ada")


@mistake("popargs above a class without names")
def _popargs_without_names(eyes: Eyes) -> str:
    def define() -> None:
        @cherrypy.popargs  # type: ignore[arg-type]  # the mistake
        class Blog:
            pass

    return eyes.raised(define)


@mistake("A page with a dash in its name")
def _dash(eyes: Eyes) -> str:
    return eyes.page(site(my_page=lambda self: "Hello"), "/my-page")


@mistake("An argument is missing")
def _missing_argument(eyes: Eyes) -> str:
    return eyes.page(Home(), "/greet")


@mistake("An argument is not expected")
def _unexpected_argument(eyes: Eyes) -> str:
    return eyes.page(Home(), "/greet?name=Ada&colour=red")


@mistake("A class is mounted instead of an object")
def _class_mounted(eyes: Eyes) -> str:
    return eyes.checker(Home) + eyes.page(Home)


@mistake("Nothing is mounted")
def _none_mounted(eyes: Eyes) -> str:
    return eyes.page(None)


@mistake("Nothing is mounted there")
def _none_mounted_there(eyes: Eyes) -> str:
    with untouched() as door:
        door.config.update({"request.explain_errors": True})
        door.tree.mount(Home(), "/shop")
        door.tree.mount(Home(), "/blog")
        answer = Client(door.tree).get("/")
    assert answer.status_code == 404
    return html.unescape(answer.text)


@mistake("GET and POST are methods of the object")
def _methods_without_dispatcher(eyes: Eyes) -> str:
    class Shelf:
        def GET(self) -> str:
            return "books"

    return eyes.page(Shelf())


@mistake("Methods of HTTP in small letters")
def _small_letters(eyes: Eyes) -> str:
    @cherrypy.expose
    class Shelf:
        def get(self) -> str:
            return "books"

    config = {"/": {"request.dispatch": cherrypy.dispatch.MethodDispatcher()}}
    return eyes.page(Shelf(), "/", config)


@mistake("A page is a property")
def _property(eyes: Eyes) -> str:
    class Root:
        @property
        @cherrypy.expose
        def report(self) -> str:
            return "report"

        @property
        def index(self) -> Callable[[], str]:
            return lambda: "index"

    return eyes.page(Root(), "/report") + eyes.page(Root())


@mistake("Two applications at one place")
def _mounted_twice(eyes: Eyes) -> str:
    with untouched() as door, warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        door.tree.mount(Home(), "/shop", {"/": {}})
        door.tree.mount(Home(), "/shop", {"/": {}})
        door.checker()
    return "\n".join(str(each.message) for each in told)


@mistake("A mount point without or with one slash too many")
def _mount_point(eyes: Eyes) -> str:
    with untouched() as door, warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        door.tree.mount(Home(), "shop", {"/": {}})
        # One at the end does no harm.
        assert door.tree.mount(Home(), "/blog/", {"/": {}}).script_name == "/blog"
        door.checker()
    return "\n".join(str(each.message) for each in told)


@mistake("Config in the place of the mount point")
def _config_as_mount_point(eyes: Eyes) -> str:
    given: Any = {"/": {}}
    said = eyes.raised(lambda: cherrypy.quickstart(Home(), given))
    with untouched() as door, warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        door.tree.mount(Home(), "site.conf", {"/": {}})
        door.checker()
    return "\n".join([said, *(str(each.message) for each in told)])


@mistake("A redirect leads somewhere else")
def _relative_redirect(eyes: Eyes) -> str:
    def move(self: object) -> None:
        raise cherrypy.HTTPRedirect("news")

    app = cherrypy.Application(site(move=move), "/shop")
    return str(Client(app).get("/shop/move").headers["Location"])


# --------------------------------------------------------------- what a page returns


@mistake("A page returns a number")
def _number(eyes: Eyes) -> str:
    return eyes.page(site(index=lambda self: 42))


@mistake("A page returns a dictionary")
def _dictionary(eyes: Eyes) -> str:
    return eyes.page(site(index=lambda self: {"name": "Ada"}))


@mistake("A page is blank")
def _nothing_returned(eyes: Eyes) -> str:
    app = cherrypy.Application(site(index=lambda self: None))
    answer = Client(app).get("/")
    return f"{answer.status} and a body of {len(answer.body)} bytes"


@mistake("A redirect or an error is returned")
def _redirect_returned(eyes: Eyes) -> str:
    return eyes.page(site(index=lambda self: cherrypy.HTTPRedirect("/news")))


@mistake("Text is returned as something else than text")
def _text_as_json(eyes: Eyes) -> str:
    def index(self: object) -> str:
        cherrypy.response.headers["Content-Type"] = "application/json"
        return "{}"

    return eyes.page(site(index=index))


@mistake("A list has something in it that is no text")
def _list_of_numbers(eyes: Eyes) -> str:
    return eyes.page(site(index=lambda self: ["<p>", 42]))


@mistake("Text and status are returned together")
def _text_and_status(eyes: Eyes) -> str:
    return eyes.page(site(index=lambda self: ("Not here", 404)))


@mistake("JSON cannot say it")
def _no_json(eyes: Eyes) -> str:
    class Root:
        @cherrypy.expose
        @cherrypy.tools.json_out()
        def index(self) -> object:
            return {"colours": {1, 2}}

    return eyes.page(Root())


async def _fetch() -> str:
    return "text"


@mistake("await is missing")
def _await_missing(eyes: Eyes) -> str:
    return eyes.page(site(index=lambda self: "<p>" + eyes.left_alone(_fetch())))


@mistake("asyncio.run in an async page")
def _run_in_loop(eyes: Eyes) -> str:
    async def index(self: object) -> str:
        asyncio.run(eyes.left_alone(asyncio.sleep(0)))
        return "Hello"

    return eyes.page(site(index=index))


@mistake("A loop in a page that is not async")
def _no_loop(eyes: Eyes) -> str:
    return eyes.page(site(index=lambda self: asyncio.get_running_loop().time()))


@mistake("A coroutine is among the pieces of a page")
def _coroutine_in_list(eyes: Eyes) -> str:
    return eyes.page(site(index=lambda self: [eyes.left_alone(_fetch())]))


@mistake("self is missing")
def _self_missing(eyes: Eyes) -> str:
    class Root:
        @cherrypy.expose
        def index() -> str:  # type: ignore[misc]  # the mistake
            return "Hello"

    Root.index.__code__ = Root.index.__code__.replace(co_qualname="Root.index")
    return eyes.page(Root())


@mistake("self is missing, but there is another parameter")
def _self_is_the_name(eyes: Eyes) -> str:
    def index(name: Any = "world") -> str:
        return "Hello, " + name  # type: ignore[no-any-return]

    assert "first parameter" not in eyes.page(site(index=lambda self: "x" + self))
    return eyes.page(site(index=index))


@mistake("An error without a status")
def _error_without_status(eyes: Eyes) -> str:
    def index(self: object) -> str:
        raise cherrypy.HTTPError("No book")

    return eyes.page(site(index=index))


@mistake("A redirect to nowhere")
def _redirect_without_url(eyes: Eyes) -> str:
    def index(self: object) -> str:
        raise cherrypy.HTTPRedirect  # type: ignore[call-arg]  # the mistake

    return eyes.page(site(index=index))


@mistake("The status is no error")
def _status_no_error(eyes: Eyes) -> str:
    def index(self: object) -> None:
        raise cherrypy.HTTPError(200, "All is well")

    return eyes.page(site(index=index))


@mistake("A cookie with an impossible name")
def _cookie_name(eyes: Eyes) -> str:
    def index(self: object) -> str:
        cherrypy.response.cookie["last visit"] = "today"
        return "Hello"

    with pytest.raises(CookieError):
        cherrypy.response.cookie["last visit"] = "today"
    return eyes.page(site(index=index))


@mistake("A line break in a header")
def _line_break_in_header(eyes: Eyes) -> str:
    def index(self: object) -> str:
        cherrypy.response.headers["X-Note"] = "one\r\nX-Evil: two"
        return "Hello"

    answer = Client(cherrypy.Application(site(index=index))).get("/")
    assert "X-Evil" not in answer.headers
    return f"X-Note: {answer.headers['X-Note']}"


# ------------------------------------------------------------------ what a page is sent


@mistake("Parameters are text")
def _text_and_number(eyes: Eyes) -> str:
    return eyes.page(site(add=lambda self, number: number + 1), "/add?number=41")


@mistake("request.json is not there")
def _no_json_in(eyes: Eyes) -> str:
    def index(self: object) -> str:
        return str(cherrypy.request.json)

    return eyes.page(site(index=index), method="POST", json={"name": "Ada"})


@mistake("The body is no JSON")
def _broken_json(eyes: Eyes) -> str:
    head = {"Content-Type": "application/json"}
    return eyes.page(
        reader(), config=JSON_IN, method="POST", data=b"{bad", headers=head
    )


@mistake("A form is sent where JSON is expected")
def _form_for_json(eyes: Eyes) -> str:
    assert "json_in" not in eyes.page(site(index=refuse_type))
    return eyes.page(reader(), config=JSON_IN, method="POST", data={"a": "b"})


@mistake("A name from another framework")
def _other_framework(eyes: Eyes) -> str:
    def cookie(self: object) -> object:
        return cherrypy.request.cookies

    def nearly(self: object) -> object:
        return cherrypy.response.headerz  # type: ignore[attr-defined]

    def session(self: object) -> object:
        return cherrypy.request.session

    def odd(self: object) -> object:
        return cherrypy.request.zzzzzzzz

    root = site(cookie=cookie, nearly=nearly, session=session, odd=odd)
    assert "Here it is cherrypy.response.headers." in eyes.page(root, "/nearly")
    assert "Here it is cherrypy.session." in eyes.page(root, "/session")
    assert "Here it is" not in eyes.page(root, "/odd")
    return eyes.page(root, "/cookie")


@mistake("An upload arrives as the name of the file")
def _form_without_enctype(eyes: Eyes) -> str:
    return eyes.page(
        site(upload=lambda self, picture: picture.file.read()),
        "/upload",
        method="POST",
        data={"picture": "cat.png"},
    )


@mistake("An upload is too large")
def _too_large(eyes: Eyes) -> str:
    return eyes.page(
        site(upload=lambda self, picture: ""),
        "/upload",
        {"/upload": {"request.body.maxbytes": 1000}},
        method="POST",
        files={"picture": b"x" * 2000},
    )


@mistake("The session is not there")
def _no_session(eyes: Eyes) -> str:
    def index(self: object) -> str:
        return str(cherrypy.session["name"])

    return eyes.page(site(index=index))


@mistake("cherrypy.request outside of a request")
def _outside(eyes: Eyes) -> str:
    return eyes.raised(lambda: cherrypy.request.user)


@mistake("A file of one's own is not found")
def _own_file(eyes: Eyes) -> str:
    def absolute(self: object) -> str:
        return Path("/nowhere/page.html").read_text()

    root = site(index=lambda self: Path("page.html").read_text(), absolute=absolute)
    assert "A relative path" not in eyes.page(root, "/absolute")
    return eyes.page(root)


@mistake("A file to send has a relative path")
def _relative_file(eyes: Eyes) -> str:
    def index(self: object) -> Any:
        return cherrypy.lib.static.serve_file("page.html")

    return eyes.page(site(index=index))


@mistake("A database connection from another thread")
def _another_thread(eyes: Eyes) -> str:
    with closing(sqlite3.connect(":memory:")) as connection:

        def index(self: object) -> str:
            raised: list[sqlite3.ProgrammingError] = []

            def ask() -> None:
                try:
                    connection.execute("select 1")
                except sqlite3.ProgrammingError as problem:
                    raised.append(problem)

            from threading import Thread

            thread = Thread(target=ask)
            thread.start()
            thread.join()
            raise raised[0]

        return eyes.page(site(index=index))


# ------------------------------------------------------------------------- config


@mistake("A tool that is not there")
def _unknown_tool(eyes: Eyes) -> str:
    return eyes.page(Home(), config={"/": {"tools.sesions.on": True}})


@mistake("A setting that a tool does not take")
def _unknown_setting(eyes: Eyes) -> str:
    config = {"/": {"tools.gzip.on": True, "tools.gzip.mimetypes": ["text/*"]}}
    return eyes.checker(Home(), config) + eyes.page(Home(), config=config)


@mistake("A tool as a decorator without parentheses")
def _no_parentheses(eyes: Eyes) -> str:
    return eyes.raised(lambda: cherrypy.tools.gzip(Home.index))  # type: ignore[arg-type]


@mistake("A function is no tool")
def _function_as_tool(eyes: Eyes) -> str:
    def stamp() -> None:
        """Do something with the request."""

    with untouched() as door:
        door.tools.stamp = stamp
        return eyes.page(Home(), config={"/": {"tools.stamp.on": True}})


@mistake("A hook point that is not there")
def _unknown_hook_point(eyes: Eyes) -> str:
    return eyes.page(Home(), config={"/": {"hooks.before_handle": print}})


@mistake("A key that nobody reads")
def _misspelt_key(eyes: Eyes) -> str:
    return eyes.checker(Home(), site={"server.socket_prot": 8081})


@mistake("A number or a switch in quotes")
def _quotes(eyes: Eyes) -> str:
    return eyes.checker(Home(), {"/": {"tools.gzip.on": "False"}})


@mistake("A dispatcher is a class instead of an object")
def _dispatcher_class(eyes: Eyes) -> str:
    config = {"/": {"request.dispatch": cherrypy.dispatch.MethodDispatcher}}
    return eyes.checker(Home(), config)


@mistake("A section without a slash")
def _section_without_slash(eyes: Eyes) -> str:
    return eyes.checker(Home(), {"static": {"tools.staticdir.on": False}})


@mistake("Config of an application without sections")
def _no_sections(eyes: Eyes) -> str:
    return eyes.raised(
        lambda: cherrypy.Application(Home(), "", {"tools.gzip.on": True})
    )


@mistake("Settings of the site without a section")
def _settings_without_section(eyes: Eyes) -> str:
    config = {"server.socket_port": 8080}
    return eyes.raised(lambda: cherrypy.Application(Home(), "", config))


@mistake("Config of a page as a dictionary")
def _config_as_dictionary(eyes: Eyes) -> str:
    given: Any = {"tools.gzip.on": True}
    return eyes.raised(lambda: cherrypy.config(given))


@mistake("Sections given to cherrypy.config.update")
def _sections_for_the_site(eyes: Eyes) -> str:
    return eyes.checker(Home(), site={"/": {"tools.gzip.on": True}})


@mistake("A relative static directory")
def _relative_directory(eyes: Eyes) -> str:
    config = {"/static": {"tools.staticdir.on": True, "tools.staticdir.dir": "public"}}
    return eyes.checker(Home(), config) + eyes.page(Home(), "/static/x.css", config)


@mistake("A static directory that is not there")
def _directory_gone(eyes: Eyes) -> str:
    place = "/srv/nowhere/public"
    config = {"/static": {"tools.staticdir.on": True, "tools.staticdir.dir": place}}
    return eyes.checker(Home(), config) + eyes.page(Home(), "/static/x.css", config)


@mistake("An error page that is not there")
def _error_page_gone(eyes: Eyes) -> str:
    config = {"/": {"error_page.404": "lost.html"}}
    return eyes.checker(Home(), config) + eyes.page(Home(), "/nowhere", config)


@mistake("An environment that is not there")
def _unknown_environment(eyes: Eyes) -> str:
    return eyes.raised(lambda: cherrypy.config.update({"environment": "prod"}))


@mistake("A plugin that is not there")
def _unknown_plugin(eyes: Eyes) -> str:
    entries = {"engine.autorelod.on": False}
    return eyes.raised(lambda: cherrypy.config.update(entries))


@mistake("The config file is not found")
def _no_file(eyes: Eyes) -> str:
    program = f"{HELLO}cherrypy.quickstart(Root(), config='site.conf')"
    return eyes.console(program, quiet=True)


@mistake("The config file is a directory")
def _directory(eyes: Eyes) -> str:
    program = f"{HELLO}cherrypy.quickstart(Root(), config='.')"
    return eyes.console(program, quiet=True)


def _read(eyes: Eyes, text: bytes) -> str:
    (eyes.folder / "site.conf").write_bytes(text)
    return eyes.raised(lambda: cherrypy.config.update("site.conf"))


@mistake("Text without quotes in a config file")
def _bare_word(eyes: Eyes) -> str:
    return _read(eyes, b"[global]\nserver.socket_host = 0.0.0.0\n")


@mistake("A word of another language in a config file")
def _false(eyes: Eyes) -> str:
    return _read(eyes, b"[global]\nlog.screen = false\n")


@mistake("A config file without a section")
def _file_without_section(eyes: Eyes) -> str:
    return _read(eyes, b"log.screen = False\n")


@mistake("A line in a config file that is no entry")
def _no_entry(eyes: Eyes) -> str:
    return _read(eyes, b"[global]\nlog.screen False\n")


@mistake("An entry that is there twice")
def _twice(eyes: Eyes) -> str:
    return _read(eyes, b"[/]\ntools.gzip.on = True\ntools.gzip.on = False\n")


@mistake("A percent sign in a config file")
def _percent(eyes: Eyes) -> str:
    return _read(eyes, b"[global]\nsite.name = 'Sale: -20%'\n")


@mistake("A config file in another encoding")
def _latin_1(eyes: Eyes) -> str:
    return _read(eyes, "[global]\nsite.name = 'Café'\n".encode("latin-1"))


# --------------------------------------------------------------------------- starting


@mistake("The port is in use")
def _port_in_use(eyes: Eyes) -> str:
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        port = other.getsockname()[1]
        said = eyes.console(
            f"{HELLO}cherrypy.config.update({{'server.socket_port': {port}}})\n"
            "cherrypy.quickstart(Root())",
            quiet=True,
        )
    return said.replace(str(port), "8080")


@mistake("The port is no port")
def _no_port(eyes: Eyes) -> str:
    return eyes.console(
        f"{HELLO}cherrypy.config.update({{'server.socket_port': '80a'}})\n"
        "cherrypy.quickstart(Root())",
        quiet=True,
    )


@mistake("The port is for the system")
def _privileged_port(eyes: Eyes) -> str:
    class Refused:
        def start(self) -> None:
            raise PermissionError(13, "Permission denied")

    # As if this were nobody's test, but that of an ordinary user.
    eyes.patch.setattr(servers, "wait_for_free_port", lambda host, port: None)
    adapter = servers.ServerAdapter(Bus(), Refused(), ("127.0.0.1", 80))
    return eyes.raised(adapter.start)


@mistake("The host is no address of this machine")
def _no_host(eyes: Eyes) -> str:
    return eyes.console(
        f"{HELLO}cherrypy.config.update({{'server.socket_host': 'no.such.invalid',\n"
        "    'server.socket_port': 0})\ncherrypy.quickstart(Root())",
        quiet=True,
    )


@mistake("A program is called cherrypy.py")
def _shadow(eyes: Eyes) -> str:
    (eyes.folder / "cherrypy.py").write_text(HELLO)
    return eyes.console(HELLO)


@mistake("block without start")
def _block_without_start(eyes: Eyes) -> str:
    return eyes.console(
        f"{HELLO}cherrypy.tree.mount(Root())\n"
        "cherrypy.engine.subscribe('main', cherrypy.engine.exit)  # or it would wait\n"
        "cherrypy.engine.block()",
        quiet=True,
    )


@mistake("The root cannot be made")
def _root_fails(eyes: Eyes) -> str:
    return eyes.console(
        "import cherrypy\n\nclass Root:\n    def __init__(self):\n"
        "        self.title = titel\n\ncherrypy.quickstart(Root())\n"
    )


# ------------------------------------------------------------------ the book of them


@functools.cache
def _told() -> dict[str, list[str]]:
    """Return the messages in the book by heading, taken apart at ``…``."""
    told: dict[str, list[str]] = {}
    for title, text in re.findall(
        r"^### (.+?)\n(.*?)(?=^##|\Z)",
        BOOK.read_text("utf-8"),
        re.DOTALL | re.MULTILINE,
    ):
        shown = re.findall(r"^```text\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
        told[title] = [
            " ".join(piece.split())
            for block in shown
            for piece in re.split(r"…|\n\n", block)
            if piece.strip()
        ]
    return told


@pytest.mark.parametrize("title", MISTAKES)
def test_who_makes_a_mistake_is_told_what_the_book_says(title: str, eyes: Eyes) -> None:
    seen = " ".join(MISTAKES[title](eyes).split())
    assert _told()[title], "the book has no message"
    for piece in _told()[title]:
        assert piece in seen


def test_the_book_has_no_other_mistakes() -> None:
    assert list(_told()) == list(MISTAKES)
    assert len(MISTAKES) > 30
