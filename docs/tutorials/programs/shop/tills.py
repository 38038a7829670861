"""Which page serves a customer: dispatchers."""

import cherrypy


class TillWithCard(cherrypy.dispatch.Dispatcher):
    """Leads customers without a card to the ordinary till."""

    def __call__(self, path_info):
        if "card" not in cherrypy.request.cookie:
            path_info = "/checkout"
        return super().__call__(path_info)


till_with_card = TillWithCard()
