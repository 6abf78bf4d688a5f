"""Rows of results as Markdown."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = ["machine", "markdown"]


def markdown(title: str, head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Return a heading and a table.

    Examples
    --------
    >>> print(markdown("Sums", ["of", "is"], [["1 + 1", 2.0]]))
    ## Sums
    <BLANKLINE>
    | of | is |
    |---|---|
    | 1 + 1 | 2 |
    <BLANKLINE>
    """
    lines = [f"## {title}", "", _line(head), "|" + "---|" * len(head)]
    return "\n".join([*lines, *(_line(row) for row in rows), ""])


def _line(cells: Sequence[Any]) -> str:
    return "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def _cell(cell: Any) -> str:
    return f"{cell:.3g}" if isinstance(cell, float) else str(cell)


def machine() -> str:
    """Return what the figures were measured on, in one line."""
    return (
        f"{_processor()}, {os.cpu_count()} cores; Python {platform.python_version()}, "
        f"numpy {np.__version__}"
    )


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    except OSError:
        names = []
    return names[0] if names else platform.machine()
