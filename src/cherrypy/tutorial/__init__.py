"""Ten small programs to run, read and change, each a module of its own.

Start one, and look at http://127.0.0.1:8080/ ::

    python -m cherrypy.tutorial.tut01_helloworld

They share the config file ``tutorial.conf`` beside them. Read them in order:

1. ``tut01_helloworld``: an object, a method, a page.
2. ``tut02_expose_methods``: more pages, and links between them.
3. ``tut03_get_and_post``: what a form sends arrives as arguments.
4. ``tut04_complex_site``: objects within objects are folders.
5. ``tut05_derived_objects``: a base class for what pages have in common.
6. ``tut06_default_method``: URLs for which there is no method.
7. ``tut07_sessions``: remembering a visitor.
8. ``tut08_generators_and_yield``: a page made piece by piece.
9. ``tut09_files``: uploads and downloads.
10. ``tut10_http_errors``: errors, and how they look.
"""

# documented behaviour: a config may name any object of a module. This one is here to
# be named: ``thing: cherrypy.tutorial.thing2``.
thing2: object = object()
