"""What the diagnostic pages share: who may see them, and how they look.

Statistics, coverage, profiles and leaks tell strangers what a program is made of. So
the pages answer only a browser on the same machine, until somebody says otherwise::

    root.stats = StatsPage()
    root.stats.public = True        # in code, or as a class attribute

    [/stats]
    diagnostics.public = True       # in config

Say so where something else decides who comes in, such as ``tools.auth_basic``.
"""

from __future__ import annotations

import html
import secrets
from functools import cache
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlencode

from cherrypy.application.run import quickstart
from cherrypy.core.context import current
from cherrypy.core.errors import HTTPError
from cherrypy.environment.site import checker, config, log
from cherrypy.http.hosts import came_through_proxy, ip_of, parse_address

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cherrypy.core.request import Request

__all__ = [
    "DiagnosticPages",
    "Figure",
    "Markup",
    "address",
    "asset",
    "escaped",
    "is_from_here",
    "link",
    "serve_alone",
    "table",
    "tiles",
]

# So that ``diagnostics.public`` in config is no mistake.
checker.extra_config_namespaces.append("diagnostics")

_POLICY = (
    "default-src 'none'; style-src 'nonce-{0}'; script-src 'nonce-{0}'; "
    "connect-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)


class Markup(str):
    """Text that is HTML already; everything else is escaped."""

    __slots__ = ()

    def __html__(self) -> str:
        """Return the HTML; template engines know this method."""
        return str(self)


class Figure(str):
    """A number with its unit, as text; stands to the right in tables."""

    __slots__ = ()


def escaped(value: object) -> Markup:
    """Return a value as HTML, which it may be already (`Markup`, ``__html__``)."""
    as_html = getattr(value, "__html__", None)
    return Markup(html.escape(str(value)) if as_html is None else as_html())


def address(page: str, **fields: str) -> str:
    """Return the address of a neighbouring page, with a query."""
    return f"{page}?{urlencode(fields, errors='surrogatepass')}"


def link(text: str, page: str, **fields: str) -> Markup:
    """Return a link to a neighbouring page, with a query."""
    return Markup(f'<a href="{escaped(address(page, **fields))}">{escaped(text)}</a>')


@cache
def asset(name: str) -> str:
    """Return a file of the folder ``pages``: a style sheet, script or template."""
    path = Path(__file__).with_name("pages") / name
    return path.read_text("utf-8")


def is_from_here(request: Request) -> bool:
    """Tell whether a request comes from this machine, and not through a proxy.

    A proxy that leaves no trace cannot be told from a browser: nginx without
    ``proxy_set_header`` for one. Its HTTP/1.0 gives that away; a user who reads this
    because of ``ab`` or ``telnet`` wants `DiagnosticPages.public`.
    """
    # The Host must be this machine too: a name that its owner lets point here
    # makes the browser of a user a proxy ("DNS rebinding").
    return (
        _is_loopback(request.remote.ip)
        and request.protocol >= (1, 1)
        and not came_through_proxy(request.raw_header)
        and _names_here(request.raw_header("Host") or "localhost")
    )


def _is_loopback(text: str) -> bool:
    address = ip_of(parse_address(text) or "")
    return address is not None and address.is_loopback


def _names_here(host: str) -> bool:
    name, colon, port = host.lower().rpartition(":")
    if not (colon and port.isdigit()):
        name = host.lower()
    return name == "localhost" or name.endswith(".localhost") or _is_loopback(host)


class DiagnosticPages:
    """The base of the pages: admits visitors and dresses what they see."""

    # Whoever looks should not change what there is to see.
    _cp_config: ClassVar[dict[str, Any]] = {"tools.cpstats.on": False}

    public: bool = False
    """Whether anybody may see the pages; otherwise only who sits at this machine."""

    def _admit(self) -> None:
        """Let the visitor in, or not; each page calls this first.

        Raises:
            HTTPError: 403, the request comes from elsewhere.
        """
        serving = current.get()
        request = serving.request
        if request.app is None:
            return  # called by a program, not by a client
        headers = serving.response.headers
        headers["Cache-Control"] = "no-store"
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "same-origin"
        config = request.config or {}
        if self.public or config.get("diagnostics.public") or is_from_here(request):
            return
        log(
            f"{type(self).__name__} was asked for from {request.remote.ip!r} and told "
            "nothing. Set its attribute public, or diagnostics.public in config, if "
            "something else decides who may see it.",
            "DIAGNOSTICS",
        )
        raise HTTPError(403, "This page is only for who sits at the machine itself.")

    def _admit_change(self) -> None:
        """Let a visitor in who wants to change something; not another site's page.

        Raises:
            HTTPError: 405, not by POST; 403, see `_admit`, or sent by another site.
        """
        self._admit()
        serving = current.get()
        request = serving.request
        if request.app is None:
            return
        if request.method != "POST":
            serving.response.headers["Allow"] = "POST"
            raise HTTPError(405, "Only a form can do this.")
        site = request.raw_header("Sec-Fetch-Site")
        origin = request.raw_header("Origin")
        if site not in (None, "same-origin", "none") or (
            site is None and origin not in (None, request.base)
        ):
            raise HTTPError(403, "The form belongs to another site.")

    def _page(
        self,
        title: str,
        main: str,
        *,
        kind: str,
        links: Iterable[tuple[str, str]] = (),
        script: str = "",
    ) -> str:
        """Return a whole page, and set its headers.

        Args:
            title: Says what the page shows; plain text.
            main: The content, HTML.
            kind: What sort of page it is; plain text.
            links: Addresses and texts of related pages.
            script: The name of a file in ``pages`` to run.
        """
        nonce = secrets.token_urlsafe(16)
        serving = current.get()
        if serving.request.app is not None:
            headers = serving.response.headers
            headers["Content-Type"] = "text/html;charset=utf-8"
            headers["Content-Security-Policy"] = _POLICY.format(nonce)
        run = f'<script nonce="{nonce}">{asset(script)}</script>' if script else ""
        return Template(asset("page.html")).substitute(
            title=escaped(title),
            kind=escaped(kind),
            links="".join(
                f'<a href="{escaped(url)}">{escaped(text)}</a>' for url, text in links
            ),
            main=main,
            nonce=nonce,
            script=run,
            style=asset("style.css"),
        )


def table(
    heads: Sequence[object], rows: Iterable[Sequence[object]], *, name: str = ""
) -> str:
    """Return rows as an HTML table; numbers stand to the right.

    Args:
        heads: The titles of the columns.
        rows: The cells; plain text or `Markup`.
        name: The ``id`` of the table.
    """
    body = [list(row) for row in rows]
    numeric = [
        bool(body) and all(_is_number(row[column]) for row in body)
        for column in range(len(heads))
    ]

    def line(cells: Sequence[object], tag: str) -> str:
        marked = zip(cells, numeric, strict=True)
        return "".join(
            f"<{tag}{' class=n' if right else ''}>{escaped(cell)}</{tag}>"
            for cell, right in marked
        )

    lines = "".join(f"<tr>{line(row, 'td')}</tr>\n" for row in body)
    label = f' id="{escaped(name)}"' if name else ""
    return (
        f'<div class="scroll"><table{label}><thead><tr>{line(heads, "th")}</tr>'
        f"</thead>\n<tbody>{lines}</tbody></table></div>"
    )


def _is_number(cell: Any) -> bool:
    if isinstance(cell, int | float | Figure):
        return True
    text = str(cell).strip(" %")
    return not text or text.replace(".", "", 1).replace("-", "", 1).isdigit()


def tiles(figures: Iterable[tuple[str, object, object]]) -> str:
    """Return labels, values and remarks as a row of tiles."""
    return '<div class="tiles">{}</div>'.format(
        "".join(
            f'<div class="tile"><span class="label">{escaped(label)}</span>'
            f"<strong>{escaped(value)}</strong>"
            f"{f'<small>{escaped(remark)}</small>' if remark else ''}</div>"
            for label, value, remark in figures
        )
    )


def serve_alone(root: object, port: int) -> None:
    """Show pages in a server of their own, until it is interrupted.

    Args:
        root: The pages.
        port: Where to listen, on this machine only.
    """
    config.update(
        {
            "server.socket_host": "127.0.0.1",
            "server.socket_port": port,
            "server.thread_pool": 10,
            "environment": "production",
            "log.screen": True,
        }
    )
    quickstart(root)
