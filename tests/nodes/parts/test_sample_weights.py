import numpy as np
import pytest

from nodegraph.errors import DataError
from nodes.parts.sample_weights import row_weights


def test_every_row_counts_once_where_nothing_is_wired():
    assert row_weights({}, 3).tolist() == [1, 1, 1]
    assert row_weights({"weight": np.array([[0.0], [2.5]])}, 2).tolist() == [0, 2.5]


def test_what_is_no_weight_is_refused():
    with pytest.raises(DataError, match="should have 1 column, got 2"):
        row_weights({"weight": np.ones((3, 2))}, 3)
    with pytest.raises(DataError, match="0 or more, got -2"):
        row_weights({"weight": np.array([[1.0], [-2.0]])}, 2)
