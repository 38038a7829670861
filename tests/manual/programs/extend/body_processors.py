# Extend: Request body processors (the section has no program: this follows its text)
import csv
import io

import cherrypy


def read_csv(entity):
    text = io.TextIOWrapper(io.BytesIO(entity.read()), 'utf-8')
    cherrypy.request.rows = list(csv.reader(text))


def no_other():
    raise cherrypy.HTTPError(415)


class Root(object):
    @cherrypy.expose
    @cherrypy.config(**{'request.body.processors': {'text/csv': read_csv},
                        'request.body.default_proc': no_other})
    def rows(self):
        return repr(cherrypy.request.rows)
