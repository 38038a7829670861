"""Keywords for Robot Framework: start an application, ask it, look at the answer.

::

    *** Settings ***
    Library         cherrypy.test.robot.CherryPyLibrary
    Suite Setup     Start Application    notes.app:Root
    Suite Teardown  Stop Application

    *** Test Cases ***
    A Note Is Kept
        POST    /add    title=Milk
        Status Should Be    303
        GET    /
        Body Should Contain    Milk

Needs ``pip install morello[robot]``. Another library, such as one for a browser, finds
the application by ``Get Base URL``.
"""

from __future__ import annotations

import http.client
import json
import re
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlencode, urljoin, urlsplit

try:
    from robot.api import logger
    from robot.api.deco import keyword, library
except ModuleNotFoundError as _problem:
    raise ModuleNotFoundError(
        "CherryPyLibrary needs Robot Framework: pip install morello[robot]",
        name=_problem.name,
    ) from _problem

from cherrypy.test import sites
from cherrypy.test.processes import CPProcess
from cherrypy.testing.cookies import Cookies

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["CherryPyLibrary"]

_NOTHING = object()
_PATIENCE_SECONDS = 30


@library(scope="SUITE", version="1.0")
class CherryPyLibrary:
    """Starts a CherryPy application on a free port and asks it over HTTP.

    One application can run at a time. ``Start Application`` runs it in the process of
    Robot, ``Start Site`` as a program of its own, as ``cherryd`` does.

    Cookies are kept and sent back, until ``Forget Cookies``. Redirects are not
    followed, unless ``follow=True`` is said. A check that fails shows the answer.
    """

    _answer: _Answer | None = None
    _site: ClassVar[sites.LiveSite | None] = None
    _process: ClassVar[CPProcess | None] = None

    def __init__(self) -> None:
        self._cookies = Cookies()

    # Starting and stopping

    @keyword
    def start_application(
        self, target: str, config: Any = None, script_name: str = "", port: int = 0
    ) -> str:
        """Start an application in this process and return its URL.

        ``target`` is ``module:object``: a root object or its class, an application, a
        WSGI application, or a function that returns one of these. ``config`` is a file
        or a dictionary. ``port`` is any free one by default.

        | Start Application    notes.app:Root    config=test.conf
        """
        self.stop_application()
        site = sites.LiveSite(
            target, config, script_name=script_name, port=port or None
        )
        site.start()
        CherryPyLibrary._site = site
        self.forget_cookies()
        logger.info(f"{target} is served at {site.base_url}")
        return self._base_url()

    @keyword
    def start_site(self, *modules: str, config: str = "") -> str:
        """Start a program that imports modules, and return its URL.

        The modules mount applications when they are imported. ``config`` is text: lines
        as in a config file.

        | Start Site    notes.site    config=tools.sessions.on: True
        """
        self.stop_application()
        process = CPProcess(socket_host="127.0.0.1", socket_port=sites.free_port())
        process.write_conf(config)
        process.start(imports=modules)
        CherryPyLibrary._process = process
        self.forget_cookies()
        return self._base_url()

    @keyword
    def stop_application(self) -> None:
        """Stop what ``Start Application`` or ``Start Site`` has started."""
        site, process = CherryPyLibrary._site, CherryPyLibrary._process
        CherryPyLibrary._site = CherryPyLibrary._process = None
        if site is not None:
            site.stop()
        if process is not None:
            with process:
                process.stop()

    @keyword("Get Base URL")
    def get_base_url(self) -> str:
        """Return where the application is, without a slash at the end."""
        return self._base_url()

    def _base_url(self) -> str:
        site, process = CherryPyLibrary._site, CherryPyLibrary._process
        if site is not None:
            return site.base_url + site.script_name
        if process is not None:
            return f"http://{process.host}:{process.port}"
        raise AssertionError("Nothing runs; Start Application comes first.")

    @keyword
    def get_port(self) -> int:
        """Return the port that the application listens on."""
        return urlsplit(self._base_url()).port or 80

    # Asking

    @keyword("GET")
    def get(self, *path: str, **options: Any) -> str:
        """Ask for a page and return its body as text.

        Further arguments: ``headers``, a dictionary; ``params``, a dictionary for the
        query string; ``follow=True`` goes where redirects lead.
        """
        return self._ask("GET", _path(path, options), options, {})

    @keyword("POST")
    def post(self, *path: str, **fields: Any) -> str:
        """Send a form, JSON or text, and return the body of the answer.

        Named arguments are fields of a form. Others are meant by ``json``, a value or
        the text of a document, ``body``, any text, and by what ``GET`` takes.

        | POST    /add    title=Milk    text=two litres
        | POST    /api/notes    json={"title": "Milk"}
        """
        return self._send("POST", path, fields)

    @keyword("PUT")
    def put(self, *path: str, **fields: Any) -> str:
        """Do what ``POST`` does, with PUT."""
        return self._send("PUT", path, fields)

    @keyword("PATCH")
    def patch(self, *path: str, **fields: Any) -> str:
        """Do what ``POST`` does, with PATCH."""
        return self._send("PATCH", path, fields)

    @keyword("DELETE")
    def delete(self, *path: str, **options: Any) -> str:
        """Do what ``GET`` does, with DELETE."""
        return self._ask("DELETE", _path(path, options), options, {})

    @keyword
    def request(self, method: str, *path: str, **fields: Any) -> str:
        """Do what ``POST`` does, with any method."""
        return self._send(method, path, fields)

    @keyword
    def forget_cookies(self) -> None:
        """Go on as a client that has never been here."""
        self._cookies = Cookies()

    def _send(self, method: str, path: tuple[str, ...], fields: dict[str, Any]) -> str:
        url = _path(path, fields)
        options = {name: fields.pop(name) for name in _OPTIONS & set(fields)}
        return self._ask(method, url, options, fields)

    def _ask(
        self, method: str, path: str, options: dict[str, Any], fields: dict[str, Any]
    ) -> str:
        unknown = set(options) - _OPTIONS
        if unknown:
            raise TypeError(f"{method} does not take {', '.join(sorted(unknown))}.")
        follow = options.get("follow", False)
        follow = follow if isinstance(follow, bool) else str(follow).lower() == "true"
        url = urljoin(self._base_url() + "/", path.lstrip("/"))
        if options.get("params"):
            url += ("&" if "?" in url else "?") + urlencode(options["params"])
        body, headers = _body(options, fields)
        headers.update(options.get("headers") or {})
        for _ in range(20):
            answer = self._exchange(method, url, body, headers)
            target = answer.header("Location")
            if not (follow and target and answer.status in (301, 302, 303, 307, 308)):
                break
            url = urljoin(url, target)
            if answer.status < 304 and method != "HEAD":
                method, body = "GET", None
                headers.pop("Content-Type", None)
        self._answer = answer
        logger.debug(str(answer))
        return answer.text

    def _exchange(
        self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]
    ) -> _Answer:
        parts = urlsplit(url)
        host = parts.hostname or ""
        crumbs = self._cookies.pairs_for(parts.scheme, host, parts.path)
        sent = dict(headers)
        if crumbs:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in crumbs)
        connection = http.client.HTTPConnection(
            host, parts.port, timeout=_PATIENCE_SECONDS
        )
        try:
            target = parts.path + (f"?{parts.query}" if parts.query else "")
            connection.request(method, target or "/", body, sent)
            with connection.getresponse() as response:
                answer = _Answer(
                    f"{method} {url}",
                    response.status,
                    response.reason,
                    response.getheaders(),
                    response.read(),
                )
        finally:
            connection.close()
        for line in answer.headers_named("Set-Cookie"):
            self._cookies.learn(line, host, parts.path)
        return answer

    # Looking at the answer

    @property
    def _last(self) -> _Answer:
        if self._answer is None:
            raise AssertionError("Nothing was asked for yet.")
        return self._answer

    def _check(self, right: bool, otherwise: str) -> None:
        if not right:
            raise AssertionError(f"{otherwise}\n\n{self._last}")

    @keyword
    def status_should_be(self, expected: str) -> None:
        """Fail unless the status is this: a number, or number and reason."""
        status = f"{self._last.status} {self._last.reason}"
        right = str(expected) in (status, str(self._last.status))
        self._check(right, f"The status is {status}, not {expected}.")

    @keyword
    def header_should_be(self, name: str, expected: str) -> None:
        """Fail unless a header field has this value."""
        found = self._last.headers_named(name)
        self._check(str(expected) in found, f"{name} is {found}, not {expected!r}.")

    @keyword
    def header_should_contain(self, name: str, expected: str) -> None:
        """Fail unless this is in a header field."""
        found = self._last.headers_named(name)
        right = any(str(expected) in value for value in found)
        self._check(right, f"{name} is {found}, without {expected!r}.")

    @keyword
    def header_should_not_exist(self, name: str) -> None:
        """Fail if there is a header field of this name."""
        found = self._last.headers_named(name)
        self._check(not found, f"{name} is {found}.")

    @keyword
    def body_should_be(self, expected: str) -> None:
        """Fail unless the body is this text."""
        self._check(self._last.text == expected, f"The body is not {expected!r}.")

    @keyword
    def body_should_contain(self, expected: str) -> None:
        """Fail unless this is in the body."""
        self._check(expected in self._last.text, f"{expected!r} is not in the body.")

    @keyword
    def body_should_not_contain(self, unexpected: str) -> None:
        """Fail if this is in the body."""
        self._check(
            unexpected not in self._last.text, f"{unexpected!r} is in the body."
        )

    @keyword
    def body_should_match(self, pattern: str) -> None:
        """Fail unless a regular expression is found in the body."""
        found = re.search(pattern, self._last.text)
        self._check(found is not None, f"{pattern!r} matches nothing in the body.")

    @keyword("JSON Should Be")
    def json_should_be(self, expected: Any, path: str = "") -> None:
        """Fail unless the body is this JSON, or a part of it that ``path`` leads to.

        ``expected`` is a value, or a text that is JSON, else the text itself. In
        ``path`` dots stand between names of members and numbers of elements.

        | JSON Should Be    {"title": "Milk"}
        | JSON Should Be    Milk    path=notes.0.title
        """
        found = self._json(path)
        wanted = (expected, _parsed(expected))
        self._check(
            any(found == one for one in wanted),
            f"The JSON{f' at {path}' if path else ''} is {found!r}, not {expected!r}.",
        )

    @keyword("Get JSON")
    def get_json(self, path: str = "") -> Any:
        """Return the body as JSON, or a part of it; see ``JSON Should Be``."""
        return self._json(path)

    def _json(self, path: str) -> Any:
        try:
            found = json.loads(self._last.body)
        except ValueError as fault:
            raise AssertionError(f"The body is no JSON.\n\n{self._last}") from fault
        for name in path.split(".") if path else []:
            try:
                found = found[int(name) if isinstance(found, list) else name]
            except (KeyError, IndexError, TypeError, ValueError):
                self._check(False, f"There is no {name!r} of {path!r} in the JSON.")
        return found

    @keyword
    def get_status(self) -> int:
        """Return the status of the last answer."""
        return self._last.status

    @keyword
    def get_header(self, name: str) -> str:
        """Return a header field of the last answer; empty if there is none."""
        return self._last.header(name)

    @keyword
    def get_body(self) -> str:
        """Return the body of the last answer as text."""
        return self._last.text


