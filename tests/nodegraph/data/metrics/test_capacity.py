import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodegraph.errors import DataError
from nodegraph.metrics import capacity

RNG = np.random.default_rng(0)


def test_it_is_the_sum_of_squared_correlations():
    y, y_hat = RNG.normal(size=(50, 4)), RNG.normal(size=(50, 4))
    known = sum(np.corrcoef(a, b)[0, 1] ** 2 for a, b in zip(y.T, y_hat.T, strict=True))
    assert capacity(y, y_hat) == pytest.approx(known)
    assert capacity([y[:20], y[20:]], [y_hat[:20], y_hat[20:]]) == pytest.approx(known)


@given(scale=st.floats(-1e6, 1e6).filter(lambda s: abs(s) > 1e-6), offset=st.floats(-1e3, 1e3))
def test_neither_scale_nor_sign_nor_offset_matters(scale, offset):
    y = np.linspace(0, 1, 30)[:, None] ** 2
    assert capacity(y, scale * y + offset) == pytest.approx(1, abs=1e-4)


def test_columns_that_never_change_add_nothing():
    y = np.column_stack([np.arange(5.0), np.full(5, 0.1)])
    assert capacity(y, y) == pytest.approx(1)
    assert capacity(y, np.full((5, 2), 0.7)) == 0


def test_shapes_that_differ_are_refused():
    with pytest.raises(DataError, match="capacity"):
        capacity(np.zeros((5, 2)), np.zeros((5, 1)))
