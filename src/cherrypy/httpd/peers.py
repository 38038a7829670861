"""Who is at the other end of a Unix socket, as the kernel says."""

from __future__ import annotations

import socket
import struct

__all__ = ["peer_credentials"]

_CREDENTIALS = struct.Struct("3i")  # pid, uid, gid: struct ucred, unix(7)


def peer_credentials(sock: socket.socket, *, resolve: bool) -> dict[str, str]:
    """Return variables that tell process, user and group of a client.

    Args:
        sock: A connected socket.
        resolve: Whether to look up names too.

    Returns:
        Nothing where the system does not tell.
    """
    if not hasattr(socket, "SO_PEERCRED") or sock.family != socket.AF_UNIX:
        return {}
    raw = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    pid, uid, gid = _CREDENTIALS.unpack(raw)
    variables = {
        "X_REMOTE_PID": str(pid),
        "X_REMOTE_UID": str(uid),
        "X_REMOTE_GID": str(gid),
    }
    if resolve:
        variables.update(_names(uid, gid))
    return variables


def _names(uid: int, gid: int) -> dict[str, str]:
    import grp  # lazy: there is none on Windows
    import pwd

    names = {}
    try:
        user = pwd.getpwuid(uid).pw_name
        names = {"X_REMOTE_USER": user, "REMOTE_USER": user}
        names["X_REMOTE_GROUP"] = grp.getgrgid(gid).gr_name
    except KeyError:
        pass  # a number without a name
    return names
