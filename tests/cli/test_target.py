"""What the words ``module:name`` may mean, and what is said if they mean nothing."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from cherrypy.cli.mistakes import Mistake, WrongUse
from cherrypy.cli.target import load

if TYPE_CHECKING:
    from types import ModuleType

    from tests.cli.conftest import Program

PAGES = """
import cherrypy

class Root:
    made = 0
    def __init__(self):
        type(self).made += 1
    @cherrypy.expose
    def index(self):
        return "hello"

class Needy:
    def __init__(self, storage):
        pass
    @cherrypy.expose
    def index(self): ...

root = Root()
application = cherrypy.Application(root, "/there", {"/": {"a.b": 1}})
elsewhere = cherrypy.Application(root, None)
site = cherrypy._cptree.Tree()
site.mount(root, "/one")
site.mount(root, "/two")

def make_class(): return Root
def make_root(): return Root()
def make_application(): return cherrypy.Application(Root(), "/made")
def fail(): raise ZeroDivisionError("on purpose")
def pair(a, b): return a
def needs(one, two, three): ...
def nothing(): return None

async def later(): return Root()
async def asgi(scope, receive, send): ...

class Starry:
    async def __call__(self, scope, receive, send): ...

starry = Starry()

def wsgi(environ, start_response):
    start_response("200 OK", [])
    return [b"wsgi"]

class Wsgi:
    def __call__(self, environ, start_response):
        return wsgi(environ, start_response)

@cherrypy.expose
def page(): return "page"
page.index = page

class Holder:
    pass
