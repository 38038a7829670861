"""Request bodies: forms, uploads, and whatever is left to the page."""

from __future__ import annotations

import io
import tempfile
from typing import IO, TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cherrypy.core.body import Entity, Part, RequestBody, SizedReader
from cherrypy.core.errors import HTTPError
from cherrypy.core.processors import (
    process_multipart,
    process_multipart_form_data,
    process_urlencoded,
)
from cherrypy.http.headers import HeaderMap

if TYPE_CHECKING:
    from pathlib import Path

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=XX"

Pieces = list[tuple[str, bytes]]


def multipart(
    pieces: Pieces, boundary: bytes = b"XX", prologue: bytes = b"", end: bytes = b"\r\n"
) -> bytes:
    """Return a multipart body of header lines and contents."""
    lines = [
        b"--%b\r\n%b\r\n\r\n%b\r\n" % (boundary, head.encode(), content)
        for head, content in pieces
    ]
    return prologue + b"".join(lines) + b"--" + boundary + b"--" + end


def field(name: str, more: str = "") -> str:
    return f'Content-Disposition: form-data; name="{name}"{more}'


def request_body(
    content_type: str | None,
    data: bytes,
    *,
    params: dict[str, Any] | None = None,
    chunked: bool = False,
    **headers: str,
) -> RequestBody:
    """Return a body; if its length is known, bytes of another request follow."""
    fields = HeaderMap(headers)
    if content_type is not None:
        fields["Content-Type"] = content_type
    if chunked:
        fields["Transfer-Encoding"] = "chunked"
        fp = io.BytesIO(data)
    else:
        fields["Content-Length"] = str(len(data))
        fp = io.BytesIO(data + b"GET / HTTP/1.1\r\n\r\n")
    return RequestBody(fp, fields, request_params={} if params is None else params)


def processed(content_type: str | None, data: bytes, **more: Any) -> RequestBody:
    body = request_body(content_type, data, **more)
    body.process()
    return body


def refused(content_type: str | None, data: bytes, **more: Any) -> HTTPError:
    with pytest.raises(HTTPError) as raised:
        processed(content_type, data, **more)
    return raised.value


class Raw(Part):
    """Reads its headers in its own way, so it must be given the stream itself."""

    @classmethod
    def read_headers(cls, fp: SizedReader) -> HeaderMap:
        return super().read_headers(fp)


ways = pytest.mark.parametrize("part_class", [Part, Raw], ids=["pushed", "raw"])


def parts_of(data: bytes, part_class: type[Part], kind: str = MULTIPART) -> RequestBody:
    body = request_body(kind, data)
    body.part_class = part_class
    body.process()
    return body


class TestForms:
    @pytest.mark.parametrize(
        ("data", "params"),
        [
            (b"", {}),
            (b"a=1&b=2", {"a": "1", "b": "2"}),
            (b"a=1&b=2&a=3", {"a": ["1", "3"], "b": "2"}),
            (b"a", {"a": ""}),
            (b"a=1+2%2B&%C3%A9=%E2%82%AC", {"a": "1 2+", "é": "€"}),
            (b"a=1;b=2", {"a": "1;b=2"}),
        ],
    )
    @pytest.mark.parametrize("chunked", [False, True])
    def test_fields_become_parameters(
        self, data: bytes, params: dict[str, Any], chunked: bool
    ) -> None:
        body = processed(FORM, data, chunked=chunked)
        assert body.params == params
        assert body.request_params == params
        assert body.charset == "utf-8"
        assert body.read() == b""

    def test_they_are_added_to_those_of_the_query(self) -> None:
        query = {"a": "0", "b": ["1", "2"], "c": "3"}
        processed(FORM, b"a=4&a=5&b=6&d=7", params=query)
        assert query == {"a": ["0", "4", "5"], "b": ["1", "2", "6"], "c": "3", "d": "7"}

    def test_they_are_added_to_parameters_of_the_entity(self) -> None:
        entity = Entity(io.BytesIO(b"a=1&b=2"), HeaderMap(), params={"a": "0"})
        entity.process()
        assert entity.params == {"a": ["0", "1"], "b": "2"}

    @pytest.mark.parametrize("kind", [FORM.upper(), f" {FORM} ", f"{FORM};charset="])
    def test_the_media_type_may_be_written_in_any_way(self, kind: str) -> None:
        assert processed(kind, b"a=1").params == {"a": "1"}

    def test_the_declared_charset_is_tried_first(self) -> None:
        body = processed(f"{FORM}; charset=latin-1", b"a=%e9")
        assert body.params == {"a": "é"}
        assert body.attempt_charsets == ["latin-1", "utf-8"]
        assert body.charset == "latin-1"
        assert RequestBody.attempt_charsets == ["utf-8"]

    def test_the_next_charset_is_tried_if_one_does_not_fit(self) -> None:
        body = request_body(FORM, b"a=%e9")
        body.attempt_charsets.append("latin-1")
        body.process()
        assert (body.params, body.charset) == ({"a": "é"}, "latin-1")

    def test_what_no_charset_fits_is_a_mistake_of_the_client(self) -> None:
        error = refused(FORM, b"a=%e9")
        assert error.code == 400
        assert error._message == (
            "The request entity could not be decoded. The following charsets were "
            "attempted: ['utf-8']"
        )

    @pytest.mark.parametrize("charset", ["nonsense", "zlib", "idna", "\x00"])
    def test_an_unknown_charset_is_told(self, charset: str) -> None:
        assert refused(f"{FORM}; charset={charset}", b"a=1").code == 415

    def test_too_many_fields_are_refused(self) -> None:
        assert refused(FORM, b"a=1&" * 2000).code == 413


