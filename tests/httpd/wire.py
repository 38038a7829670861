"""Playing both ends of an HTTP/1 connection in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cherrypy.httpd.limits import Limits
from cherrypy.httpd.protocols.events import Data, EndOfBody, RequestHead, RequestRefused
from cherrypy.httpd.protocols.heads import HeadReader
from cherrypy.httpd.protocols.http1 import HTTP1

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cherrypy.httpd.protocols.events import Event, Headers

HOST = b"Host: localhost\r\n"


@dataclass
class Request:
    """One request as it came out of the protocol."""

    head: RequestHead
    body: bytes = b""
    trailers: Headers = ()
    complete: bool = False

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Request) and self.facts() == other.facts()

    def facts(self) -> tuple[object, ...]:
        """Return everything that can be known, for comparing."""
        head = self.head
        known = tuple(getattr(head, name) for name in RequestHead.__slots__)
        return known, self.body, self.trailers, self.complete


@dataclass
class Outcome:
    """What came out of a connection: requests, and perhaps a refusal."""

    requests: list[Request] = field(default_factory=list)
    refused: tuple[int, str] | None = None

    def take(self, events: Sequence[Event]) -> bool:
        """Take events in; return whether a request is complete now."""
        for event in events:
            if isinstance(event, RequestHead):
                self.requests.append(Request(event, complete=not event.has_body))
            elif isinstance(event, Data):
                assert event.data
                self.requests[-1].body += event.data
            else:
                assert isinstance(event, EndOfBody)
                self.requests[-1].trailers = event.trailers
                self.requests[-1].complete = True
        return bool(events) and self.requests[-1].complete


def play(
    pieces: Iterable[bytes], limits: Limits | None = None, *, eof: bool = False
) -> Outcome:
    """Receive pieces one by one, answer every request at once, and go on.

    Args:
        pieces: What is received, as it is cut into packets; empty ones are left out.
        limits: The bounds to keep; None for the usual ones.
        eof: The client closes its side afterwards.
    """
    protocol = HTTP1(HeadReader(limits or Limits()))
    outcome = Outcome()
    try:
        for piece in pieces:
            events = protocol.receive(piece) if piece else ()
            while outcome.take(events):
                protocol.answer(b"204 No Content", [], b"")
                if not protocol.persists:
                    break
                events = protocol.next_request()
        if eof:
            protocol.receive_eof()
    except RequestRefused as refused:
        outcome.refused = refused.status, refused.message
        assert protocol.receive(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n") == ()
    return outcome


def bytewise(data: bytes) -> list[bytes]:
    """Cut bytes into packets of one byte."""
    return [data[i : i + 1] for i in range(len(data))]


def only(data: bytes, limits: Limits | None = None) -> Request:
    """Return the one request that bytes contain."""
    outcome = play([data], limits)
    assert outcome.refused is None
    (request,) = outcome.requests
    return request


def refusal(data: bytes, limits: Limits | None = None) -> tuple[int, str]:
    """Return status and text of the refusal of bytes, however they are cut."""
    outcome = play([data], limits)
    assert outcome.refused is not None, outcome.requests
    assert outcome.refused == play(bytewise(data), limits).refused
    return outcome.refused
