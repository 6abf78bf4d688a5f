"""A model on one page: its nodes, their sizes, what they hold and what they have learned."""

from __future__ import annotations

from html import escape

import numpy as np

from nodegraph.arrays import is_sparse, leaves
from nodegraph.model.state import ModelState

__all__ = ["Summary", "summary"]

HEAD = ("node", "kind", "in", "out", "params", "rule", "learned")


class Summary(str):
    """A table as text; a notebook draws it."""

    rows: list[tuple[str, ...]]

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        head, *rows = (
            "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in row)
            for tag, row in [("th", HEAD), *(("td", row) for row in self.rows)]
        )
        body = "".join(f"<tr>{row}</tr>" for row in rows)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def summary(state: ModelState) -> Summary:
    """Return a row for each node of a model, in the order in which they run, and a sum."""
    names = [name for block in state.plan.blocks for name in block.names]
    rows = [_row(state, name) for name in names]
    total = sum(_numbers(state, name) for name in names)
    widths = [max(map(len, column)) for column in zip(HEAD, *rows, strict=True)]
    numeric = {"in", "out", "params"}
    lines = [
        "  ".join(
            cell.rjust(width) if title in numeric else cell.ljust(width)
            for cell, width, title in zip(row, widths, HEAD, strict=True)
        ).rstrip()
        for row in (HEAD, tuple("-" * width for width in widths), *rows)
    ]
    table = Summary("\n".join([*lines, f"{len(rows)} nodes, {total:,} numbers in params"]))
    table.rows = rows
    return table


def _row(state: ModelState, name: str) -> tuple[str, ...]:
    slot, node, rule = state.slots.get(name), state.plan.nodes[name], state.plan.rules.get(name)
    sizes = ("?", "?", "?")
    if slot is not None:
        n_in = sum(slot.ports.values())
        sizes = str(n_in), str(slot.past.shape[1]), f"{_numbers(state, name):,}"
    learned = "" if rule is None else "yes" if slot is not None and slot.fitted else "not yet"
    if name in state.frozen:
        learned = f"{learned}, frozen"
    kind = type(node).label or type(node).__name__
    return (name, kind, *sizes, "" if rule is None else type(rule).__name__, learned)


def _numbers(state: ModelState, name: str) -> int:
    slot = state.slots.get(name)
    found = () if slot is None else (leaf for _, leaf in leaves(slot.params))
    return sum(int(leaf.nnz) if is_sparse(leaf) else int(np.size(leaf)) for leaf in found)
