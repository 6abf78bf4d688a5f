"""Least mean squares: online, supervised."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import PositiveFloat, model_validator

from nodegraph import Array, Rule, Seen
from nodegraph.maths import dot, outer

__all__ = ["LeastMeanSquares"]

FLOOR = 1e-8  # what is added to the square of an input that the rate is divided by


class LeastMeanSquares(Rule):
    """Step down the gradient of the squared error: ``W_out += rate e x'``, ``bias += rate e`` [1]_.

    ``e = target - y``. It is stable on inputs with ``rate < 2 / largest eigenvalue of <z z'>``,
    with ``z = [x, 1]``, or x without bias; above that it diverges, which ends in a DivergenceError.

    Normalised [2]_, the rate is relative to the input, ``rate / (1e-8 + |z|^2)``: then any rate
    below 2 is stable, and the size of the input does not matter.

    Parameters
    ----------
    rate : float
        Size of the step; below 2 if normalised.
    fit_bias : bool
        Whether there is a bias.
    normalized : bool
        Whether the rate is relative to the square of the input.

    References
    ----------
    .. [1] B. Widrow, M. E. Hoff, IRE WESCON Convention Record 4 (1960) 96-104.
    .. [2] S. Haykin, Adaptive Filter Theory, 5th ed. (2014), chapter 7.
    """

    online: ClassVar[bool] = True
    supervised: ClassVar[bool] = True
    modifies: ClassVar[tuple[str, ...]] = ("W_out", "bias")

    rate: PositiveFloat = 0.01
    fit_bias: bool = True
    normalized: bool = False

    @model_validator(mode="after")
    def _rate_is_stable(self) -> LeastMeanSquares:
        if self.normalized and self.rate >= 2:
            raise ValueError(f"rate should be below 2 if normalized, such as 0.5 (got {self.rate})")
        return self

    def update(self, params: Any, memory: Any, seen: Seen) -> tuple[Any, Any]:
        """Return the params one step down."""
        step = (self.pace(seen.x) * (seen.target - seen.y)).astype(params.W_out.dtype)
        bias = params.bias + step if self.fit_bias else params.bias
        return params._replace(W_out=params.W_out + outer(step, seen.x), bias=bias), memory

    def pace(self, x: Array) -> Any:
        """Return the rate at the input `x`."""
        return self.rate / (FLOOR + dot(x, x) + self.fit_bias) if self.normalized else self.rate
