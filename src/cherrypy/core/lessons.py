"""What to do about an error, where that can be told: advice for the error page.

Asked only for the page that `cherrypy.core.development` shows to developers, so it may
look at anything: the tree of pages, the config in force, the exception.
"""

from __future__ import annotations

import os
from traceback import walk_tb
from typing import TYPE_CHECKING, Any

from cherrypy.core.advice import advice
from cherrypy.core.context import current
from cherrypy.core.wording import meant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cherrypy.core.request import Request

__all__ = ["lessons"]

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

_PUNCTUATION = str.maketrans(dict.fromkeys("!\"#$%&'()*+,-./:;<=>?@[\\]^`{|}~", "_"))


def lessons(
    request: Request, status: str, problem: BaseException | None
) -> Iterator[str]:
    """Yield what to do about an error, in sentences.

    Args:
        request: The one that went wrong.
        status: Code and reason of the answer.
        problem: The exception that led to it.
    """
    yield from getattr(problem, "__notes__", ())
    code = status[:3]
    raiser = _raiser(problem)
    if code == "404" and problem is not None and type(raiser) is type(problem):
        # The handler of a path that leads nowhere is the error itself.
        yield from _why_not_found(request)
    elif code in ("404", "400"):
        yield from _why_not_called(request, problem, getattr(raiser, "callable", None))
    elif code == "405":
        yield from _why_not_allowed(request)
    elif code == "415":
        yield from _why_not_json(request)
    elif code == "413":
        yield (
            "The limits are request.body.maxbytes for a path, which is "
            f"{getattr(request.body, 'maxbytes', None)!r} here, and "
            "server.max_request_body_size for the whole server; both are in bytes."
        )
    elif problem is not None:
        yield from advice(request, problem)


def _raiser(problem: BaseException | None) -> Any:
    """Return the object in whose method an exception was raised."""
    trace = getattr(problem, "__traceback__", None)
    if trace is None:
        return None
    *_, (frame, _) = walk_tb(trace)
    return frame.f_locals.get("self")


# ------------------------------------------------------------ pages that are not called


def _why_not_called(
    request: Request, problem: BaseException | None, page: Any
) -> Iterator[str]:
    """Tell which arguments a page takes, if those of the request did not fit."""
    cause = getattr(problem, "__cause__", None)
    if page is None or not isinstance(cause, TypeError):
        if str(problem).endswith("'Invalid JSON document')"):
            yield f"What came is no JSON: {cause}."
        return
    root = getattr(request.app, "root", None)
    if isinstance(root, type) and not hasattr(page, "__self__"):
        yield (
            f"The root of the application is the class {root.__name__}, where an "
            f"object of it is needed. Write {root.__name__}() instead of "
            f"{root.__name__}."
        )
        return
    name = getattr(page, "__qualname__", repr(page))
    yield (
        f"The page is {name}{_signature(page)}. What follows its name in the path "
        "becomes its first arguments, parameters of query and form those of the same "
        "name. Give it what is missing, a default (name=None), or **kwargs for "
        "whatever else comes."
    )


def _signature(page: Callable[..., Any]) -> str:
    import inspect  # lazy: 6 ms of import, for mistakes only

    try:
        signature = inspect.signature(page, follow_wrapped=False)
    except (TypeError, ValueError):
        return "(...)"
    plain = [
        each.replace(annotation=each.empty) for each in signature.parameters.values()
    ]
    return str(inspect.Signature(plain))


def _why_not_allowed(request: Request) -> Iterator[str]:
    allowed = current.get().response.headers.get("Allow")
    if not allowed:
        yield (
            "With a MethodDispatcher, each method is a method of the object, in "
            f"capitals: def {request.method}(self). It has none of these."
        )
        return
    yield (
        f"The method {request.method} is not for this page, but: {allowed}. Name "
        "further ones in tools.allow.methods; with a MethodDispatcher each is a method "
        "of the object, in capitals."
    )


def _why_not_json(request: Request) -> Iterator[str]:
    tools = request.plan.toolmaps.get("tools", {}) if request.plan is not None else {}
    if tools.get("json_in", {}).get("on"):
        came = request.raw_header("Content-Type")
        yield (
            f"tools.json_in is on, and what came is {came!r}. Send JSON as "
            "application/json, or set tools.json_in.force to False to take forms, too."
        )


# ---------------------------------------------------------------- pages not found


