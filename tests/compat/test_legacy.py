"""The old private names: each can be read, written and patched where it used to be."""

from __future__ import annotations

import importlib
import importlib.util
import pickle
import sys
import types
from importlib import import_module
from typing import Any
from unittest import mock

import pytest

import cherrypy
from cherrypy import _legacy
from cherrypy.core import app, handler, request
from cherrypy.environment import config as site_config
from cherrypy.testing import Client

NAMES: dict[str, str] = {
    "_cpchecker": "Checker",
    "_cpcompat": """
        HTTPSConnection base64_decode assert_native copyitems copykeys copyvalues
        escape_html iteritems iterkeys itervalues json json_decode next ntob ntou
        random20 reversed sorted text_or_bytes tonative unquote_qs xrange Timer Event
        BadStatusLine HTTPConnection IncompleteRead NotConnected SimpleCookie
        json_encode parse_http_list parse_keqv_list quote unquote unquote_to_bytes
        urlencode urljoin urlopen
    """,
    "_cpconfig": "Config NamespaceSet environments merge",
    "_cpdispatch": """
        Dispatcher LateParamPageHandler MethodDispatcher PageHandler RoutesDispatcher
        VirtualHost XMLRPCDispatcher classtype getargspec punctuation_to_underscores
        test_callable_spec validate_translator
    """,
    "_cperror": """
        CherryPyException HTTPError HTTPRedirect InternalRedirect NotFound TimeoutError
        bare_error clean_headers format_exc get_error_page
    """,
    "_cplogging": "LazyRfc3339UtcTime LogManager NullHandler WSGIErrorHandler logfmt",
    "_cpnative_server": "CPHTTPServer NativeGateway",
    "_cpreqbody": """
        DEFAULT_BUFFER_SIZE Entity Part RequestBody SizedReader inf process_multipart
        process_multipart_form_data process_urlencoded unquote_plus
    """,
    "_cprequest": """
        Hook HookMap LazyUUID4 Request Response ResponseBody error_page_namespace
        hookpoints hooks_namespace request_namespace response_namespace
    """,
    "_cpserver": "Server",
    "_cptools": """
        CachingTool DeprecatedTool ErrorTool HandlerTool HandlerWrapperTool
        SessionAuthTool SessionTool Tool Toolbox XMLRPCController default_toolbox
    """,
    "_cptree": "Application Tree",
    "_cpwsgi": """
        AppResponse CPWSGIApp ExceptionTrapper InternalRedirector VirtualHost
        downgrade_wsgi_ux_to_1x
    """,
    "_cpwsgi_server": "CPWSGIServer",
    "_helper": "classproperty expose normalize_path popargs url",
    "_json": "decode encode",
}
"""What each old module had to offer."""

ATTRIBUTES: dict[str, str] = {
    "_cpdispatch.PageHandler": "args kwargs get_args set_args get_kwargs set_kwargs",
    "_cpdispatch.Dispatcher": "dispatch_method_name find_handler",
    "_cprequest.Hook": "callback failsafe kwargs priority",
    "_cprequest.HookMap": "attach copy run run_hooks __copy__",
    "_cprequest.Request": """
        app base body body_params close closed config cookie dispatch error_page
        error_response get_resource handle_error handler header_list headers hooks
        is_index local login method methods_with_bodies namespaces params path_info
        prev process_headers process_query_string process_request_body protocol
        query_string query_string_encoding remote request_line respond rfile run
        scheme script_name server_protocol show_mismatched_params show_tracebacks
        stage throw_errors throws toolmaps unique_id
    """,
    "_cprequest.Response": """
        body check_timeout collapse_body cookie finalize header_list headers status
        stream time timed_out timeout
    """,
    "_cprequest.ResponseBody": "unicode_err",
    "_cptree.Application": """
        find_config get_serving log merge namespaces relative_urls release_serving
        request_class response_class root script_name script_name_doc toolboxes wsgiapp
    """,
    "_cptree.Tree": "apps graft mount script_name",
    "_cpwsgi.AppResponse": """
        close headerNames next recode_path_qs run translate_headers
    """,
    "_cpwsgi.CPWSGIApp": "config head namespace_handler pipeline response_class tail",
    "_cpwsgi.VirtualHost": "default domains use_x_forwarded_host",
}
"""What the classes of the core had to offer."""


