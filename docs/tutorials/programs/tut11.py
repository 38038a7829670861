from pathlib import Path

import cherrypy

from shop.pages import Shop
from shop.stock import Stock

CONFIG = Path(__file__).resolve().parent / "shop.conf"


if __name__ == "__main__":
    Stock(cherrypy.engine).subscribe()
    cherrypy.quickstart(Shop(), "/", str(CONFIG))
