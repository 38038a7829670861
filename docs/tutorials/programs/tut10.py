import random
import sqlite3
import string
from contextlib import closing
from pathlib import Path

import cherrypy
from cherrypy.lib.static import serve_file

HERE = Path(__file__).resolve().parent
DATABASE = HERE / "strings.db"


def execute(statement, *values):
    """Run one statement in a transaction of its own and return all rows."""
    with closing(sqlite3.connect(DATABASE)) as connection, connection:
        return connection.execute(statement, values).fetchall()


def owner():
    """Return who is asking: the session, which is kept because it holds something."""
    cherrypy.session["known"] = True
    return cherrypy.session.id


class StringGenerator:
    @cherrypy.expose
    def index(self):
        return serve_file(HERE / "application.html", "text/html")


@cherrypy.expose
class StringGeneratorWebService:
    @cherrypy.tools.accept(media="text/plain")
    def GET(self):
        rows = execute("SELECT value FROM strings WHERE owner = ?", owner())
        if not rows:
            raise cherrypy.NotFound()
        return rows[0][0]

    @cherrypy.tools.params()
    def POST(self, length: int = 8):
        some_string = "".join(random.choices(string.hexdigits, k=length))
        execute("INSERT OR REPLACE INTO strings VALUES (?, ?)", owner(), some_string)
        return some_string

    def PUT(self, another_string):
        execute("INSERT OR REPLACE INTO strings VALUES (?, ?)", owner(), another_string)

    def DELETE(self):
        execute("DELETE FROM strings WHERE owner = ?", owner())


def create_table():
    execute("CREATE TABLE IF NOT EXISTS strings (owner PRIMARY KEY, value)")


def drop_table():
    execute("DROP TABLE strings")


if __name__ == "__main__":
    config = {
        "/": {
            "tools.sessions.on": True,
            "tools.staticdir.root": str(HERE),
        },
        "/generator": {
            "request.dispatch": cherrypy.dispatch.MethodDispatcher(),
            "tools.response_headers.on": True,
            "tools.response_headers.headers": [("Content-Type", "text/plain")],
        },
        "/static": {
            "tools.staticdir.on": True,
            "tools.staticdir.dir": "public",
        },
    }
    cherrypy.engine.subscribe("start", create_table)
    cherrypy.engine.subscribe("stop", drop_table)
    webapp = StringGenerator()
    webapp.generator = StringGeneratorWebService()
    cherrypy.quickstart(webapp, "/", config)
