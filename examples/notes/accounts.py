"""Registering, logging in and out; and the tools that know who is asking."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cherrypy
from cherrypy.lib.auth_basic import basic_auth
from cherrypy.lib.passwords import checkpassword_hashes
from examples.notes.markup import render
from examples.notes.pages import go, page
from examples.notes.users import PASSWORD_LENGTHS, BadUser, Users

if TYPE_CHECKING:
    from collections.abc import Callable

REALM = "notes"


@cherrypy.tools.register("before_handler", priority=60)  # when the session is there
def known_user(checkpassword: Callable[[str, str, str], bool] | None = None) -> None:
    """Set ``request.login``: to who has logged in, or to nobody.

    Args:
        checkpassword: Where programs may send name and password along, as for
            ``tools.auth_basic``, this tells whether they are right.
    """
    request = cherrypy.request
    if checkpassword and "Authorization" in request.headers:
        basic_auth(REALM, checkpassword)
    else:
        request.login = cherrypy.session.get("user") if cherrypy.session else None


def refuse_strangers(login_page: str = "") -> None:
    """Let nobody pass who is not logged in.

    Args:
        login_page: Where people can do that. Programs, for whom there is none, are
            asked for name and password.
    """
    if cherrypy.request.login:
        return
    if login_page:
        raise cherrypy.HTTPRedirect(cherrypy.url(login_page))
    cherrypy.response.headers["WWW-Authenticate"] = f'Basic realm="{REALM}"'
    raise cherrypy.HTTPError(401, "Send the name and the password of a user along.")


# To be used as a decorator: @members_only()
members_only = cherrypy.Tool("before_handler", refuse_strangers, priority=70)
cherrypy.tools.members_only = members_only


class Accounts:
    """The forms at the door."""

    def __init__(self, users: Users) -> None:
        self.users = users
        self.is_right = checkpassword_hashes(users)

    @cherrypy.expose
    def login(self, name: str = "", password: str = "") -> str:
        """Show the form; by POST, let in whoever knows the password."""
        if cherrypy.request.method != "POST":
            return self.show("login")
        name = name.strip().lower()
        if not self.is_right(REALM, name, password):
            cherrypy.response.status = 403
            # Not which of them: that would tell strangers who is registered.
            return self.show("login", name, "Name or password are wrong.")
        self.welcome(name)
        raise go("/", "in")

    @cherrypy.expose
    def register(self, name: str = "", password: str = "") -> str:
        """Show the form; by POST, take in a new user and let them in at once."""
        if cherrypy.request.method != "POST":
            return self.show("register")
        try:
            name = self.users.register(name, password)
        except BadUser as problem:
            cherrypy.response.status = 400
            return self.show("register", name, str(problem))
        self.welcome(name)
        raise go("/", "registered")

    @cherrypy.expose
    @cherrypy.tools.allow(methods=["POST"])
    def logout(self) -> None:
        """Forget the session, here and in the browser."""
        cherrypy.session.delete()
        cherrypy.lib.sessions.expire()
        raise go("/", "out")

    @staticmethod
    def welcome(name: str) -> None:
        """Remember who has logged in, in a session with a new id.

        Somebody else may know the old id, or may even have planted it here.
        """
        cherrypy.tools.sessions.regenerate()
        cherrypy.session["user"] = name

    @staticmethod
    def show(kind: str, name: str = "", problem: str = "") -> str:
        """Return the page with one of the two forms."""
        form = render(
            f"{kind}.html",
            name=name,
            shortest=PASSWORD_LENGTHS[0],
            longest=PASSWORD_LENGTHS[-1],
            login=cherrypy.url("/account/login"),
            register=cherrypy.url("/account/register"),
        )
        title = "Log in" if kind == "login" else "Register"
        return page(title, form, problem=problem)