class TestLengths:
    def test_without_a_length_one_is_demanded(self) -> None:
        for content_type in (FORM, "text/plain"):
            body = RequestBody(io.BytesIO(), HeaderMap({"Content-Type": content_type}))
            with pytest.raises(HTTPError) as raised:
                body.process()
            assert raised.value.code == 411

    @pytest.mark.parametrize("length", ["x", "-1", "+1", "1_0", "²", "9" * 30, ""])
    def test_a_malformed_length_is_refused(self, length: str) -> None:
        body = RequestBody(io.BytesIO(b"a=1"), HeaderMap({"Content-Length": length}))
        assert body.length is None
        with pytest.raises(HTTPError) as raised:
            body.process()
        assert raised.value.code == 400

    def test_the_length_of_a_chunked_body_counts_for_nothing(self) -> None:
        headers = {"Content-Length": "1", "Transfer-Encoding": "Chunked"}
        body = RequestBody(io.BytesIO(b"hello"), HeaderMap(headers))
        assert body.length is None
        assert body.read() == b"hello"

    def test_without_a_body_nothing_is_read(self) -> None:
        class Blocking:
            def read(self, size: int) -> bytes:
                raise AssertionError("would block")

        assert RequestBody(Blocking(), HeaderMap()).read() == b""

    @pytest.mark.parametrize("chunked", [False, True])
    def test_more_than_maxbytes_is_refused(self, chunked: bool) -> None:
        body = request_body(FORM, b"a=12345678", chunked=chunked)
        body.maxbytes = 9
        with pytest.raises(HTTPError) as raised:
            body.process()
        assert raised.value.code == 413

    def test_trailers_are_found_behind_a_chunked_body(self) -> None:
        stream = io.BytesIO(b"a=1")
        stream.trailers = [(b"x-check", b"sum")]  # type: ignore[attr-defined]
        headers = {"Transfer-Encoding": "chunked", "Trailer": "X-Check"}
        body = RequestBody(stream, HeaderMap({"Content-Type": FORM, **headers}))
        body.process()
        assert body.trailers == {"X-Check": "sum"}

    def test_a_hook_may_put_another_stream_in_its_place(self) -> None:
        body = request_body(FORM, b"whatever")
        body.fp = io.BytesIO(b"a=1")
        body.process()
        assert body.params == {"a": "1"}


