"""TLS: handshakes, certificates, and clients that do not speak it."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import threading
from typing import TYPE_CHECKING, Any

import pytest
import trustme

from cherrypy.http.filebody import FileBody
from cherrypy.httpd.limits import Limits
from cherrypy.httpd.tls import PLAIN_HTTP, TLSSettings
from cherrypy.httpd.wsgi import WSGIHandler
from tests.httpd.serving import PATIENCE_SECONDS, Client, hello, serving

if TYPE_CHECKING:
    from pathlib import Path

    from cherrypy.http.types import Environ, StartResponse
    from cherrypy.httpd.exchange import Exchange


class Certificates:
    """An authority and files with what it issues."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority = trustme.CA()
        self.root = str(folder / "root.pem")
        self.authority.cert_pem.write_to_path(self.root)
        self.certificate, self.key = self.issue("server", self.authority)

    def issue(self, name: str, authority: trustme.CA) -> tuple[str, str]:
        """Return paths of a new certificate (without chain) and its key."""
        issued = authority.issue_cert("localhost", "127.0.0.1", common_name=name)
        certificate = str(self.folder / f"{name}.pem")
        key = str(self.folder / f"{name}.key")
        issued.cert_chain_pems[0].write_to_path(certificate)
        issued.private_key_pem.write_to_path(key)
        return certificate, key

    def settings(self, **options: Any) -> TLSSettings:
        return TLSSettings(self.certificate, self.key, **options)

    def client(self, own: tuple[str, str] | None = None) -> ssl.SSLContext:
        """Return a context for a client that trusts the authority."""
        context = ssl.create_default_context(cafile=self.root)
        if own is not None:
            context.load_cert_chain(*own)
        return context


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return Certificates(tmp_path)


def environ_of(
    certificates: Certificates, context: ssl.SSLContext, **options: Any
) -> Environ:
    seen: list[Environ] = []

    def app(environ: Environ, start_response: StartResponse) -> list[bytes]:
        seen.append(environ)
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b""]

    settings = certificates.settings(**options)
    with serving(WSGIHandler(app), tls=settings) as running:
        client = running.client(tls=context)
        client.ask()
        # Shown once, told for all requests of the connection.
        client.ask()
    assert seen[0]["SSL_CIPHER"] == seen[1]["SSL_CIPHER"]
    return seen[0]


def test_pages_are_served_over_tls(certificates: Certificates) -> None:
    def page(exchange: Exchange) -> None:
        assert exchange.scheme == "https"
        assert exchange.tls is not None
        assert exchange.tls["HTTPS"] == "on"
        hello(exchange)

    with serving(page, tls=certificates.settings()) as running:
        client = running.client(tls=certificates.client())
        for _ in range(50):
            assert client.ask().body == b"hello"
        assert running.log == []


def test_plain_http_has_no_tls() -> None:
    def page(exchange: Exchange) -> None:
        assert exchange.tls is None
        assert exchange.scheme == "http"
        hello(exchange)

    with serving(page) as running:
        assert running.get().status == 200


@pytest.mark.parametrize("kind", ["whole", "pieces", "file", "echo"])
def test_large_bodies_go_through(
    kind: str, certificates: Certificates, tmp_path: Path
) -> None:
    data = os.urandom(1 << 20) * 8
    path = tmp_path / "file"
    path.write_bytes(data)

    def page(exchange: Exchange) -> None:
        body: Any = [data]
        if kind == "pieces":
            body = (data[n : n + 100_000] for n in range(0, len(data), 100_000))
        elif kind == "file":
            body = FileBody(path.open("rb"))
        elif kind == "echo":
            body = iter(lambda: exchange.rfile.read(77_777), b"")
        exchange.respond(b"200 OK", [], body)

    with serving(page, tls=certificates.settings()) as running:
        client = running.client(tls=certificates.client())
        if kind == "echo":
            client.request(method="POST", head=f"Content-Length: {len(data)}\r\n")
            # A TLS socket is not to be used by two threads: send what fits, and read.
            client.send(data[:500_000])
            sent = 500_000
            head = client.until(b"\r\n\r\n")
            assert b"chunked" in head
            while sent < len(data):
                client.send(data[sent : sent + 100_000])
                sent += 100_000
                client.until(b"\r\n")
            received = client.skip(b"\r\n0\r\n\r\n")
            assert received > 0
        else:
            assert client.ask().body == data
        assert running.log == []


