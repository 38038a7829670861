from __future__ import annotations

from typing import Any

import pytest

import cherrypy
from tests.lib.apps import Config, serve


def seen(
    headers: dict[str, str], peer: str = "127.0.0.1", **settings: Any
) -> tuple[str, str]:
    """Return the base and the client's address as a page behind a proxy sees them."""

    def page() -> str:
        request = cherrypy.request
        return f"{request.base} {request.remote.ip} {cherrypy.url('/x')}"

    config: Config = {f"tools.proxy.{key}": settings[key] for key in settings}
    client = serve(page, {"tools.proxy.on": True, **config})
    client.remote_addr = peer
    base, address, url = client.get("/", headers=headers).text.split(" ")
    assert url == f"{base}/x"
    return base, address


def base(headers: dict[str, str], **settings: Any) -> str:
    """Return the base that a page sees."""
    return seen(headers, **settings)[0]


def client(headers: dict[str, str], **settings: Any) -> str:
    """Return the client's address that a page sees."""
    return seen(headers, **settings)[1]


class TestBase:
    @pytest.mark.parametrize(
        ("headers", "expected"),
        [
            ({}, "http://localhost"),
            ({"Host": "h.example:81"}, "http://h.example:81"),
            ({"X-Forwarded-Host": "a.example"}, "http://a.example"),
            ({"X-Forwarded-Host": "a.example, b.example"}, "http://a.example"),
            ({"X-Forwarded-Host": "a.example:8443"}, "http://a.example:8443"),
            ({"X-Forwarded-Host": "https://a.example"}, "https://a.example"),
            ({"X-Forwarded-Host": ""}, "http://localhost"),
            ({"X-Forwarded-Proto": "https"}, "https://localhost"),
            ({"X-Forwarded-Proto": "HTTPS"}, "https://localhost"),
            ({"X-Forwarded-Proto": "https, http"}, "https://localhost"),
            (
                {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "a.example"},
                "https://a.example",
            ),
        ],
    )
    def test_is_what_the_client_saw(
        self, headers: dict[str, str], expected: str
    ) -> None:
        assert base(headers) == expected

    @pytest.mark.parametrize(
        "host",
        [
            *("a b", "a/b", "a.example/", "evil@a", "javascript://a", "a:x", "a\\b"),
            *("<script>", "a?b", "a#b", "://", "http://", "http://a/b"),
        ],
    )
    def test_is_never_made_of_what_is_no_host(self, host: str) -> None:
        assert base({"X-Forwarded-Host": host}) == "http://localhost"

    @pytest.mark.parametrize("scheme", ["1", "javascript", "https://a", "", "ftp"])
    def test_never_has_another_scheme(self, scheme: str) -> None:
        assert base({"X-Forwarded-Proto": scheme}) == "http://localhost"

    def test_may_be_set_by_config(self) -> None:
        front = "http://www.example.com"
        assert base({}, base=front) == front
        assert base({}, base="www.example.com") == front
        assert base({"X-Forwarded-Host": "a.example"}, base=front) == "http://a.example"
        https = {"X-Forwarded-Proto": "https"}
        assert base(https, base=front) == front
        assert base(https, base="www.example.com") == "https://www.example.com"

    def test_may_have_a_path(self) -> None:
        front = "http://www.example.com/path"
        headers = {"X-Forwarded-Host": "a.example"}
        assert base(headers, base=front, local="") == front

    def test_may_come_from_other_headers(self) -> None:
        origin = {"Origin": "http://a.example"}
        assert base(origin, local="Origin") == "http://a.example"
        for value, scheme in (("on", "https"), ("Off", "http"), ("https", "https")):
            for name in ("X-Forwarded-Ssl", "Front-End-Https"):
                assert base({name: value}, scheme=name) == f"{scheme}://localhost"

    def test_may_be_left_alone(self) -> None:
        headers = {"X-Forwarded-Host": "a.example", "X-Forwarded-Proto": "https"}
        assert base(headers, local="", scheme="") == "http://localhost"


