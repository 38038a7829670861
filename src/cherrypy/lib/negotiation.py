"""What a client can take: the ``Accept`` headers, understood (RFC 9110 §12)."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from cherrypy.core.context import current
from cherrypy.core.errors import HTTPError
from cherrypy.environment.site import log
from cherrypy.http.elements import AcceptElement, MalformedHeader, header_elements
from cherrypy.lib import set_vary_header

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["accept", "accepted", "preferred_codings"]


def accepted(name: str) -> list[AcceptElement]:
    """Return the elements of a request header, the most preferred first.

    Args:
        name: ``Accept``, ``Accept-Charset``, ``Accept-Encoding`` or
            ``Accept-Language``.

    Raises:
        HTTPError: 400, a quality is no number.
    """
    value = current.get().request.raw_header(name)
    if value is None:
        return []
    with HTTPError.handle(MalformedHeader, 400):
        elements = header_elements(name, value)
    for element in elements:
        element.value = element.value.strip()
    return cast("list[AcceptElement]", elements)


def accept(media: str | Iterable[str] | None = None, debug: bool = False) -> str | None:
    """Return the media type that the client prefers among those we can emit.

    Client preference counts first, then the order of `media`. Parameters of media
    types other than ``q`` are not looked at.

    Args:
        media: One media type or several; None tests nothing.
        debug: Log what is done.

    Returns:
        One of `media`; its first if the client did not say; None without `media`.

    Raises:
        HTTPError: 406, the client takes none of them; 400, a quality is no number.
    """
    offers = [media] if isinstance(media, str) else list(media or ())
    if not offers:
        return None
    # Other clients may get another one (RFC 9110 §12.5.5).
    set_vary_header(current.get().response, "Accept")
    ranges = accepted("Accept")
    chosen = _first_match(ranges, offers) if ranges else offers[0]
    if debug:
        log(f"{[str(r) for r in ranges]} among {offers}: {chosen}", "TOOLS.ACCEPT")
    if chosen is not None:
        return chosen
    said = current.get().request.raw_header("Accept")
    raise HTTPError(
        406,
        f"Your client sent this Accept header: {said}. But this resource only emits "
        f"these media types: {', '.join(offers)}.",
    )


def _first_match(ranges: list[AcceptElement], offers: list[str]) -> str | None:
    quality = {each.value.lower(): each.qvalue for each in ranges}
    for each in ranges:
        if each.qvalue <= 0:
            continue
        for offer in offers:
            media_ranges = _ranges_of(offer)
            if each.value.lower() not in media_ranges:
                continue
            # What is refused by a narrower range is not taken by a wider one.
            if quality[next(filter(quality.__contains__, media_ranges))] > 0:
                return offer
    return None


def _ranges_of(media_type: str) -> tuple[str, str, str]:
    """Return the media ranges that a media type is of, the narrowest first."""
    exact = media_type.lower()
    return exact, f"{exact.partition('/')[0]}/*", "*/*"


def preferred_codings(codings: Iterable[str]) -> list[str]:
    """Return those content codings that the client takes, the most preferred first.

    Args:
        codings: What we have, such as ``br`` and ``gzip``; this order decides where
            the client has no preference.

    Raises:
        HTTPError: 400, a quality is no number.
    """
    quality = {each.value.lower(): each.qvalue for each in accepted("Accept-Encoding")}
    others = quality.get("*", 0.0)
    wanted = [(quality.get(coding, others), coding) for coding in codings]
    wanted.sort(key=lambda pair: pair[0], reverse=True)
    return [coding for q, coding in wanted if q > 0]
