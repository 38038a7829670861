"""Multipart bodies: bytes in, events out."""

from __future__ import annotations

import pytest

from cherrypy.http.multipart import (
    Event,
    MalformedMultipart,
    MultipartDecoder,
    MultipartTooLarge,
    PartBegins,
    PartData,
    PartEnds,
    boundary_of,
    disposition_of,
)

Part = tuple[list[tuple[str, str]], bytes]


def parts_of(events: list[Event]) -> list[Part]:
    """Put the events together, which must come in their order."""
    parts: list[Part] = []
    inside = False
    for event in events:
        assert inside is not isinstance(event, PartBegins)
        match event:
            case PartBegins(headers):
                parts.append((headers, b""))
                inside = True
            case PartData(data):
                assert data
                headers, before = parts[-1]
                parts[-1] = (headers, before + data)
            case PartEnds():
                inside = False
    assert not inside
    return parts


def decoded(
    body: bytes, step: int = 0, boundary: str = "x", **limits: int
) -> list[Part]:
    """Decode a body, given at once or in pieces of `step` bytes."""
    decoder = MultipartDecoder(boundary, **limits)
    events: list[Event] = []
    step = step or len(body) or 1
    for start in range(0, len(body), step):
        events += decoder.receive(body[start : start + step])
    decoder.close()
    return parts_of(events)


FORM = (
    b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
    b'--x\r\ncontent-disposition: form-data; name="b"; filename="f"\r\n'
    b"content-TYPE: text/plain\r\n\r\nline\r\n--\r\n--y\n\r\n"
    b"--x--\r\n"
)
PARTS: list[Part] = [
    ([("Content-Disposition", 'form-data; name="a"')], b"1"),
    (
        [
            ("Content-Disposition", 'form-data; name="b"; filename="f"'),
            ("Content-Type", "text/plain"),
        ],
        b"line\r\n--\r\n--y\n",
    ),
]


@pytest.mark.parametrize("step", [0, 1, 2, 3, 5, 7, 64])
def test_a_form_is_decoded_however_it_is_cut(step: int) -> None:
    assert decoded(FORM, step) == PARTS


@pytest.mark.parametrize("step", [0, 1, 2, 3, 5, 7, 64])
def test_boundary_lines_may_end_with_lf_alone(step: int) -> None:
    assert decoded(FORM.replace(b"--x\r\n", b"--x\n"), step) == PARTS


@pytest.mark.parametrize("step", [0, 1, 4])
def test_what_stands_around_the_parts_is_ignored(step: int) -> None:
    body = b"preamble\r\n" + FORM + b"epilogue\r\n--x\r\nA: b\r\n\r\n1\r\n--x--"
    assert decoded(body, step) == PARTS


def test_the_last_line_needs_no_end() -> None:
    assert decoded(FORM.removesuffix(b"\r\n")) == PARTS


def test_there_may_be_no_parts_at_all() -> None:
    assert decoded(b"--x--") == []
    assert decoded(b"--x--\r\n", 1) == []


def test_parts_need_no_headers_and_no_data() -> None:
    assert decoded(b"--x\r\n\r\n\r\n--x\r\n\r\nv\r\n--x--") == [([], b""), ([], b"v")]


def test_a_boundary_counts_at_the_begin_of_a_line_only() -> None:
    assert decoded(b"--x\r\n\r\na--x\nb--x--\r\n--x--") == [([], b"a--x\nb--x--")]


def test_a_folded_header_is_one_header() -> None:
    assert decoded(b"--x\r\nA: b\r\n  c\r\n\r\n\r\n--x--") == [([("A", "b  c")], b"")]


def test_headers_are_read_as_utf_8_or_else_as_latin_1() -> None:
    body = "--x\r\nA: é\r\n\r\n\r\n--x--"
    assert decoded(body.encode()) == [([("A", "é")], b"")]
    assert decoded(body.encode("latin-1")) == [([("A", "é")], b"")]


@pytest.mark.parametrize("step", [0, 1])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"junk",
        b"--",
        b"--x",
        b"--x\r\n",
        b"--x\r\nA: b",
        b"--x\r\nA: b\r\n\r\nno end",
        b"--x\r\nA: b\r\n\r\nv\r\n--x",
        b"--x\r\nA: b\r\n\r\nv\r\n--x\r",
        b"--x\r\nA: b\r\n\r\nv\r\n--x\r\n",
        b"--xA: b\r\n\r\nv\r\n--x--",
        b"--x\r\nno colon\r\n\r\nv\r\n--x--",
        b"--x\r\n: no name\r\n\r\nv\r\n--x--",
        b"--x\r\nA : b\r\nA(: b\r\n\r\nv\r\n--x--",
        b"--x\r\n folded\r\n\r\nv\r\n--x--",
        b"--x\r\nA: b\nC: d\r\n\r\nv\r\n--x--",
        b"--x\r\nA: b\rC: d\r\n\r\nv\r\n--x--",
        b"--x\r\nA: b\0\r\n\r\nv\r\n--x--",
        b"--x\r\nContent-Length: 5\r\n\r\nv\r\n--x--",
        b"--x\r\nContent-Length: x\r\n\r\nv\r\n--x--",
    ],
)
def test_what_is_no_multipart_body_is_refused(body: bytes, step: int) -> None:
    with pytest.raises(MalformedMultipart):
        decoded(body, step)


def test_nothing_is_decoded_after_an_error() -> None:
    decoder = MultipartDecoder("x")
    with pytest.raises(MalformedMultipart):
        list(decoder.receive(b"--x\r\nno colon\r\nA: b"))
    with pytest.raises(MalformedMultipart):
        list(decoder.receive(b"--x--"))


