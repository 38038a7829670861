import random
import string

import cherrypy

FORM = """<!DOCTYPE html>
<title>Strings</title>
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
        return "".join(random.choices(string.hexdigits, k=length))


if __name__ == "__main__":
    cherrypy.quickstart(StringGenerator())
