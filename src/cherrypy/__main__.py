"""``python -m cherrypy`` is ``cherryd``."""

from __future__ import annotations

from cherrypy.daemon import run

if __name__ == "__main__":
    run()
