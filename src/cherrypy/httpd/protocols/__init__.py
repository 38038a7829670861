"""Wire protocols without sockets: bytes in, events out; answers in, bytes out."""
