"""Notes: a small application with pages, a JSON API and a database in one file.

`storage` keeps the notes, `markup` makes HTML of them, `app` puts both on the web.
Start it by ``python -m examples.notes``.
"""