class TestOtherTypes:
    @pytest.mark.parametrize("kind", [None, "text/plain", "application/json; x=y"])
    def test_they_are_left_to_the_page(self, kind: str | None) -> None:
        body = processed(kind, b"one\ntwo\nthree\nfour\nfive")
        assert body.params == {}
        assert body.read(2) == b"on"
        assert body.readline() == b"e\n"
        assert next(body) == b"two\n"
        assert body.next() == b"three\n"
        assert body.readlines() == [b"four\n", b"five"]
        assert list(body) == []

    def test_they_may_be_put_into_a_file(self) -> None:
        body = processed("text/plain", b"hello")
        with body.read_into_file() as file:
            file.seek(0)
            assert file.read() == b"hello"
        given = io.BytesIO()
        assert processed("text/plain", b"hi").read_into_file(given) is given
        assert given.getvalue() == b"hi"

    def test_text_may_be_in_latin_1(self) -> None:
        body = processed("text/plain", b"\xe9")
        assert body.attempt_charsets == ["utf-8", "ISO-8859-1"]
        assert body.decode_entity(body.read()) == "é"
        assert body.charset == "ISO-8859-1"

    def test_the_media_type_has_two_names(self) -> None:
        body = request_body("text/plain; a=b", b"")
        assert body.type is body.content_type
        assert (body.content_type.value, body.content_type.params) == (
            "text/plain",
            {"a": "b"},
        )

    def test_a_page_may_refuse_them(self) -> None:
        body = request_body("text/plain", b"")
        body.default_proc = HTTPError(415)  # type: ignore[method-assign]
        with pytest.raises(HTTPError) as raised:
            body.process()
        assert raised.value.code == 415


