"""TLS: contexts that notice a renewed certificate, and connections that shake hands.

The handshake is part of reading: until it is done, `recv` of a `TLSConnection` has
nothing to give. So a client that is silent costs no more here than on a plain port.
"""

from __future__ import annotations

import os
import re
import socket
import ssl
import time
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, Literal

from cherrypy.httpd.connection import CLOSED, READING, Connection
from cherrypy.httpd.pollers import READABLE, WRITABLE
from cherrypy.httpd.protocols.events import RequestRefused
from cherrypy.httpd.sender import Sender

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cherrypy.httpd.exchange import Exchange
    from cherrypy.httpd.server import HTTPServer

__all__ = ["PLAIN_HTTP", "TLSConnection", "TLSSettings"]

PLAIN_HTTP = (
    "The client sent a plain HTTP request, but this server only speaks HTTPS on this "
    "port."
)
"""The answer to plain HTTP; documented behaviour."""

_LOOK_SECONDS = 5.0  # between two looks at the files

_HANDSHAKE_BYTE = 0x16  # the first byte of every TLS connection (RFC 8446 §5.1)

_RECORD_BYTES = 65536


class TLSSettings:
    """How a server speaks TLS.

    Args:
        certificate: Path of the certificate in PEM, perhaps with its chain.
        private_key: Path of its key; None if the key is in the same file.
        chain: Path of further certificates that lead to the root.
        ciphers: OpenSSL's list of ciphers up to TLS 1.2.
        context: A ready-made context; the others are not needed then.
        password: Opens the private key.
        client_certificates: Whether clients are asked to show a certificate.
        client_authorities: Path of the certificates that sign those of clients.
        log: Told when a renewed certificate cannot be used.

    Raises:
        ValueError: Neither certificate nor context.
        OSError: A file cannot be read, or is not what it should be (`ssl.SSLError`).
    """

    def __init__(
        self,
        certificate: str | None = None,
        private_key: str | None = None,
        *,
        chain: str | None = None,
        ciphers: str | None = None,
        context: ssl.SSLContext | None = None,
        password: str | bytes | Callable[[], str | bytes] | None = None,
        client_certificates: Literal["none", "optional", "required"] = "none",
        client_authorities: str | None = None,
        log: Callable[[str], object] | None = None,
    ) -> None:
        if certificate is None and context is None:
            raise ValueError("TLS needs a certificate, or a context that has one.")
        self.certificate = certificate
        self.private_key = private_key
        self.chain = chain
        self.ciphers = ciphers
        self.password = password
        self.client_certificates = client_certificates
        self.client_authorities = client_authorities
        self.log = log
        self._given = context
        self._files = [f for f in (certificate, private_key, chain) if f]
        self._stamps = self._look()
        self._look_at = monotonic() + _LOOK_SECONDS
        self._context = context or self._make()
        self._server_variables: dict[str, str] | None = None

    def context(self) -> ssl.SSLContext:
        """Return the context for a new connection; the holder of the baton calls this.

        Looks every few seconds whether the files have changed. As long as the new ones
        cannot be used, the old ones stay in force.
        """
        now = monotonic()
        if self._given is None and now >= self._look_at:
            self._look_at = now + _LOOK_SECONDS
            self.reload()
        return self._context

    def reload(self) -> bool:
        """Use the certificate's files if they have changed; return whether so."""
        try:
            stamps = self._look()
            if stamps == self._stamps:
                return False
            self._context = self._make()
        except OSError as error:
            if self.log is not None:
                self.log(f"The renewed certificate cannot be used: {error}")
            return False
        self._stamps = stamps
        self._server_variables = None
        return True

    def _look(self) -> list[tuple[int, int, int]]:
        stats = [os.stat(path) for path in self._files]
        return [(stat.st_mtime_ns, stat.st_size, stat.st_ino) for stat in stats]

    def _make(self) -> ssl.SSLContext:
        assert self.certificate is not None  # see __init__
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.options |= ssl.OP_NO_RENEGOTIATION
        context.set_alpn_protocols(["http/1.1"])
        if self.ciphers:
            context.set_ciphers(self.ciphers)
        self._load(context)
        context.sni_callback = _remember_name
        if self.client_authorities:
            context.load_verify_locations(self.client_authorities)
        if self.client_certificates != "none":
            required = self.client_certificates == "required"
            context.verify_mode = ssl.CERT_REQUIRED if required else ssl.CERT_OPTIONAL
        return context

    def _load(self, context: ssl.SSLContext) -> None:
        """Load certificate, chain and key."""
        assert self.certificate is not None  # see __init__
        # An empty password, or OpenSSL would ask for one at the terminal and wait.
        password = self.password if self.password is not None else b""
        if self.chain is None:
            context.load_cert_chain(self.certificate, self.private_key, password)
            return
        # The ssl module takes a chain only in the file of the certificate itself.
        import tempfile  # lazy: costs 3 ms

        with tempfile.NamedTemporaryFile("w", suffix=".pem") as together:
            for path in (self.certificate, self.chain):
                for block in _blocks(path):
                    together.write(block + "\n")
            together.flush()
            key = self.private_key or self.certificate
            context.load_cert_chain(together.name, key, password)

    def environ(self, sock: ssl.SSLSocket) -> dict[str, Any]:
        """Return the variables that describe a connection, as mod_ssl names them.

        Any: sizes of keys are numbers; documented behaviour.
        """
        if self._server_variables is None:
            self._server_variables = self._describe_server()
        cipher, version, bits = sock.cipher() or ("", "", 0)
        session = sock.session
        variables: dict[str, Any] = {
            "HTTPS": "on",
            "SSL_PROTOCOL": sock.version() or version,
            "SSL_CIPHER": cipher,
            "SSL_CIPHER_EXPORT": "",
            "SSL_CIPHER_USEKEYSIZE": bits,
            "SSL_CIPHER_ALGKEYSIZE": bits,
            "SSL_VERSION_INTERFACE": "Python ssl",
            "SSL_VERSION_LIBRARY": ssl.OPENSSL_VERSION,
            "SSL_SESSION_ID": session.id.hex() if session is not None else "",
            "SSL_TLS_SNI": getattr(sock, "sni_name", None) or "",
            **self._server_variables,
            **_describe_client(sock),
        }
        return variables

    def _describe_server(self) -> dict[str, str]:
        """Return what is known of our own certificate, if it is in a file."""
        if self.certificate is None:
            return {}
        decode = getattr(getattr(ssl, "_ssl", None), "_test_decode_cert", None)
        if decode is None:
            return {}
        blocks = _blocks(self.certificate)
        return {
            **_describe(decode(self.certificate), "SSL_SERVER"),
            "SSL_SERVER_CERT": blocks[0] if blocks else "",
        }


