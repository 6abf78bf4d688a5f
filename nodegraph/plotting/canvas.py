"""Axes to draw on, and figures that show themselves where somebody looks."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "COLOURS",
    "GREY",
    "TRUTH",
    "Lanes",
    "apart",
    "heat",
    "new_axes",
    "stack_lanes",
    "tidy",
]

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


def _new_figure(size: tuple[float, float]) -> Figure:
    """Return a figure of `size` inches: one of pyplot where somebody looks at those.

    That is in a notebook, at a prompt, and in a script that has imported ``matplotlib.pyplot``.
    """
    if not _APART.get() and _looked_at():
        from matplotlib import pyplot

        return pyplot.figure(figsize=size, layout="constrained")
    from matplotlib.figure import Figure

    return Figure(figsize=size, layout="constrained")


def _show_itself(ax: Axes) -> Axes:
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


Floats = npt.NDArray[np.float64]

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
TRUTH, GREY = "#1f2933", "#9aa5b1"
LANE = 1.2


def new_axes(size: tuple[float, float], projection: str | None = None) -> Axes:
    """Return axes on a new figure of `size` inches; see `nodegraph.plotting.canvas`."""
    ax = _new_figure(size).add_subplot(projection=projection)
    if projection == "3d":
        ax.set_box_aspect(None, zoom=0.85)  # type: ignore[call-arg]
    return _show_itself(ax)


def tidy(ax: Axes, x_label: str, y_label: str, grid: bool = True) -> Axes:
    """Name the two axes and quieten the frame and the grid."""
    ax.set_xlabel(x_label)
    ax.set_ylabel(y_label)
    if ax.name != "3d":
        ax.spines[["top", "right"]].set_visible(False)
        ax.set_axisbelow(True)
        ax.grid(visible=False)
        if grid:
            ax.grid(color="#e4e7eb", lw=0.6)
    return ax


def stack_lanes(ax: Axes, lanes: Lanes, names: Sequence[str], x_label: str) -> Axes:
    """Finish a plot of one or more series that stand one above the other."""
    ax.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=4, frameon=False)
    ax.margins(x=0.01)
    ax.set_ylim(*lanes.limits)
    if len(names) == 1:
        return tidy(ax, x_label, "value" if names[0] == "output 0" else names[0])
    ax.set_yticks([-LANE * place for place in range(len(names))], names)
    scale = ax.secondary_yaxis("right")
    scale.set_yticks(*lanes.marks())
    scale.tick_params(labelsize="x-small", length=2, colors=GREY)
    scale.spines[:].set_visible(False)
    return tidy(ax, x_label, "")


class Lanes:
    """Where series stand that are drawn one above the other, each as high as its range.

    A single series keeps its own values. What leaves the range far behind, as a diverging
    forecast does, is cut at the border of the picture.

    Parameters
    ----------
    values : array (n_steps, n)
        The series that decide the ranges.
    """

    def __init__(self, values: Floats) -> None:
        found = [column[np.isfinite(column)] for column in values.T]
        low = np.array([column.min() if column.size else 0.0 for column in found])
        high = np.array([column.max() if column.size else 0.0 for column in found])
        span = np.where(high > low, high - low, 1.0)
        self.single = values.shape[1] == 1
        self.centre = np.zeros(1) if self.single else (low + high) / 2
        self.scale = np.ones(1) if self.single else span
        top, bottom = (high[0], low[0]) if self.single else (0.5, -0.5)
        room = 0.25 * (span[0] if self.single else 1.0)
        self.limits = bottom - room - LANE * (values.shape[1] - 1), top + room

    def marks(self) -> tuple[list[float], list[str]]:
        """Return where the lowest and the highest value of each series stand, and what they are."""
        places, words = [], []
        for lane, (centre, scale) in enumerate(zip(self.centre, self.scale, strict=True)):
            for side in (-0.5, 0.5):
                places.append(side - LANE * lane)
                words.append(f"{centre + side * scale:.3g}")
        return places, words

    def __call__(self, values: Floats, lane: int) -> Floats:
        bottom, top = self.limits
        far = 10 * (top - bottom)  # beyond this matplotlib's own arithmetic may overflow
        level = values / self.scale[lane] - self.centre[lane] / self.scale[lane] - LANE * lane
        return np.asarray(np.clip(level, bottom - far, top + far), float)


def heat(ax: Axes, values: Floats, x_label: str, y_label: str, what: str) -> Axes:
    """Draw a matrix as colours, white at zero, with its scale beside it."""
    peak = float(np.abs(values[np.isfinite(values)]).max(initial=0.0)) or 1.0
    image = ax.imshow(
        values, aspect="auto", cmap="RdBu_r", vmin=-peak, vmax=peak, interpolation="nearest"
    )
    ax.get_figure(root=True).colorbar(image, ax=ax, label=what)  # type: ignore[union-attr]
    return tidy(ax, x_label, y_label, grid=False)
