# Advanced: Timeout Monitor, "to turn it off", in both ways
import sys

import cherrypy

if sys.argv[1:] == ['config']:
    cherrypy.config.update('timeout_monitor_off.conf')
else:
    cherrypy.engine.timeout_monitor.unsubscribe()

cherrypy.quickstart()