def test_a_slow_reader_holds_no_worker(certificates: Certificates) -> None:
    def page(exchange: Exchange) -> None:
        body: Any = [b"hello"]
        if exchange.head.path == b"/pieces":
            body = (bytes(100_000) for _ in range(200))
        elif exchange.head.path == b"/whole":
            body = [bytes(20_000_000)]
        exchange.respond(b"200 OK", [], body)

    with serving(
        page, tls=certificates.settings(), threads=1, shutdown_seconds=0.2
    ) as running:
        context = certificates.client()
        for path in ("/whole", "/pieces"):
            slow = [running.client(tls=context, buffer=4096) for _ in range(3)]
            for client in slow:
                client.request(path)
                client.until(b"\r\n\r\n")
            assert running.client(tls=context).ask().body == b"hello"
            if path == "/whole":
                slow[0].exactly(20_000_000)
            else:
                slow[0].skip(b"\r\n0\r\n\r\n")


def test_a_reader_that_makes_progress_is_not_dropped(
    certificates: Certificates,
) -> None:
    def page(exchange: Exchange) -> None:
        exchange.respond(b"200 OK", [], [bytes(3_000_000)])

    limits = Limits(write_deadline_seconds=0.5)
    with serving(page, tls=certificates.settings(), limits=limits) as running:
        client = running.client(tls=certificates.client(), buffer=4096)
        client.request()
        client.until(b"\r\n\r\n")
        pause = threading.Event()
        for _ in range(10):
            client.exactly(200_000)
            pause.wait(0.1)  # all of it takes longer than the deadline
        client.exactly(1_000_000)


def test_plain_http_is_told_so(certificates: Certificates) -> None:
    with serving(hello, tls=certificates.settings()) as running:
        for request in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"x", b"\r\n"):
            client = running.client()
            client.send(request)
            answer = client.answer()
            assert (answer.status, answer.text) == (400, PLAIN_HTTP)
            assert answer.headers["content-type"].startswith("text/plain")
            assert client.ended()


def test_silence_and_half_handshakes_are_in_nobody_s_way(
    certificates: Certificates,
) -> None:
    settings, context = certificates.settings(), certificates.client()
    with serving(hello, tls=settings, threads=1) as running:
        for number in range(100):
            client = running.client()
            if number % 2:
                client.send(b"\x16\x03\x01\x02\x00\x01")
        client = running.client(tls=context)
        for _ in range(20):
            assert client.ask().status == 200


@pytest.mark.parametrize("begin", [b"", b"\x16", b"\x16\x03\x01\x02\x00\x01"])
def test_a_handshake_has_a_deadline(certificates: Certificates, begin: bytes) -> None:
    limits = Limits(handshake_seconds=0.1)
    with serving(hello, tls=certificates.settings(), limits=limits) as running:
        client = running.client()
        client.send(begin)
        assert client.ended()
        client = running.client(tls=certificates.client())
        assert client.ask().status == 200


def test_a_failed_handshake_ends_the_connection(certificates: Certificates) -> None:
    with serving(hello, tls=certificates.settings()) as running:
        client = running.client()
        client.send(b"\x16" * 1000)
        client.rest()
        with pytest.raises(ssl.SSLError):
            running.client(tls=ssl.create_default_context())
        assert running.log == []


def test_the_end_of_a_connection_is_announced(certificates: Certificates) -> None:
    def page(exchange: Exchange) -> None:
        exchange.respond(b"200 OK", [(b"Connection", b"close")], [b"bye"])

    with serving(page, tls=certificates.settings()) as running:
        raw = socket.create_connection(running.address)
        raw.settimeout(PATIENCE_SECONDS)
        # A cut would raise SSLEOFError here.
        wrapped = certificates.client().wrap_socket(
            raw, server_hostname="localhost", suppress_ragged_eofs=False
        )
        wrapped.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        data = b""
        while more := wrapped.recv(1000):
            data += more
        assert data.endswith(b"bye")
        wrapped.close()


