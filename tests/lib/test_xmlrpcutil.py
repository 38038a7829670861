from __future__ import annotations

import xmlrpc.client
from typing import TYPE_CHECKING, Any

import pytest

import cherrypy
from cherrypy.lib import xmlrpcutil
from cherrypy.lib.xmlrpcutil import XMLRPCController, patched_path
from tests.lib.apps import Config, mount

if TYPE_CHECKING:
    from cherrypy.testing import Client, Response


class Calendar:
    """Procedures below another name."""

    @cherrypy.expose
    def today(self) -> list[Any]:
        return ["today", {"month": 11}]


class Calculator(XMLRPCController):
    """Procedures that a client may call."""

    calendar = Calendar()
    constant = 5

    @cherrypy.expose
    def add(self, a: int, b: int = 10) -> int:
        return a + b

    @cherrypy.expose
    def echo(self, value: Any) -> Any:
        return value

    @cherrypy.expose
    def nothing(self) -> None:
        return None

    @cherrypy.expose
    def fail(self) -> None:
        raise ValueError("no <such> thing")

    @cherrypy.expose
    def refuse(self) -> None:
        raise cherrypy.HTTPError(403)

    @cherrypy.expose
    def fault(self) -> xmlrpc.client.Fault:
        return xmlrpc.client.Fault(5, "five")

    @cherrypy.expose
    async def later(self, value: Any) -> Any:
        return value

    def hidden(self) -> int:
        return 1


def client(**settings: Any) -> Client:
    """Make a client for the calculator."""
    config: Config = {f"tools.xmlrpc.{key}": settings[key] for key in settings}
    dispatcher = cherrypy.dispatch.XMLRPCDispatcher()
    return mount(Calculator(), {"/": {"request.dispatch": dispatcher, **config}})


def post(document: bytes, path: str = "/", **settings: Any) -> Response:
    """Post a document to the calculator."""
    return client(**settings).post(
        path, data=document, headers={"Content-Type": "text/xml"}
    )


def call(name: str, *arguments: Any, **settings: Any) -> Any:
    """Call a procedure; return its result, or the text of the fault."""
    document = xmlrpc.client.dumps(arguments, name, allow_none=True).encode()
    response = post(document, **settings)
    assert response.status_code == 200
    assert response.content_type == "text/xml"
    try:
        result: Any
        (result,), _ = xmlrpc.client.loads(response.body)
    except xmlrpc.client.Fault as fault:
        return f"{fault.faultCode}: {fault.faultString}"
    return result


def test_exposed_methods_can_be_called() -> None:
    assert call("add", 1, 2) == 3
    assert call("add", 1) == 11
    assert call("calendar.today") == ["today", {"month": 11}]
    assert call("later", "x") == "x"


@pytest.mark.parametrize("value", ["é €", 1.5, True, [1, [2]], {"a": ["b"]}, "<&>"])
def test_values_come_back_as_they_were(value: Any) -> None:
    assert call("echo", value) == value


def test_none_is_a_value_only_if_allowed() -> None:
    assert call("nothing", allow_none=1) is None
    assert call("nothing").startswith("1: cannot marshal None")


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        *(("hidden", "hidden"), ("unknown", "unknown"), ("calendar", "calendar")),
        *(("constant", "constant"), ("unknown.a.b", "b"), ("add.__doc__", "__doc__")),
        *(("_answered", "_answered"), ("__init__.__globals__", "__globals__")),
        *((".", ""), ("add.", "")),
    ],
)
def test_nothing_else_can_be_called(name: str, missing: str) -> None:
    assert call(name) == f'1: method "{missing}" is not supported'


def test_failures_are_faults() -> None:
    assert call("fail") == "1: no <such> thing"
    assert call("fault") == "5: five"
    assert "required positional argument" in call("add")
    assert "int exceeds" in call("add", 2**31 - 1, 1)


def test_errors_of_http_stay_errors_of_http() -> None:
    assert post(xmlrpc.client.dumps((), "refuse").encode()).status_code == 403


@pytest.mark.parametrize(
    "document",
    [
        *(b"", b"nonsense", b"<", b"<methodCall>", b"<a/>", b"\xff\xfe", b"\0"),
        b"<methodCall><methodName>add</methodName><params><param><value><int>x</int>"
        b"</value></param></params></methodCall>",
        b"<?xml version='1.0' encoding='nonsense'?><methodCall/>",
        b"<methodCall>" + b"<value>" * 50_000,
        b"<methodResponse><params></params></methodResponse>",
        b"<methodCall><methodName>add</methodName><params><param><value><int>"
        + b"9" * 10_000
        + b"</int></value></param></params></methodCall>",
        b"<value></array></value>",
        b"<params><param><value><struct><member><value/></member></struct></value>",
    ],
    ids=range(14),
)
def test_what_is_no_call_gets_a_fault(document: bytes) -> None:
    response = post(document)
    assert response.status_code == 200
    with pytest.raises(xmlrpc.client.Fault, match="is not supported"):
        xmlrpc.client.loads(response.body)


@pytest.mark.parametrize(
    "dtd",
    [
        b"<!DOCTYPE a>",
        b'<!DOCTYPE a [<!ENTITY e "1">]>',
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd">',
        b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
        b'<!DOCTYPE a [<!ENTITY a "x"><!ENTITY b "&a;&a;"><!ENTITY c "&b;&b;">]>',
    ],
)
def test_document_types_and_entities_are_refused(dtd: bytes) -> None:
    document = (
        b'<?xml version="1.0"?>' + dtd + b"<methodCall><methodName>echo</methodName>"
        b"<params><param><value>&e;</value></param></params></methodCall>"
    )
    assert post(document).status_code == 400


def test_the_charset_may_be_chosen() -> None:
    document = xmlrpc.client.dumps(("é€",), "echo").encode()
    response = post(document, encoding="iso-8859-1")
    assert response.headers["Content-Type"] == "text/xml;charset=iso-8859-1"
    assert b"\xe9&#8364;" in response.body
    assert xmlrpc.client.loads(response.body)[0] == ("é€",)


@pytest.mark.parametrize("path", ["/", "/RPC2/", "/RPC2"])
def test_clients_may_post_to_the_root_or_to_rpc2(path: str) -> None:
    response = post(xmlrpc.client.dumps((1,), "add").encode(), path)
    assert xmlrpc.client.loads(response.body)[0] == (11,)


def test_the_query_string_gives_more_arguments() -> None:
    response = post(xmlrpc.client.dumps((), "echo").encode(), "/?value=x")
    assert xmlrpc.client.loads(response.body)[0] == ("x",)


def test_a_get_is_no_call() -> None:
    response = client().get("/")
    with pytest.raises(xmlrpc.client.Fault, match="is not supported"):
        xmlrpc.client.loads(response.body)


@pytest.mark.parametrize(
    ("path", "patched"),
    [
        *(("", "/"), ("/", "/"), ("/RPC2", "/"), ("/RPC2/", "/"), ("/RPC2/x", "/x/")),
        *(("/rpc2", "/rpc2/"), ("/a/RPC2", "/a/RPC2/"), ("/RPC2x", "/RPC2x/")),
    ],
)
def test_paths_are_made_fit_for_dispatching(path: str, patched: str) -> None:
    assert patched_path(path) == patched


def test_the_client_library_is_at_hand() -> None:
    assert xmlrpcutil.get_xmlrpclib() is xmlrpc.client
