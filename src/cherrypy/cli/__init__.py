"""The program ``cherrypy``: serve, list, explain, begin, measure and check a site."""
