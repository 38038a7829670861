"""What the acceptance tests of the keywords ask."""

from __future__ import annotations

from typing import Any

import cherrypy


class Root:
    @cherrypy.expose
    def greet(self, name: str = "you") -> str:
        return f"Hello, {name}!"

    @cherrypy.expose
    @cherrypy.tools.json_out()
    def seen(self, **params: Any) -> dict[str, Any]:
        request = cherrypy.request
        return {
            "method": request.method,
            "params": params,
            "headers": dict(request.headers),
        }

    @cherrypy.expose
    @cherrypy.tools.json_in()
    @cherrypy.tools.json_out()
    def document(self) -> Any:
        return cherrypy.request.json

    @cherrypy.expose
    def moved(self) -> None:
        raise cherrypy.HTTPRedirect("/greet")

    @cherrypy.expose
    def count(self) -> str:
        crumb = cherrypy.request.cookie.get("count")
        number = int(crumb.value) + 1 if crumb else 1
        cherrypy.response.cookie["count"] = str(number)
        return str(number)


if __name__ != "__main__":
    # As programs do that `cherryd -i` imports.
    cherrypy.tree.mount(Root(), "/mounted")
