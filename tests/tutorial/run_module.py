"""Run a module of the package on free ports, and tell when it can be asked.

    python -m tests.tutorial.run_module MODULE REPORTS

See `tests.manual.run_program`, which does the same for a file.
"""

from __future__ import annotations

import runpy
import sys

import cherrypy
from tests.manual.run_program import report_to, take_free_ports

if __name__ == "__main__":
    module, pipe = sys.argv[1:3]
    del sys.argv[1:]
    cherrypy.engine.subscribe("start", take_free_ports, priority=1)
    report_to(pipe)
    runpy.run_module(module, run_name="__main__")
