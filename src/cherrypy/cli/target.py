"""From the words ``module:name`` to applications that are mounted.

Modules are made to be run as programs, too: what would start the engine while they
are being imported does nothing then.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
import traceback
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

import cherrypy
from cherrypy.cli.mistakes import Mistake, WrongUse
from cherrypy.cli.settings import Provenance, apply
from cherrypy.core.tree import Tree
from cherrypy.core.wording import nearest

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Iterable, Iterator, Mapping

__all__ = ["add_target", "load", "prepare", "show_traceback"]

_USUAL_NAMES = ("application", "app", "root", "Root")
"""Where to look in a module if no name was given, in this order."""

_NO_ROOT = (str, bytes, int, float, complex, list, tuple, dict, set, type(None))


def add_target(parser: Any, *, optional: bool = False) -> None:
    """Add the argument APP to the parser of a command."""
    parser.add_argument(
        "app",
        metavar="APP",
        nargs="?" if optional else None,
        help="module:name, or file.py:name; see cherrypy --help",
    )


def load(words: str) -> Mapping[str, Any]:
    """Import and mount what the words name.

    Args:
        words: ``module``, ``module:name``, ``file.py`` or ``file.py:name``.

    Returns:
        The applications of ``cherrypy.tree``, by mount point.

    Raises:
        WrongUse: There is no such thing.
        Mistake: There is, but importing or making it fails. The traceback of the
            user's own code has been printed.
    """
    place, colon, name = _divided(words)
    if not place or (colon and not name):
        raise WrongUse(
            f"{words!r} names no application; write module:name, such as app:Root."
        )
    folder = os.getcwd()
    if folder not in sys.path and "" not in sys.path:
        sys.path.insert(0, folder)
    with _nothing_starts():
        module = _imported(place)
        value = _member(module, name, place) if name else _only_one(module, words)
        if value is not None:
            _mount(_made(value, words), words)
    apps: Mapping[str, Any] = cherrypy.tree.apps
    return apps


def prepare(options: Namespace) -> tuple[Mapping[str, Any], Provenance]:
    """Mount what a command is about and give it the config of the command line.

    Returns:
        The applications by mount point, and who has set which config.
    """
    provenance = Provenance()
    apps = load(options.app)
    provenance.note(f"what {options.app} sets when it is imported")
    apply(options.config, options.environment, provenance)
    return apps, provenance


def _divided(words: str) -> tuple[str, str, str]:
    """Return module and name; the colon of a drive of Windows does not count."""
    place, colon, name = words.rpartition(":")
    if not colon or "/" in name or "\\" in name:
        return words, "", ""
    return place, colon, name.removesuffix("()")


@contextmanager
def _nothing_starts() -> Iterator[None]:
    """Let a module that starts the engine be imported all the same."""
    engine: Any = cherrypy.engine
    subscribe = engine.signals.subscribe
    engine.start = engine.block = engine.signals.subscribe = _do_nothing
    engine.start_with_callback = _call_when_started
    try:
        yield
    finally:
        del engine.start, engine.block, engine.start_with_callback
        engine.signals.subscribe = subscribe


def _do_nothing(*args: object, **kwargs: object) -> None:
    """Stand for a method of the engine."""


def _call_when_started(
    func: Callable[..., object], args: Any = None, kwargs: Any = None
) -> None:
    """Put off what shall be done when the engine has started."""

    def call() -> None:
        Thread(target=func, args=args or (), kwargs=kwargs or {}).start()

    cherrypy.engine.subscribe("start", call, 100)


# Importing.


def _imported(place: str) -> ModuleType:
    """Import a module by its name or by its file."""
    try:
        if place.endswith(".py") or os.sep in place or "/" in place:
            return _from_file(Path(place))
        return importlib.import_module(place)
    except Mistake:
        raise
    except ModuleNotFoundError as missing:
        if missing.name is None or not f"{place}.".startswith(f"{missing.name}."):
            show_traceback(missing)
            raise Mistake(
                f"{place!r} could not be imported, because it needs the module "
                f"{missing.name!r}, which is not installed here."
            ) from missing
        raise WrongUse(_no_module(place)) from missing
    except SystemExit as leaving:
        raise Mistake(
            f"{place!r} ended the program while it was imported (status "
            f"{leaving.code!r}); put what it does there below "
            "'if __name__ == \"__main__\":'."
        ) from leaving
    except Exception as problem:  # boundary: the user's module may fail in any way
        show_traceback(problem)
        raise Mistake(
            f"{place!r} could not be imported; the traceback above says where and why."
        ) from problem


def _no_module(place: str) -> str:
    import pkgutil  # lazy: only mistakes need it

    folder, _, last = place.rpartition(".")
    parent = sys.modules.get(folder)
    names: dict[str, str] = {}
    if parent is not None:
        inside = pkgutil.iter_modules(getattr(parent, "__path__", ()))
        names = {name: f"{folder}:{name}" for name in dir(parent) if name[0] != "_"}
        names |= {found.name: f"{folder}.{found.name}" for found in inside}
    else:
        first, dot, rest = place.partition(".")
        last = first
        for found in pkgutil.iter_modules([os.getcwd()]):
            names[found.name] = f"{found.name}{dot}{rest}"
    near = last if last in names else nearest(last, names)
    if near:
        return f"there is no module {place!r} here; did you mean {names[near]!r}?"
    return (
        f"there is no module {place!r} in {os.getcwd()} or on sys.path; change to the "
        "folder of your program, or name its file, such as app.py:Root."
    )


def _from_file(path: Path) -> ModuleType:
    """Import a file or the folder of a package, under the name it has for others."""
    path = path.resolve()
    if path.is_dir() and (path / "__init__.py").is_file():
        path /= "__init__.py"
    if path.is_dir():
        raise WrongUse(
            f"{str(path)!r} is a folder without an __init__.py, so it is no package; "
            "name the file of your program in it, such as app.py."
        )
    if not path.is_file():
        near = (
            nearest(path.name, os.listdir(path.parent))
            if path.parent.is_dir()
            else None
        )
        raise WrongUse(
            f"there is no file {str(path)!r}"
            + (f"; did you mean {near!r}?" if near else "; check the name.")
        )
    parts = [] if path.name == "__init__.py" else [path.stem]
    folder = path.parent
    while (folder / "__init__.py").is_file():
        parts.insert(0, folder.name)
        folder = folder.parent
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    name = ".".join(parts)
    known = sys.modules.get(name)
    file = getattr(known, "__file__", None)
    if known is not None and file is not None and Path(file).resolve() == path:
        return known
    if len(parts) > 1 or path.name == "__init__.py":
        return importlib.import_module(name)
    # By its place: there may be another module of that name.
    if known is not None or not name.isidentifier():
        name = "cherrypy_program"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None, "a file that ends with .py has a loader"
    assert spec.loader is not None, "as above"
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def show_traceback(problem: BaseException) -> None:
    """Print the traceback of an exception, from where the user's code begins."""
    trace = problem.__traceback__
    ours = os.path.dirname(__file__)
    theirs = os.path.dirname(importlib.__file__)
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if not file.startswith(("<frozen", ours, theirs)):
            break
        trace = trace.tb_next
    traceback.print_exception(type(problem), problem, trace)


