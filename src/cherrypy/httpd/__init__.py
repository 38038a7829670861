"""The server: bytes from sockets to a handler, and its answers back.

It knows WSGI and the vocabulary of HTTP, and nothing else of the house. Read in this
order: `server` (opening, serving, stopping), `baton` (the one thread that polls),
`connection` (one client), `exchange` (one request and its answer), `schedule` (the
workers).
"""