def test_old_versions_are_refused(certificates: Certificates) -> None:
    with serving(hello, tls=certificates.settings()) as running:
        context = certificates.client()
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        with pytest.warns(DeprecationWarning, match="TLSv1_1"):
            context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.set_ciphers("ALL:@SECLEVEL=0")
        with pytest.raises(ssl.SSLError):
            running.client(tls=context)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_new_versions_are_served_and_told(
    certificates: Certificates, version: ssl.TLSVersion
) -> None:
    context = certificates.client()
    context.minimum_version = context.maximum_version = version
    protocol = environ_of(certificates, context)["SSL_PROTOCOL"]
    assert protocol.replace(".", "_") == version.name


def test_alpn_names_http1(certificates: Certificates) -> None:
    context = certificates.client()
    context.set_alpn_protocols(["h2", "http/1.1"])
    with serving(hello, tls=certificates.settings()) as running:
        client = running.client(tls=context)
        assert isinstance(client.socket, ssl.SSLSocket)
        assert client.socket.selected_alpn_protocol() == "http/1.1"


def test_the_environ_describes_tls(certificates: Certificates) -> None:
    environ = environ_of(certificates, certificates.client())
    assert environ["wsgi.url_scheme"] == "https"
    assert environ["HTTPS"] == "on"
    assert environ["SSL_CIPHER"]
    assert environ["SSL_CIPHER_USEKEYSIZE"] >= 128
    assert environ["SSL_VERSION_LIBRARY"] == ssl.OPENSSL_VERSION
    assert environ["SSL_TLS_SNI"] == "localhost"
    assert environ["SSL_CLIENT_VERIFY"] == "NONE"
    assert environ["SSL_SERVER_S_DN_CN"] == "server"
    assert environ["SSL_SERVER_S_DN"].endswith(",CN=server")
    assert environ["SSL_SERVER_SAN_DNS_0"] == "localhost"
    assert environ["SSL_SERVER_CERT"].startswith("-----BEGIN CERTIFICATE-----")
    assert "PRIVATE" not in environ["SSL_SERVER_CERT"]


def test_the_certificate_of_a_client_is_told(certificates: Certificates) -> None:
    own = certificates.issue("client", certificates.authority)
    environ = environ_of(
        certificates,
        certificates.client(own),
        client_certificates="required",
        client_authorities=certificates.root,
    )
    assert environ["SSL_CLIENT_VERIFY"] == "SUCCESS"
    assert environ["SSL_CLIENT_S_DN_CN"] == "client"
    assert environ["SSL_CLIENT_I_DN_O"].startswith("trustme")
    assert environ["SSL_CLIENT_M_SERIAL"]
    assert int(environ["SSL_CLIENT_V_REMAIN"]) > 0
    assert environ["SSL_CLIENT_CERT"].startswith("-----BEGIN CERTIFICATE-----")


def test_a_client_without_certificate_may_come_if_it_is_optional(
    certificates: Certificates,
) -> None:
    environ = environ_of(
        certificates,
        certificates.client(),
        client_certificates="optional",
        client_authorities=certificates.root,
    )
    assert environ["SSL_CLIENT_VERIFY"] == "NONE"


def test_a_client_without_certificate_is_refused_if_it_is_required(
    certificates: Certificates,
) -> None:
    settings = certificates.settings(
        client_certificates="required", client_authorities=certificates.root
    )
    # With TLS 1.3 the client hears of it when it reads, or writes if it was slow.
    refused = pytest.raises((ssl.SSLError, ConnectionError, AssertionError))
    with serving(hello, tls=settings) as running, refused:
        running.client(tls=certificates.client()).ask()


def test_a_separate_chain_is_sent(certificates: Certificates) -> None:
    between = certificates.authority.create_child_ca()
    certificate, key = certificates.issue("leaf", between)
    chain = str(certificates.folder / "chain.pem")
    between.cert_pem.write_to_path(chain)
    settings = TLSSettings(certificate, key, chain=chain)
    with serving(hello, tls=settings) as running:
        assert running.client(tls=certificates.client()).ask().status == 200


