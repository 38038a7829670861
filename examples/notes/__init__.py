"""Notes: a small notice board, with which the framework shows what it can do.

Read it from below, each module knows only those before it: `database` opens a file,
`storage` keeps notes in it and `users` who may write; `guards`, `live`, `markup` and
`pages` are parts that every site has; `accounts`, `files`, `notes`, `api`, `exports`,
`stops` and `tour` are what visitors meet; `app` joins them. Start it by
``python -m examples.notes``.
"""
