"""What pages often raise, and what to do about it.

Each rule looks at an exception and returns a sentence, or None. Python's own words are
on the page already; a rule adds what they cannot know: what this framework has.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from cherrypy.core.wording import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cherrypy.core.request import Request

    Rule = Callable[[str, BaseException, Request], str | None]

__all__ = ["advice", "page_of"]

_CALLED_ELSEWHERE = {
    "Request": {
        "GET": "params",
        "POST": "params",
        "args": "params",
        "form": "params",
        "query": "params",
        "values": "params",
        "FILES": "params",
        "files": "params",
        "cookies": "cookie",
        "data": "body",
        "path": "path_info",
        "url": "path_info",
        "user": "login",
        "session": "cherrypy.session",
    },
    "Response": {
        "content_type": "headers",
        "cookies": "cookie",
        "data": "body",
        "set_cookie": "cookie",
        "status_code": "status",
    },
}
"""Names that other frameworks give to what is here, by class."""


def advice(request: Request, problem: BaseException) -> Iterator[str]:
    """Yield what to do about an exception of a page, in sentences.

    Args:
        request: The one whose page raised it.
        problem: What it raised.
    """
    try:
        text = str(problem)
    except Exception:  # boundary: an exception of the program
        return
    for rule in _RULES:
        sentence = rule(text, problem, request)
        if sentence:
            yield sentence
            return


def page_of(request: Request) -> Any:
    """Return the page, or whatever answers, without what tools wrap around it."""
    handler = request.handler
    while hasattr(handler, "oldhandler"):
        handler = handler.oldhandler
    return getattr(handler, "callable", handler)


def _awaited(text: str, problem: BaseException, request: Request) -> str | None:
    if "coroutine" in text and "await" not in text:
        return (
            "Something async was called without waiting for its result. Write await "
            "before the call, and async def before the page."
        )
    if "cannot be called from a running event loop" in text:
        return (
            "The page is async, so a loop runs already: write await before the "
            "coroutine instead of giving it to asyncio.run()."
        )
    if "no running event loop" in text:
        return (
            "The page runs in a thread without a loop. Write async def before the page "
            "to run it in one."
        )
    return None


def _sent(text: str, problem: BaseException, request: Request) -> str | None:
    """About what came with the request, and what a page makes of it."""
    if text.startswith("'str' object has no attribute 'file"):
        return (
            "The form sent the name of a file, not the file. Write "
            '<form method="post" enctype="multipart/form-data">.'
        )
    mixes = "str" in text and any(name in text for name in ("int", "float"))
    if isinstance(problem, TypeError) and request.params and mixes:
        return (
            "Parameters are text. Make a number of one with int(...), or annotate it "
            "(number: int) and put @cherrypy.tools.params() above the page."
        )
    return None


def _answered(text: str, problem: BaseException, request: Request) -> str | None:
    """About what a page returns or raises."""
    if type(problem).__name__ == "CookieError":
        return (
            "The name of a cookie is made of letters, digits and !#$%&'*+-.^_`|~: only."
        )
    if "JSON serializable" in text:
        return (
            "tools.json_out sends dict, list, str, numbers, True, False and None. Make "
            "these of what the page returns."
        )
    if "Illegal response status" in text:
        return (
            "A status is a number from 100 to 599, or a text that begins with one: "
            'cherrypy.response.status = "404 Not Found", or '
            'raise cherrypy.HTTPError(404, "There is no such book.").'
        )
    if text.startswith("HTTPRedirect.__init__() missing"):
        return 'Say where to go: raise cherrypy.HTTPRedirect("/there").'
    number = re.search(r"gave a chunk of type 'int' \(([1-5]\d\d)\)", text)
    if number:
        return (
            f"If {number[1]} is meant to be the status: write cherrypy.response.status "
            f"= {number[1]} in the page, and return the text alone."
        )
    return None


def _named(text: str, problem: BaseException, request: Request) -> str | None:
    """About names that are not there."""
    if not isinstance(problem, AttributeError) or "has no attribute" not in text:
        return None
    kind = type(problem.obj)
    if problem.name is None or kind.__name__ not in _CALLED_ELSEWHERE:
        return None
    name = _CALLED_ELSEWHERE[kind.__name__].get(problem.name)
    name = name or nearest(problem.name, dir(problem.obj))
    if name is None:
        return None
    here = f"cherrypy.{kind.__name__.lower()}.{name}"
    return f"Here it is {name if name.startswith('cherrypy.') else here}."


def _of_the_object(text: str, problem: BaseException, request: Request) -> str | None:
    """About a method that has forgotten the parameter for its object."""
    page = page_of(request)
    owner = getattr(page, "__self__", None)
    code = getattr(page, "__code__", None)
    if owner is None or code is None or not code.co_varnames[: code.co_argcount]:
        return None
    first = code.co_varnames[0]
    if first in ("self", "cls") or type(owner).__name__ not in text:
        return None
    return (
        f"The first parameter of a method is its object, which {first!r} is here. "
        f"Write def {code.co_name}(self, {first})."
    )


def _files(text: str, problem: BaseException, request: Request) -> str | None:
    path = getattr(problem, "filename", None)
    is_text = isinstance(problem, FileNotFoundError) and isinstance(path, str)
    if is_text and not os.path.isabs(str(path)):
        return (
            f"A relative path begins where the program was started: {os.getcwd()}. "
            "Let it begin at the file of the program: "
            f"Path(__file__).with_name({path!r})."
        )
    if text.endswith("is not an absolute path."):
        return (
            "Make it one with os.path.abspath(), or let it begin at the file of the "
            "program: Path(__file__).with_name(...).resolve()."
        )
    return None


def _databases(text: str, problem: BaseException, request: Request) -> str | None:
    if type(problem).__name__ == "ProgrammingError" and "thread" in text:
        return (
            "Each request may run in another thread, so each thread needs a connection "
            "of its own: open it in the page, or once per thread in a listener to "
            "'start_thread' and keep it in cherrypy.thread_data."
        )
    return None


_RULES: tuple[Rule, ...] = (
    _awaited,
    _answered,
    _named,
    _of_the_object,
    _files,
    _databases,
    _sent,
)
"""In the order in which they are asked; the first one that knows something answers."""