_CERTIFICATE = re.compile(
    "-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL
)


def _blocks(path: str) -> list[str]:
    """Return the certificates of a file in PEM, without keys and remarks."""
    return _CERTIFICATE.findall(Path(path).read_text("ascii", "replace"))


def _remember_name(
    sock: ssl.SSLSocket | ssl.SSLObject, name: str | None, context: ssl.SSLContext
) -> None:
    sock.sni_name = name  # type: ignore[union-attr]


def _describe_client(sock: ssl.SSLSocket) -> dict[str, str]:
    certificate = sock.getpeercert()
    if not certificate:
        return {"SSL_CLIENT_VERIFY": "NONE"}
    binary = sock.getpeercert(binary_form=True) or b""
    return {
        "SSL_CLIENT_VERIFY": "SUCCESS",
        **_describe(certificate, "SSL_CLIENT"),
        "SSL_CLIENT_CERT": ssl.DER_cert_to_PEM_cert(binary).strip(),
    }


def _describe(certificate: Mapping[str, Any], prefix: str) -> dict[str, str]:
    """Return a certificate, as `ssl.SSLSocket.getpeercert` has it, as variables."""
    variables = {
        f"{prefix}_M_VERSION": str(certificate.get("version", "")),
        f"{prefix}_M_SERIAL": certificate.get("serialNumber", ""),
        f"{prefix}_V_START": certificate.get("notBefore", ""),
        f"{prefix}_V_END": certificate.get("notAfter", ""),
    }
    if variables[f"{prefix}_V_END"]:
        seconds = ssl.cert_time_to_seconds(variables[f"{prefix}_V_END"]) - time.time()
        variables[f"{prefix}_V_REMAIN"] = str(int(seconds // 86400))
    for letter, key in (("S", "subject"), ("I", "issuer")):
        parts = []
        for relative in certificate.get(key, ()):
            for name, value in relative:
                short = _SHORT.get(name, name)
                parts.append(f"{short}={value}")
                variables.setdefault(f"{prefix}_{letter}_DN_{short}", value)
        variables[f"{prefix}_{letter}_DN"] = ",".join(parts)
    counts: dict[str, int] = {}
    for kind, value in certificate.get("subjectAltName", ()):
        kind = kind.replace(" ", "_")
        number = counts.get(kind, 0)
        counts[kind] = number + 1
        variables[f"{prefix}_SAN_{kind}_{number}"] = str(value)
    return variables


_SHORT = {
    "countryName": "C",
    "stateOrProvinceName": "ST",
    "localityName": "L",
    "organizationName": "O",
    "organizationalUnitName": "OU",
    "commonName": "CN",
    "emailAddress": "Email",
    "serialNumber": "SERIAL",
    "title": "T",
    "givenName": "G",
    "surname": "S",
    "initials": "I",
    "userId": "UID",
}
"""The names of mod_ssl for parts of a distinguished name."""


class TLSConnection(Connection):
    """A connection that begins with a TLS handshake.

    Args:
        server: The server it belongs to.
        sock: The connected socket; wrapped as soon as the client says something.
        remote: The client's address and port.
        local: The address and port of the listener.
        now: The monotonic clock.
        settings: How to speak TLS.
    """

    __slots__ = ("_plain", "_settings", "_wrapped")

    def __init__(
        self,
        server: HTTPServer,
        sock: socket.socket,
        remote: tuple[str, int],
        local: tuple[str, int],
        now: float,
        settings: TLSSettings,
    ) -> None:
        super().__init__(server, sock, remote, local, now)
        self._settings = settings
        self._plain = sock
        self._wrapped: ssl.SSLSocket | None = None
        self.deadline: float = now + server.limits.handshake_seconds
        self.recv: Callable[[int], bytes] = self._shake_hands

    def _shake_hands(self, size: int) -> bytes:
        """Go on with the handshake; after it, this is `_receive`.

        Raises:
            BlockingIOError: The handshake is not done.
            RequestRefused: The client speaks plain HTTP.
            OSError: The handshake has failed.
        """
        wrapped = self._wrapped
        if wrapped is None:
            first = self._plain.recv(1, socket.MSG_PEEK)
            if not first:
                return b""
            if first[0] != _HANDSHAKE_BYTE:
                raise RequestRefused(400, PLAIN_HTTP)
            wrapped = self._wrapped = self._settings.context().wrap_socket(
                self._plain,
                server_side=True,
                do_handshake_on_connect=False,
                suppress_ragged_eofs=True,
            )
            self.sock: socket.socket = wrapped
        try:
            wrapped.do_handshake()
        except ssl.SSLWantReadError:
            self._watch(READABLE)
            raise BlockingIOError from None
        except ssl.SSLWantWriteError:
            self._watch(WRITABLE)
            raise BlockingIOError from None
        self._watch(READABLE)
        self.deadline = monotonic() + self.server.limits.idle_seconds
        self.recv = self._receive
        self.sender: Sender = Sender(wrapped)
        self.sender.send = self._transmit
        if self.server.counting is not None:
            self.server.counting.count_bytes(self)
        return self.recv(size)

    def _receive(self, size: int) -> bytes:
        wrapped = self._wrapped
        assert wrapped is not None  # set before this method is
        try:
            return wrapped.recv(size)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise BlockingIOError from None

    def _transmit(self, data: bytes | memoryview, flags: int = 0) -> int:
        """Send what the socket takes, record by record.

        In one piece, OpenSSL would not tell how much of it is on its way, and a slow
        client that makes progress could not be told from one that does not.
        """
        wrapped = self._wrapped
        assert wrapped is not None  # set before this method is
        if len(data) <= _RECORD_BYTES:
            try:
                return wrapped.send(data)
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                raise BlockingIOError from None
        view = memoryview(data)
        total = 0
        try:
            while total < len(view):
                total += wrapped.send(view[total : total + _RECORD_BYTES])
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            if not total:
                raise BlockingIOError from None
        return total

    def expire(self) -> Exchange | None:
        """See `Connection.expire`; a client that did not shake hands hears nothing."""
        if self.state == READING and self.recv == self._shake_hands:
            self.close()
            return None
        return super().expire()

    def variables(self) -> dict[str, Any]:
        """See `Connection.variables`."""
        if self.identity is None and self._wrapped is not None:
            self.identity: dict[str, Any] | None = self._settings.environ(self._wrapped)
        return self.identity or {}

    def _take_leave(self) -> None:
        """Tell the client that there is nothing more to come (RFC 8446 §6.1)."""
        if self._wrapped is not None and not self.sender.broken:
            # The client's own goodbye is not waited for.
            with suppress(OSError, ValueError):
                self._wrapped.unwrap()

    def close(self) -> None:
        """See `Connection.close`."""
        if self.state != CLOSED:
            self._take_leave()
            super().close()
            # These hold the connection, which holds them.
            self.recv = self.sender.send = _gone


def _gone(*arguments: object) -> Any:
    raise ConnectionAbortedError("the connection is closed")
