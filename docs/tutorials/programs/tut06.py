import random
import string
from pathlib import Path

import cherrypy

HERE = Path(__file__).resolve().parent

FORM = """<!DOCTYPE html>
<title>Strings</title>
<link rel="stylesheet" href="/static/css/style.css">
<form method="get" action="generate">
  <label>Length <input name="length" value="8"></label>
  <button>Give it now!</button>
</form>
"""


class StringGenerator:
    @cherrypy.expose
    def index(self):
        return FORM

    @cherrypy.expose
    @cherrypy.tools.params()
    def generate(self, length: int = 8):
        some_string = "".join(random.choices(string.hexdigits, k=length))
        cherrypy.session["mystring"] = some_string
        return some_string

    @cherrypy.expose
    def display(self):
        return cherrypy.session.get("mystring", "There is no string yet.")


if __name__ == "__main__":
    config = {
        "/": {
            "tools.sessions.on": True,
            "tools.staticdir.root": str(HERE),
        },
        "/static": {
            "tools.staticdir.on": True,
            "tools.staticdir.dir": "public",
        },
    }
    cherrypy.quickstart(StringGenerator(), "/", config)
