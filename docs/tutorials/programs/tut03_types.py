import random
import string

import cherrypy


class StringGenerator:
    @cherrypy.expose
    def index(self):
        return "Hello world!"

    @cherrypy.expose
    @cherrypy.tools.params()
    def generate(self, length: int = 8):
        return "".join(random.choices(string.hexdigits, k=length))


if __name__ == "__main__":
    cherrypy.quickstart(StringGenerator())
