"""What arrives at the ports of nodes that store values under keys."""

from __future__ import annotations

from nodegraph.errors import FieldError

__all__ = ["check_key_value", "check_one_signal"]


def check_key_value(query: int, key: int, value: int) -> None:
    """Refuse widths of query, key and value that do not go together; 0 for nothing wired.

    Raises
    ------
    FieldError
    """
    for port, width in (("key", key), ("value", value)):
        if not width:
            raise FieldError(
                f"nothing is wired to the port {port}; write source >> node[{port!r}], the query "
                "going to the node itself"
            )
    if query != key:
        raise FieldError(
            f"query and key should be equally wide: {query} signals arrive as the query (port x), "
            f"{key} at the port key; let Select(columns=...) choose columns"
        )


def check_one_signal(**widths: int) -> None:
    """Refuse ports that bring more than one signal.

    Raises
    ------
    FieldError
    """
    for port, width in widths.items():
        if width > 1:
            raise FieldError(
                f"{width} signals arrive at the port {port}; it takes one, as of "
                f"Select(columns=[0]) >> node[{port!r}]"
            )
