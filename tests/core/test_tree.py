"""The tree: which application answers for a path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import cherrypy
from cherrypy.core.tree import Tree
from cherrypy.testing import Client
from tests.core.sites import Root, application

if TYPE_CHECKING:
    from collections.abc import Callable

    from cherrypy.http.types import StartResponse


@pytest.fixture
def tree() -> Tree:
    return Tree()


class TestMounting:
    def test_makes_an_application_of_an_object(self, tree: Tree) -> None:
        root = Root()
        app = tree.mount(root, "/blog/", {"/": {"key": 1}})
        assert (app.root, app.script_name, app.config["/"]["key"]) == (root, "/blog", 1)
        assert tree.apps == {"/blog": app}

    @pytest.mark.parametrize("script_name", ["", "/blog"])
    def test_takes_an_application_as_it_is(self, tree: Tree, script_name: str) -> None:
        app = cherrypy.Application(None, "/blog")
        assert tree.mount(app, script_name, {"/": {"key": 1}}) is app
        assert tree.apps == {"/blog": app}
        assert app.config == {"/": {"key": 1}}

    def test_refuses_a_mount_point_that_is_no_path(self, tree: Tree) -> None:
        with pytest.raises(TypeError, match=r"not \{'/': \{\}\}. Config is the argum"):
            tree.mount(object(), {"/": {}})  # type: ignore[arg-type]  # the mistake

    def test_refuses_an_application_that_stands_elsewhere(self, tree: Tree) -> None:
        app = cherrypy.Application(None, "/blog")
        with pytest.raises(ValueError, match="different script name"):
            tree.mount(app, "/news")

    def test_refuses_a_place_that_is_none(self, tree: Tree) -> None:
        place: Any = None
        with pytest.raises(TypeError, match="may not be None"):
            tree.mount(Root(), place)

    def test_of_another_wsgi_application_is_grafting(self, tree: Tree) -> None:
        def hello(
            environ: dict[str, Any], start_response: StartResponse
        ) -> list[bytes]:
            start_response("200 OK", [("Content-Type", "text/plain")])
            place = environ["SCRIPT_NAME"], environ["PATH_INFO"]
            return [b"", repr(place).encode()]

        tree.graft(hello, "/hello/")
        assert Client(tree).get("/hello/a//b").text == "('/hello', '/a/b')"


class TestFavicon:
    @pytest.fixture
    def iconic(self, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Any]:
        def make() -> str:
            return "icon"

        monkeypatch.setattr(Tree, "favicon", staticmethod(make))
        return make

    @pytest.mark.usefixtures("iconic")
    def test_is_given_to_a_root_without_one(self, tree: Tree) -> None:
        root: Any = Root()
        tree.mount(root)
        assert root.favicon_ico == "icon"

    @pytest.mark.usefixtures("iconic")
    def test_is_given_to_nobody_else(self, tree: Tree) -> None:
        own: Any = Root()
        own.favicon_ico = None
        elsewhere, ready = Root(), Root()
        tree.mount(own)
        tree.mount(elsewhere, "/elsewhere")
        tree.mount(None)
        tree.mount(cherrypy.Application(ready, ""))
        assert own.favicon_ico is None
        assert not hasattr(elsewhere, "favicon_ico")
        assert not hasattr(ready, "favicon_ico")

    @pytest.mark.usefixtures("iconic")
    @pytest.mark.parametrize("root", [object(), int, "root"])
    def test_is_given_up_where_it_cannot_be_given(self, tree: Tree, root: Any) -> None:
        assert tree.mount(root).root is root

    def test_may_be_missing(self, tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Tree, "favicon", None)
        root = Root()
        tree.mount(root)
        assert not hasattr(root, "favicon_ico")


class TestFinding:
    @pytest.mark.parametrize(
        ("path", "place"),
        [
            ("/", ""),
            ("", ""),
            ("/x", ""),
            ("/foo", "/foo"),
            ("/foo/", "/foo"),
            ("/foo/x", "/foo"),
            ("/foobar", ""),
            ("/foo/bar/x", "/foo/bar"),
            ("/foo/bar" + "/x" * 1000, "/foo/bar"),
            ("/foo/bar" + "x" * 1000, "/foo"),
            ("/x" * 1000, ""),
            ("*", ""),
        ],
    )
    def test_takes_the_longest_place_by_whole_parts(
        self, tree: Tree, path: str, place: str
    ) -> None:
        for name in ("", "/foo", "/foo/bar"):
            tree.mount(None, name)
        assert tree.script_name(path) == place

    @pytest.mark.parametrize("path", ["/", "/x", "/foobar", "/x" * 1000])
    def test_may_find_nothing(self, tree: Tree, path: str) -> None:
        tree.mount(None, "/foo")
        assert tree.script_name(path) is None
        answer = Client(tree).get(path)
        assert answer.status_code == 404
        assert f"The path '{path}' was not found." in answer.text

    def test_shows_the_error_page_of_the_site_where_nothing_is(
        self, tree: Tree, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def page(**fields: str) -> str:
            assert cherrypy.request.app.root is None
            return f"Ours: {fields['status']}"

        monkeypatch.setitem(cherrypy.config, "error_page.404", page)
        answer = Client(tree).get("/nix")
        assert answer.text.strip() == "Ours: 404 Not Found"

    def test_is_linear_in_the_path(self, tree: Tree) -> None:
        looked: list[str] = []

        class Counting(dict[str, Any]):
            def __contains__(self, key: object) -> bool:
                looked.append(str(key))
                return super().__contains__(key)

        tree.apps = Counting({"/foo": None})
        assert tree.script_name("/a" * 10_000) is None
        assert sum(map(len, looked)) < 100

    def test_is_about_the_present_request_if_nothing_is_said(self, tree: Tree) -> None:
        def default(*parts: str) -> str:
            return str(tree.script_name())

        root = application(default=default).root
        tree.mount(root, "/foo")
        tree.mount(root, "")
        assert Client(tree).get("/foo/x").text == "/foo"
        assert Client(tree).get("/x").text == ""


class TestAnswering:
    def test_tells_the_application_where_it_stands(self, tree: Tree) -> None:
        def default(*parts: str) -> str:
            request = cherrypy.request
            environ = request.wsgi_environ or {}
            assert environ["SCRIPT_NAME"] == request.script_name
            return f"{request.script_name} {request.path_info}"

        tree.mount(application(default=default).root, "/foo")
        asker = Client(tree)
        assert asker.get("/foo").text == "/foo "
        assert asker.get("/foo/").text == "/foo /"
        assert asker.get("/foo//x//y").text == "/foo /x/y"

    def test_of_a_server_that_has_mounted_the_tree_itself(self, tree: Tree) -> None:
        def default(*parts: str) -> str:
            return f"{cherrypy.request.script_name} {cherrypy.request.path_info}"

        tree.mount(application(default=default).root, "/site/foo")
        answer = Client(tree).get("/foo/x", environ={"SCRIPT_NAME": "/site"})
        assert answer.text == "/site/foo /x"

    def test_leaves_the_environ_of_the_server_alone(self, tree: Tree) -> None:
        tree.mount(application(index=lambda: "page").root)
        asked = Client(tree).get("/").request.environ
        assert "cherrypy.request" not in asked
