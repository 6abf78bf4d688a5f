"""YAML as plain data that knows where every value stands; the words in it; graphs read and written."""

__all__ = [
    "document",
    "edges",
    "header",
    "overrides",
    "reader",
    "scalars",
    "spec",
    "task",
    "writer",
]