def test_parts_and_headers_are_counted() -> None:
    body = b"--x\r\n\r\n\r\n" * 3 + b"--x--"
    assert len(decoded(body, max_parts=3)) == 3
    with pytest.raises(MultipartTooLarge):
        decoded(body, max_parts=2)
    body = b"--x\r\n" + b"A: b\r\n" * 3 + b"\r\n\r\n--x--"
    assert decoded(body, max_headers=3)
    with pytest.raises(MultipartTooLarge):
        decoded(body, max_headers=2)


@pytest.mark.parametrize("step", [0, 7])
def test_long_headers_are_refused(step: int) -> None:
    body = b"--x\r\nA: " + b"b" * 97 + b"\r\n\r\n\r\n--x--"
    assert decoded(body, step, max_header_bytes=100)
    with pytest.raises(MultipartTooLarge):
        decoded(body, step, max_header_bytes=99)
    with pytest.raises(MultipartTooLarge):
        decoded(b"--x\r\nA: " + b"b" * 10_000, step)


def test_floods_take_linear_time() -> None:
    flood = 1_000_000
    with pytest.raises(MultipartTooLarge):
        decoded(b"--x\r\n\r\n\r\n" * 20_000 + b"--x--", 65536)
    for data in (b"\r", b"\n", b"\r\n", b"\r\n-", b"\r\n--", b"-"):
        filler = data * (flood // len(data))
        body = b"--x\r\n\r\n" + filler + b"\r\n--x--"
        assert decoded(body, 65536) == [([], filler)]
        with pytest.raises(MalformedMultipart):
            decoded(filler, 65536)


@pytest.mark.parametrize("boundary", ["", "a\nb"])
def test_a_boundary_must_be_one(boundary: str) -> None:
    with pytest.raises(MalformedMultipart):
        MultipartDecoder(boundary)


@pytest.mark.parametrize(
    ("content_type", "boundary"),
    [
        ("multipart/form-data; boundary=x", "x"),
        ('multipart/form-data; boundary="a b;c"', "a b;c"),
        ("multipart/mixed; charset=utf-8; BOUNDARY=abc; boundary=d", "abc"),
        ("multipart/form-data;boundary=" + "x" * 200, "x" * 200),
        (
            "multipart/form-data; boundary=----=_Part_1/2:3?'()+",
            "----=_Part_1/2:3?'()+",
        ),
    ],
)
def test_the_boundary_is_found_in_the_content_type(
    content_type: str, boundary: str
) -> None:
    assert boundary_of(content_type) == boundary


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data",
        "multipart/form-data; boundary",
        "multipart/form-data; boundary=",
        'multipart/form-data; boundary=""',
        'multipart/form-data; boundary="x "',
        'multipart/form-data; boundary=" x"',
        'multipart/form-data; boundary="a\nb"',
        "multipart/form-data; boundary=é",
        "multipart/form-data; boundary=" + "x" * 201,
    ],
)
def test_a_missing_or_impossible_boundary_is_refused(content_type: str) -> None:
    with pytest.raises(MalformedMultipart, match="Invalid boundary"):
        boundary_of(content_type)


@pytest.mark.parametrize(
    ("value", "name", "filename"),
    [
        ("form-data", None, None),
        ('form-data; name="a"', "a", None),
        ("form-data; name=a; filename=b.txt", "a", "b.txt"),
        ('form-data; NAME="a"; FileName="b"', "a", "b"),
        ('form-data; name="a"; filename=""', "a", ""),
        ('form-data; name=a; filename="a\\"b;c,d.txt"', "a", 'a"b;c,d.txt'),
        ('form-data; name="a\\\\b"', "a\\b", None),
        ('form-data; name=a; filename="a%22b.txt"', "a", "a%22b.txt"),
        ("form-data; name=é; filename=日本.txt", "é", "日本.txt"),
        ("f; filename=x; filename*=UTF-8''%E2%82%AC.txt", None, "€.txt"),
        ("f; filename*=utf-8'en'%E2%82%AC%20.txt; filename=x", None, "€ .txt"),
        ("f; filename*=iso-8859-1''%A3; filename=x", None, "£"),
        ("f; filename*=bogus; filename=x", None, "x"),
        ("f; filename*=nope''a; filename=x", None, "x"),
        ("f; filename*=UTF-8''%ff; filename=x", None, "x"),
        ("f; filename*=UTF-8''é; filename=x", None, "x"),
        ("f; filename*=bogus", None, None),
        ("f; name=a; name=b", "a", None),
    ],
)
def test_a_disposition_gives_names(
    value: str, name: str | None, filename: str | None
) -> None:
    assert disposition_of(value) == (name, filename)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("C:\\dir\\f.txt", "f.txt"),
        ("\\\\server\\share\\f.txt", "f.txt"),
        ("/etc/passwd", "passwd"),
        ("../../f.txt", "f.txt"),
        ("..", ""),
        ("a/.", ""),
        ("a/", ""),
        ("a\0b\r\n.txt", "ab.txt"),
        (".hidden", ".hidden"),
    ],
)
def test_a_file_name_loses_its_path(sent: str, kept: str) -> None:
    assert disposition_of(f'form-data; filename="{sent}"') == (None, kept)


def test_an_extended_file_name_loses_its_path_too() -> None:
    assert disposition_of("f; filename*=UTF-8''..%2F..%5Cx%00") == (None, "x")
