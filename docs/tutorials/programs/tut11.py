from pathlib import Path

from shop.pages import Shop
from shop.stock import Stock

import cherrypy

CONFIG = Path(__file__).resolve().parent / "shop.conf"


if __name__ == "__main__":
    Stock(cherrypy.engine).subscribe()
    cherrypy.quickstart(Shop(), "/", str(CONFIG))
