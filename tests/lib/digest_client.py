"""A client for Digest Authentication, written from the RFC and not from our code."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cherrypy.testing import Client, Response

HASHES = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}


def challenges(response: Response) -> list[dict[str, str]]:
    """Return what a 401 asks for, by parameter."""
    return [
        dict(re.findall(r'(\w+)="([^"]*)"', value))
        for value in response.headers.get_all("WWW-Authenticate")
        if value.startswith("Digest ")
    ]


@dataclass
class Digester:
    """Somebody with a password.

    What stands in `forged` is sent in the place of what belongs there.
    """

    client: Client
    username: str = "alice"
    password: str = "4x5istwelve"
    algorithm: str = "MD5"
    qop: str | None = "auth"
    cnonce: str = "0a4f113b"
    count: int = 0
    nonce: str = ""
    realm: str = ""
    forged: dict[str, str | None] = field(default_factory=dict)

    def hash(self, *parts: str | bytes) -> str:
        content = b":".join(p if isinstance(p, bytes) else p.encode() for p in parts)
        name = self.algorithm.removesuffix("-sess")
        return HASHES[name](content).hexdigest()

    def challenge(self, path: str = "/") -> None:
        """Ask without a proof, and remember what is asked for."""
        response = self.client.get(path)
        assert response.status_code == 401
        for asked in challenges(response):
            if asked["algorithm"] == self.algorithm:
                self.nonce, self.realm, self.count = asked["nonce"], asked["realm"], 0
                return
        raise AssertionError(f"{self.algorithm} is not offered")

    def authorization(self, method: str, uri: str, body: bytes = b"") -> str:
        """Return a header for the next request."""
        self.count += 1
        nc = f"{self.count:08x}"
        ha1 = self.hash(self.username, self.realm, self.password)
        if self.algorithm.endswith("-sess"):
            ha1 = self.hash(ha1, self.nonce, self.cnonce)
        asked = [method, uri]
        if self.qop == "auth-int":
            asked.append(self.hash(body))
        middle = [self.nonce]
        if self.qop is not None:
            middle += [nc, self.cnonce, self.qop]
        params: dict[str, str | None] = {
            "username": f'"{self.username}"',
            "realm": f'"{self.realm}"',
            "nonce": f'"{self.nonce}"',
            "uri": f'"{uri}"',
            "response": f'"{self.hash(ha1, *middle, self.hash(*asked))}"',
            "algorithm": self.algorithm,
        }
        if self.qop is not None:
            params |= {"qop": self.qop, "nc": nc, "cnonce": f'"{self.cnonce}"'}
        params |= self.forged
        said = ", ".join(f"{n}={v}" for n, v in params.items() if v is not None)
        return "Digest " + said.encode().decode("latin-1")

    def request(self, method: str, url: str, **options: Any) -> Response:
        """Ask with a proof; for a nonce first, if there is none yet."""
        if not self.nonce:
            self.challenge(url)
        signed = options.pop("signed", url)
        body = options.get("data", b"")
        header = self.authorization(method, signed, options.pop("signed_body", body))
        headers = {**options.pop("headers", {}), "Authorization": header}
        return self.client.request(method, url, headers=headers, **options)

    def get(self, url: str = "/", **options: Any) -> Response:
        return self.request("GET", url, **options)
