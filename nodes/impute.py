"""A mean, the last value or a forecast, in place of what is missing."""

from __future__ import annotations

from typing import ClassVar, Literal, NamedTuple

import numpy as np

from nodegraph.arrays import Array
from nodegraph.errors import FieldError
from nodegraph.node import Gaps, Node
from nodes.rules.averaging import Averaging

__all__ = ["Impute"]


class Impute(Node):
    """``y_i[t] = x_i[t]``, or something else where ``x_i[t]`` is NaN.

    That is, by `kind`, the mean of what `fit` saw of the signal; the last value that was seen; or
    what arrives at the port `feedback`, such as the model's own forecast. Before any value was
    seen, and where the forecast itself is NaN, it is the mean.

    Parameters
    ----------
    kind : {"mean", "last", "forecast"}
        What fills a gap.

    Examples
    --------
    >>> import numpy as np, nodegraph as ng
    >>> from nodes import Input, NVAR, Ridge
    >>> u = np.sin(np.arange(300) / 5)
    >>> impute, readout = Impute(kind="forecast"), Ridge(ridge=1e-9)
    >>> graph = (Input() >> impute >> NVAR(delay=3, order=1) >> readout) & (impute << readout)
    >>> model = ng.Model(graph).fit(u[:199], u[1:200], warmup=5)
    >>> gappy = u[199:].copy()
    >>> gappy[20:40] = np.nan  # twenty steps without data
    >>> bool(np.abs(model.run(gappy)[:-1, 0] - u[200:]).max() < 1e-3)
    True
    """

    class Params(NamedTuple):
        """Mean of each signal, (n,)."""

        mean: Array

    class State(NamedTuple):
        """The last value of each signal, (n,); NaN before the first."""

        last: Array

    gaps: ClassVar[Gaps] = "fills"

    kind: Literal["mean", "last", "forecast"] = "mean"

    @property
    def rule(self) -> Averaging:
        """The rule that it learns the means by."""
        return Averaging()

    @property
    def ready(self) -> bool:
        """It has to see data first."""
        return False

    def init(self, rng: np.random.Generator, n_in: int, n_out: int, feedback: int = 0) -> Params:
        """Return means of 0; refuse a forecast that is missing, of another width or unread."""
        wanted = n_in if self.kind == "forecast" else 0
        if feedback != wanted:
            raise FieldError(
                f"a forecast of {feedback} columns is fed back, but {n_in} arrive"
                if feedback and wanted
                else f"kind {self.kind} reads no forecast; write Impute(kind='forecast')"
                if feedback
                else "kind forecast fills gaps with what is fed back; write impute << readout"
            )
        return self.Params(np.zeros(n_out))

    def start(self, n_out: int) -> State:
        """Return the state before the first step: nothing was seen."""
        return self.State(np.full(n_out, np.nan))

    def step(
        self, params: Params, state: State, x: Array, feedback: Array | None = None
    ) -> tuple[State, Array]:
        """Return ``(state, y)`` one step later."""
        seen = np.where(np.isnan(x), state.last, x)
        y = seen if self.kind == "last" else x
        if feedback is not None:
            y = np.where(np.isnan(x), feedback, x)
        return self.State(seen), np.where(np.isnan(y), params.mean, y)
