"""The HTML of an error, and the bare answer when even that fails.

`get_error_page` takes the page that the site chose for a status (`error_page.404`,
`error_page.default`) or the built-in one. Whatever a custom page does wrong, the
client still gets the built-in page, with a note. `bare_error` is the last line of
defence: it depends on nothing that could fail again.
"""

from __future__ import annotations

import html
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cherrypy.core import bridge
from cherrypy.core.context import current
from cherrypy.core.log import log_exception
from cherrypy.http.status import valid_status

if TYPE_CHECKING:
    from cherrypy.core.response import Response
    from cherrypy.http.types import ExcInfo, HeaderList

__all__ = [
    "bare_error",
    "clean_headers",
    "format_exc",
    "get_error_page",
    "pad",
    "product_version",
    "render",
]

# Its old name, because many programs put a template of their own in its place:
# cherrypy._cperror._HTTPErrorTemplate = "...".
_HTTPErrorTemplate = """<!DOCTYPE html>
<html>
<head>
    <meta charset="utf-8">
    <title>%(status)s</title>
    <style>
    #traceback { color: red; }
    #powered_by { margin-top: 20px; border-top: 2px solid; font-style: italic; }
    </style>
</head>
<body>
    <h2>%(status)s</h2>
    <p>%(message)s</p>
    <pre id="traceback">%(traceback)s</pre>
    <div id="powered_by">Powered by CherryPy %(version)s</div>
</body>
</html>
"""

_DESCRIBED_THE_PAGE = (
    "Accept-Ranges",
    "Age",
    "ETag",
    "Location",
    "Retry-After",
    "Content-Encoding",
    "Content-Length",
    "Expires",
    "Content-Location",
    "Content-MD5",
    "Last-Modified",
)

# Old browsers put a page of their own in the place of error pages up to these sizes
# (bytes). documented behaviour: programs compare the padded length.
_PADDED_SIZES = dict.fromkeys((400, 404, 406, 408, 409, 500, 501, 505), 512)
_PADDED_SIZES |= dict.fromkeys((403, 405, 410), 256)

_version: str | None = None


def product_version() -> str:
    """Return the installed version of the framework, or ``"unknown"``.

    What a program has set as ``cherrypy.__version__`` counts instead; many hide the
    version that way.
    """
    global _version
    chosen = vars(sys.modules["cherrypy"]).get("__version__")
    if chosen is not None:
        return str(chosen)
    if _version is None:
        # Imported here: it brings in the email package, 20 ms, for one string.
        from importlib.metadata import PackageNotFoundError, version

        try:
            _version = version("morello")
        except PackageNotFoundError:
            _version = "unknown"
    return _version


def clean_headers(status: int, response: Response | None = None) -> None:
    """Remove the response headers that described the page which failed.

    Not ``Vary``: what the request said may have led to the error, and a cache must not
    give that to those who say something else (RFC 9110 §12.5.5).

    Args:
        status: The code of the error; a 416 keeps its Content-Range.
        response: The response to clean, by default the present one.
    """
    headers = (current.get().response if response is None else response).headers
    for name in _DESCRIBED_THE_PAGE:
        headers.pop(name, None)
    if status != 416:
        headers.pop("Content-Range", None)


def pad(body: bytes, status: int) -> bytes:
    """Return `body` with spaces to one byte more than browsers used to ignore."""
    size = _PADDED_SIZES.get(status, 0)
    return body.ljust(size + 1) if len(body) <= size else body


def render(
    status: int | str,
    *,
    message: str,
    traceback: str = "",
    version: str | None = None,
) -> bytes:
    """Return the built-in error page.

    Args:
        status: Code or "code reason".
        message: What happened; HTML, so what comes from outside must be escaped.
        traceback: HTML as well; empty outside development.
        version: What the footer names; the version of the framework by default.
    """
    code, reason, _ = valid_status(status)
    fields = {
        "status": html.escape(f"{code} {reason}", quote=False),
        "message": message,
        "traceback": traceback,
        "version": product_version() if version is None else version,
    }
    return (_HTTPErrorTemplate % fields).encode("utf-8", "xmlcharrefreplace")


