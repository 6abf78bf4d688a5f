"""Where new figures go: to the eyes of who draws in a notebook or with pyplot, else to nobody's."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["apart", "new_figure", "show_itself"]

_APART = ContextVar("apart", default=False)
_SHOWN_BY = ("inline", "ipympl", "nbagg", "widget", "notebook")  # backends of notebooks


@contextmanager
def apart() -> Iterator[None]:
    """Let new figures belong to no window: they are written to files."""
    token = _APART.set(True)
    try:
        yield
    finally:
        _APART.reset(token)


def new_figure(size: tuple[float, float]) -> Figure:
    """Return a figure of `size` inches: one of pyplot where somebody looks at those.

    That is in a notebook, at a prompt, and in a script that has imported ``matplotlib.pyplot``.
    """
    if not _APART.get() and _looked_at():
        from matplotlib import pyplot

        return pyplot.figure(figsize=size, layout="constrained")
    from matplotlib.figure import Figure

    return Figure(figsize=size, layout="constrained")


def show_itself(ax: Axes) -> Axes:
    """Let `ax`, at the end of a cell, be its picture where pyplot does not show it."""
    ax._repr_png_ = partial(_png, ax)  # type: ignore[attr-defined]
    return ax


def _looked_at() -> bool:
    if _in_notebook():
        return _pyplot_shows()
    return "matplotlib.pyplot" in sys.modules or hasattr(sys, "ps1")


def _in_notebook() -> bool:
    shell: Any = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return hasattr(shell, "kernel")


def _pyplot_shows() -> bool:
    import matplotlib

    return any(name in matplotlib.get_backend().lower() for name in _SHOWN_BY)


def _png(ax: Axes) -> bytes | None:
    figure: Any = ax.get_figure(root=True)
    if getattr(figure, "number", None) is not None and _pyplot_shows():
        return None
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=100)
    return buffer.getvalue()