class _Answer:
    """What came back."""

    def __init__(
        self,
        asked: str,
        status: int,
        reason: str,
        headers: Iterable[tuple[str, str]],
        body: bytes,
    ) -> None:
        self.asked = asked
        self.status = status
        self.reason = reason
        self.headers = list(headers)
        self.body = body

    def __str__(self) -> str:
        fields = "\n".join(f"{name}: {value}" for name, value in self.headers)
        head = f"{self.asked}\n{self.status} {self.reason}\n{fields}"
        return f"{head}\n\n{self.text[:2000]}"

    @property
    def text(self) -> str:
        charset = re.search(r"charset=\"?([\w-]+)", self.header("Content-Type"))
        return self.body.decode(charset[1] if charset else "utf-8", "replace")

    def headers_named(self, name: str) -> list[str]:
        """Return the values of all fields of a name."""
        return [v for n, v in self.headers if n.lower() == name.lower()]

    def header(self, name: str) -> str:
        """Return the value of the first field of a name; empty if there is none."""
        return next(iter(self.headers_named(name)), "")


_OPTIONS = {"headers", "params", "follow", "json", "body"}


def _path(path: tuple[str, ...], named: dict[str, Any]) -> str:
    """Return the path that was given, also one with a query: ``/?q=milk``.

    Robot takes what has an equals sign in it for a named argument.
    """
    found = [*path, *(f"{n}={named.pop(n)}" for n in list(named) if n.startswith("/"))]
    if len(found) != 1:
        raise TypeError(f"One path is wanted, not {len(found)}: {found}.")
    return found[0]


def _body(
    options: Mapping[str, Any], fields: Mapping[str, Any]
) -> tuple[bytes | None, dict[str, str]]:
    """Return what is sent, and the header fields that tell about it."""
    document = options.get("json", _NOTHING)
    if document is not _NOTHING:
        text = json.dumps(_parsed(document))
        return text.encode(), {"Content-Type": "application/json"}
    if "body" in options:
        return str(options["body"]).encode(), {"Content-Type": "text/plain"}
    if fields:
        form = urlencode(fields, doseq=True).encode()
        return form, {"Content-Type": "application/x-www-form-urlencoded"}
    return None, {}


def _parsed(value: Any) -> Any:
    """Return what a text says as JSON, or else the text."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value