class TestClient:
    @pytest.mark.parametrize(
        ("forwarded_for", "expected"),
        [
            ("192.0.2.1", "192.0.2.1"),
            ("192.0.2.1, 198.51.100.7", "192.0.2.1"),
            ("192.0.2.1:4711", "192.0.2.1"),
            ("2001:db8::1", "2001:db8::1"),
            ('"[2001:db8::1]:80"', "2001:db8::1"),
            ("unknown", "127.0.0.1"),
            ("bogus, 192.0.2.1", "127.0.0.1"),
            ("<script>", "127.0.0.1"),
            ("", "127.0.0.1"),
            ("1" * 5000, "127.0.0.1"),
        ],
    )
    def test_is_the_first_in_the_list(self, forwarded_for: str, expected: str) -> None:
        assert client({"X-Forwarded-For": forwarded_for}) == expected

    def test_may_come_from_another_header(self) -> None:
        headers = {"X-Real-Ip": "192.0.2.1"}
        assert client(headers, remote="X-Real-Ip") == "192.0.2.1"
        headers = {"X-Real-Ip": "192.0.2.1, 192.0.2.2"}
        assert client(headers, remote="X-Real-Ip") == "127.0.0.1"

    def test_may_be_left_alone(self) -> None:
        assert client({"X-Forwarded-For": "192.0.2.1"}, remote="") == "127.0.0.1"


class TestTrust:
    headers = {  # noqa: RUF012
        "X-Forwarded-Host": "a.example",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-For": "192.0.2.1",
    }
    told = ("https://a.example", "192.0.2.1")

    @pytest.mark.parametrize(
        ("peer", "trusted"),
        [
            ("10.0.0.7", ["10.0.0.7"]),
            ("10.0.0.7", "10.0.0.0/8"),
            ("10.0.0.7", "2001:db8::/32, 10.0.0.0/8"),
            ("10.0.0.7", ("192.168.0.0/16", "10.0.0.0/8")),
            ("2001:db8::7", ["2001:db8::/32"]),
            ("::ffff:10.0.0.7", ["10.0.0.7"]),
            ("", ["unix"]),
        ],
    )
    def test_is_given_to_these_peers(self, peer: str, trusted: Any) -> None:
        assert seen(self.headers, peer, trusted=trusted) == self.told

    @pytest.mark.parametrize(
        ("peer", "trusted"),
        [
            *(("10.0.0.7", []), ("10.0.0.7", ["10.0.0.8"]), ("10.0.0.7", ["unix"])),
            *(("2001:db8::7", ["10.0.0.0/8"]), ("nonsense", ["10.0.0.0/8"])),
        ],
    )
    def test_is_given_to_nobody_else(self, peer: str, trusted: Any) -> None:
        untold = ("http://localhost", peer)
        assert seen(self.headers, peer, trusted=trusted) == untold

    def test_is_not_needed_for_what_config_says(self) -> None:
        front = "https://www.example.com"
        answer = seen(self.headers, "192.0.2.9", trusted=["10.0.0.7"], base=front)
        assert answer == (front, "192.0.2.9")

    @pytest.mark.parametrize(
        ("forwarded_for", "expected"),
        [
            ("192.0.2.1", "192.0.2.1"),
            ("203.0.113.9, 192.0.2.1", "192.0.2.1"),
            ("203.0.113.9, 192.0.2.1, 10.0.0.8", "192.0.2.1"),
            ("10.0.0.9, 10.0.0.8", "10.0.0.9"),
            ("203.0.113.9, forged, 10.0.0.8", "10.0.0.8"),
            ("forged", "10.0.0.7"),
        ],
    )
    def test_ends_where_strangers_may_have_written(
        self, forwarded_for: str, expected: str
    ) -> None:
        headers = {"X-Forwarded-For": forwarded_for}
        assert client(headers, peer="10.0.0.7", trusted="10.0.0.0/8") == expected

    @pytest.mark.parametrize(
        ("forwarded_for", "hosts", "expected"),
        [
            ("192.0.2.1", "a.example", "a.example"),
            # What the client has sent stands before what the proxy has added.
            ("192.0.2.1", "evil.example, a.example", "a.example"),
            ("203.0.113.9, 192.0.2.1", "evil.example, a.example", "a.example"),
            ("192.0.2.1, 10.0.0.8", "evil.example, a.example, b.lan", "a.example"),
            # Only one of two proxies tells it.
            ("192.0.2.1, 10.0.0.8", "a.example", "a.example"),
            ("", "evil.example, a.example", "a.example"),
            ("forged", "evil.example, a.example", "a.example"),
        ],
    )
    def test_is_not_given_to_what_stands_before_their_word(
        self, forwarded_for: str, hosts: str, expected: str
    ) -> None:
        headers = {"X-Forwarded-For": forwarded_for, "X-Forwarded-Host": hosts}
        settings = {"peer": "10.0.0.7", "trusted": "10.0.0.0/8"}
        assert base(headers, **settings) == f"http://{expected}"
        headers["X-Forwarded-Proto"] = hosts.replace("evil.example", "http").replace(
            expected, "https"
        )
        assert base(headers, **settings) == f"https://{expected}"

    @pytest.mark.parametrize("sent", ["garbage", 'for="', r'for="x\"'])
    def test_is_not_undone_by_what_the_client_has_sent(self, sent: str) -> None:
        headers = {"Forwarded": f"{sent}, for=192.0.2.1"}
        settings = {"remote": "Forwarded", "trusted": "10.0.0.7"}
        assert client(headers, peer="10.0.0.7", **settings) == "192.0.2.1"

    def test_does_not_need_the_address_of_the_client(self) -> None:
        headers = {"X-Forwarded-Host": "evil.example, a.example"}
        front = base(headers, peer="10.0.0.7", trusted="10.0.0.7", remote="")
        assert front == "http://a.example"

    def test_needs_addresses(self) -> None:
        def page() -> str:
            return "x"

        config: Config = {
            "tools.proxy.on": True,
            "tools.proxy.trusted": ["proxy.local"],
        }
        assert serve(page, config).get("/").status_code == 500

    def test_is_told_in_the_log(self, caplog: pytest.LogCaptureFixture) -> None:
        seen(self.headers, "192.0.2.9", trusted=["10.0.0.7"], debug=True)
        assert "TOOLS.PROXY '192.0.2.9' is not trusted" in caplog.text
        assert "TOOLS.PROXY base: http://localhost, remote: 192.0.2.9" in caplog.text