class TestProcessors:
    def test_one_may_be_set_for_a_request(self) -> None:
        def process(entity: Entity) -> None:
            entity.params["text"] = entity.fullvalue()

        body = request_body("text/x-own", b"hello")
        body.value = b"hello"
        body.processors["text/x-own"] = process
        body.process()
        assert body.request_params == {"text": "hello"}
        assert "text/x-own" not in RequestBody.processors

    def test_one_may_be_set_for_half_a_media_type(self) -> None:
        seen: list[Entity] = []
        body = request_body("image/png", b"")
        body.processors["image"] = seen.append
        body.process()
        assert seen == [body]

    def test_none_means_the_default(self) -> None:
        body = request_body(FORM, b"a=1")
        body.processors[FORM] = None  # type: ignore[assignment]
        body.process()
        assert body.read() == b"a=1"

    def test_the_multipart_one_may_be_replaced_for_all(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seen: list[Entity] = []
        monkeypatch.setitem(Entity.processors, "multipart", seen.append)
        body = processed("multipart/mixed; boundary=XX", b"")
        assert seen == [body]

    def test_the_form_one_may_be_replaced_for_parts_as_well(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seen: list[Part] = []
        monkeypatch.setitem(Entity.processors, FORM, seen.append)
        data = multipart([(f"Content-Type: {FORM}", b"a=1")])
        process_multipart(request_body(MULTIPART, data))
        assert len(seen) == 1


@ways
class TestMultipart:
    def test_fields_become_parameters(self, part_class: type[Part]) -> None:
        data = multipart([(field("a"), b"1"), (field("b"), b""), (field("a"), b"\n2")])
        body = parts_of(data, part_class)
        assert body.params == body.request_params == {"a": ["1", "\n2"], "b": ""}
        assert body.parts == []

    def test_an_upload_is_a_parameter_with_a_file(self, part_class: type[Part]) -> None:
        head = field("a", '; filename="x.txt"') + "\r\nContent-Type: text/x-own"
        (upload,) = parts_of(multipart([(head, b"hello")]), part_class).params.values()
        assert isinstance(upload, part_class)
        assert (upload.name, upload.filename) == ("a", "x.txt")
        assert upload.content_type.value == "text/x-own"
        assert upload.headers["Content-Type"] == "text/x-own"
        assert upload.file.read() == b"hello"
        assert upload.fullvalue() == "hello"
        assert upload.file.read() == b"hello"
        assert upload.value is None
        upload.file.close()

    def test_an_empty_file_name_is_an_upload_without_a_file(
        self, part_class: type[Part]
    ) -> None:
        data = multipart([(field("a", '; filename=""'), b"")])
        upload = parts_of(data, part_class).params["a"]
        assert (upload.filename, upload.file, upload.value) == ("", None, b"")

    @pytest.mark.parametrize(
        ("parameter", "filename"),
        [
            (r'filename="C:\dir\x.txt"', "x.txt"),
            ('filename="../../etc/passwd"', "passwd"),
            ('filename="a;b,c.txt"', "a;b,c.txt"),
            (r'filename="a\"b.txt"', 'a"b.txt'),
            ("filename*=UTF-8''%e2%82%ac.txt", "€.txt"),
            ('filename="é.txt"', "é.txt"),
        ],
    )
    def test_a_file_name_is_data_without_a_path(
        self, part_class: type[Part], parameter: str, filename: str
    ) -> None:
        data = multipart([(field("a", f"; {parameter}"), b"")])
        upload = parts_of(data, part_class).params["a"]
        assert upload.filename == filename
        upload.file.close()

    def test_large_values_are_kept_in_files(self, part_class: type[Part]) -> None:
        kept: list[Part] = []

        class Watched(part_class):  # type: ignore[misc, valid-type]
            def make_file(self) -> Any:
                kept.append(self)
                return super().make_file()

        data = multipart([(field("a"), b"x" * 1000), (field("b"), b"y" * 1001)])
        body = parts_of(data, Watched)
        assert body.params == {"a": "x" * 1000, "b": "y" * 1001}
        assert [part.name for part in kept] == ["b"]
        kept[0].file.close()

    def test_parts_without_a_name_stay_parts(self, part_class: type[Part]) -> None:
        data = multipart([("X-Own: 1", b"nameless"), (field("a"), b"1")])
        body = parts_of(data, part_class)
        assert body.params == {"a": "1"}
        assert [part.value for part in body.parts] == [b"nameless"]
        assert body.parts[0].headers["X-Own"] == "1"

    def test_parts_of_other_multipart_become_parameters_too(
        self, part_class: type[Part]
    ) -> None:
        data = multipart([("X: 1", b"one"), (field("a"), b"1"), ("X: 2", b"two")])
        body = parts_of(data, part_class, "multipart/mixed; boundary=XX")
        assert body.params == {"parts": ["one", "two"], "a": "1"}
        assert [part.value for part in body.parts] == [b"one", b"1", b"two"]

    def test_files_under_one_name_may_be_nested(self, part_class: type[Part]) -> None:
        inner = multipart(
            [("X: 1", b"text"), ('Content-Disposition: file; filename="f"', b"file")],
            b"YY",
            end=b"\r\nepilogue\r\n",
        )
        head = field("files") + "\r\nContent-Type: multipart/mixed; boundary=YY"
        data = multipart([(head, inner), (field("a"), b"1")])
        params = parts_of(data, part_class).params
        text, file = params["files"]
        assert (text, file.filename, file.file.read()) == ("text", "f", b"file")
        assert type(file) is part_class
        assert params["a"] == "1"
        file.file.close()

    def test_a_field_is_no_form_whatever_it_says(self, part_class: type[Part]) -> None:
        head = f"{field('a')}\r\nContent-Type: {FORM}"
        body = parts_of(multipart([(head, b"b=1&c=2")]), part_class)
        assert body.params == {"a": "b=1&c=2"}

    def test_values_are_decoded(self, part_class: type[Part]) -> None:
        latin = field("b") + "\r\nContent-Type: text/plain; charset=latin-1"
        data = multipart([(field("a"), "é".encode()), (latin, b"\xe9")])
        assert parts_of(data, part_class).params == {"a": "é", "b": "é"}

    @pytest.mark.parametrize(
        ("charset", "code"), [("us-ascii", 400), ("nonsense", 415)]
    )
    def test_values_that_cannot_be_decoded_are_refused(
        self, part_class: type[Part], charset: str, code: int
    ) -> None:
        head = field("a") + f"\r\nContent-Type: text/plain; charset={charset}"
        with pytest.raises(HTTPError) as raised:
            parts_of(multipart([(head, b"\xe9")]), part_class)
        assert raised.value.code == code

    @pytest.mark.parametrize(
        "data",
        [
            multipart([(field("a"), b"1")], prologue=b"prologue\r\n"),
            multipart([(field("a"), b"1")], end=b""),
            multipart([(field("a"), b"1")], end=b"\r\nepilogue"),
            multipart([(field("a"), b"1")]).replace(b"--XX\r\n", b"--XX\n"),
        ],
    )
    def test_what_stands_around_the_parts_is_ignored(
        self, part_class: type[Part], data: bytes
    ) -> None:
        assert parts_of(data, part_class).params == {"a": "1"}

    @pytest.mark.parametrize("kind", [MULTIPART, 'multipart/x;boundary="XX"'])
    @pytest.mark.parametrize("data", [b"", b"--XX--", b"--XX--\r\n"])
    def test_there_may_be_no_parts(
        self, part_class: type[Part], kind: str, data: bytes
    ) -> None:
        assert parts_of(data, part_class, kind).params == {}

    @pytest.mark.parametrize(
        "data",
        [
            b"no boundary",
            b"\r\n",
            b"--XX\r\n",
            b"--XX\r\nContent-Type: text/plain",
            b"--XX\r\nContent-Type: text/plain\r\n\r\nno end",
            b"--XX\r\nno header\r\n\r\n\r\n--XX--\r\n",
            b"--XX\r\nA: b\n\r\n\r\n--XX--\r\n",
            multipart([(field("a"), b"1")]).replace(b"--XX--", b"--XY--"),
        ],
    )
    def test_malformed_bodies_are_refused(
        self, part_class: type[Part], data: bytes
    ) -> None:
        with pytest.raises(HTTPError) as raised:
            parts_of(data, part_class)
        assert raised.value.code == 400

    @pytest.mark.parametrize(
        "data",
        [
            multipart([(field("a"), b"")] * 1001),
            multipart([("\r\n".join(["A: b"] * 17), b"")]),
        ],
        ids=["parts", "headers"],
    )
    def test_too_much_is_refused(self, part_class: type[Part], data: bytes) -> None:
        with pytest.raises(HTTPError) as raised:
            parts_of(data, part_class)
        assert raised.value.code == 413

    @pytest.mark.parametrize(
        "kind", ["multipart/form-data", "multipart/x; boundary=", f"{MULTIPART}\xe9"]
    )
    def test_a_bad_boundary_is_refused(self, part_class: type[Part], kind: str) -> None:
        with pytest.raises(HTTPError) as raised:
            parts_of(multipart([(field("a"), b"1")]), part_class, kind)
        assert raised.value.code == 400

    def test_what_a_processor_leaves_unread_is_skipped(
        self, part_class: type[Part]
    ) -> None:
        class Lazy(part_class):  # type: ignore[misc, valid-type]
            def default_proc(self) -> None:
                if self.name == "a" and part_class is Part:
                    self.value = self.read(3)
                else:
                    super().default_proc()

        data = multipart([(field("a"), b"x" * 100_000), (field("b"), b"2")])
        assert parts_of(data, Lazy).params["b"] == "2"


class TestPartSubclasses:
    def test_uploads_may_go_to_files_of_the_site(self, tmp_path: Path) -> None:
        class Kept(Part):
            maxrambytes = 0

            def make_file(self) -> IO[bytes]:
                return (tmp_path / str(self.filename)).open("wb+")

        head = field("a", '; filename="x.bin"')
        body = parts_of(multipart([(head, b"\r\n\0")]), Kept)
        body.params["a"].file.close()
        assert (tmp_path / "x.bin").read_bytes() == b"\r\n\0"

    def test_one_that_reads_lines_itself_is_given_the_stream(self) -> None:
        class Liner(Part):
            def read_lines_to_boundary(self, fp_out: Any = None) -> bytes:
                lines = []
                for line in iter(self.fp.readline, b""):
                    if line.startswith(self.boundary):
                        if line.rstrip() == self.boundary + b"--":
                            self.fp.finish()
                        break
                    lines.append(line)
                return b"|".join(lines)

        data = multipart([(field("a"), b"1\r\n2"), (field("b"), b"3")])
        body = parts_of(data, Liner)
        assert body.params == {"a": "1\r\n|2\r\n", "b": "3\r\n"}

    def test_one_that_makes_itself_is_given_the_stream(self) -> None:
        class Made(Part):
            @classmethod
            def from_fp(cls, fp: SizedReader, boundary: bytes) -> Made:
                part = super().from_fp(fp, boundary)
                part.headers["X-Made"] = boundary.decode()
                return part

        data = multipart([("X: 1", b"one"), ("X: 2", b"two")])
        body = parts_of(data, Made)
        assert [part.value for part in body.parts] == [b"one", b"two"]
        assert body.parts[0].headers["X-Made"] == "--XX"

    def test_a_part_may_be_read_from_any_stream(self) -> None:
        data = multipart([("X: 1", b"one\r\ntwo"), ("X: 2", b"three")])[6:]
        fp = SizedReader(io.BytesIO(data), None, None)
        part = Part.from_fp(fp, b"--XX")
        assert part.headers == {"X": "1"}
        file = io.BytesIO()
        assert part.read_lines_to_boundary(file) is file
        assert file.getvalue() == b"one\r\ntwo"
        part = Part.from_fp(fp, b"--XX")
        assert part.read_into_file(io.BytesIO()).read() == b"three"
        assert fp.done

    def test_a_line_that_only_begins_like_a_boundary_is_content(self) -> None:
        content = b"1\r\n--XXX\r\n--XX-\r\n2"
        assert parts_of(multipart([(field("a"), content)]), Raw).params == {
            "a": content.decode()
        }

    @pytest.mark.parametrize("shift", range(6))
    def test_a_line_end_that_is_cut_in_two_is_found(self, shift: int) -> None:
        content = b"x" * (65533 + shift) + b"\r\ny\r" + b"z" * 65536 + b"\r"
        data = multipart([("X: 1", content)])
        (part,) = parts_of(data, Raw).parts
        assert part.file.read() == content
        part.file.close()

    def test_files_stay_in_memory_while_they_are_small(self) -> None:
        data = multipart(
            [
                (field("a", '; filename="a"'), b"x" * 1000),
                (field("b", '; filename="b"'), b"x" * 1001),
            ]
        )
        params = parts_of(data, Part).params
        rolled = [params[name].file._rolled for name in "ab"]
        assert rolled == [False, True]
        for part in params.values():
            assert isinstance(part.file, tempfile.SpooledTemporaryFile)
            part.file.close()

    def test_large_uploads_take_bounded_memory(self) -> None:
        longest = 0

        class Sink(io.BytesIO):
            def write(self, data: Any, /) -> int:
                nonlocal longest
                longest = max(longest, len(data))
                return len(data)

        class Sunk(Part):
            def make_file(self) -> Any:
                return Sink()

        data = multipart([(field("a", '; filename="a"'), bytes(3_000_000))])
        parts_of(data, Sunk)
        assert longest <= 65536


class TestValues:
    def test_a_value_in_memory_is_decoded(self) -> None:
        part = Part(None, HeaderMap(), b"--XX")
        assert part.fullvalue() == ""
        part.value = b"abc"
        assert (part.fullvalue(), part.charset) == ("abc", "us-ascii")

    def test_an_entity_may_be_given_its_parts(self) -> None:
        parts: list[Part] = []
        entity = Entity(None, HeaderMap(), parts=parts)
        assert entity.parts is parts

    def test_old_processors_may_be_called_directly(self) -> None:
        body = request_body(FORM, b"a=1")
        process_urlencoded(body)
        assert body.params == {"a": "1"}
        body = request_body(MULTIPART, multipart([(field("a"), b"1")]))
        process_multipart_form_data(body)
        assert body.params == {"a": "1"}


# ------------------------------------------------------------------ any body at all


names = st.text("abc", min_size=1, max_size=3)
contents = st.binary(max_size=40) | st.text("\r\n-Xa", max_size=40).map(str.encode)


@given(st.lists(st.tuples(names, contents), max_size=4), st.integers(1, 50))
@example([("a", b"\r"), ("b", b"\r\n--X"), ("c", b"--XX")], 1)
def test_parts_come_out_as_they_went_in(
    fields: list[tuple[str, bytes]], bufsize: int
) -> None:
    boundary = b"XX-X"
    pieces = [
        (field(name, '; filename="f"'), content)
        for name, content in fields
        if b"--" + boundary not in content
    ]
    data = multipart(pieces, boundary)
    for part_class in (Part, Raw):
        body = request_body("multipart/x; boundary=XX-X", data)
        body.fp.bufsize = bufsize
        body.part_class = part_class
        body.process()
        assert [part.file.read() for part in body.parts] == [c for _, c in pieces]
        for part in body.parts:
            part.file.close()


kinds = st.sampled_from(
    [FORM, f"{FORM};charset=utf-16", MULTIPART, "multipart/x; boundary=-"]
)
atoms = [
    *(b"--XX", b"--", b"-", b"\r\n", b"\n", b"\r", b"Content-", b"Type: text/a"),
    *(b"Disposition: form-data; name=", b'"a"', b"; filename=x", b"=", b"&", b"%e"),
    *(b";charset=hex", b"multipart/x;boundary=XX", b": ", b"\xff", b"a" * 9),
]
bodies = st.binary(max_size=60) | st.lists(st.sampled_from(atoms), max_size=30).map(
    b"".join
)


@given(kinds, bodies, st.sampled_from([Part, Raw]), st.booleans())
def test_any_body_is_understood_or_refused(
    kind: str, data: bytes, part_class: type[Part], chunked: bool
) -> None:
    body = request_body(kind, data, chunked=chunked)
    body.part_class = part_class
    try:
        body.process()
    except HTTPError as error:
        assert 400 <= error.code < 500  # noqa: PT017 - it need not be raised
    for part in body.parts:
        if part.file is not None:
            part.file.close()