# Finding.


def _member(module: ModuleType, name: str, place: str) -> Any:
    """Return what a dotted name means in a module."""
    value: Any = module
    parts = name.split(".")
    for number, part in enumerate(parts):
        try:
            value = getattr(value, part)
        except AttributeError as missing:
            known = [each for each in dir(value) if not each.startswith("_")]
            owner = f"{place}:{'.'.join(parts[:number])}".rstrip(":")
            if value is module:
                known = _candidates(module) or known
            near = nearest(part, known)
            if near:
                remedy = f"did you mean {near!r}?"
            elif known:
                remedy = f"it has {_some(known)}."
            else:
                remedy = "there is nothing in it."
            raise WrongUse(f"{owner!r} has no {part!r}; {remedy}") from missing
    return value


def _only_one(module: ModuleType, words: str) -> Any:
    """Return the application of a module, or None if it has mounted it itself."""
    if cherrypy.tree.apps:
        return None
    for name in _USUAL_NAMES:
        if hasattr(module, name):
            return getattr(module, name)
    candidates = _candidates(module)
    if len(candidates) == 1:
        return getattr(module, candidates[0])
    if candidates:
        raise WrongUse(
            f"{words!r} has several classes with pages: {_some(candidates)}; say "
            f"which, such as {words}:{candidates[0]}."
        )
    raise WrongUse(
        f"{words!r} mounts no application and has no class with exposed pages; put "
        "@cherrypy.expose before the methods that are pages, or name what is to be "
        f"served: {words}:NAME."
    )


