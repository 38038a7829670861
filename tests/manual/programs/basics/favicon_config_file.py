# Basics: Favicon, "you can also use a file to configure it"
import cherrypy

class HelloWorld(object):
   @cherrypy.expose
   def index(self):
       return "Hello World!"

if __name__ == '__main__':
    # Printed as app.conf without quotes, which is an attribute of nothing.
    cherrypy.quickstart(HelloWorld(), '/', 'favicon.conf')
