"""YAML as plain data that knows where every value stands, and the graphs in it, both ways."""

__all__ = [
    "document",
    "edges",
    "header",
    "overrides",
    "reader",
    "spec",
    "task",
    "writer",
]
