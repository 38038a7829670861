"""Whatever comes in, each parser gives a value or its documented error.

The strategies mix plain noise with the characters that mean something to a parser,
because noise alone rarely gets past the first look.
"""

from __future__ import annotations

from contextlib import suppress

from hypothesis import example, given, settings
from hypothesis import strategies as st

from cherrypy.http.charsets import known_charset
from cherrypy.http.cookies import parse_cookie
from cherrypy.http.dates import format_http_date, parse_http_date
from cherrypy.http.elements import (
    MalformedHeader,
    decode_TEXT,
    header_elements,
    split_quoted,
)
from cherrypy.http.forms import TooManyFields, parse_query_string, parse_urlencoded
from cherrypy.http.headers import CONTROLS, HeaderMap
from cherrypy.http.hosts import parse_address, parse_forwarded
from cherrypy.http.multipart import (
    MalformedMultipart,
    MultipartDecoder,
    MultipartTooLarge,
    PartBegins,
    PartData,
    PartEnds,
    boundary_of,
    disposition_of,
)
from cherrypy.http.ranges import MAX_RANGES, get_ranges
from cherrypy.http.status import protocol_from_http, valid_status
from cherrypy.http.urls import (
    normalize_path,
    quote_path_info,
    resolve_url,
    safe_host,
    unquote_path,
)

quick = settings(max_examples=60, deadline=None, derandomize=True)


def text_of(*words: str) -> st.SearchStrategy[str]:
    """Text made of meaningful words and of noise."""
    return st.lists(st.sampled_from(words) | st.text(max_size=4)).map("".join)


def bytes_of(*words: bytes) -> st.SearchStrategy[bytes]:
    """Bytes made of meaningful words and of noise."""
    return st.lists(st.sampled_from(words) | st.binary(max_size=4)).map(b"".join)


@quick
@given(text_of("200", " ", "OK", "\r\n", "-", "9"))
def test_statuses(text: str) -> None:
    with suppress(ValueError):
        code, reason, _ = valid_status(text)
        assert 100 <= code <= 599
        assert not set(reason) & set("\r\n\0")
    with suppress(ValueError):
        protocol_from_http(text)


@quick
@given(text_of("Sun, 06 Nov 1994", " 08:49:37", " GMT", "Sun Nov  6", " 1994", "-"))
@example("Sunday, 06-Nov-94 08:49:37 GMT")
def test_dates(text: str) -> None:
    moment = parse_http_date(text)
    if moment is not None and moment >= 0:
        assert parse_http_date(format_http_date(moment)) == moment


@quick
@given(text_of("bytes=", "-", ",", "0", "5", "99", " "), st.integers(0, 100))
def test_ranges(text: str, length: int) -> None:
    for value in (text, "bytes=" + text):
        ranges = get_ranges(value, length) or []
        assert all(0 <= start < stop <= length for start, stop in ranges)
        assert len(ranges) <= MAX_RANGES
        assert sum(stop - start for start, stop in ranges) <= length


@quick
@given(text_of('"', ",", ";", "=", "\\", "q", "0.5", "a/b", "*"))
def test_elements(text: str) -> None:
    assert ",".join(split_quoted(text, ",")) == text
    for name in ("X-Thing", "Accept"):
        with suppress(MalformedHeader):
            elements = header_elements(name, text)
            assert len(elements) <= len(text)


@quick
@given(text_of("=?", "?=", "?", "utf-8", "?b?", "?q?", "=C3=A9", "w6k=", " "))
def test_encoded_words(text: str) -> None:
    assert isinstance(decode_TEXT(text), str)


@quick
@given(
    st.dictionaries(text_of("Content-", "X-", "\r\n"), text_of("a", "é", "€", "\r\n"))
)
def test_headers(fields: dict[str, str]) -> None:
    for name, value in HeaderMap(fields).output():
        assert not set(name + value) & set(CONTROLS)


@quick
@given(text_of("utf", "-8", "_", "iso-8859-", "1", "punycode"))
def test_charsets(name: str) -> None:
    with suppress(LookupError):
        assert isinstance(b"abcd".decode(known_charset(name), "replace"), str)