@pytest.mark.parametrize("module", NAMES)
def test_what_an_old_module_had_is_there(module: str) -> None:
    old = import_module(f"cherrypy.{module}")
    missing = {name for name in NAMES[module].split() if not hasattr(old, name)}
    assert missing == set()
    assert set(NAMES[module].split()) <= set(dir(old))
    assert old is getattr(cherrypy, module)


@pytest.mark.parametrize("path", ATTRIBUTES)
def test_what_an_old_class_had_is_there(path: str) -> None:
    module, _, name = path.partition(".")
    old = getattr(import_module(f"cherrypy.{module}"), name)
    promised = {*vars(old), *old.__annotations__, *dir(old)}
    assert set(ATTRIBUTES[path].split()) <= promised


def test_every_old_module_is_in_the_table() -> None:
    assert set(_legacy.HOMES) == set(NAMES)


def test_plugins_say_how_often_they_run_unless_they_are_told() -> None:
    plugins = cherrypy.process.plugins
    assert (plugins.Monitor.frequency, plugins.Autoreloader.frequency) == (60, 1)


@pytest.mark.parametrize("name", ["_Serving", "_ThreadData", "_GlobalLogManager"])
def test_private_names_of_the_package_are_there(name: str) -> None:
    public = {
        "_Serving": cherrypy.serving,
        "_ThreadData": cherrypy.thread_data,
        "_GlobalLogManager": cherrypy.log,
    }
    assert type(public[name]) is getattr(cherrypy, name)


def test_the_timeout_monitor_has_its_old_name() -> None:
    monitor = type(cherrypy.engine.timeout_monitor)
    assert monitor is cherrypy._TimeoutMonitor


def test_a_proxy_of_ones_own_stands_for_something_in_serving() -> None:
    # The session tools of programs are made like this.
    proxy = cherrypy._ThreadLocalProxy("basket")

    class Shop:
        @cherrypy.expose
        def index(self) -> str:
            cherrypy.serving.basket = {"apples": 2}
            proxy["pears"] = 1
            return repr(sorted(proxy))

    assert Client(cherrypy.Application(Shop())).get("/").text == "['apples', 'pears']"


def test_the_package_has_no_other_private_names() -> None:
    with pytest.raises(AttributeError, match="'_nothing'"):
        cherrypy._nothing  # type: ignore[attr-defined]  # noqa: B018
    assert cherrypy.__version__ >= "18"


class TestImporting:
    @pytest.mark.parametrize(
        "statement",
        [
            "import cherrypy._cprequest as old",
            "from cherrypy import _cprequest as old",
            "import cherrypy._cprequest; old = cherrypy._cprequest",
            "from cherrypy._cprequest import Request",
        ],
    )
    def test_in_every_way_python_has(self, statement: str) -> None:
        namespace: dict[str, Any] = {}
        exec(statement, namespace)
        if "old" in namespace:
            assert namespace["old"] is sys.modules["cherrypy._cprequest"]
        else:
            assert namespace["Request"] is request.Request

    def test_everything_by_a_star(self) -> None:
        namespace: dict[str, Any] = {}
        exec("from cherrypy._cpcompat import *", namespace)
        assert namespace["ntob"]("x") == b"x"
        assert "HTTPSConnection" in namespace
        assert "_homes" not in namespace

    def test_a_name_that_never_was_says_where_to_look(self) -> None:
        with pytest.raises(AttributeError, match=r"Moved to cherrypy\.core\.tree"):
            _ = import_module("cherrypy._cptree").Forest
        with pytest.raises(ImportError):
            exec("from cherrypy._cptree import Forest")

    def test_a_module_that_never_was_is_an_error(self) -> None:
        with pytest.raises(ModuleNotFoundError):
            import_module("cherrypy._cpnothing")

    def test_tools_that_look_for_modules_find_them(self) -> None:
        spec = importlib.util.find_spec("cherrypy._cperror")
        assert spec is not None
        assert spec.name == "cherrypy._cperror"

    def test_they_are_modules_without_files(self) -> None:
        old = import_module("cherrypy._cpdispatch")
        assert isinstance(old, types.ModuleType)
        assert (old.__name__, old.__package__) == ("cherrypy._cpdispatch", "cherrypy")
        assert not hasattr(old, "__file__")

    def test_mod_python_is_gone_and_says_so(self) -> None:
        old = import_module("cherrypy._cpmodpy")
        with pytest.raises(AttributeError, match="mod_wsgi"):
            old.setup(None)
        assert not hasattr(old, "__path__")