def get_error_page(status: int | str, **kwargs: Any) -> bytes:
    """Return the body for an error, from the page that the request's config names.

    Sets the Content-Type, except where a custom callable answers: that one decides
    for itself.

    Args:
        status: Code or "code reason".
        **kwargs: `message`, `traceback` and `version`, as plain text. They are
            escaped here and handed to the custom page, together with `status`.
    """
    code, reason, default_message = valid_status(status)
    fields = {
        "status": f"{code} {reason}",
        "message": default_message,
        "traceback": "",
        "version": product_version(),
    }
    fields.update((name, text) for name, text in kwargs.items() if text is not None)
    # documented behaviour: custom pages are given text that is ready for HTML.
    fields = {name: _escape(text) for name, text in fields.items()}

    serving = current.get()
    pages = serving.request.error_page
    page = pages.get(code) or pages.get("default")
    headers = serving.response.headers
    if page:
        try:
            if callable(page):
                return _bytes_of(page(**fields))
            body = (Path(page).read_text("utf-8") % fields).encode("utf-8")
        except Exception:
            # The boundary to the site's own error pages: nothing that they do may
            # cost the client its answer.
            log_exception(serving.request)
            failure = "".join(traceback.format_exception_only(*sys.exc_info()[:2]))
            note = "In addition, the custom error page failed:\n<br />"
            separator = "<br />" if fields["message"] else ""
            fields["message"] += separator + note + _escape(failure)
        else:
            headers["Content-Type"] = "text/html;charset=utf-8"
            return body
    headers["Content-Type"] = "text/html;charset=utf-8"
    if serving.request.explain_errors:
        explained = _explained(f"{code} {reason}", fields)
        if explained is not None:
            return explained
    return render(
        status,
        message=fields["message"],
        traceback=fields["traceback"],
        version=fields["version"],
    )


def _explained(status: str, fields: dict[str, str]) -> bytes | None:
    """Return the page for developers; None if the client is none, or if it fails."""
    from cherrypy.core import development  # lazy: never needed in production

    serving = current.get()
    if not development.may_be_shown(serving.request):
        return None
    message = html.unescape(fields["message"].replace("<br />", "\n"))
    try:
        page = development.render(serving.request, status, message, fields["version"])
    except Exception:
        # The boundary to the values of the program, which are looked at: the error
        # that was to be explained is still answered.
        log_exception(serving.request)
        return None
    serving.response.headers.update(development.HEADERS)
    return page


def format_exc(exc: ExcInfo | None = None) -> str:
    """Return a traceback as text; empty if there is no exception.

    Args:
        exc: As from `sys.exc_info`; by default the exception that is being handled.
    """
    kind, value, trace = exc or sys.exc_info()
    if kind is None:
        return ""
    return "".join(traceback.format_exception(kind, value, trace))


def bare_error(
    extrabody: str | bytes | None = None,
) -> tuple[bytes, HeaderList, list[bytes]]:
    """Return status, headers and body for an error while handling an error.

    Args:
        extrabody: What to add to the body, as a rule a traceback.
    """
    body = b"Unrecoverable error in the server."
    if extrabody is not None:
        if isinstance(extrabody, str):
            extrabody = extrabody.encode("utf-8", "backslashreplace")
        body += b"\n" + extrabody
    headers = [
        (b"Content-Type", b"text/plain"),
        (b"Content-Length", b"%d" % len(body)),
    ]
    return b"500 Internal Server Error", headers, [body]


def _escape(value: object) -> str:
    """Return `value` as text in which nothing is markup (quotes stay)."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    return html.escape(str(value), quote=False)


def _bytes_of(page: Any) -> bytes:
    """Return what a custom page function returned, as bytes.

    Raises:
        ValueError: It is neither str nor bytes nor an iterable of them.
    """
    if bridge.is_awaitable(page):
        page = bridge.wait_for(page)
    if hasattr(type(page), "__aiter__"):
        page = bridge.iterate(page)
    if isinstance(page, str | bytes):
        page = [page]
    elif not hasattr(type(page), "__iter__"):
        raise ValueError(
            "error page function did not return a bytestring, str or an iterator - "
            f"returned object of type {type(page).__name__}."
        )
    return b"".join(
        chunk.encode("utf-8") if isinstance(chunk, str) else chunk for chunk in page
    )
