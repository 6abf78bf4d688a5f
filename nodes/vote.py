"""What the majority of several classifiers says."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np

from nodegraph.arrays import Array
from nodegraph.errors import FieldError
from nodes.parts.alike import Alike, summed

__all__ = ["Vote"]


class Vote(Alike):
    """Each source votes for the class of its greatest output.

    ``n_i[t]`` is how many of m sources have ``argmax x_k[t] = i``; the first of equals counts. With
    kind "shares" ``y_i = n_i / m``; with "winner" y is 1 for the class of most votes, else 0. Of
    classes with as many votes the one wins whose outputs sum up to more.

    Parameters
    ----------
    kind : {"winner", "shares"}
        What is given out.

    Examples
    --------
    >>> import nodegraph as ng
    >>> votes = [[0.9, 0.1, 0.4, 0.6, 0.2, 0.8]]  # three sources of two classes
    >>> ng.Model(Vote(units=2)).run(votes)
    array([[0., 1.]])
    """

    smooth: ClassVar[bool] = False

    kind: Literal["winner", "shares"] = "winner"

    def init(self, rng: np.random.Generator, n_in: int, n_out: int) -> Alike.Params:
        """Return the number of sources; refuse sources of a single column."""
        if n_out < 2:
            raise FieldError(
                "Vote takes sources of at least 2 columns, one for each class, got 1; "
                "write units=2 (or more) if several columns of one source are a voter each"
            )
        return super().init(rng, n_in, n_out)

    def joined(self, parts: Array) -> Array:
        """Return the shares of votes, or the winner's row."""
        classes = np.arange(parts.shape[1])
        votes = (parts.argmax(axis=1)[:, None] == classes).sum(axis=0)
        if self.kind == "shares":
            shares: Array = votes.astype(parts.dtype) / len(parts)
            return shares
        leading = votes == votes.max()
        winner = np.where(leading, summed(parts), -np.inf).argmax()
        chosen: Array = (winner == classes).astype(parts.dtype)
        return chosen
