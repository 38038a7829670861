"""Writing: one `send` as a rule, and no waiting for clients that take it slowly.

What a socket does not take at once is kept by its `Sender`, and the holder of the baton
sends it when there is room. Files are copied to the socket by the kernel.
"""

from __future__ import annotations

import os
import socket
import struct
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["COPY_BYTES", "FilePiece", "Sender", "TruncatedFile"]

COPY_BYTES = 65536
"""Up to this it is quicker to copy bytes behind a head than to send twice."""

_SENDFILE_BYTES = 1 << 20
"""One sendfile call copies at most this, so that others get their turn."""

# Keeps a head back until the first bytes of the file join it (Linux).
_MORE = getattr(socket, "MSG_MORE", 0)

# Lingering for no time: closing the socket resets the connection.
_RESET = struct.pack("ii", 1, 0) if os.name != "nt" else struct.pack("HH", 1, 0)


class TruncatedFile(OSError):
    """A file became shorter while it was sent: the answer cannot be completed."""


class FilePiece:
    """A stretch of an open file, to be copied to the socket by the kernel.

    Args:
        fd: Descriptor of the file, which stays open until all is sent.
        offset: Where to begin, in bytes from the start of the file.
        count: How many bytes to send.
    """

    __slots__ = ("count", "fd", "offset")

    def __init__(self, fd: int, offset: int, count: int) -> None:
        self.fd: int = fd
        self.offset: int = offset
        self.count: int = count

    def send(self, socket_fd: int) -> int:
        """Copy what the socket takes now; return how many bytes.

        Raises:
            BlockingIOError: The socket takes nothing now.
            TruncatedFile: The file ends before `count` bytes.
            OSError: The client is gone.
        """
        sent = os.sendfile(
            socket_fd, self.fd, self.offset, min(self.count, _SENDFILE_BYTES)
        )
        if not sent:
            raise TruncatedFile(f"{self.count} bytes are missing in the file")
        self.offset += sent
        self.count -= sent
        return sent


class Sender:
    """The way out of one connection.

    Belongs to whoever owns the connection: the thread that serves its request, or the
    holder of the baton while the rest of an answer waits for the client.

    Args:
        sock: The connected socket, non-blocking.
    """

    __slots__ = ("_sock", "broken", "kept", "send")

    def __init__(self, sock: socket.socket) -> None:
        self.send: Callable[..., int] = sock.send
        """Sends bytes without blocking, with the flags of `socket.socket.send`.

        Replaced where bytes are encrypted or counted.
        """
        self.broken: bool = False
        """The client has gone, or the answer cannot be completed."""
        self._sock = sock
        self.kept: list[memoryview | FilePiece] | None = None
        """What the socket did not take; None if it took all."""

    @property
    def waits(self) -> bool:
        """Something is kept that the socket did not take, and is worth sending."""
        return self.kept is not None and not self.broken

    def transmit(self, wire: bytes) -> bool:
        """Send now what the socket takes, and keep the rest.

        Returns:
            Whether nothing is kept. A client that is gone takes everything, and
            `broken` tells.
        """
        if self.kept is not None:
            self.kept.append(memoryview(wire))
            self.flush()
            return self.kept is None
        try:
            sent = self.send(wire)
        except BlockingIOError:
            sent = 0
        except OSError:
            self.broken = True
            return True
        if sent == len(wire):
            return True
        self.kept = [memoryview(wire)[sent:]]
        return False

    def transmit_after(self, head: bytes, wire: bytes) -> bool:
        """Send bytes with a head before them, which may be empty; as `transmit`."""
        if not head:
            return self.transmit(wire)
        if len(wire) <= COPY_BYTES:
            return self.transmit(head + wire)
        return self.transmit_joined(head, memoryview(wire))

    def transmit_joined(self, head: bytes, piece: memoryview | FilePiece) -> bool:
        """Send a head and something large that follows it, without copying; `transmit`.

        Args:
            head: Leaves in one packet with the beginning of what follows.
            piece: Stays in use until all of it is sent.
        """
        sent = 0
        if self.kept is None:
            self.kept = []
            try:
                sent = self.send(head, _MORE)
            except OSError:
                sent = 0  # `flush` meets the error again
        if sent < len(head):
            self.kept.append(memoryview(head)[sent:])
        self.kept.append(piece)
        self.flush()
        return self.kept is None

    def flush(self) -> int:
        """Send of what is kept as much as the socket takes; return how many bytes.

        Afterwards `waits` tells whether there is more.
        """
        kept = self.kept
        total = 0
        try:
            while kept:
                total += self._send_first(kept)
        except BlockingIOError:
            return total
        except OSError:
            self.broken = True
        self.kept = None
        return total

    def _send_first(self, kept: list[memoryview | FilePiece]) -> int:
        piece = kept[0]
        if isinstance(piece, FilePiece):
            sent = piece.send(self._sock.fileno())
            if not piece.count:
                del kept[0]
            return sent
        sent = self.send(piece)
        if sent == len(piece):
            del kept[0]
        else:
            kept[0] = piece[sent:]
        return sent

    def drop(self) -> None:
        """Forget what is kept: the client does not take it.

        Nor shall the kernel keep what it has. It would offer it for minutes after the
        socket is closed, and a thousand such clients hold its memory for connections.
        """
        self.kept = None
        self.broken = True
        with suppress(OSError):
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
