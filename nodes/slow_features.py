"""The directions of a signal that change least from step to step."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from pydantic import PositiveInt

from nodegraph.arrays import Array
from nodegraph.errors import FieldError
from nodes.parts.projection import Projection, check_units
from nodes.rules.slowness import Slowness

__all__ = ["SlowFeatures"]


class SlowFeatures(Projection):
    """``y = W (x - mean)``: slow feature analysis, the slowest first, each of unit variance [1]_.

    How the input changes it hears at the port `previous`, which `fit` alone reads: lead the input
    there by a delayed edge of one step. Behind `Products`, it finds slow quadratic features. Of the
    first row of a series, before which there is none, it hears no change.

    Parameters
    ----------
    units : int
        Number of features.

    References
    ----------
    .. [1] L. Wiskott, T. Sejnowski, Neural Computation 14 (2002) 715-770.

    Examples
    --------
    >>> import numpy as np, nodegraph as ng
    >>> from nodes import Input
    >>> t = np.arange(2000.0)
    >>> slow, fast = np.sin(t / 100), np.sin(t * 1.3)
    >>> x = np.column_stack([slow + 9 * fast, slow - 9 * fast])
    >>> u, features = Input(), SlowFeatures(units=1)
    >>> graph = (u >> features) & (u >> ng.delay(1) >> features["previous"])
    >>> y = ng.Model(graph).fit(x).reset().run(x)[:, 0]
    >>> bool(abs(np.corrcoef(y, slow)[0, 1]) > 0.999)
    True
    """

    class Params(NamedTuple):
        """Directions (units, n_in), mean (n_in,), mean squared changes and `rest`, (units,)."""

        W: Array
        mean: Array
        delta: Array
        rest: Array | float = 0.0

    units: PositiveInt

    @property
    def rule(self) -> Slowness:
        """The rule that it learns by."""
        return Slowness()

    def init(self, rng: np.random.Generator, n_in: int, n_out: int, previous: int = 0) -> Params:
        """Return directions along the first inputs; refuse what is not its delayed input."""
        if previous not in (0, n_in):  # an unwired one is refused before
            raise FieldError(
                f"the port previous should hear the {n_in} columns of x one step before, got "
                f'{previous}; write source >> delay(1) >> slow_features["previous"]'
            )
        check_units(n_out, n_in)
        return self.Params(np.eye(n_out, n_in), np.zeros(n_in), np.ones(n_out), np.zeros(n_out))