def _why_not_found(request: Request) -> Iterator[str]:
    """Follow the path along the tree and tell where it ends."""
    tree = getattr(request.app, "tree", None)
    if tree is not None:
        yield (
            f"No application is mounted at {request.path_info!r}. "
            f"{meant(request.path_info, tree.apps)} Mount one there: "
            "cherrypy.tree.mount(Root(), '/path')."
        )
        return
    static = list(_static_places(request))
    if static:
        yield from static
        return
    finder = _finder(request)
    if type(finder).__name__ not in ("Dispatcher", "MethodDispatcher"):
        yield f"Pages are found by {finder!r} here (request.dispatch); it found none."
        return
    node = request.app.root
    if node is None:
        yield (
            "The application has no root object, so there is nothing to find. Mount an "
            "object: cherrypy.quickstart(Root())."
        )
        return
    where = getattr(node, "__name__", type(node).__name__)
    for atom in [atom for atom in request.path_info.split("/") if atom]:
        child = _child(node, atom)
        if child is None:
            yield from _nearest(node, where, atom)
            return
        looks_like_page = callable(child) or _is_property(node, atom)
        if looks_like_page and not _exposed(child) and not _pages_of(child):
            yield from _not_exposed(child, where, atom, node)
            return
        node, where = child, f"{where}.{atom.translate(_PUNCTUATION)}"
    index = _child(node, "index")
    if type(finder).__name__ == "MethodDispatcher":
        yield (
            f"With a MethodDispatcher, an object is exposed as a whole, and {where} is "
            "not. Put @cherrypy.expose above its class."
        )
    elif index is not None and not _exposed(index):
        yield from _not_exposed(index, where, "index", node)
    elif index is None and any(hasattr(node, each) for each in _METHODS):
        yield (
            f"{where} has methods of HTTP, which a MethodDispatcher looks for. Set "
            "'request.dispatch': cherrypy.dispatch.MethodDispatcher() in the config of "
            "this path, and put @cherrypy.expose above the class."
        )
    elif index is None:
        yield (
            f"{where} has no page named index, which is the one that answers for "
            f"{request.path_info!r}. Pages there: {_listed(node)}."
        )


def _finder(request: Request) -> object:
    """Return the dispatcher of this request."""
    key = "request.dispatch"
    return request.app.find_config(request.path_info, key, request.dispatch)


def _child(node: object, atom: str) -> Any:
    for name in (atom, atom.translate(_PUNCTUATION)):
        try:
            return getattr(node, name)
        except Exception:  # boundary: a property of the program
            continue
    return None


def _exposed(page: object) -> bool:
    return bool(getattr(page, "exposed", False))


def _is_property(node: object, atom: str) -> bool:
    name = atom.translate(_PUNCTUATION)
    return isinstance(getattr(type(node), name, None), property)


def _not_exposed(page: Any, where: str, atom: str, node: object) -> Iterator[str]:
    if _is_property(node, atom):
        yield (
            f"{where}.{atom} is a property, so what it returns is looked at, and that "
            "is no page. Remove @property."
        )
        return
    if any(_exposed(inner) for inner in _enclosed_by(page)):
        yield (
            f"{where}.{atom} is wrapped by a decorator that lost the mark of "
            "@cherrypy.expose. Put @cherrypy.expose above that decorator, or use "
            "functools.wraps in it."
        )
        return
    yield (
        f"{where}.{atom} is there, but it is not exposed. Put @cherrypy.expose above "
        "it if it is meant to be a page."
    )


def _enclosed_by(page: Any) -> Iterator[Any]:
    """Yield what a wrapper made by a decorator remembers."""
    for cell in getattr(page, "__closure__", None) or ():
        try:
            yield cell.cell_contents
        except ValueError:  # not assigned yet
            continue


def _static_places(request: Request) -> Iterator[str]:
    """Yield where the static tools that are on here have looked."""
    plan = request.plan
    tools = plan.toolmaps.get("tools", {}) if plan is not None else {}
    for tool, key in (("staticdir", "dir"), ("staticfile", "filename")):
        settings = tools.get(tool, {})
        if not settings.get("on"):
            continue
        name, root = str(settings.get(key) or ""), str(settings.get("root") or "")
        place = os.path.join(root, os.path.expanduser(name))
        if not os.path.isabs(place):
            fault = "a relative path; make it absolute with os.path.abspath"
        elif os.path.exists(place):
            fault = "there, but the path asks for something that is not in it"
        else:
            fault = "not there"
        yield f"tools.{tool} is on and looks at {place!r}, which is {fault}."


def _nearest(node: Any, where: str, atom: str) -> Iterator[str]:
    pages = _pages_of(node)
    sentence = meant(atom, pages)
    if sentence.endswith("?"):
        yield f"{where} has no {atom!r}. {sentence}"
    else:
        yield f"{where} has no {atom!r}. Pages there: {_listed(node)}."
        if "index" in pages:
            yield (
                f"If {atom!r} is an argument: index takes none from the path, but a "
                "page named default(self, *args) does, and @cherrypy.popargs above "
                "the class gives names to them."
            )


def _pages_of(node: Any) -> list[str]:
    """Return the names below a node that lead somewhere."""
    names = []
    for name in dir(node):
        if name.startswith("_") or name == "favicon_ico":
            continue
        try:
            child = getattr(node, name)
        except Exception:  # boundary: a property of the program
            continue
        inside = vars(type(child)).values() if not callable(child) else ()
        if _exposed(child) or any(map(_exposed, inside)):
            names.append(name)
    return names


def _listed(node: Any) -> str:
    return ", ".join(_pages_of(node)) or "none (is @cherrypy.expose missing?)"
