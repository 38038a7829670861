"""Log in by a form, remember it in the session.

Documented in `cptools`. Takes over the paths ending in ``login_screen``, ``do_login``
and ``do_logout``; every other page is shown to whoever is logged in, and the form to
everybody else.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from cherrypy.application.links import url
from cherrypy.core.context import current
from cherrypy.core.errors import HTTPError, HTTPRedirect
from cherrypy.environment.site import log

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["SessionAuth", "session_auth"]

_FORM = """\
<html><body>
Message: {error_msg}
<form method="post" action="do_login">
    Login: <input type="text" name="username" value="{username}" size="10" />
    <br />
    Password: <input type="password" name="password" size="10" />
    <br />
    <input type="hidden" name="from_page" value="{from_page}" />
    <br />
    <input type="submit" />
</form>
</body></html>"""


class SessionAuth:
    """Assert that the user is logged in.

    Subclass it, or set its attributes by config: ``tools.session_auth.NAME``.
    """

    session_key: str = "username"
    """The key of the session under which the user's name is kept."""

    debug: bool = False
    """Log what is done."""

    def check_username_and_password(self, username: str, password: str) -> str | None:
        """Return an error text for a wrong name or password; to be replaced.

        Nobody can log in as long as it is not.
        """
        return "No check of names and passwords is configured."

    def anonymous(self) -> str | None:
        """Return the name for users who are not logged in, if they may see the page."""

    def on_login(self, username: str) -> None:
        """Do what is to be done after a login; to be replaced."""

    def on_logout(self, username: str) -> None:
        """Do what is to be done after a logout; to be replaced."""

    def on_check(self, username: str) -> None:
        """Do what is to be done at each request of a user; to be replaced."""

    def login_screen(
        self,
        from_page: str = "..",
        username: str = "",
        error_msg: str = "",
        **kwargs: Any,
    ) -> bytes:
        """Return the login form.

        Args:
            from_page: Where to go after the login.
            username: What the form shows as the user's name.
            error_msg: Why the last try failed.
            **kwargs: Whatever else was sent; not used.
        """
        fields = {
            "from_page": escape(str(from_page)),
            "username": escape(str(username)),
            "error_msg": escape(str(error_msg)),
        }
        return _FORM.format_map(fields).encode("utf-8")

    def do_login(
        self, username: str, password: str, from_page: str = "..", **kwargs: Any
    ) -> bool:
        """Check name and password; on success remember the user.

        The session is given a new identity, so that nobody can prepare one for
        somebody else to log in to.

        Returns:
            True: the form is shown again.

        Raises:
            HTTPRedirect: To where the user came from, after a login.
        """
        serving = current.get()
        error_msg = self.check_username_and_password(username, password)
        if error_msg:
            return _show(self.login_screen(from_page, username, error_msg))
        _renew_session()
        serving.request.login = username
        _session()[self.session_key] = username
        self.on_login(username)
        raise HTTPRedirect(_on_this_site(from_page or "/"))

    def do_logout(self, from_page: str = "..", **kwargs: Any) -> bool:
        """Forget the user.

        Raises:
            HTTPRedirect: To `from_page`, always.
        """
        session = _session()
        username = session.get(self.session_key)
        session[self.session_key] = None
        if username:
            current.get().request.login = None
            self.on_logout(username)
        raise HTTPRedirect(_on_this_site(from_page))

    def do_check(self) -> bool:
        """See whether somebody is logged in.

        Returns:
            False if so: the page is to be shown. True: the form is shown.
        """
        request = current.get().request
        session = _session()
        username = session.get(self.session_key)
        if not username:
            session[self.session_key] = username = self.anonymous()
            self._debug("nobody is logged in: anonymous() says %r", username)
        if not username:
            return _show(self.login_screen(url(qs=request.query_string)))
        self._debug("%r is logged in", username)
        request.login = username
        self.on_check(username)
        return False

    def _debug(self, message: str, *values: object) -> None:
        if self.debug:
            log(message % values, "TOOLS.SESSAUTH")

    def run(self) -> bool:
        """Do what the path asks for.

        Returns:
            Whether the request is answered.

        Raises:
            HTTPRedirect: After a login or logout.
            HTTPError: 405, a login or logout is no POST; 400, it lacks a field.
        """
        path = current.get().request.path_info
        if path.endswith("login_screen"):
            self._debug("showing the login screen")
            return _show(self.login_screen())
        if path.endswith("do_login"):
            _demand_post()
            return self._with_fields(self.do_login, "username", "password")
        if path.endswith("do_logout"):
            _demand_post()
            return self._with_fields(self.do_logout)
        return self.do_check()

    def _with_fields(self, step: Callable[..., bool], *names: str) -> bool:
        """Call a step with the fields of the form."""
        params = current.get().request.params
        missing = [name for name in names if name not in params]
        several = [name for name in (*names, "from_page") if _is_list(params, name)]
        if missing or several:
            raise HTTPError(400, f"Send each field once: {missing + several}.")
        return step(**params)


def _show(form: bytes | str) -> bool:
    """Answer with the form."""
    response = current.get().response
    response.body = form.encode("utf-8") if isinstance(form, str) else form
    # The encode tool does not come to it: the page handler is not called.
    response.headers["Content-Type"] = "text/html;charset=utf-8"
    response.headers.pop("Content-Length", None)
    return True


def _is_list(params: dict[str, Any], name: str) -> bool:
    return isinstance(params.get(name), list)


def _demand_post() -> None:
    serving = current.get()
    if serving.request.method != "POST":
        serving.response.headers["Allow"] = "POST"
        raise HTTPError(405)


def _session() -> Any:
    serving: Any = current.get()  # Any: the sessions tool puts the session there.
    try:
        return serving.session
    except AttributeError:
        raise RuntimeError(
            "tools.session_auth keeps the user's name in the session: turn on "
            "tools.sessions, too."
        ) from None


def _renew_session() -> None:
    """Give the session a new identity, cookie included, if it can have one."""
    regenerate = getattr(_session(), "regenerate", None)
    if regenerate is not None:
        regenerate()


def _on_this_site(target: str) -> str:
    """Return where to go, unless that is another host: the client has sent it."""
    # Browsers take a backslash for a slash and drop control characters.
    cleaned = "".join(c for c in target.replace("\\", "/") if c > " " and c != "\x7f")
    here = urljoin(current.get().request.base + "/", url())
    try:
        there = urlsplit(urljoin(here, cleaned))
    except ValueError:
        return "/"
    same = (there.scheme, there.netloc) == urlsplit(here)[:2]
    return cleaned if same else "/"


def session_auth(**kwargs: Any) -> bool:
    """Let only users in who are logged in; tools.session_auth.

    Args:
        **kwargs: Any attribute of `SessionAuth`, to be used instead of its own.

    Returns:
        Whether the request is answered.
    """
    guard = SessionAuth()
    for name, value in kwargs.items():
        setattr(guard, name, value)
    return guard.run()