class TestForwarded:
    def ask(self, value: str, **settings: Any) -> tuple[str, str]:
        names = dict.fromkeys(("local", "remote", "scheme"), "Forwarded")
        return seen({"Forwarded": value}, **names, **settings)

    def test_says_everything_in_one_header(self) -> None:
        value = 'for="[2001:db8::1]:80";host=a.example;proto=https, for=10.0.0.8'
        assert self.ask(value) == ("https://a.example", "2001:db8::1")

    def test_is_believed_from_the_near_end(self) -> None:
        value = "for=203.0.113.9, for=192.0.2.1, for=10.0.0.8"
        trusted = "127.0.0.0/8 10.0.0.0/8"
        assert self.ask(value, trusted=trusted) == ("http://localhost", "192.0.2.1")

    def test_is_believed_of_the_host_from_the_near_end_too(self) -> None:
        value = (
            "for=203.0.113.9;host=evil.example;proto=http, "
            "for=192.0.2.1;host=a.example;proto=https, for=10.0.0.8;host=b.lan"
        )
        trusted = "127.0.0.0/8 10.0.0.0/8"
        assert self.ask(value, trusted=trusted) == ("https://a.example", "192.0.2.1")

    @pytest.mark.parametrize("value", ["", "nonsense", "for=_hidden", "for=unknown"])
    def test_may_say_nothing(self, value: str) -> None:
        assert self.ask(value) == ("http://localhost", "127.0.0.1")
