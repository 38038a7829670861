"""What customers see: pages."""

import cherrypy

from shop import discounts  # noqa: F401  puts the tool into the box


def price_of(thing):
    (cents,) = cherrypy.engine.publish("price", thing)
    if cents is None:
        raise cherrypy.HTTPError(404, f"There is no {thing!r} here.")
    discount = getattr(cherrypy.request, "discount", 0)
    return cents * (100 - discount) // 100


class Shop:
    @cherrypy.expose
    def index(self):
        return "Welcome!"

    @cherrypy.expose
    def price(self, thing):
        return f"{price_of(thing)} cents"

    @cherrypy.expose
    def sale(self, thing):
        return f"Today only: {price_of(thing)} cents"

    @cherrypy.expose
    def checkout(self, things):
        total = sum(price_of(thing) for thing in things.split(","))
        return f"{total} cents, please."

    @cherrypy.expose
    def members(self, things):
        return f"Dear member: {self.checkout(things)}"
