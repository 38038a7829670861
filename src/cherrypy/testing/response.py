"""What came back: status, headers, body and the request it answers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from cherrypy.testing.cookies import Cookie

if TYPE_CHECKING:
    from typing import Self

    from cherrypy.testing.exchange import Exchange

__all__ = ["Response", "ResponseHeaders", "SentRequest"]


@dataclass(frozen=True, slots=True)
class SentRequest:
    """A request as it was put to the application."""

    method: str
    """The method, as it was written."""

    url: str
    """Scheme, host, path and query."""

    environ: dict[str, Any] = field(repr=False)
    """The environ the application was called with."""


class Response:
    """What the application answered.

    Its ``repr`` shows status, media type and the beginning of the body, so that a
    failing assertion tells what happened.
    """

    request: SentRequest
    """The request that this answers (the last one, where redirects were followed)."""

    history: list[Response]
    """The redirects that led here, oldest first."""

    headers: ResponseHeaders
    """The header fields, by name in any case."""

    status: str
    """Code and reason, such as "200 OK"."""

    def __init__(self, request: SentRequest, exchange: Exchange) -> None:
        self.request = request
        self.history = []
        self._exchange = exchange
        self.status, pairs = exchange.open()
        self.headers = ResponseHeaders(pairs)
        self._body: bytes | None = None

    def __repr__(self) -> str:
        kind = f" {self.content_type}" if self.content_type else ""
        asked = f"{self.request.method} {self.request.url}"
        return f"<Response {self.status}{kind} to {asked}: {self._excerpt()}>"

    def _excerpt(self) -> str:
        if self._body is None:
            return "body not read"
        if len(self._body) <= 300:
            return repr(self._body)
        return f"{self._body[:300]!r}... ({len(self._body)} bytes)"

    @property
    def status_code(self) -> int:
        """The status as a number."""
        return int(self.status[:3])

    @property
    def reason(self) -> str:
        """The words after the status code."""
        return self.status[4:]

    @property
    def ok(self) -> bool:
        """Whether the status is one of success (2xx)."""
        return 200 <= self.status_code < 300

    @property
    def is_redirect(self) -> bool:
        """Whether this sends the client to another URL."""
        return (
            self.status_code in (301, 302, 303, 307, 308) and "Location" in self.headers
        )

    @property
    def location(self) -> str:
        """Where the field Location leads, as a full URL; empty if there is none."""
        target = self.headers.get("Location", "")
        return urljoin(self.request.url, target) if target else ""

    @property
    def content_type(self) -> str:
        """The media type without its parameters, in lower case."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()

    @property
    def charset(self) -> str:
        """The charset that Content-Type names, else ``utf-8``."""
        parameters = self.headers.get("Content-Type", "")
        found = re.search(r';\s*charset\s*=\s*"?([^\s";]+)', parameters, re.IGNORECASE)
        return found[1] if found else "utf-8"

    @property
    def cookies(self) -> dict[str, Cookie]:
        """The cookies that this response sets, by name."""
        host = urlsplit(self.request.url).hostname or ""
        lines = self.headers.get_all("Set-Cookie")
        crumbs = (Cookie.parse(line, host, "/", now=0.0) for line in lines)
        return {cookie.name: cookie for cookie in crumbs if cookie is not None}

    @property
    def errors(self) -> str:
        """What the application wrote to ``wsgi.errors`` up to now."""
        return self._exchange.errors.getvalue()

    @property
    def body(self) -> bytes:
        """The whole body; reads what is left of a stream."""
        return self.read()

    @property
    def text(self) -> str:
        """The body as text; what its charset cannot decode is replaced."""
        return self.body.decode(self.charset, "replace")

    def json(self) -> Any:  # Any: a document may be anything
        """Return the body as the JSON document it holds.

        Raises:
            ValueError: it holds none.
        """
        return json.loads(self.body)

    def read(self) -> bytes:
        """Return the body, reading to its end and closing the response."""
        if self._body is None:
            self._body = b"".join(self._exchange)
        return self._body

    def iter_bytes(self) -> Iterator[bytes]:
        """Draw the body from the application chunk by chunk, as it makes them."""
        if self._body is not None:
            yield self._body
            return
        # No `yield from`: it would close the exchange when the caller takes a break.
        while (chunk := next(self._exchange, None)) is not None:
            yield chunk

    def iter_lines(self) -> Iterator[str]:
        """Draw the body from the application line by line, without line ends."""
        rest = b""
        for chunk in self.iter_bytes():
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                yield line.removesuffix(b"\r").decode(self.charset, "replace")
        if rest:
            yield rest.decode(self.charset, "replace")

    def close(self) -> None:
        """Leave the rest of the body unread, as a client that hangs up."""
        self._exchange.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


class ResponseHeaders(Mapping[str, str]):
    """Header fields of an answer: a mapping blind to case that knows repetitions."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self.pairs: list[tuple[str, str]] = list(pairs)
        """All fields as they were sent, in order."""

    def __getitem__(self, name: str) -> str:
        values = self.get_all(name)
        if not values:
            raise KeyError(name)
        return ", ".join(values)

    def __iter__(self) -> Iterator[str]:
        return iter({name.lower(): name for name, _ in self.pairs}.values())

    def __len__(self) -> int:
        return len({name.lower() for name, _ in self.pairs})

    def __repr__(self) -> str:
        return f"ResponseHeaders({self.pairs!r})"

    def get_all(self, name: str) -> list[str]:
        """Return the value of each field of this name."""
        wanted = name.lower()
        return [value for key, value in self.pairs if key.lower() == wanted]
