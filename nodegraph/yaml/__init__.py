"""YAML as plain data that knows where every value stands, and the words in it."""

__all__ = [
    "document",
    "edges",
    "header",
    "overrides",
    "reader",
    "scalars",
    "task",
]
