"""The cookies a client keeps, by the rules that browsers follow (RFC 6265)."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING

from cherrypy.http.dates import parse_http_date

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

__all__ = ["Cookie", "Cookies"]


@dataclass(frozen=True, slots=True)
class Cookie:
    """One cookie, as a client keeps it (RFC 6265 §5.3)."""

    name: str
    value: str
    """As it was sent, quotes included."""

    domain: str
    """The host it belongs to."""

    host_only: bool
    """Whether hosts below `domain` do not get it."""

    path: str
    """The path from which on it is sent."""

    expires: float | None = None
    """When it ends, in seconds since the epoch; None for the end of the session."""

    secure: bool = False
    """Whether it is sent over https only."""

    http_only: bool = False
    """Whether it is kept from scripts."""

    same_site: str = ""
    """The SameSite attribute: Strict, Lax, None, or nothing."""

    @property
    def decoded(self) -> str:
        """The value without the quoting that Python's cookies use."""
        return str(SimpleCookie().value_decode(self.value)[0])

    def matches(self, scheme: str, host: str, path: str) -> bool:
        """Tell whether a request to there carries this cookie."""
        if self.secure and scheme != "https":
            return False
        if not _domain_matches(host, self.domain, self.host_only):
            return False
        here = self.path.rstrip("/")
        return path == here or path.startswith(f"{here}/")

    @classmethod
    def parse(cls, line: str, host: str, path: str, *, now: float) -> Self | None:
        """Return the cookie that a Set-Cookie line from this place sets.

        Args:
            line: the value of the field.
            host: the host that sent it.
            path: the path that was asked for.
            now: the time in seconds since the epoch, for Max-Age.

        Returns:
            The cookie; None if a browser would refuse the line.
        """
        crumb, *rest = line.split(";")
        name, equals, value = (part.strip() for part in crumb.partition("="))
        if not (name and equals):
            return None
        traits: dict[str, str] = {}
        for part in rest:
            trait, _, setting = part.partition("=")
            traits[trait.strip().lower()] = setting.strip()
        domain = traits.get("domain", "").removeprefix(".").lower()
        if domain and not _domain_matches(host, domain, host_only=False):
            return None
        own_path = traits.get("path", "")
        if not own_path.startswith("/"):
            own_path = path.rpartition("/")[0] or "/"
        return cls(
            name=name,
            value=value,
            domain=domain or host,
            host_only=not domain,
            path=own_path,
            expires=_expiry(traits, now),
            secure="secure" in traits,
            http_only="httponly" in traits,
            same_site=traits.get("samesite", ""),
        )


class Cookies(Mapping[str, str]):
    """The cookies that a client has kept: a mapping of names to values.

    Where two cookies share a name (on different paths), the mapping shows the last.

    Args:
        clock: Returns the present time, in seconds since the epoch.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._kept: dict[tuple[str, str, str], Cookie] = {}

    def __getitem__(self, name: str) -> str:
        return {cookie.name: cookie.decoded for cookie in self.kept()}[name]

    def __iter__(self) -> Iterator[str]:
        return iter({cookie.name: None for cookie in self.kept()})

    def __len__(self) -> int:
        return len({cookie.name for cookie in self.kept()})

    def __repr__(self) -> str:
        return f"Cookies({dict(self)!r})"

    def kept(self) -> list[Cookie]:
        """Return the cookies that are still good, in the order they came."""
        now = self._clock()
        for key, cookie in list(self._kept.items()):
            if cookie.expires is not None and cookie.expires <= now:
                del self._kept[key]
        return list(self._kept.values())

    def set(
        self, name: str, value: str, domain: str = "localhost", path: str = "/"
    ) -> None:
        """Keep a cookie as if the application had set it."""
        coded = SimpleCookie().value_encode(value)[1]
        self._kept[domain, path, name] = Cookie(name, coded, domain, True, path)

    def delete(self, name: str) -> None:
        """Forget every cookie of this name."""
        self._kept = {key: c for key, c in self._kept.items() if c.name != name}

    def clear(self) -> None:
        """Forget every cookie."""
        self._kept.clear()

    def learn(self, line: str, host: str, path: str) -> None:
        """Keep, replace or drop a cookie as a Set-Cookie line says."""
        cookie = Cookie.parse(line, host, path, now=self._clock())
        if cookie is not None:
            self._kept[cookie.domain, cookie.path, cookie.name] = cookie

    def pairs_for(self, scheme: str, host: str, path: str) -> list[tuple[str, str]]:
        """Return what a request to there carries, longest paths first."""
        good = [c for c in self.kept() if c.matches(scheme, host, path or "/")]
        good.sort(key=lambda cookie: -len(cookie.path))
        return [(cookie.name, cookie.value) for cookie in good]


def _domain_matches(host: str, domain: str, host_only: bool) -> bool:
    return host == domain or (not host_only and host.endswith(f".{domain}"))


def _expiry(traits: dict[str, str], now: float) -> float | None:
    """Return when a cookie ends; Max-Age goes before Expires (RFC 6265 §4.1.2.2)."""
    age = traits.get("max-age", "")
    if age.removeprefix("-").isdecimal():
        return now + int(age)
    return parse_http_date(traits.get("expires", ""))
