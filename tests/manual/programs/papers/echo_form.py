# Acceptance testing a CherryPy application with Robot Framework: "a simple CherryPy
# application, which displays a input text where to type a message. When the submit
# button is pressed, the message is sent to the server and returned as-is". Not printed.
import cherrypy


class EchoApp(object):
    @cherrypy.expose
    def index(self):
        return """<html>
          <body>
            <form method="post" action="/echo">
              <input type="text" name="message" />
              <input type="submit" />
            </form>
          </body>
        </html>"""

    @cherrypy.expose
    def echo(self, message):
        return message


if __name__ == '__main__':
    cherrypy.quickstart(EchoApp())
