# pyright: strict
"""A site as users write it, for two strict type checkers and one test.

Each `assert_type` says what an editor knows at that place. mypy and pyright both read
this file, and `test_user_code` runs it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict, assert_type

import cherrypy
from cherrypy.core.request import Request
from cherrypy.lib import httputil, static
from cherrypy.lib.sessions import Session
from cherrypy.process.plugins import Monitor, SimplePlugin
from cherrypy.testing import Client, Response

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cherrypy.core.body import Part


class Note(TypedDict):
    id: int
    title: str


class Store:
    """Where notes are kept; a tool hangs it on the request."""

    def __init__(self) -> None:
        self.notes: dict[int, Note] = {1: {"id": 1, "title": "Milk"}}


class Watcher(SimplePlugin):
    """A plugin of the program's own."""

    seen: int = 0

    def start(self) -> None:
        self.bus.log("watching")

    def before_request(self) -> None:
        self.seen += 1


@cherrypy.tools.register("before_handler", priority=20)
def open_store(size: int = 10) -> None:
    cherrypy.request.store = Store()
    cherrypy.thread_data.size = size


class Age(cherrypy.Tool):
    """A tool that is a class."""

    def __init__(self) -> None:
        super().__init__("before_finalize", self.write, priority=60)

    def write(self, seconds: int = 0) -> None:
        cherrypy.response.headers["Age"] = str(seconds)


cherrypy.tools.age = Age()


@cherrypy.popargs("note_id")
@cherrypy.tools.open_store(size=3)
class Notes:
    """Pages below /notes."""

    def __init__(self, title: str) -> None:
        self.title = title

    @cherrypy.expose
    @cherrypy.tools.json_out()
    def index(self, note_id: str | None = None) -> Note | list[Note]:
        store: Store = cherrypy.request.store
        if note_id is None:
            return list(store.notes.values())
        try:
            return store.notes[int(note_id)]
        except (KeyError, ValueError) as missing:
            raise cherrypy.NotFound() from missing


@cherrypy.expose
class Counter:
    """A resource with a method for each HTTP method."""

    def GET(self) -> str:
        return "1"


class Root:
    """Pages at the top."""

    def __init__(self) -> None:
        self.notes = Notes("Shopping")
        self.counter = Counter()

    @cherrypy.expose
    def index(self, name: str = "world") -> str:
        cherrypy.response.status = 201
        cherrypy.response.headers["X-Name"] = name
        cherrypy.response.cookie["name"] = name
        cherrypy.response.cookie["name"]["path"] = "/"
        return f"Hello, {name}!"

    @cherrypy.expose(["sum", "sums"])
    @cherrypy.config(**{"tools.gzip.on": True})
    def total(self, *numbers: str) -> str:
        return str(sum(map(int, numbers)))

    @cherrypy.expose
    @cherrypy.tools.age(seconds=3)
    async def later(self) -> bytes:
        return b"later"

    @cherrypy.expose
    @cherrypy.config(**{"response.stream": True})
    def drops(self) -> Iterator[str]:
        yield "one "
        yield "two"

    @cherrypy.expose
    @cherrypy.tools.allow(methods=["POST"])
    @cherrypy.tools.json_in()
    def keep(self) -> str:
        note: Note = cherrypy.request.json
        cherrypy.log(f"kept {note['title']!r} for {cherrypy.request.login}")
        raise cherrypy.HTTPRedirect(cherrypy.url("/", qs={"name": "you"}), 303)

    @cherrypy.expose
    @cherrypy.tools.sessions(clean_freq=0)
    def visits(self) -> str:
        count: int = cherrypy.session.get("count", 0) + 1
        cherrypy.session["count"] = count
        return str(count)

    @cherrypy.expose
    def upload(self, file: Part) -> str:
        return f"{file.filename}: {len(file.fullvalue())}"

    @cherrypy.expose
    def manual(self) -> object:
        return static.serve_file(__file__, "text/plain", "attachment", "manual.txt")

    @cherrypy.expose
    def known(self) -> str:
        what_an_editor_knows()
        return "all of it"


