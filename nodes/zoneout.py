"""A cell whose units now and then stay as they were, while it learns."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from pydantic import Field, model_validator

from nodegraph.arrays import Array
from nodegraph.maths import where
from nodes.parts.around_cell import AroundCell
from nodes.parts.update_mask import update_mask

__all__ = ["Zoneout"]

Share = Annotated[float, Field(ge=0, lt=1)]


class Zoneout(AroundCell):
    """Zoneout [1]_ of a cell: with probability p a unit keeps its state, while the model learns.

    With s~ what the cell would make of s, ``s[t] = d s[t-1] + (1 - d) s~`` with d drawn 0 or 1
    anew for each unit, array and step; what is kept is kept to the bit. When the model runs d is
    its mean, p. Rules go back, or carry traces forward, through what was drawn.

    Parameters
    ----------
    cell : node
        The cell inside, such as ``LSTM(units=100)``; in YAML ``{kind: LSTM, units: 100}``. Its
        `emits`, `rule` and `frozen` are those of the whole.
    p : float in [0, 1), or one by name of each carried array
        Probability that a unit keeps its state, such as 0.1 or ``{"h": 0.05, "c": 0.5}``.

    References
    ----------
    .. [1] D. Krueger et al., ICLR (2017).

    Examples
    --------
    >>> import numpy as np, nodegraph as ng
    >>> from nodes import MTRNN
    >>> inside = MTRNN(tau=1.0, W=[[0.0]], W_in=[[1.0]], emits="u")
    >>> ng.Model(Zoneout(cell=inside, p=0.5)).run(np.ones((3, 1)))[:, 0]
    array([0.5  , 0.75 , 0.875])
    """

    p: Share | dict[str, Share] = 0.1

    @model_validator(mode="after")
    def _p_names_what_is_carried(self) -> Zoneout:
        if isinstance(self.p, dict) and not {*self.p} <= {*self.carried}:
            known = ", ".join(self.carried)
            raise ValueError(f"p: names of {known} are known (got {', '.join(self.p)})")
        return self

    def _share(self, name: str) -> float:
        return self.p.get(name, 0.0) if isinstance(self.p, dict) else self.p

    def draw_noise(self, rng: np.random.Generator, n_steps: int, n_out: int) -> Array | None:
        """Return even numbers in [0, 1) for each unit and carried array; then noise of the cell."""
        inside = self.cell.draw_noise(rng, n_steps, n_out)
        if inside is None and not any(self._share(name) for name in self.carried):
            return None
        own = rng.random((n_steps, len(self.carried) * self.width))
        return own if inside is None else np.concatenate([own, inside], axis=1)

    def moved(
        self, params: Any, state: Any, x: Array, noise: Array | None = None, **ports: Array
    ) -> Any:
        """Return the state one step later, as `noise` says; without it, or where NaN, the mean."""
        n, mixed, heard = self.width, {}, dict(ports)
        if noise is not None and len(noise) > len(self.carried) * n:
            heard["noise"] = noise[len(self.carried) * n :]
        after = self.cell.moved(params, state, x, **heard)
        for i, name in enumerate(self.carried):
            p, old, new = self._share(name), getattr(state, name), getattr(after, name)
            mixed[name] = p * old + (1 - p) * new if p else new
            if noise is not None:
                drawn = noise[i * n : (i + 1) * n]
                kept = update_mask(drawn >= p, new, old)
                mixed[name] = where(drawn == drawn, kept, mixed[name])
        return after._replace(**mixed)
