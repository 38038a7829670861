"""The application layer: what page authors write with."""
