"""The vocabulary of HTTP: values and pure functions, and nothing that does I/O.

This room knows of no request, no server and no configuration. Whatever is here takes
text or bytes and returns a value, so that every other room may use it.
"""

from __future__ import annotations
