import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nodegraph.errors import DataError
from nodes.activations import CODES
from nodes.kernels.reservoir import Weights
from nodes.kernels.reservoirs import run_many
from nodes.weights import recurrent

PRECISIONS = [np.float32, np.float64]


class Many:
    """A reservoir with everything on, and series of many lengths."""

    def __init__(self, lengths, units=21, dense=False, dtype=np.float64, n_in=5, n_fb=3):
        rng = np.random.default_rng(len(lengths) + units)

        def normal(*shape):
            return rng.normal(size=shape).astype(dtype)

        W = recurrent(rng, units, "normal", 0.3, 0.8 if units > 5 else 0.0).astype(dtype)
        leak = rng.uniform(0.1, 1, units).astype(dtype)
        W = W.toarray() if dense else W
        code = CODES["tanh"]
        self.weights = Weights(
            W, normal(units, n_in), normal(units), leak, code, normal(units, n_fb)
        )
        self.us = [normal(n, n_in) for n in lengths]
        self.fb = [normal(n, n_fb) for n in lengths]
        self.noise = [normal(n, units) for n in lengths]
        self.x = normal(len(lengths), units)

    def alone(self, i):
        return self.weights.run(self.us[i], self.x[i], self.fb[i], self.noise[i])

    def together(self):
        return run_many(self.weights, self.us, self.x, self.fb, self.noise)


@settings(max_examples=30, deadline=None)
@given(
    lengths=st.lists(st.integers(0, 12), min_size=1, max_size=50),
    units=st.integers(1, 30),
    dense=st.booleans(),
    dtype=st.sampled_from(PRECISIONS),
    n_in=st.integers(0, 6),
)
def test_many_series_have_the_bits_of_each_alone(lengths, units, dense, dtype, n_in):
    many = Many(lengths, units, dense, dtype, n_in)
    found = many.together()
    assert [len(ys) for ys in found] == lengths
    for i, ys in enumerate(found):
        np.testing.assert_array_equal(ys, many.alone(i))


@pytest.mark.parametrize("count", [16, 31, 32, 33, 100])
def test_lanes_are_refilled_as_series_end(count):
    lengths = np.random.default_rng(count).integers(1, 40, count).tolist()
    many = Many(lengths)
    for i, ys in enumerate(many.together()):
        np.testing.assert_array_equal(ys, many.alone(i))


def test_without_feedback_and_noise():
    many = Many([4] * 20, n_fb=0)
    found = run_many(many.weights, many.us, many.x)
    np.testing.assert_array_equal(found[7], many.weights.run(many.us[7], many.x[7]))


def test_shapes_that_do_not_fit_are_refused():
    many = Many([4] * 20)
    many.us[3] = many.us[3][:2]
    with pytest.raises(DataError, match="do not fit"):
        many.together()
