"""Seals: who has no key cannot make a stored session that we would open.

Pickle does what the one who wrote it wants. So what is unpickled must be ours, which is
shown by an HMAC (RFC 2104) over the name under which it is stored and the bytes.
"""

from __future__ import annotations

import contextlib
import logging
import os
from typing import TYPE_CHECKING

from cherrypy.environment.site import log
from cherrypy.lib.session_serializers import Damaged
from cherrypy.stores import filelocks
from cherrypy.stores.locks import Deadline

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Seal", "key_file"]

_MARK = b"sealed1:"
_MAC_BYTES = 32
_SHORTEST_KEY = 16


class Seal:
    """Seals bytes, and opens what was sealed with one of its keys.

    Args:
        keys: A key as text or bytes, or several: the first one seals, all of them
            open, so that keys can be changed without ending the sessions.

    Raises:
        ValueError: There is no key, or one is too short to be a secret.
    """

    def __init__(self, keys: str | bytes | Iterable[str | bytes]) -> None:
        several = [keys] if isinstance(keys, str | bytes) else keys
        self._keys = [
            key.encode("utf-8") if isinstance(key, str) else bytes(key)
            for key in several
        ]
        if not self._keys or any(len(key) < _SHORTEST_KEY for key in self._keys):
            raise ValueError(
                f"tools.sessions.key must be a secret of at least {_SHORTEST_KEY} "
                "bytes, or a list of such. Make one with: "
                "python -c 'import secrets; print(secrets.token_hex(32))'"
            )

    def close(self, name: str, payload: bytes) -> bytes:
        """Return the bytes with their seal in front."""
        return _MARK + _mac(self._keys[0], name, payload) + payload

    def open(self, name: str, sealed: bytes) -> bytes:
        """Return what is behind the seal.

        Raises:
            Damaged: It is not ours, or not what we have stored under this name.
        """
        import hmac  # lazy: 3 ms for sites that seal nothing

        start = len(_MARK) + _MAC_BYTES
        if not sealed.startswith(_MARK):
            raise Damaged("it is not sealed with a key of ours")
        mac, payload = sealed[len(_MARK) : start], sealed[start:]
        for key in self._keys:
            if hmac.compare_digest(mac, _mac(key, name, payload)):
                return payload
        raise Damaged("it is forged, damaged, or sealed with another key")


def _mac(key: bytes, name: str, payload: bytes) -> bytes:
    import hmac  # lazy: as above

    # The name is told with its length: no other name and payload read the same.
    label = name.encode("utf-8", "surrogatepass")
    return hmac.digest(key, b"%d:%b" % (len(label), label) + payload, "sha256")


def key_file(folder: str) -> bytes:
    """Return the key for the sessions in a folder, made when it is first wanted.

    It lies beside the folder (``/some/folder.key``), where who may write into the
    folder need not be allowed to write; if we may not either, it lies within. Only
    this user can read it.

    Args:
        folder: An absolute path.

    Raises:
        OSError: It can neither be read nor made.
    """
    beside, within = f"{folder}.key", os.path.join(folder, ".key")
    for path in (beside, within):
        with contextlib.suppress(FileNotFoundError):
            return _read_key(path)
    try:
        return _make_key(beside)
    except PermissionError:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        key = _make_key(within)
        log(
            f"The key that seals sessions is in {within!r}, because this user may not "
            f"write beside the folder. Whoever can write there can forge sessions; "
            f"better set tools.sessions.key.",
            "TOOLS.SESSIONS",
            logging.WARNING,
        )
        return key


def _read_key(path: str) -> bytes:
    with open(path, "rb") as file:
        key = file.read().strip()
    if len(key) < _SHORTEST_KEY:
        raise ValueError(
            f"{path!r} holds no key for sessions. Delete it; a new one is made, and "
            "the sessions begin anew."
        )
    return key


def _make_key(path: str) -> bytes:
    """Write a new key, unless another process is quicker: then that one counts."""
    import tempfile  # lazy: 5 ms, once in the life of a folder

    let_go = filelocks.take(f"{path}.lock", path, Deadline(None))
    try:
        with contextlib.suppress(FileNotFoundError):
            return _read_key(path)
        # mkstemp makes it mode 0600. It appears under its name only when it is
        # complete, for those who read do not ask for the lock.
        handle, draft = tempfile.mkstemp(prefix=".key-", dir=os.path.dirname(path))
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(os.urandom(32).hex().encode("ascii"))
            os.replace(draft, path)
        except BaseException:
            os.unlink(draft)
            raise
        return _read_key(path)
    finally:
        let_go()
