"""``python -m cherrypy.cli`` is the program ``cherrypy``."""

from __future__ import annotations

import sys

from cherrypy.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
