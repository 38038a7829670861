# Deploy: Run as a daemon, PID files
import os

import cherrypy
from cherrypy.process.plugins import Daemonizer, PIDFile


class Root(object):
    @cherrypy.expose
    def index(self):
        return str(os.getpid())


d = Daemonizer(cherrypy.engine)
d.subscribe()

# Printed with the path /var/run/myapp.pid.
PIDFile(cherrypy.engine, os.path.abspath('myapp.pid')).subscribe()

cherrypy.config.update({'log.error_file': os.path.abspath('error.log')})
cherrypy.quickstart(Root())
