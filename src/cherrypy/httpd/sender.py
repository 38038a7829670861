"""Bytes that a socket did not take at once, and files that the kernel copies.

An answer leaves with one `send` as a rule. What is left over waits in an `Outgoing`,
which the holder of the baton flushes as the client takes it: no thread waits.
"""

from __future__ import annotations

import os
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["CLIENT_GONE", "FilePiece", "Outgoing", "TruncatedFile"]

CLIENT_GONE = (ConnectionError, TimeoutError, OSError)
"""What a send raises when nobody is there any more."""

_SENDFILE_BYTES = 1 << 20
"""One sendfile call copies at most this, so that others get their turn."""


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
        self.fd = fd
        self.offset = offset
        self.count = count

    def send(self, socket_fd: int) -> bool:
        """Copy what the socket takes; return whether all is sent.

        Raises:
            BlockingIOError: The socket takes no more now.
            TruncatedFile: The file ends before `count` bytes.
            OSError: The client is gone.
        """
        while self.count:
            sent = os.sendfile(
                socket_fd, self.fd, self.offset, min(self.count, _SENDFILE_BYTES)
            )
            if not sent:
                raise TruncatedFile(f"{self.count} bytes are missing in the file")
            self.offset += sent
            self.count -= sent
        return True


class Outgoing:
    """What a connection has still to send, in order.

    Belongs to whoever owns the connection: the thread that serves its request, or the
    holder of the baton while the answer waits for the client.
    """

    __slots__ = ("pieces",)

    def __init__(self) -> None:
        self.pieces: deque[memoryview | FilePiece] = deque()

    def add(self, piece: bytes | memoryview | FilePiece) -> None:
        """Put something at the end."""
        if isinstance(piece, bytes):
            piece = memoryview(piece)
        self.pieces.append(piece)

    def flush(self, send: Callable[[memoryview], int], fd: int) -> tuple[bool, int]:
        """Send as much as the socket takes.

        Args:
            send: The non-blocking send of the connection.
            fd: The socket's descriptor, for sendfile.

        Returns:
            Whether all is sent; and how many bytes went out now.

        Raises:
            OSError: The client is gone.
        """
        total = 0
        pieces = self.pieces
        while pieces:
            piece = pieces[0]
            if isinstance(piece, FilePiece):
                before = piece.count
                try:
                    piece.send(fd)
                except BlockingIOError:
                    return False, total + before - piece.count
                total += before
            else:
                try:
                    sent = send(piece)
                except BlockingIOError:
                    return False, total
                total += sent
                if sent < len(piece):
                    pieces[0] = piece[sent:]
                    continue
            pieces.popleft()
        return True, total
