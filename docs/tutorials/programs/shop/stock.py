"""What goes on beside the requests: a plug-in."""

from cherrypy.process.plugins import SimplePlugin


class Stock(SimplePlugin):
    """Keeps prices, and answers on the channel `price`."""

    def __init__(self, bus):
        super().__init__(bus)
        self.prices = {}

    def start(self):
        self.bus.log("Filling the shelves")
        self.prices = {"apple": 30, "bread": 250, "milk": 110}
        self.bus.subscribe("price", self.price)

    def stop(self):
        self.bus.unsubscribe("price", self.price)
        self.prices = {}

    def price(self, thing):
        return self.prices.get(thing)
