"""Error pages: the built-in one, those of a site, and the last line of defence."""

from __future__ import annotations

import importlib.metadata
import sys
from typing import TYPE_CHECKING, Any

import pytest

import cherrypy
from cherrypy.core import error_pages
from cherrypy.core.error_pages import (
    bare_error,
    clean_headers,
    format_exc,
    get_error_page,
    pad,
    product_version,
    render,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from cherrypy.core.context import Serving


def test_the_version_is_that_of_the_distribution() -> None:
    assert product_version() == importlib.metadata.version("morello")


def test_without_a_distribution_the_version_is_unknown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def missing(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(error_pages, "_version", None)
    monkeypatch.setattr(importlib.metadata, "version", missing)
    assert product_version() == "unknown"
    monkeypatch.setattr(error_pages, "_version", "cached")
    assert product_version() == "cached"


@pytest.mark.parametrize("version", ["", "1.2"])
def test_a_program_may_hide_the_version(
    monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    # Not by setattr: what is not there would be put back as something that is.
    monkeypatch.setitem(vars(cherrypy), "__version__", version)
    assert f"CherryPy {version}</div>" in render(404, message="").decode()


def test_the_built_in_page_shows_status_message_traceback_and_version() -> None:
    page = render("404 Lost & Found", message="m", traceback="t", version="v").decode()
    assert "<title>404 Lost &amp; Found</title>" in page
    assert "<h2>404 Lost &amp; Found</h2>" in page
    assert "<p>m</p>" in page
    assert '<pre id="traceback">t</pre>' in page
    assert "CherryPy v<" in page
    assert product_version() in render(404, message="").decode()


def test_text_that_no_charset_has_does_not_break_the_page() -> None:
    assert b"&#56320;" in render(404, message="\udc00")


@pytest.mark.parametrize(
    ("status", "size", "padded"),
    [(404, 5, 513), (404, 512, 513), (404, 513, 513), (403, 5, 257), (418, 5, 5)],
)
def test_small_pages_are_padded_for_old_browsers(
    status: int, size: int, padded: int
) -> None:
    body = pad(b"x" * size, status)
    assert len(body) == padded
    assert body.rstrip(b" ") == b"x" * size


def test_headers_of_a_given_response_are_cleaned(serving: Serving) -> None:
    serving.response.headers["Etag"] = "x"
    clean_headers(404, serving.response)
    assert "Etag" not in serving.response.headers
    serving.response.headers["Etag"] = "x"
    clean_headers(404)
    assert "Etag" not in serving.response.headers


def test_what_an_error_depends_on_stays(serving: Serving) -> None:
    serving.response.headers["Vary"] = "Accept-Language"
    clean_headers(404)
    assert serving.response.headers["Vary"] == "Accept-Language"


class TestGetErrorPage:
    def test_without_a_page_of_the_site_the_built_in_one_is_shown(
        self, serving: Serving
    ) -> None:
        page = get_error_page(404).decode()
        assert "<p>Nothing matches the given URI</p>" in page

    def test_what_is_said_is_escaped(self, serving: Serving) -> None:
        page = get_error_page(
            "400 <b>", message="<i> & \"q\" 'a'", traceback="<t>", version="<v>"
        ).decode()
        for text in ("400 &lt;b&gt;", "&lt;i&gt; &amp; \"q\" 'a'", "&lt;t&gt;"):
            assert text in page
        assert "CherryPy &lt;v&gt;" in page

    def test_none_means_the_default(self, serving: Serving) -> None:
        assert b"CherryPy None" not in get_error_page(404, version=None)
        assert b"<p>None" not in get_error_page(404, message=None)

    @pytest.mark.parametrize(("message", "shown"), [(5, b"<p>5<"), (b"b\xff", b"<p>b")])
    def test_a_message_may_be_anything(
        self, serving: Serving, message: object, shown: bytes
    ) -> None:
        assert shown in get_error_page(404, message=message)

    @pytest.mark.parametrize("key", [404, "default"])
    def test_a_page_may_be_a_template_in_a_file(
        self, serving: Serving, tmp_path: Path, key: int | str
    ) -> None:
        template = tmp_path / "page.html"
        template.write_text(
            "%(status)s|%(message)s|%(traceback)s|é|100%%", encoding="utf-8"
        )
        serving.request.error_page = {key: str(template)}
        serving.response.headers["Content-Type"] = "text/plain"
        assert get_error_page(404, message="<m>", traceback=None).decode() == (
            "404 Not Found|&lt;m&gt;||é|100%"
        )
        assert serving.response.headers["Content-Type"] == "text/html;charset=utf-8"

    def test_the_page_for_the_code_goes_before_the_default(
        self, serving: Serving
    ) -> None:
        serving.request.error_page = {
            404: lambda **fields: "code",
            "default": lambda **fields: "default",
        }
        assert get_error_page(404) == b"code"
        assert get_error_page("404 Lost") == b"code"
        assert get_error_page(500) == b"default"

    def test_a_function_is_given_all_fields_escaped(self, serving: Serving) -> None:
        def page(status: str, message: str, traceback: str, version: str) -> str:
            assert version == product_version()
            return f"{status}|{message}|{traceback}"

        serving.request.error_page = {404: page}
        assert get_error_page(404, message="<m>") == b"404 Not Found|&lt;m&gt;|"

    @pytest.mark.parametrize(
        ("result", "body"),
        [
            ("é", "é".encode()),
            (b"\xff", b"\xff"),
            (iter([b"a", "é", b""]), "aé".encode()),
            ([b"a", "b"], b"ab"),
            ("", b""),
        ],
    )
    def test_a_function_may_return_text_bytes_or_an_iterator(
        self, serving: Serving, result: Any, body: bytes
    ) -> None:
        serving.request.error_page = {404: lambda **fields: result}
        serving.response.headers["Content-Type"] = "text/x-own"
        assert get_error_page(404) == body
        assert serving.response.headers["Content-Type"] == "text/x-own"

    def test_a_function_may_be_a_coroutine(self, serving: Serving) -> None:
        async def page(**fields: str) -> str:
            return fields["status"]

        serving.request.error_page = {404: page}
        assert get_error_page(404) == b"404 Not Found"

    def test_a_function_may_be_an_asynchronous_generator(
        self, serving: Serving
    ) -> None:
        async def page(**fields: str) -> AsyncIterator[str]:
            yield "a"
            yield "b"

        serving.request.error_page = {404: page}
        assert get_error_page(404) == b"ab"

    @staticmethod
    def failing(**fields: str) -> str:
        raise LookupError("no <page>")

    @staticmethod
    def breaking_off(**fields: str) -> Iterator[str]:
        yield "half a page"
        raise LookupError("no <page>")

    @pytest.mark.parametrize("page", [failing, breaking_off])
    def test_if_it_fails_the_built_in_page_tells(
        self, serving: Serving, page: Callable[..., Any]
    ) -> None:
        serving.request.error_page = {404: page}
        shown = get_error_page(404, message="m").decode()
        assert (
            "<p>m<br />In addition, the custom error page failed:\n<br />"
            "LookupError: no &lt;page&gt;\n</p>"
        ) in shown
        assert serving.response.headers["Content-Type"] == "text/html;charset=utf-8"

    def test_without_a_message_only_the_failure_is_told(self, serving: Serving) -> None:
        serving.request.error_page = {450: self.failing}
        assert b"<p>In addition, the custom" in get_error_page(450)

    @pytest.mark.parametrize("result", [None, 5, object()])
    def test_other_results_are_a_failure(self, serving: Serving, result: Any) -> None:
        serving.request.error_page = {404: lambda **fields: result}
        assert (
            "error page function did not return a bytestring, str or an iterator - "
            f"returned object of type {type(result).__name__}."
        ).encode() in get_error_page(404)

    @pytest.mark.parametrize("template", [None, "%(unknown)s", "100%", "%(status)d"])
    def test_a_missing_or_bad_template_is_a_failure(
        self, serving: Serving, tmp_path: Path, template: str | None
    ) -> None:
        path = tmp_path / "page.html"
        if template is not None:
            path.write_text(template)
        serving.request.error_page = {404: path}
        assert b"In addition, the custom error page failed" in get_error_page(404)


def test_a_traceback_is_that_of_the_exception_being_handled() -> None:
    assert format_exc() == ""
    try:
        raise ZeroDivisionError("spam")
    except ZeroDivisionError:
        text = format_exc()
        given = format_exc(sys.exc_info())
    assert text == given
    assert text.startswith("Traceback (most recent call last):")
    assert text.endswith("ZeroDivisionError: spam\n")


@pytest.mark.parametrize(
    ("extra", "body"),
    [
        (None, b"Unrecoverable error in the server."),
        ("more é", "Unrecoverable error in the server.\nmore é".encode()),
        (b"more", b"Unrecoverable error in the server.\nmore"),
        ("\udc00", b"Unrecoverable error in the server.\n\\udc00"),
    ],
)
def test_the_bare_error_is_plain_text(extra: str | bytes | None, body: bytes) -> None:
    status, headers, chunks = bare_error(extra)
    assert status == b"500 Internal Server Error"
    assert headers == [
        (b"Content-Type", b"text/plain"),
        (b"Content-Length", str(len(body)).encode()),
    ]
    assert chunks == [body]