holder = Holder()
holder.root = root
text = "text"
"""


@pytest.fixture
def pages(cherrypy: Program) -> Program:
    cherrypy.write("pages.py", PAGES)
    cherrypy.write("kit/__init__.py", "")
    cherrypy.write("kit/rooms.py", "class Root: ...\n")
    cherrypy.write("shelf/notes.txt", "")
    return cherrypy


def root_of(words: str) -> Any:
    """Load the words and return the root of the only application."""
    ((place, app),) = load(words).items()
    assert place == app.script_name
    return app.root


@pytest.mark.parametrize(
    "name", ["Root", "root", "make_class", "make_root", "make_root()", "holder.root"]
)
def test_a_root_may_be_named_in_several_ways(pages: Program, name: str) -> None:
    assert root_of(f"pages:{name}").index() == "hello"


def test_an_application_is_mounted_where_it_says(pages: Program) -> None:
    (app,) = load("pages:application").values()
    assert app.script_name == "/there"
    assert app.config == {"/": {"a.b": 1}}


def test_a_function_may_return_an_application(pages: Program) -> None:
    assert list(load("pages:make_application")) == ["/made"]


def test_an_application_without_a_place_is_mounted_at_the_root(pages: Program) -> None:
    assert list(load("pages:elsewhere")) == [""]


def test_a_tree_is_taken_as_it_is(pages: Program, site: ModuleType) -> None:
    assert list(load("pages:site")) == ["/one", "/two"]
    assert site.tree is sys.modules["pages"].site


def test_a_wsgi_function_is_no_function_that_makes_something(pages: Program) -> None:
    assert load("pages:wsgi") == {"": sys.modules["pages"].wsgi}


def test_a_class_of_wsgi_applications_is_instantiated(pages: Program) -> None:
    (app,) = load("pages:Wsgi").values()
    assert type(app) is sys.modules["pages"].Wsgi


def test_an_exposed_function_is_a_root(pages: Program) -> None:
    assert root_of("pages:page")() == "page"


@pytest.mark.parametrize("words", ["pages.py:Root", "./pages.py:Root"])
def test_the_module_may_be_named_by_its_file(pages: Program, words: str) -> None:
    assert root_of(words).index() == "hello"
    assert sys.modules["pages"].Root.made


def test_a_file_in_a_package_is_imported_as_part_of_it(cherrypy: Program) -> None:
    cherrypy.write("site/shop/__init__.py", "")
    cherrypy.write("site/shop/names.py", "NAME = 'shop'")
    cherrypy.write(
        "site/shop/pages.py",
        "import cherrypy\nfrom .names import NAME\nclass Root:\n    name = NAME\n",
    )
    assert root_of("site/shop/pages.py:Root").name == "shop"
    assert sys.modules["shop.pages"].__package__ == "shop"


def test_a_package_may_be_named_by_its_folder(cherrypy: Program) -> None:
    cherrypy.write("site/shop2/__init__.py", PAGES)
    assert root_of("site/shop2:Root").index() == "hello"


def test_a_file_may_have_the_name_of_another_module(cherrypy: Program) -> None:
    cherrypy.write("json.py", PAGES)
    cherrypy.write("my-app.py", PAGES)
    assert root_of("json.py:Root").index() == "hello"
    del sys.modules["cherrypy_program"]
    assert root_of("my-app.py:Root").index() == "hello"


def test_a_file_that_was_imported_is_not_imported_again(pages: Program) -> None:
    load("pages:root")
    assert load("pages.py:root")[""].root is sys.modules["pages"].root


def test_the_present_folder_is_on_the_path(
    pages: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = {"", str(pages.folder)}
    monkeypatch.setattr(sys, "path", [each for each in sys.path if each not in here])
    load("pages:Root")
    assert sys.path[0] == str(pages.folder)


# Modules without a name.


@pytest.mark.parametrize("name", ["application", "app", "root", "Root"])
def test_usual_names_are_found(cherrypy: Program, name: str) -> None:
    cherrypy.write("usual.py", f"class Thing: index = None\n{name} = Thing")
    assert type(root_of("usual")).__name__ == "Thing"


def test_the_only_class_with_pages_is_found(cherrypy: Program) -> None:
    cherrypy.write(
        "hello.py",
        "import cherrypy\nfrom json import JSONDecoder\nclass Plain: pass\n"
        "class Hello:\n    @cherrypy.expose\n    def index(self): ...\n",
    )
    assert type(root_of("hello")).__name__ == "Hello"


def test_what_a_module_mounts_is_taken(cherrypy: Program, site: ModuleType) -> None:
    cherrypy.write(
        "mounts.py",
        "import cherrypy\nclass Root: pass\n"
        "cherrypy.tree.mount(Root(), '/here', {'/': {'a.b': 1}})\n",
    )
    assert load("mounts")["/here"].config == {"/": {"a.b": 1}}


@pytest.mark.parametrize("words", ["starts", "starts:Root", "starts:root"])
def test_a_program_that_would_serve_is_only_imported(
    cherrypy: Program, site: ModuleType, words: str
) -> None:
    cherrypy.write(
        "starts.py",
        "import cherrypy\nclass Root: pass\nroot = Root()\n"
        "cherrypy.quickstart(root, '', {'/': {'a.b': 1}})\n",
    )
    before = site.engine.state
    ((place, app),) = load(words).items()
    assert (place, app.config) == ("", {"/": {"a.b": 1}})
    assert site.engine.state is before
    assert before in (site.engine.states.STOPPED, site.engine.states.EXITING)
    assert "start" not in vars(site.engine)


# What makes no sense.


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("pages:", "'pages:' names no application; write module:name, such as app:R"),
        (":Root", "':Root' names no application; write module:name, such as app:Root."),
        ("pagse", "there is no module 'pagse' here; did you mean 'pages'?"),
        ("pages.Root", "no module 'pages.Root' here; did you mean 'pages:Root'?"),
        ("pages.Rot", "no module 'pages.Rot' here; did you mean 'pages:Root'?"),
        ("kit.romos:Root", "no module 'kit.romos' here; did you mean 'kit.rooms'?"),
        ("kit.rooms.Root", "module 'kit.rooms.Root' here; did you mean 'kit.rooms:R"),
        ("kits.rooms:Root", "no module 'kits.rooms' here; did you mean 'kit.rooms'?"),
        ("shelf/", "shelf' is a folder without an __init__.py, so it is no package;"),
        ("pages:later", "'pages:later' is async; what makes the application is called"),
        ("pages:asgi", "'pages:asgi' is an ASGI application, which this server does"),
        ("pages:starry", "'pages:starry' is an ASGI application, which this server"),
        ("pages:Rot", "'pages' has no 'Rot'; did you mean 'Root'?"),
        ("pages:holder.rot", "'pages:holder' has no 'rot'; did you mean 'root'?"),
        ("pages:holder.x", "'pages:holder' has no 'x'; it has root."),
        ("pages:holder.x.y", "'pages:holder' has no 'x'; it has root."),
        ("pages:Xylophone", "'pages' has no 'Xylophone'; it has Needy, Root."),
        ("pgaes.py:Root", "did you mean 'pages.py'?"),
        ("none/of/these.py", "these.py'; check the name."),
        ("pages:text", "'pages:text' is 'text', which cannot be served; name a class"),
        ("pages:nothing", "'pages:nothing' is None, which cannot be served; name a"),
        (
            "pages:Needy",
            "'pages:Needy' cannot be made, because pages.Needy takes arguments; name a",
        ),
        ("pages:needs", "because pages.needs takes arguments; name a function that"),
    ],
)
def test_words_that_mean_nothing_are_refused(
    pages: Program, words: str, sentence: str
) -> None:
    with pytest.raises(WrongUse) as refusal:
        load(words)
    assert sentence in str(refusal.value)


def test_a_module_that_is_nowhere_is_told_with_the_folder(cherrypy: Program) -> None:
    with pytest.raises(WrongUse, match=r"there is no module 'zebra' in .* or on sys"):
        load("zebra")


def test_an_empty_module_is_told(cherrypy: Program) -> None:
    cherrypy.write("void.py", "")
    with pytest.raises(WrongUse, match="'void' has no 'x'; there is nothing in it"):
        load("void:x")
    with pytest.raises(WrongUse, match="mounts no application and has no class with"):
        load("void")


def test_several_candidates_are_listed(cherrypy: Program) -> None:
    page = "    @cherrypy.expose\n    def index(self): ...\n"
    cherrypy.write("two.py", f"import cherrypy\nclass A:\n{page}class B:\n{page}")
    with pytest.raises(WrongUse, match=r"several classes with pages: A, B; .* two:A"):
        load("two")


def test_a_mistake_in_the_module_is_shown_where_it_is(
    cherrypy: Program, capsys: pytest.CaptureFixture[str]
) -> None:
    cherrypy.write("broken.py", "def deep():\n    return 1 / 0\ndeep()\n")
    with pytest.raises(Mistake, match="'broken' could not be imported; the traceback"):
        load("broken")
    err = capsys.readouterr().err
    assert err.splitlines()[1].endswith('broken.py", line 3, in <module>')
    assert "ZeroDivisionError: division by zero" in err
    assert "importlib" not in err
    assert "target.py" not in err


def test_a_syntax_error_is_shown_where_it_is(
    cherrypy: Program, capsys: pytest.CaptureFixture[str]
) -> None:
    cherrypy.write("slip.py", "class Root\n    pass\n")
    with pytest.raises(Mistake, match="'slip' could not be imported"):
        load("slip")
    err = capsys.readouterr().err
    assert 'slip.py", line 1' in err
    assert "SyntaxError: expected ':'" in err


def test_a_module_that_the_module_needs_is_named(
    cherrypy: Program, capsys: pytest.CaptureFixture[str]
) -> None:
    cherrypy.write("needs.py", "import no_such_library\n")
    with pytest.raises(Mistake, match="because it needs the module 'no_such_library'"):
        load("needs")
    assert 'needs.py", line 1' in capsys.readouterr().err


def test_a_module_that_ends_the_program_is_told(cherrypy: Program) -> None:
    cherrypy.write("ends.py", "import sys\nsys.exit(3)\n")
    with pytest.raises(Mistake, match=r"ended the program .* \(status 3\)"):
        load("ends")


def test_a_root_that_cannot_be_made_is_shown(
    pages: Program, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(Mistake, match="'pages:fail' could not be made; the traceback"):
        load("pages:fail")
    err = capsys.readouterr().err
    assert "in fail" in err
    assert "ZeroDivisionError: on purpose" in err


def test_the_status_tells_wrong_words_from_a_broken_program(cherrypy: Program) -> None:
    cherrypy.write("broken.py", "1 / 0")
    assert cherrypy.refuses("routes", "zebra", status=2).startswith("cherrypy routes:")
    assert cherrypy("routes", "broken").status == 1
