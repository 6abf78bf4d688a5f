"""How much each row counts: what arrives at the port `weight` of an offline readout."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from nodegraph.arrays import Array
from nodegraph.errors import DataError

__all__ = ["PORT", "WeighsRows", "row_weights"]

PORT = "weight"


class WeighsRows:
    """A rule with a port for how much each row counts."""

    ports: ClassVar[tuple[str, ...]] = (PORT,)
    needs: ClassVar[tuple[str, ...]] = ()  # without weights all rows count alike


def row_weights(ports: Mapping[str, Array], n: int) -> Array:
    """Return how much each of n rows counts, (n,): 1 where nothing is wired to the port.

    Raises
    ------
    DataError
        If there is more than one column, or a weight is negative or no number.
    """
    given = ports.get(PORT)
    if given is None:
        return np.ones(n)
    weights = np.asarray(given, float).reshape(n, -1)
    if weights.shape[1] != 1:
        raise DataError(
            f"the port weight should have 1 column, got {weights.shape[1]}: a number for each row"
        )
    if not (weights >= 0).all():
        raise DataError(
            f"weights of rows should be 0 or more, got {weights.min():g}; 0 leaves a row out"
        )
    return weights[:, 0]
