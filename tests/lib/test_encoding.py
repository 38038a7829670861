from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest

import cherrypy
from cherrypy.lib.encoding import ResponseEncoder, UTF8StreamEncoder, prepare_iter
from tests.lib.apps import Config, Root, mount, serve, typed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from cherrypy.testing import Response


def ask(body: Any, config: Config | None = None, **headers: str) -> Response:
    """Ask for a page that returns this body."""
    return serve(lambda: body, config).get(
        "/", headers={name.replace("_", "-"): value for name, value in headers.items()}
    )


class TestTheUsualCase:
    def test_text_becomes_utf8_and_says_so(self) -> None:
        response = ask("café €")
        assert response.body == "café €".encode()
        assert response.headers["Content-Type"] == "text/html;charset=utf-8"
        assert response.headers["Content-Length"] == str(len(response.body))

    def test_bytes_pass_untouched(self) -> None:
        response = ask(b"\xff\xfe")
        assert response.body == b"\xff\xfe"
        assert response.headers["Content-Type"] == "text/html;charset=utf-8"

    @pytest.mark.parametrize("body", ["", b"", None, [], iter(())])
    def test_nothing_stays_nothing(self, body: Any) -> None:
        response = ask(body)
        assert response.body == b""
        assert response.headers["Content-Length"] == "0"

    def test_lists_and_generators_may_mix_text_and_bytes(self) -> None:
        def pieces() -> Iterator[str | bytes]:
            yield "é"
            yield b"x"

        assert ask(["é", b"x"]).body == "éx".encode()
        assert ask(pieces()).body == "éx".encode()
        assert ask(("é", "x")).body == "éx".encode()

    def test_files_are_sent_as_they_are(self) -> None:
        assert ask(io.BytesIO(b"abc")).body == b"abc"

    @pytest.mark.parametrize("config", [{}, {"response.stream": True}])
    def test_files_of_text_are_encoded(self, config: Config) -> None:
        response = ask(io.StringIO("café €"), config)
        assert response.body == "café €".encode()
        assert response.headers["Content-Type"] == "text/html;charset=utf-8"

    def test_other_things_are_the_page_authors_mistake(self) -> None:
        assert ask(5).status_code == 500

    def test_of_a_dictionary_the_keys_are_sent_and_the_log_tells(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        assert ask({}).body == b""
        assert not [each for each in caplog.records if each.levelname == "WARNING"]
        assert ask({"name": "Ada", "age": 36}).body == b"nameage"
        assert "switch on tools.json_out" in caplog.text

    def test_in_development_it_is_an_error(self) -> None:
        answer = ask({"name": "Ada"}, {"request.explain_errors": True})
        assert answer.status_code == 500
        assert "tools.json_out" in answer.text

    def test_a_content_length_in_characters_is_corrected(self) -> None:
        def page() -> str:
            cherrypy.response.headers["Content-Length"] = 1
            return "é"

        assert serve(page).get("/").headers["Content-Length"] == "2"

    @pytest.mark.parametrize(
        ("said", "sent"),
        [
            ("text/plain", "text/plain;charset=utf-8"),
            ("text/x-odd", "text/x-odd;charset=utf-8"),
            ("TEXT/HTML", "TEXT/HTML;charset=utf-8"),
            ("text/html; charset=iso-8859-1", "text/html;charset=utf-8"),
            ("text/html;level=1", "text/html;level=1;charset=utf-8"),
        ],
    )
    def test_the_charset_is_added_to_any_text_type(self, said: str, sent: str) -> None:
        response = serve(typed(said, "é")).get("/")
        assert response.headers["Content-Type"] == sent
        assert response.body == "é".encode()

    def test_bytes_keep_the_charset_that_the_page_names(self) -> None:
        page = typed("text/html;charset=iso-8859-1", b"\xe9")
        response = serve(page).get("/")
        assert response.headers["Content-Type"] == "text/html;charset=iso-8859-1"

    @pytest.mark.parametrize("said", ["application/json", None, "", "text"])
    def test_text_of_other_types_is_an_error(self, said: str | None) -> None:
        assert serve(typed(said, "é")).get("/").status_code == 500

    def test_a_type_is_what_it_begins_with(self) -> None:
        assert serve(typed("a/b;like=text/html", "é")).get("/").status_code == 500

    def test_bytes_are_not_named_as_the_client_wants(self) -> None:
        client = serve(lambda: "é".encode())
        answer = client.get("/", headers={"Accept-Charset": "utf-16, utf-7"})
        assert answer.body == "é".encode()
        assert answer.headers["Content-Type"] == "text/html;charset=utf-8"
        assert "Vary" not in answer.headers

    def test_bytes_of_other_types_pass(self) -> None:
        response = serve(typed("application/json", b"{}")).get("/")
        assert response.headers["Content-Type"] == "application/json"

    def test_text_only_off_encodes_any_type(self) -> None:
        page = typed("application/json", '"é"')
        response = serve(page, {"tools.encode.text_only": False}).get("/")
        assert response.headers["Content-Type"] == "application/json;charset=utf-8"
        assert response.body == '"é"'.encode()

    def test_add_charset_off_leaves_text_alone(self) -> None:
        assert ask("x", {"tools.encode.add_charset": False}).status_code == 500
        assert ask(b"x", {"tools.encode.add_charset": False}).body == b"x"

    def test_switched_off_pages_must_return_bytes(self) -> None:
        assert ask("x", {"tools.encode.on": False}).status_code == 500
        assert ask(b"x", {"tools.encode.on": False}).body == b"x"

    def test_pages_may_be_coroutines(self) -> None:
        async def page() -> str:
            return "é"

        assert serve(page).get("/").body == "é".encode()

    def test_pages_may_be_asynchronous_generators(self) -> None:
        async def page() -> AsyncIterator[str]:
            yield "é"
            yield "x"

        assert serve(page).get("/").body == "éx".encode()


class TestWhatTheClientAsksFor:
    @pytest.mark.parametrize(
        ("asked", "charset"),
        [
            ("iso-8859-1", "iso-8859-1"),
            ("us-ascii;q=0.5, iso-8859-15", "iso-8859-15"),
            ("us-ascii, utf-8;q=0.5", "utf-8"),
            ("*", "utf-8"),
            ("koi8-r, *;q=0.1", "utf-8"),
            ("us-ascii", "iso-8859-1"),
            ("nonsense", "iso-8859-1"),
            ("", "utf-8"),
        ],
    )
    def test_is_tried_in_its_order(self, asked: str, charset: str) -> None:
        response = ask("é", Accept_Charset=asked)
        assert response.headers["Content-Type"] == f"text/html;charset={charset}"
        assert response.body == "é".encode(charset)

    @pytest.mark.parametrize("asked", ["*;q=0", "iso-8859-1;q=0, us-ascii"])
    def test_may_be_impossible(self, asked: str) -> None:
        response = ask("é", Accept_Charset=asked)
        assert response.status_code == 406
        assert f"Your client sent this Accept-Charset header: {asked}." in response.text

    def test_is_tried_no_more_than_ten_times(self) -> None:
        # One that has nearly all of the text takes as long as one that has it all.
        many = ",".join(
            f"cp{number}" for number in (*range(850, 870), *range(1250, 1259))
        )
        response = ask("€\u1234", Accept_Charset=many)
        assert response.status_code == 406
        tried = response.text.partition("We tried these charsets: ")[2].partition(".")[
            0
        ]
        assert len(tried.split(", ")) == 11
        assert "iso-8859-1" in tried
        response = ask("€\u1234", Accept_Charset=f"{many},*;q=0.1")
        assert response.headers["Content-Type"] == "text/html;charset=utf-8"

    def test_the_error_names_what_was_tried(self) -> None:
        response = ask("€", Accept_Charset="us-ascii")
        assert "We tried these charsets: iso-8859-1, us-ascii." in response.text

    @pytest.mark.parametrize("quality", ["bad", "nan", "", "-1"])
    def test_may_make_no_sense(self, quality: str) -> None:
        assert ask("é", Accept_Charset=f"utf-8;q={quality}").status_code == 400

    @pytest.mark.parametrize("codec", ["base64", "rot13", "punycode", "utf-7", "idna"])
    def test_must_be_a_charset_and_no_other_codec(self, codec: str) -> None:
        response = ask("é", Accept_Charset=codec)
        assert response.charset == "iso-8859-1"

    def test_the_text_is_not_lost_when_a_try_fails(self) -> None:
        def pieces() -> Iterator[str]:
            yield "a"
            yield "€"

        assert ask(pieces(), Accept_Charset="us-ascii, utf-8;q=0.5").text == "a€"

    def test_goes_on_when_the_default_fails(self) -> None:
        config: Config = {"tools.encode.default_encoding": "us-ascii"}
        assert ask("é", config, Accept_Charset="*, utf-8;q=0.5").text == "é"

    def test_the_default_may_fail_too(self) -> None:
        config = {"tools.encode.default_encoding": "us-ascii"}
        response = ask("é", config)
        assert response.status_code == 500
        assert "Response body could not be encoded with" in response.text

    @pytest.mark.parametrize("charset", ["nonsense", "utf-8"])
    def test_what_utf8_cannot_hold_is_an_error(self, charset: str) -> None:
        config: Config = {"tools.encode.default_encoding": charset}
        assert ask("\ud800", config).status_code == 500

    def test_errors_says_what_to_do_with_missing_characters(self) -> None:
        config: Config = {
            "tools.encode.default_encoding": "us-ascii",
            "tools.encode.errors": "replace",
        }
        assert ask("é", config).body == b"?"
        assert ask("\ud800", {"tools.encode.errors": "replace"}).body == b"?"


class TestOneEncodingForAll:
    config: Config = {"tools.encode.encoding": "ISO-8859-1"}  # noqa: RUF012

    @pytest.mark.parametrize("asked", ["iso-8859-1", "*", "utf-8, ISO-8859-1;q=0.1"])
    def test_is_used_if_the_client_takes_it(self, asked: str) -> None:
        response = ask("é", self.config, Accept_Charset=asked)
        assert response.headers["Content-Type"] == "text/html;charset=iso-8859-1"
        assert response.body == b"\xe9"

    def test_is_used_if_the_client_does_not_say(self) -> None:
        assert ask("é", self.config).body == b"\xe9"

    def test_is_used_for_no_other_client(self) -> None:
        assert ask("é", self.config, Accept_Charset="utf-8").status_code == 406

    def test_must_hold_the_text(self) -> None:
        response = ask("€", self.config)
        assert response.status_code == 406
        assert "Your client did not send an Accept-Charset header." in response.text


class TestStreams:
    config: Config = {"response.stream": True}  # noqa: RUF012

    def test_are_encoded_on_the_way(self) -> None:
        def pieces() -> Iterator[str]:
            yield "é"
            yield "x"

        client = serve(pieces, self.config)
        with client.get("/", stream=True) as response:
            assert list(response.iter_bytes()) == ["é".encode(), b"x"]
        assert "Content-Length" not in response.headers

    def test_are_closed_when_the_client_goes(self) -> None:
        closed = []

        def pieces() -> Iterator[str]:
            try:
                while True:
                    yield "é"
            finally:
                closed.append(True)

        response = serve(pieces, self.config).get("/", stream=True)
        assert next(iter(response.iter_bytes())) == "é".encode()
        response.close()
        assert closed == [True]

    def test_may_be_text_or_a_file(self) -> None:
        assert ask("é", self.config).body == "é".encode()
        assert ask(["é"], self.config, Accept_Charset="utf-8").body == "é".encode()
        assert ask(io.BytesIO(b"x"), self.config).body == b"x"

    def test_cannot_try_twice(self) -> None:
        encoder = ResponseEncoder()
        encoder.body = []
        encoder.attempted_charsets = set()
        assert encoder.encode_stream("utf-8")
        assert not encoder.encode_stream("utf-8")
        assert not encoder.encode_string("utf-8")


class TestPieces:
    def test_a_page_author_may_wrap_a_stream_by_hand(self) -> None:
        def pieces() -> Iterator[str | bytes]:
            yield "é"
            yield b"x"
            yield "never"

        stream = UTF8StreamEncoder(pieces())
        assert next(stream) == "é".encode()
        assert stream.next() == b"x"
        stream.close()
        assert list(stream) == []
        assert stream.gi_frame is None

    def test_a_wrapped_stream_need_not_be_closable(self) -> None:
        stream = UTF8StreamEncoder(iter(["x"]))
        stream.close()
        assert list(stream) == [b"x"]
        with pytest.raises(AttributeError):
            _ = stream.__nonsense__

    def test_whatever_a_page_returns_becomes_iterable(self) -> None:
        assert prepare_iter(None) == []
        assert prepare_iter("") == []
        assert prepare_iter("x") == ["x"]
        assert prepare_iter(b"x") == [b"x"]
        assert list(prepare_iter(io.BytesIO(b"abc"))) == [b"abc"]
        chunks = ["a"]
        assert prepare_iter(chunks) is chunks

    def test_debug_tells_the_story(self, caplog: pytest.LogCaptureFixture) -> None:
        client = serve(lambda: ["x"], {"tools.encode.debug": True})
        assert client.get("/", headers={"Accept-Charset": "utf-8"}).ok
        assert "TOOLS.ENCODE" in caplog.text


class TestDecode:
    def test_one_encoding_may_be_the_only_one(self) -> None:
        charsets: list[list[str]] = []

        def page(word: str) -> str:
            charsets.append(list(cherrypy.request.body.attempt_charsets))
            return word

        config: Config = {"tools.decode.on": True, "tools.decode.encoding": "koi8-r"}
        client = serve(page, config)
        form = "application/x-www-form-urlencoded"
        response = client.post(
            "/", data=b"word=%D6", headers={"Content-Type": f"{form};charset=utf-8"}
        )
        assert response.text == "ж"
        assert charsets == [["koi8-r"]]

    def test_others_may_be_tried_after_the_usual_ones(self) -> None:
        config: Config = {
            "tools.decode.on": True,
            "tools.decode.default_encoding": ["us-ascii", "koi8-r"],
            "tools.decode.debug": True,
        }
        client = serve(lambda word: word, config)
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        assert client.post("/", data=b"word=%D6", headers=form).text == "ж"
        assert client.post("/", data=b"word=%D0%B6", headers=form).text == "ж"

    def test_nothing_needs_to_be_given(self) -> None:
        client = serve(lambda word: word, {"tools.decode.on": True})
        assert client.post("/", data={"word": "ж"}).text == "ж"
        client = serve(
            lambda word: word,
            {"tools.decode.on": True, "tools.decode.default_encoding": ""},
        )
        assert client.post("/", data={"word": "ж"}).text == "ж"


def test_a_subclass_may_change_the_defaults() -> None:
    class Latin(ResponseEncoder):
        default_encoding = "iso-8859-1"

    class Page(Root):
        @cherrypy.expose
        @cherrypy.config(**{"hooks.before_handler": Latin, "tools.encode.on": False})
        def index(self) -> str:
            return "é"

    assert mount(Page()).get("/").body == b"\xe9"