class TestPickling:
    def test_an_exception_keeps_its_class(self) -> None:
        error = pickle.loads(pickle.dumps(cherrypy.HTTPError(404, "gone")))
        assert (error.code, error._message) == (404, "gone")

    def test_old_pickles_find_their_classes(self) -> None:
        # A class is pickled as the name of its module and its own.
        assert pickle.loads(b"ccherrypy._cperror\nHTTPError\n.") is cherrypy.HTTPError


class TestPatching:
    @pytest.fixture
    def old(self) -> Any:
        return import_module("cherrypy._cptree")

    def test_writing_a_name_writes_to_its_home(
        self, old: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Mine(app.Application):
            pass

        before = old.Application
        monkeypatch.setattr(old, "Application", Mine)
        assert type(old.Tree().mount(None)) is Mine
        monkeypatch.undo()
        assert type(old.Tree().mount(None)) is before

    def test_mock_puts_back_what_was_there(self, old: Any) -> None:
        before = old.Application
        with mock.patch("cherrypy._cptree.Application") as patched:
            assert old.Application is patched
        assert old.Application is before
        assert import_module("cherrypy.core.tree").Application is before

    def test_a_name_with_two_homes_returns_to_the_one_it_had(self) -> None:
        before = site_config.merge
        with mock.patch("cherrypy._cpconfig.merge") as patched:
            assert site_config.merge is patched
        assert site_config.merge is before

    def test_a_new_name_goes_to_the_first_home(
        self, old: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        home = import_module("cherrypy.core.tree")
        monkeypatch.setattr(old, "Forest", "trees", raising=False)
        assert home.Forest == "trees"
        monkeypatch.undo()
        assert not hasattr(home, "Forest")
        with pytest.raises(AttributeError, match="Moved to"):
            _ = old.Forest

    def test_programs_may_put_a_template_of_their_own_for_all_errors(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        old = import_module("cherrypy._cperror")
        assert "%(version)s" in old._HTTPErrorTemplate
        monkeypatch.setattr(old, "_HTTPErrorTemplate", "%(status)s: %(message)s")
        answer = Client(cherrypy.Application(None)).get("/plum")
        told = answer.text.rstrip()  # there are blanks for browsers after it
        assert told == "404 Not Found: The path '/plum' was not found."

    def test_a_name_may_be_taken_away_for_a_while(
        self, old: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = old.Tree
        monkeypatch.delattr(old, "Tree")
        assert not hasattr(old, "Tree")
        monkeypatch.undo()
        assert old.Tree is before

    def test_what_belongs_to_the_module_stays_in_it(self, old: Any) -> None:
        before = old.__doc__
        old.__doc__ = "Changed."
        assert import_module("cherrypy.core.tree").__doc__ != "Changed."
        assert old.__doc__ == "Changed."
        old.__doc__ = before


class TestCompatibility:
    @pytest.fixture
    def compat(self) -> Any:
        return import_module("cherrypy._cpcompat")

    def test_text_and_bytes(self, compat: Any) -> None:
        assert compat.ntob("\xe9") == b"\xe9"
        assert compat.ntou("\xe9") == "\xe9"
        assert compat.tonative(b"\xe9") == compat.tonative("\xe9") == "\xe9"
        with pytest.raises(TypeError, match="native str"):
            compat.ntob(b"x")
        assert isinstance("", compat.text_or_bytes)
        assert (compat.unicodestr, compat.bytestr) == (str, bytes)

    def test_encodings(self, compat: Any) -> None:
        assert compat.base64_decode("YWJj") == "abc"
        assert compat.unquote_qs(b"a+%C3%A9", "utf-8") == "a \xe9"
        assert compat.escape_html('<a href="x">') == '&lt;a href="x"&gt;'
        assert compat.escape_html('"', escape_quote=True) == "&quot;"
        assert len(bytes.fromhex(compat.random20())) == 20

    def test_mappings(self, compat: Any) -> None:
        mapping = {"a": 1}
        assert list(compat.iteritems(mapping)) == compat.copyitems(mapping)
        assert list(compat.iterkeys(mapping)) == compat.copykeys(mapping) == ["a"]
        assert list(compat.itervalues(mapping)) == compat.copyvalues(mapping) == [1]

    def test_json(self, compat: Any) -> None:
        old = import_module("cherrypy._json")
        assert b"".join(old.encode({"a": [1]})) == b'{"a": [1]}'
        assert old.decode("[1]") == compat.json_decode("[1]") == [1]
        assert compat.json is import_module("json")

    def test_the_standard_library(self, compat: Any) -> None:
        assert compat.Timer is import_module("threading").Timer
        assert compat.xrange is range
        with pytest.raises(AttributeError):
            _legacy.nothing  # noqa: B018

    def test_the_draft_of_another_wsgi(self) -> None:
        old = import_module("cherrypy._cpwsgi")
        environ = {
            "wsgi.url_encoding": "utf-8",
            "PATH_INFO": "/\xe9",
            "SCRIPT_NAME": "",
            "QUERY_STRING": "",
        }
        assert old.downgrade_wsgi_ux_to_1x(environ)["PATH_INFO"] == "/\xc3\xa9"

    def test_a_property_of_a_class(self) -> None:
        classproperty = import_module("cherrypy._helper").classproperty

        class Status:
            default = classproperty(lambda owner: owner.__name__)

        assert Status.default == Status().default == "Status"

    def test_the_accessors_of_a_page_handler(self) -> None:
        seen: list[Any] = []

        class Root:
            @cherrypy.expose
            def default(self, *args: str, **kwargs: str) -> str:
                return f"{args} {kwargs}"

        def change() -> None:
            page: handler.PageHandler = cherrypy.request.handler
            seen.extend((page.get_args(), page.get_kwargs()))
            page.set_args(("b",))
            page.set_kwargs({"c": "d"})

        config = {"/": {"hooks.before_handler": change}}
        client = Client(cherrypy.Application(Root(), "", config))
        assert client.get("/a?x=1").text == "('b',) {'x': '1', 'c': 'd'}"
        assert [list(seen[0]), seen[1]] == [["a"], {"x": "1"}]


@pytest.mark.parametrize("name", sorted(_legacy.BORROWED))
def test_what_old_modules_had_imported_is_lent(name: str) -> None:
    assert _legacy.borrowed(name) is not None


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("cherrypy.lib.static", "mimetypes"),
        ("cherrypy.lib.sessions", "pickle"),
        ("cherrypy.lib.httputil", "urllib"),
        ("cherrypy.process.plugins", "threading"),
        ("cherrypy._cptree", "tools"),
        ("cherrypy._cperror", "cherrypy"),
    ],
)
def test_programs_may_take_it_from_there(module: str, name: str) -> None:
    lent = getattr(importlib.import_module(module), name)
    assert lent is _legacy.borrowed(name)


@pytest.mark.parametrize(
    "module", ["cherrypy.lib.static", "cherrypy.lib.sessions", "cherrypy._cptree"]
)
def test_what_they_never_had_is_not_there(module: str) -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        importlib.import_module(module).nothing  # noqa: B018 - reading is the test


def test_error_pages_find_the_exception_where_it_was() -> None:
    assert import_module("cherrypy._cperror")._exc_info is sys.exc_info
