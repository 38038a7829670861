"""XML-RPC: remote procedure calls in XML over POST."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, NoReturn

from cherrypy._legacy import lender
from cherrypy.application.expose import expose
from cherrypy.core import bridge
from cherrypy.core.context import current
from cherrypy.core.errors import HTTPError

if TYPE_CHECKING:
    from types import ModuleType

__all__ = [
    "XMLRPCController",
    "get_xmlrpclib",
    "on_error",
    "patched_path",
    "process_body",
    "respond",
]

if not TYPE_CHECKING:
    # For programs that take from here what CherryPy's module had imported.
    __getattr__ = lender(__name__)


def get_xmlrpclib() -> ModuleType:
    """Return the standard library's XML-RPC client, which knows the format."""
    import xmlrpc.client  # lazy: 40 ms of import

    return xmlrpc.client


def process_body() -> tuple[tuple[Any, ...], str]:
    """Read the call in the request's body.

    Returns:
        Its arguments and the name of the method. What is no call becomes a call of a
        method that nobody has, so that the client gets its answer as a fault.

    Raises:
        HTTPError: 400, the document has a DTD, which may hide entities that grow
            without bound or name files of this machine.
    """
    try:
        return _loads(current.get().request.body.read())
    except HTTPError:
        raise
    except Exception:  # boundary: a stranger's document may fail in any way
        return ("ERROR PARAMS",), "ERRORMETHOD"


def _loads(document: bytes) -> tuple[tuple[Any, ...], str]:
    """Parse a call as `xmlrpc.client.loads` does, without its trust."""
    from xml.parsers import expat  # lazy: only XML-RPC needs it

    call = get_xmlrpclib().Unmarshaller()
    call.xml(None, None)  # The parser hands out text, whatever the document's charset.
    parser = expat.ParserCreate()
    parser.StartElementHandler = call.start
    parser.EndElementHandler = call.end
    parser.CharacterDataHandler = call.data
    parser.StartDoctypeDeclHandler = _refuse_dtd
    parser.Parse(document, True)
    arguments, name = call.close(), call.getmethodname()
    if name is None:
        raise ValueError("The document is the answer to a call, not a call.")
    return arguments, name


def _refuse_dtd(*declaration: Any) -> NoReturn:
    raise HTTPError(400, "XML-RPC calls must not have a document type declaration.")


def patched_path(path: str) -> str:
    """Return a path as dispatchers expect it of an XML-RPC client.

    Ends in a slash, and ``/RPC2``, to which most clients post, is the root.
    """
    if not path.endswith("/"):
        path += "/"
    return path[5:] if path.startswith("/RPC2/") else path


def _set_response(document: str, encoding: str = "utf-8") -> None:
    """Answer with a document."""
    response = current.get().response
    # XML-RPC knows no other: failures are told inside the document.
    response.status = "200 OK"
    response.body = document.encode(encoding, "xmlcharrefreplace")
    # Named here, another charset than the encode tool's is left alone by it.
    utf8 = encoding.lower() in ("utf-8", "utf8")
    charset = "" if utf8 else f";charset={encoding}"
    response.headers["Content-Type"] = f"text/xml{charset}"
    response.headers["Content-Length"] = len(response.body[0])


def respond(body: Any, encoding: str = "utf-8", allow_none: bool | int = 0) -> None:
    """Answer with the result of a call.

    Args:
        body: The result, or an `xmlrpc.client.Fault`.
        encoding: The charset of the document.
        allow_none: Whether None may be part of the result.

    Raises:
        TypeError: The result has a part that XML-RPC has no type for.
        OverflowError: It has an integer of more than 32 bits.
    """
    client = get_xmlrpclib()
    if not isinstance(body, client.Fault):
        body = (body,)
    _set_response(
        client.dumps(
            body, methodresponse=True, encoding=encoding, allow_none=bool(allow_none)
        ),
        encoding,
    )


def on_error(*args: Any, **kwargs: Any) -> None:
    """Answer with a fault for the exception that is being handled."""
    client = get_xmlrpclib()
    fault = client.Fault(1, str(sys.exc_info()[1]))
    _set_response(client.dumps(fault, methodresponse=True))


class XMLRPCController:
    """A page class whose exposed methods are the procedures.

    The name in the call is followed through attributes: ``calendar.today`` calls
    ``self.calendar.today``. Use it as root with the dispatcher for XML-RPC::

        config = {"/": {"request.dispatch": cherrypy.dispatch.XMLRPCDispatcher()}}
        cherrypy.quickstart(Calculator(), "/", config)
    """

    # Faults in the place of error pages; and no redirect for clients that post to
    # /RPC2, as most do: they would not follow it.
    _cp_config = {  # noqa: RUF012 - documented attribute
        "tools.xmlrpc.on": True,
        "tools.trailing_slash.on": False,
    }

    @expose
    def default(self, *vpath: Any, **params: Any) -> Any:
        """Call the procedure that the request's body names."""
        arguments, name = process_body()
        target: Any = self
        atom = name
        for atom in name.split("."):
            # What Python keeps under such names is no business of strangers.
            target = None if atom[:1] == "_" else getattr(target, atom, None)
        if target is None or not getattr(target, "exposed", False):
            raise LookupError(f'method "{atom}" is not supported')
        result = target(*vpath, *arguments, **params)
        return bridge.chain(result, self._answered)

    def _answered(self, result: Any) -> Any:
        serving = current.get()
        settings = serving.request.toolmaps.get("tools", {}).get("xmlrpc", {})
        respond(
            result, settings.get("encoding", "utf-8"), settings.get("allow_none", 0)
        )
        return serving.response.body