def test_key_and_chain_may_stand_in_the_file_of_the_certificate(
    certificates: Certificates,
) -> None:
    between = certificates.authority.create_child_ca()
    issued = between.issue_cert("localhost")
    together = str(certificates.folder / "all.pem")
    issued.private_key_and_cert_chain_pem.write_to_path(together)
    with serving(hello, tls=TLSSettings(together)) as running:
        assert running.client(tls=certificates.client()).ask().status == 200
    # The same with one more file for the chain.
    chain = str(certificates.folder / "chain.pem")
    between.cert_pem.write_to_path(chain)
    with serving(hello, tls=TLSSettings(together, chain=chain)) as running:
        assert running.client(tls=certificates.client()).ask().status == 200


def test_a_key_may_have_a_password(certificates: Certificates) -> None:
    from cryptography.hazmat.primitives import serialization

    with open(certificates.key, "rb") as file:
        key = serialization.load_pem_private_key(file.read(), None)
    secret = certificates.folder / "secret.key"
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"word"),
        )
    )
    settings = TLSSettings(certificates.certificate, str(secret), password="word")
    with serving(hello, tls=settings) as running:
        assert running.client(tls=certificates.client()).ask().status == 200
    for wrong in (None, "other"):
        with pytest.raises(ssl.SSLError):
            TLSSettings(certificates.certificate, str(secret), password=wrong)


def test_ciphers_may_be_chosen(certificates: Certificates) -> None:
    context = certificates.client()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    environ = environ_of(certificates, context, ciphers="ECDHE-ECDSA-AES256-GCM-SHA384")
    assert environ["SSL_CIPHER"] == "ECDHE-ECDSA-AES256-GCM-SHA384"
    assert environ["SSL_CIPHER_USEKEYSIZE"] == 256


def test_a_ready_made_context_is_used(certificates: Certificates) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.certificate, certificates.key)
    settings = TLSSettings(context=context)
    assert settings.context() is context
    seen: list[Any] = []

    def page(exchange: Exchange) -> None:
        seen.append(exchange.tls)
        hello(exchange)

    with serving(page, tls=settings) as running:
        assert running.client(tls=certificates.client()).ask().status == 200
    assert seen[0]["HTTPS"] == "on"
    assert "SSL_SERVER_CERT" not in seen[0]


def test_tls_needs_a_certificate() -> None:
    with pytest.raises(ValueError, match="needs a certificate"):
        TLSSettings()
    with pytest.raises(FileNotFoundError):
        TLSSettings("/no/such/file")


def served_name(certificates: Certificates, running: Any) -> str:
    with Client(running.address, tls=certificates.client()) as client:
        assert isinstance(client.socket, ssl.SSLSocket)
        certificate = client.socket.getpeercert()
        assert certificate is not None
        names = dict(pair for rdn in certificate["subject"] for pair in rdn)  # type: ignore[misc]
        return str(names["commonName"])


def test_a_renewed_certificate_is_used_without_a_restart(
    certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cherrypy.httpd.tls._LOOK_SECONDS", 0.0)
    log: list[str] = []
    settings = certificates.settings(log=log.append)
    with serving(hello, tls=settings) as running:
        assert served_name(certificates, running) == "server"
        old = running.client(tls=certificates.client())
        old.ask()
        certificate, key = certificates.issue("renewed", certificates.authority)
        # Between the two files, nothing must happen.
        shutil.copy(certificate, certificates.certificate)
        assert served_name(certificates, running) == "server"
        assert "cannot be used" in log[0]
        shutil.copy(key, certificates.key)
        assert served_name(certificates, running) == "renewed"
        assert old.ask().status == 200
        # Whoever removes it by mistake does no harm either.
        os.unlink(certificates.certificate)
        assert served_name(certificates, running) == "renewed"


def test_files_are_not_looked_at_for_each_connection(
    certificates: Certificates,
) -> None:
    settings = certificates.settings()
    context = settings.context()
    os.unlink(certificates.certificate)
    assert settings.context() is context
    assert settings.reload() is False


def test_the_server_stops_with_tls_clients_connected(
    certificates: Certificates,
) -> None:
    settings = certificates.settings()
    with serving(hello, tls=settings) as running:
        idle = running.client(tls=certificates.client())
        idle.ask()
        silent = running.client()
        running.server.stop()
        assert idle.ended()
        assert silent.ended()