def what_an_editor_knows() -> None:
    """Say the types of what is being served."""
    request, response = cherrypy.request, cherrypy.response
    assert_type(request.method, str)
    assert_type(request.path_info, str)
    assert_type(request.base, str)
    assert_type(request.protocol, tuple[int, int])
    assert_type(request.headers, httputil.HeaderMap)
    assert_type(request.params, dict[str, Any])
    assert_type(request.config, dict[str, Any])
    assert_type(request.toolmaps, dict[str, dict[str, dict[str, Any]]])
    assert_type(request.remote, httputil.Host)
    assert_type(request.remote.ip, str)
    assert_type(request.is_index, bool | None)
    assert_type(request.unique_id.uuid4.hex, str)
    assert_type(request.body.length, int | None)
    assert_type(response.headers, httputil.HeaderMap)
    assert_type(response.stream, bool)
    assert_type(response.timeout, float)
    assert_type(cherrypy.serving.response.headers, httputil.HeaderMap)
    assert_type(cherrypy.url("/"), str)
    assert_type(cherrypy.config.get("server.socket_port"), Any | None)
    assert_type(cherrypy.server.socket_port, int | None)
    assert_type(cherrypy.server.base(), str)
    assert_type(cherrypy.tree.script_name(), str | None)
    assert_type(cherrypy.log.screen, bool)
    assert_type(cherrypy.__version__, str)


def what_decorators_leave(root: Root) -> None:
    """Say that pages are the functions that they were, and classes are classes."""
    assert_type(root.index(), str)
    assert_type(root.total("1", "2"), str)
    assert_type(root.drops(), "Iterator[str]")
    assert_type(root.notes, Notes)
    assert_type(Notes("Shopping").title, str)
    assert_type(Counter().GET(), str)
    stays: Callable[[int], None] = open_store
    del stays


def what_a_session_is() -> None:
    """Say the types of a session."""
    assert_type(cherrypy.session, Session)
    assert_type(cherrypy.session.id, str | None)
    assert_type(cherrypy.session.timeout, float)
    assert_type(cherrypy.session.regenerate(), None)


def mounted() -> cherrypy.Application:
    """Make the site."""
    config: dict[str, dict[str, Any]] = {
        "/": {"tools.encode.on": True},
        "/counter": {"request.dispatch": cherrypy.dispatch.MethodDispatcher()},
    }
    app = cherrypy.Application(Root(), "", config)
    app.request_class = StampedRequest
    assert_type(cherrypy.tree.mount(app), cherrypy.Application)
    return app


def look(app: cherrypy.Application) -> list[str]:
    """Ask for some pages, as a test does, and return what they say."""
    client = Client(app)
    answer = client.get("/", headers={"Accept": "text/html"}, params={"name": "Ada"})
    assert_type(answer, Response)
    assert_type(answer.status_code, int)
    assert_type(answer.headers["X-Name"], str)
    assert_type(answer.text, str)
    assert_type(answer.body, bytes)
    assert_type(answer.json, "Callable[[], Any]")
    with client.get("/drops", stream=True) as streamed:
        chunks = b"".join(streamed.iter_bytes())
    file = ("a.txt", b"12345", "text/plain")
    return [
        answer.text,
        chunks.decode(),
        client.get("/notes/1/").text,
        client.get("/sum/1/2").text,
        client.get("/later").headers["Age"],
        client.get("/counter").text,
        client.post("/keep", json={"id": 2, "title": "Tea"}).location,
        client.get("/visits").text,
        client.post("/upload", files={"file": file}).text,
        client.get("/manual").content_type,
        client.get("/known").text,
    ]


class StampedRequest(Request):
    """A request with more in it."""

    stamp: str = "first"


def served(engine_runs: Callable[[], object]) -> None:
    """Serve, with plugins of the program's own."""
    engine = cherrypy.engine
    engine.watcher = Watcher(engine)
    engine.watcher.subscribe()
    Monitor(engine, lambda: None, frequency=60, name="cleaner").subscribe()
    engine.subscribe("stop", lambda: None, priority=10)
    assert_type(engine.publish("cleaner"), list[Any])
    cherrypy.config.update({"server.socket_port": 0, "environment": "production"})
    cherrypy.config.update("site.conf")
    if TYPE_CHECKING:
        cherrypy.quickstart(Root(), "/", {"/": {"tools.staticdir.on": True}})
    engine_runs()


def looks_at(request: Request) -> str:
    """Take a request as an argument: the ambient one will do."""
    return request.method