def _candidates(module: ModuleType) -> list[str]:
    """Return the names of the classes with pages that a module defines."""
    return [
        name
        for name, value in vars(module).items()
        if isinstance(value, type)
        and value.__module__ == module.__name__
        and _has_pages(value)
    ]


def _some(names: Iterable[str]) -> str:
    shown = sorted(names)
    return ", ".join(shown[:8]) + (", ..." if len(shown) > 8 else "")


def _has_pages(value: Any) -> bool:
    """Tell whether something is exposed, or has a page among its attributes."""
    from inspect import getattr_static  # lazy: 6 ms

    def is_exposed(thing: object) -> bool:
        return bool(getattr_static(thing, "exposed", False))

    names = [name for name in dir(value) if not name.startswith("__")]
    return is_exposed(value) or any(
        is_exposed(getattr_static(value, name, None)) for name in names
    )


# Making and mounting.


def _made(value: Any, words: str) -> Any:
    """Return what is to be mounted: call the functions and classes that make it."""
    for _ in range(5):  # a function that returns a class that ...
        is_maker = isinstance(value, type) or (
            isinstance(value, FunctionType) and not getattr(value, "exposed", False)
        )
        _refuse_async(value, words)
        if not is_maker or (not isinstance(value, type) and _is_wsgi(value)):
            return value
        if not _fits(value):
            raise WrongUse(
                f"{words!r} cannot be made, because {_name(value)} takes arguments; "
                "name a function that takes none and returns it."
            )
        try:
            value = value()
        except Exception as problem:  # boundary: the user's code may fail in any way
            show_traceback(problem)
            raise Mistake(
                f"{words!r} could not be made; the traceback above says where and why."
            ) from problem
    return value


def _refuse_async(value: Any, words: str) -> None:
    """Refuse what would have to be awaited: nobody does before the engine runs.

    Raises:
        WrongUse: It is an ASGI application, or a coroutine function that makes one.
    """
    from inspect import iscoroutinefunction  # lazy: 6 ms

    call = getattr(value, "__call__", None)  # noqa: B004  its kind is asked for
    is_async = iscoroutinefunction(value) or iscoroutinefunction(call)
    if is_async and _fits(value, {}, None, None) and not _has_pages(value):
        raise WrongUse(
            f"{words!r} is an ASGI application, which this server does not speak; run "
            "it with a server for ASGI, such as uvicorn."
        )
    if iscoroutinefunction(value) and not getattr(value, "exposed", False):
        raise WrongUse(
            f"{words!r} is async; what makes the application is called before anything "
            "can be awaited, so write def instead of async def. Pages may be async."
        )


def _name(value: Any) -> str:
    return f"{value.__module__}.{value.__qualname__}"


def _fits(function: Any, *arguments: object) -> bool:
    """Tell whether something can be called with these arguments."""
    from inspect import signature  # lazy: 6 ms

    try:
        signature(function).bind(*arguments)
    except TypeError:
        return False
    except ValueError:  # nobody knows, as for some callables written in C
        return True
    return True


def _is_wsgi(value: Any) -> bool:
    """Tell whether something is called as PEP 3333 says."""
    return (
        callable(value)
        and not _fits(value)
        and _fits(value, {}, None)
        and not _has_pages(value)
    )


def _mount(value: Any, words: str) -> None:
    """Mount a root, an application or a tree, unless the module has done it."""
    tree = cherrypy.tree
    if isinstance(value, Tree):
        cherrypy.tree = value
    elif isinstance(value, cherrypy.Application):
        if value not in tree.apps.values():
            tree.graft(value, value.script_name)
    elif isinstance(value, _NO_ROOT):
        raise WrongUse(
            f"{words!r} is {value!r}, which cannot be served; name a class with pages, "
            "an object, a function that returns one, or an application."
        )
    elif _is_wsgi(value):
        if value not in tree.apps.values():
            tree.graft(value, "")
    elif not any(_is_root_of(app, value) for app in tree.apps.values()):
        tree.mount(value, "")


def _is_root_of(app: Any, value: Any) -> bool:
    """Tell whether the module has mounted the same thing, or one of the same class."""
    root = getattr(app, "root", None)
    plain = isinstance(value, ModuleType | FunctionType)
    return root is value or (type(root) is type(value) and not plain)
