# A user's notes: Reading Chunked HTTP/1.1 Responses. "There is also a small CherryPy
# application that serves some data with chunked transfer-coding": it is not printed.
import cherrypy


class Root(object):
    @cherrypy.expose
    def index(self):
        for number in range(5):
            yield "Chunk %d" % number
    index._cp_config = {'response.stream': True}

    @cherrypy.expose
    def upload(self):
        # The other direction: what a client sends in chunks, piece by piece.
        sizes = []
        while True:
            piece = cherrypy.request.body.read(4)
            if not piece:
                break
            sizes.append(len(piece))
        return ' '.join(map(str, sizes))


if __name__ == '__main__':
    cherrypy.quickstart(Root())
