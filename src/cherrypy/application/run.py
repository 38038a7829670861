"""Starting a site in one call."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from cherrypy.core.config import as_dict
from cherrypy.core.wording import is_explained, sentences, told
from cherrypy.environment.site import config as site_config
from cherrypy.environment.site import engine, present
from cherrypy.process.wspbus import ChannelFailures

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

__all__ = ["NotStarted", "quickstart"]


class NotStarted(ChannelFailures, SystemExit):
    """The site could not be started, for reasons that a sentence explains.

    It is a SystemExit, too, so that a program that ends with it shows that sentence
    and no traceback.
    """

    def __init__(self, failures: ChannelFailures) -> None:
        super().__init__()
        self._exceptions = failures.get_instances()
        self.code: str | int | None = "\n".join(map(sentences, self._exceptions))


def quickstart(root: Any = None, script_name: str = "", config: Any = None) -> None:
    """Mount one application, start the engine and serve until it is told to exit.

    Args:
        root: The object at the top of the application's tree.
        script_name: The URL path of the mount point, such as "/blog".
        config: A file name, an open file, or a dictionary of sections. What it says
            of the whole site (section ``global``) goes there, its other sections
            configure the application.

    Raises:
        OSError: The config file cannot be read.
        ValueError: A value in it is no Python, or it is not made of sections.
        configparser.Error: It is no config file.
        NotStarted: The server cannot listen to its address.
    """
    with _mistakes_told_plainly():
        if hasattr(config, "read"):
            # An open file can be read once, and two have to know what it says.
            config = as_dict(config)
        if config:
            site_config.update(config)
        present.tree().mount(root, script_name, config)
    engine.signals.subscribe()
    try:
        engine.start()
    except ChannelFailures as failures:
        if not failures.explained:
            raise
        raise NotStarted(failures) from None
    engine.block()


@contextmanager
def _mistakes_told_plainly() -> Iterator[None]:
    """Let mistakes that are explained end the program without a traceback.

    Whoever catches one finds the exception that is documented, which a SystemExit
    could not be: no class is an OSError, too.
    """
    try:
        yield
    except Exception as problem:  # boundary: to the program that is being started
        if is_explained(problem):
            _leave_out_tracebacks()
        raise


def _leave_out_tracebacks() -> None:
    """Let exceptions that are explained end the program with their words only."""
    before = sys.excepthook

    def show(
        kind: type[BaseException], problem: BaseException, trace: TracebackType | None
    ) -> None:
        if is_explained(problem):
            print(told(problem), file=sys.stderr)
        else:
            before(kind, problem, trace)

    sys.excepthook = show
