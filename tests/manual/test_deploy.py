"""The chapter "Deploy": daemons, process ids, other servers, hosts, proxies."""

from __future__ import annotations

import os
import signal
import ssl
import time
from typing import TYPE_CHECKING

import pytest
import trustme

from tests.manual.running import DEADLINE_SECONDS, ask, running

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.live


def test_a_supervised_server_writes_its_logs(tmp_path: Path) -> None:
    with running("deploy/supervised", tmp_path) as program:
        assert program.ask("/").text == "Hello World!"
    assert "GET / HTTP/1.1" in (tmp_path / "access.log").read_text()
    assert "ENGINE Bus EXITED" in (tmp_path / "error.log").read_text()
    assert "Autoreloader" not in program.log


def test_an_application_is_embedded_in_another_framework(tmp_path: Path) -> None:
    with running("deploy/embedded", tmp_path) as program:
        assert program.ask("/").text == "Hello World!"
        assert "Traceback" not in program.ask("/nowhere").text


def test_another_server_takes_the_application_from_a_module(tmp_path: Path) -> None:
    with running("deploy/served_mymod", tmp_path) as program:
        assert program.ask("/").text == "hello world"
    assert "Serving on" not in program.log


def test_a_daemon_lives_on_and_takes_its_pid_file_away(tmp_path: Path) -> None:
    with running("deploy/daemon", tmp_path) as program:
        assert program.process.wait(DEADLINE_SECONDS) == 0
        assert program.pid != program.process.pid
        pid_file = tmp_path / "myapp.pid"
        assert int(pid_file.read_text()) == program.pid
        assert program.ask("/").text == str(program.pid)
        os.kill(program.pid, signal.SIGTERM)
        deadline = time.monotonic() + DEADLINE_SECONDS
        while pid_file.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not pid_file.exists()
    assert f"Daemonized to PID: {program.pid}" in (tmp_path / "error.log").read_text()


def test_a_server_speaks_tls(tmp_path: Path) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    certificate.private_key_pem.write_to_path(tmp_path / "privkey.pem")
    for part in certificate.cert_chain_pems:
        part.write_to_path(tmp_path / "cert.pem", append=True)
    client = ssl.create_default_context()
    authority.configure_trust(client)
    with running("deploy/ssl_support", tmp_path) as program:
        address = program.addresses[0]
        answer = ask(address, "/", tls=client)
        assert answer.text == "https secured"
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
        away = ask(address, "/away", tls=client)
        assert away.headers["Location"] == f"https://127.0.0.1:{address[1]}/"
        assert program.ask("/").status == 400
    assert "ENGINE Serving on https://127.0.0.1:" in program.log


def test_hosts_have_applications_of_their_own(tmp_path: Path) -> None:
    with running("deploy/virtual_hosts", tmp_path) as program:
        hosts = {"company.com:8080": "app1", "home.net:8080": "app2"}
        for host, app in hosts.items():
            answer = program.ask("/", headers={"Host": host})
            assert answer.text == f"Hello world from {app}"
        assert program.ask("/").status == 404
        assert program.ask("/app1/").text == "Hello world from app1"


def test_an_application_behind_a_proxy_knows_its_client(tmp_path: Path) -> None:
    with running("deploy/behind_proxy", tmp_path) as program:
        assert program.ask("/").text == "hello world"
        forwarded = {"X-Forwarded-For": "203.0.113.9"}
        who = program.ask("/who", headers=forwarded)
        assert who.text == "203.0.113.9 http://www.example.com/"
    assert "203.0.113.9 - - [" in program.output
