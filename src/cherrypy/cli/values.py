"""How config values are shown: without addresses of memory, and without secrets."""

from __future__ import annotations

import re
from types import FunctionType, MethodType

__all__ = ["shown"]

_SECRET = ("key", "password", "secret", "token")
"""Names of settings whose values are nobody's business: output gets pasted."""

_HIDDEN = "'...'"


def shown(name: str, value: object) -> str:
    """Return a value as it can be printed.

    Args:
        name: Of the setting; a config key, or its last part.
        value: Its value.
    """
    if isinstance(value, FunctionType | MethodType | type):
        return f"{value.__module__}.{value.__qualname__}"
    if name.rpartition(".")[2].endswith(_SECRET) and value is not None:
        return _HIDDEN
    text = re.sub(r" at 0x[0-9a-fA-F]+", "", repr(value))
    # As in redis://user:password@host.
    return re.sub(r"://[^@/\s'\"]*@", "://...@", text)
