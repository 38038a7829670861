# Create a docker container for your CherryPy application: cherryd -i webapp, said to
# the function behind the command, so that the port can be another.
import cherrypy.daemon

cherrypy.daemon.start(imports=['webapp'])
