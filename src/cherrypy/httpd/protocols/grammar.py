"""The grammar of RFC 9110 and RFC 9112 as compiled patterns."""

from __future__ import annotations

__all__: list[str] = []
