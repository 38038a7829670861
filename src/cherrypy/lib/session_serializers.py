"""From the data of a session to bytes and back.

JSON is what new stores get: whoever can write into the store can put data there, but
no code. Types that JSON does not know are written as objects with one key that begins
with ``$``, so that what comes out is what went in, or the page is told what cannot be
kept.
"""

from __future__ import annotations

import pickle
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import TYPE_CHECKING, Any, Protocol

from cherrypy.core.unrepr import attributes

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "Damaged",
    "JSONSerializer",
    "NotSerializable",
    "PickleSerializer",
    "Serializer",
    "serializer_named",
]

_DEEPEST = 100


class NotSerializable(TypeError):
    """There is something in the session that its serializer cannot carry."""


class Damaged(Exception):
    """What lies in the store is no session of ours."""


class Serializer(Protocol):
    """What ``tools.sessions.serializer`` may be."""

    def dumps(self, data: dict[Any, Any], /) -> bytes | str:
        """Return the data of a session as bytes."""

    def loads(self, stored: bytes, /) -> dict[Any, Any]:
        """Return the data; raise any `Exception` if the bytes make no sense."""


class JSONSerializer:
    """JSON (RFC 8259) with the common types of Python carried faithfully.

    These are: None, bool, int, float, str, list, dict with keys of any of these types;
    tuple, set, frozenset, bytes, bytearray; date, datetime and time with and without
    zone, timedelta; Decimal, UUID, complex. Instances of subclasses are refused, for
    they would come back as something else. So are objects that contain themselves.
    """

    def dumps(self, data: dict[Any, Any]) -> bytes:
        """Return the data as JSON.

        Raises:
            NotSerializable: It contains something of another type; the text says
                where and what to do.
        """
        import json  # lazy: 3 ms for sites without such a store

        plain = _plain(data, (), 0)
        try:
            return json.dumps(plain, separators=(",", ":")).encode("ascii")
        except ValueError as problem:
            # An int of more digits than the interpreter writes (sys.int_info).
            raise NotSerializable(f"The session cannot be stored: {problem}") from None

    def loads(self, stored: bytes) -> dict[Any, Any]:
        """Return what a JSON document of ours says.

        Raises:
            Damaged: It is none.
        """
        import json  # lazy: as above

        try:
            data = json.loads(stored, object_hook=_revived)
        except Exception as why:  # boundary: what is damaged fails in any way
            raise Damaged(f"it is no JSON of ours ({why})") from None
        if not isinstance(data, dict):
            raise Damaged(f"it is a {type(data).__name__}, not a dict")
        return data


class PickleSerializer:
    """Pickle, which carries nearly everything, and code: only for sealed bytes.

    Args:
        protocol: As in the module `pickle`.
    """

    def __init__(self, protocol: int = pickle.HIGHEST_PROTOCOL) -> None:
        self.protocol = protocol

    def dumps(self, data: dict[Any, Any]) -> bytes:
        """Return the data as a pickle.

        Raises:
            NotSerializable: Something in it cannot be pickled.
        """
        try:
            return pickle.dumps(data, self.protocol)
        except (pickle.PicklingError, TypeError, AttributeError, RecursionError) as why:
            raise NotSerializable(f"The session cannot be stored: {why}") from why

    def loads(self, stored: bytes) -> dict[Any, Any]:
        """Return what a pickle says. Its maker can make us do anything."""
        data: dict[Any, Any] = pickle.loads(stored)
        return data


def serializer_named(
    chosen: str | Serializer, protocol: int = pickle.HIGHEST_PROTOCOL
) -> Serializer:
    """Return the serializer for a setting.

    Args:
        chosen: ``json``, ``pickle``, an object with `dumps` and `loads`, or the dotted
            name of one.
        protocol: Of pickles.

    Raises:
        ValueError: It has no `dumps` and `loads`.
    """
    if chosen == "json":
        return JSONSerializer()
    if chosen == "pickle":
        return PickleSerializer(protocol)
    found: Any = attributes(chosen) if isinstance(chosen, str) else chosen
    if not (hasattr(found, "dumps") and hasattr(found, "loads")):
        raise ValueError(
            f"tools.sessions.serializer is {chosen!r}. It must be 'json', 'pickle', or "
            "an object with dumps(data) and loads(bytes)."
        )
    serializer: Serializer = found
    return serializer


def _aware(value: datetime | time, path: tuple[Any, ...]) -> Any:
    """Return date and time, and by which zone they are meant."""
    zone = value.tzinfo
    if zone is None:
        return [value.isoformat(), None, value.fold]
    naive = value.replace(tzinfo=None).isoformat()
    if type(zone) is timezone:
        offset = zone.utcoffset(None)
        name = zone.tzname(None)
        given = None if name == timezone(offset).tzname(None) else name
        return [naive, [_timedelta(offset), given], value.fold]
    key = getattr(zone, "key", None)
    if type(zone).__module__.startswith("zoneinfo") and key:
        return [naive, key, value.fold]
    raise _refusal(value, path, "of a time zone of its own")


