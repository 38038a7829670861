# Advanced: The popargs decorator, "the decorator accepts more than a single binding"
import cherrypy

# Taken over from the program before.
@cherrypy.popargs('band_name')
class Band(object):
    def __init__(self):
        self.albums = Album()

    @cherrypy.expose
    def index(self, band_name):
        return 'About %s...' % band_name

@cherrypy.popargs('album_title')
class Album(object):
    def __init__(self):
        self.tracks = Track()

@cherrypy.popargs('track_num', 'track_title')
class Track(object):
    @cherrypy.expose
    def index(self, band_name, album_title, track_num, track_title):
        # The manual leaves the body open.
        return '%s: %s, %s. %s' % (band_name, album_title, track_num, track_title)
