"""A name that CherryPy 8 was the last to have. Importing it tells where to go."""

raise ImportError(
    "cherrypy.wsgiserver is gone since CherryPy 9: the server is cherrypy.httpd, its "
    "settings are cherrypy.server. (For ws4py: it takes connections away from the "
    "server, which this one keeps, so it does not work here.)"
)