def _timedelta(value: timedelta) -> list[int]:
    return [value.days, value.seconds, value.microseconds]


def _plain(value: Any, path: tuple[Any, ...], depth: int) -> Any:
    """Return a value as what JSON knows."""
    kind = type(value)
    if kind in _AS_THEY_ARE:
        return value
    if depth > _DEEPEST:
        raise _refusal(value, path, f"nested more than {_DEEPEST} deep")
    if kind is dict:
        return _plain_dict(value, path, depth)
    if kind is list:
        return [_plain(each, (*path, i), depth + 1) for i, each in enumerate(value)]
    if kind in _SEQUENCES:
        items = [_plain(each, (*path, i), depth + 1) for i, each in enumerate(value)]
        return {f"${_SEQUENCES[kind]}": items}
    if kind is datetime or kind is time:
        return {f"${kind.__name__}": _aware(value, path)}
    tell = _tellers().get(kind)
    if tell is None:
        raise _refusal(value, path, "")
    return {f"${kind.__name__.lower()}": tell(value)}


def _plain_dict(value: dict[Any, Any], path: tuple[Any, ...], depth: int) -> Any:
    for key in value:
        if type(key) is not str or key[:1] == "$":
            return {
                "$dict": [
                    [
                        _plain(key, (*path, key), depth + 1),
                        _plain(each, (*path, key), depth + 1),
                    ]
                    for key, each in value.items()
                ]
            }
    return {key: _plain(each, (*path, key), depth + 1) for key, each in value.items()}


_AS_THEY_ARE = frozenset({str, int, float, bool, type(None)})
_SEQUENCES: dict[type, str] = {tuple: "tuple", set: "set", frozenset: "frozenset"}


def _tellers() -> dict[type, Callable[[Any], Any]]:
    """Return what is told of the types that few sessions contain."""
    if not _known_tellers:
        from binascii import b2a_base64  # lazy: for those few
        from decimal import Decimal
        from uuid import UUID

        def base64(value: bytes | bytearray) -> str:
            return b2a_base64(value, newline=False).decode("ascii")

        _known_tellers.update(
            {
                bytes: base64,
                bytearray: base64,
                date: date.isoformat,
                timedelta: _timedelta,
                Decimal: str,
                UUID: lambda value: value.hex,
                complex: lambda value: [value.real, value.imag],
            }
        )
    return _known_tellers


_known_tellers: dict[type, Callable[[Any], Any]] = {}


def _refusal(value: object, path: tuple[Any, ...], why: str) -> NotSerializable:
    where = "".join(f"[{step!r}]" for step in path)
    kind = f"{type(value).__module__}.{type(value).__qualname__}"
    return NotSerializable(
        f"cherrypy.session{where} cannot be kept as JSON: it is a {kind}"
        f"{', ' + why if why else ''}. Keep what it is made from, or set "
        "tools.sessions.serializer to 'pickle' (which needs tools.sessions.key) or to "
        "an object of your own."
    )


def _revived(document: dict[str, Any]) -> Any:
    """Undo what `_plain` did to one object."""
    if len(document) != 1:
        return document
    ((name, value),) = document.items()
    if name[:1] != "$":
        return document
    return _revivers()[name](value)


def _revivers() -> dict[str, Callable[[Any], Any]]:
    if not _known_revivers:
        from binascii import a2b_base64  # lazy: for sessions that contain such types
        from decimal import Decimal
        from uuid import UUID

        _known_revivers.update(
            {
                "$dict": dict,
                "$tuple": tuple,
                "$set": set,
                "$frozenset": frozenset,
                "$bytes": a2b_base64,
                "$bytearray": lambda text: bytearray(a2b_base64(text)),
                "$date": date.fromisoformat,
                "$datetime": lambda told: _with_zone(datetime.fromisoformat, told),
                "$time": lambda told: _with_zone(time.fromisoformat, told),
                "$timedelta": lambda parts: timedelta(*parts),
                "$decimal": Decimal,
                "$uuid": UUID,
                "$complex": lambda parts: complex(*parts),
            }
        )
    return _known_revivers


_known_revivers: dict[str, Callable[[Any], Any]] = {}


def _with_zone(read: Callable[[str], Any], told: Any) -> Any:
    text, zone, fold = told
    return read(text).replace(tzinfo=_zone(zone), fold=fold)


def _zone(told: Any) -> tzinfo | None:
    if told is None:
        return None
    if isinstance(told, str):
        from zoneinfo import ZoneInfo  # lazy: few sessions contain such times

        return ZoneInfo(told)
    offset, name = told
    offset = timedelta(*offset)
    if not offset and name is None:
        return UTC
    return timezone(offset) if name is None else timezone(offset, name)