@quick
@given(text_of("&", "=", "%", "%41", "%ff", "+", ";", "1,2", "a"))
def test_queries_and_forms(text: str) -> None:
    with suppress(UnicodeDecodeError, TooManyFields):
        parse_query_string(text, max_fields=20)
    with suppress(UnicodeDecodeError, TooManyFields):
        parse_query_string(text, keep_blank_values=False, max_fields=20)
    with suppress(UnicodeDecodeError, TooManyFields):
        parse_urlencoded(text.encode("utf-8", "replace"), max_fields=20)


@quick
@given(text_of(";", "=", '"', "\\", "\\012", "$", "path", "a", " "))
def test_cookies(text: str) -> None:
    for morsel in parse_cookie(text).values():
        assert not set(morsel.value) & set("\r\n\0")
        morsel.OutputString()


@quick
@given(text_of("for=", "by=", ";", ",", '"', "\\", "[::1]", "192.0.2.1", ":80"))
def test_proxies(text: str) -> None:
    for entry in parse_forwarded(text):
        parse_address(entry.client)
    address = parse_address(text)
    if address is not None:
        assert parse_address(address) == address


@quick
@given(bytes_of(b"/", b"%2F", b"%2f", b"%", b"..", b".", b"%41", b"\\"))
def test_paths(raw: bytes) -> None:
    path = unquote_path(b"/" + raw)
    escaped = quote_path_info(path)
    assert escaped.isascii()
    parts = normalize_path(escaped).split("/")
    assert ".." not in parts


@quick
@given(
    text_of("/", "..", ".", "?", "#", ":", "\\", "a"),
    text_of("/", "..", "\\", "a", " "),
    st.sampled_from((None, True, False)),
    st.sampled_from((None, True, "server")),
)
def test_urls(
    path: str, path_info: str, is_index: bool | None, relative: bool | str | None
) -> None:
    url = resolve_url(
        path,
        base="http://h",
        script_name="",
        path_info="/" + path_info,
        is_index=is_index,
        relative=relative,
    )
    if relative:
        assert not url.startswith(("//", "/\\", "\\"))
        assert ":" not in url.partition("?")[0].partition("#")[0].partition("/")[0]
    else:
        assert url.startswith("http://h/")


@quick
@given(text_of("example.com", ":", "80", "[::1]", "@", "/", "\r\n"))
def test_host_fields(text: str) -> None:
    host = safe_host(text)
    assert host is None or not set(host) & set("/@\\<>\"' \r\n,?#")


@quick
@given(
    bytes_of(b"--x", b"\r\n", b"\n", b"\r", b"--", b"A: b", b"\r\n\r\n", b"\r\n--x--"),
    st.integers(1, 20),
)
def test_multipart_bodies(body: bytes, step: int) -> None:
    # What stands before the first boundary may be refused or not, as it is cut.
    body = b"--x\r\n" + body

    def outcome(step: int) -> object:
        decoder = MultipartDecoder("x", max_parts=5)
        told: list[object] = []
        for start in range(0, len(body), step):
            for event in decoder.receive(body[start : start + step]):
                match event:
                    case PartData(data) if isinstance(told[-1], bytes):
                        told[-1] += data
                    case PartData(data):
                        told.append(data)
                    case PartBegins() | PartEnds():
                        told.append(event)
        decoder.close()
        return told

    outcomes = []
    for size in (step, len(body)):
        try:
            outcomes.append(outcome(size))
        except (MalformedMultipart, MultipartTooLarge):
            outcomes.append(None)
    assert outcomes[0] == outcomes[1]


@quick
@given(
    text_of(";", "=", '"', "\\", "boundary", "filename*", "UTF-8''", "%c3", "/", "..")
)
def test_multipart_headers(text: str) -> None:
    with suppress(MalformedMultipart):
        assert boundary_of("multipart/form-data;" + text)
    _, filename = disposition_of("form-data;" + text)
    assert not filename or not (set(filename) & set("/\\\0\r\n") or filename == "..")
