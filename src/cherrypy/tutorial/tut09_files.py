"""Tutorial 9: uploads and downloads.

A file that a browser sends arrives as an argument, under the name of its field. It has
the attributes ``file``, to be read, ``filename`` and ``content_type``. A large one
lies on disk and is gone after the request: who wants to keep it copies it.

A file that is sent may be returned like any text. `cherrypy.lib.static.serve_file`
does it better: it tells the browser the type, the date and the name to save it under,
and answers those who want only a part.
"""

import html
import os.path

import cherrypy
from cherrypy.core.body import Part
from cherrypy.lib import static

localDir: str = os.path.dirname(__file__)
absDir: str = os.path.join(os.getcwd(), localDir)


class FileDemo:
    """Takes a file, and gives one."""

    @cherrypy.expose
    def index(self) -> str:
        """Return a form for a file, and a link to one."""
        return """
        <html><body>
            <h2>Upload a file</h2>
            <form action="upload" method="post" enctype="multipart/form-data">
            filename: <input type="file" name="myFile" /><br />
            <input type="submit" />
            </form>
            <h2>Download a file</h2>
            <a href='download'>This one</a>
        </body></html>
        """

    @cherrypy.expose
    def upload(self, myFile: Part) -> str:
        """Tell about the file that was sent; it is read, but not kept."""
        size = 0
        # In pieces: a file may be larger than the memory of this machine.
        while data := myFile.file.read(8192):
            size += len(data)
        # The name and the type are the browser's words, so they are escaped.
        name = html.escape(str(myFile.filename))
        kind = html.escape(str(myFile.content_type))
        return f"""<html>
        <body>
            myFile length: {size}<br />
            myFile filename: {name}<br />
            myFile mime-type: {kind}
        </body>
        </html>"""

    @cherrypy.expose
    def download(self) -> object:
        """Send a file, to be saved rather than shown."""
        path = os.path.join(absDir, "pdf_file.pdf")
        return static.serve_file(
            path, "application/x-download", "attachment", os.path.basename(path)
        )


tutconf: str = os.path.join(os.path.dirname(__file__), "tutorial.conf")

if __name__ == "__main__":
    cherrypy.quickstart(FileDemo(), config=tutconf)
