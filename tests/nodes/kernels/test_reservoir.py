import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nodegraph.errors import DataError
from nodes.activations import ACTIVATIONS, CODES
from nodes.kernels import Weights
from nodes.weights import recurrent

PRECISIONS = [np.float32, np.float64]
KERNELS = ["csr", "dense"]


class Case:
    """A reservoir with everything on, and its equation in plain numpy."""

    def __init__(self, units, n_steps, n_in=2, n_fb=3, dtype=np.float64, name="tanh", noisy=True):
        rng = np.random.default_rng(units + 100 * n_steps)

        def normal(*shape):
            return rng.normal(size=shape).astype(dtype)

        self.W = recurrent(rng, units, "normal", 0.3, 0.8 if units > 20 else 0.0).astype(dtype)
        self.xs, self.W_in = normal(n_steps, n_in), normal(units, n_in)
        self.fb, self.W_fb = normal(n_steps, n_fb), normal(units, n_fb)
        self.noise = normal(n_steps, units) if noisy else None
        self.bias, self.x = normal(units), normal(units)
        self.leak = rng.uniform(0.1, 1, units).astype(dtype)
        self.name = name

    def plain(self):
        x, ys = self.x, []
        for t, u in enumerate(self.xs):
            drive = self.W @ x + self.W_in @ u + self.W_fb @ self.fb[t] + self.bias
            drive = drive if self.noise is None else drive + self.noise[t]
            x = (1 - self.leak) * x + self.leak * ACTIVATIONS[self.name](drive)
            ys.append(x)
        return np.array(ys)

    def run(self, kernel, rows=slice(None), x=None):
        noise = None if self.noise is None else self.noise[rows]
        state = self.x if x is None else x
        return self.weights(kernel).run(self.xs[rows], state, self.fb[rows], noise)

    def weights(self, kernel):
        W = self.W if kernel == "csr" else self.W.toarray()
        return Weights(W, self.W_in, self.bias, self.leak, CODES[self.name], self.W_fb)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-13), (np.float32, 1e-4)])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_states_follow_the_equation(kernel, dtype, tolerance, name):
    case = Case(37, 12, dtype=dtype, name=name)
    ys = case.run(kernel)
    assert ys.dtype == dtype
    np.testing.assert_allclose(ys, case.plain(), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("n_fb", [0, 1, 5])
@pytest.mark.parametrize("n_in", [0, 1, 7])
def test_widths_of_input_and_feedback_may_be_any(kernel, n_in, n_fb):
    case = Case(33, 9, n_in=n_in, n_fb=n_fb, noisy=False)
    np.testing.assert_allclose(case.run(kernel), case.plain(), rtol=1e-12, atol=1e-14)


@settings(max_examples=30, deadline=None)
@given(
    units=st.integers(1, 70),
    n_steps=st.integers(0, 20),
    cut=st.integers(0, 20),
    dtype=st.sampled_from(PRECISIONS),
    kernel=st.sampled_from(KERNELS),
    noisy=st.booleans(),
)
def test_chunks_and_single_steps_give_the_bits_of_the_whole(
    units, n_steps, cut, dtype, kernel, noisy
):
    case = Case(units, n_steps, dtype=dtype, noisy=noisy)
    whole = case.run(kernel)
    first = case.run(kernel, slice(cut))
    rest = case.run(kernel, slice(cut, None), first[-1] if len(first) else case.x)
    np.testing.assert_array_equal(np.concatenate([first, rest]), whole)
    x = case.x
    for t in range(n_steps):
        x = case.run(kernel, slice(t, t + 1), x)[-1]
        np.testing.assert_array_equal(x, whole[t])


@pytest.mark.parametrize("kernel", KERNELS)
def test_no_argument_is_changed_and_read_only_ones_give_the_same_bits(kernel):
    case = Case(30, 6)
    arrays = [case.xs, case.W_in, case.W_fb, case.fb, case.noise, case.bias, case.x, case.leak]
    before = [array.copy() for array in arrays]
    whole = case.run(kernel)
    for array, copy in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, copy)
        array.setflags(write=False)
    np.testing.assert_array_equal(case.run(kernel), whole)


def test_a_linear_line_of_units_is_a_delay_line():
    units = 5
    W = recurrent(np.random.default_rng(0), units, "line", radius=1.0)
    u = np.arange(1.0, 9)[:, np.newaxis]
    zeros, ones, first = np.zeros(units), np.ones(units), np.eye(1, units)
    ys = Weights(W, first.T, zeros, ones, CODES["identity"]).run(u, zeros)
    np.testing.assert_array_equal(ys[-1], [8, 7, 6, 5, 4])


def test_a_unit_without_drive_leaks_away_at_its_own_rate():
    leak, zeros = np.array([0.5, 0.25]), np.zeros(2)
    still = Weights(np.zeros((2, 2)), np.zeros((2, 0)), zeros, leak, CODES["tanh"])
    ys = still.run(np.zeros((3, 0)), np.ones(2))
    np.testing.assert_array_equal(ys[-1], [0.5**3, 0.75**3])


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("wrong", ["xs", "W_in", "fb", "W_fb", "noise", "bias", "leak", "W"])
def test_shapes_that_do_not_fit_are_refused(kernel, wrong):
    case = Case(30, 6)
    setattr(case, wrong, getattr(case, wrong)[:-1])
    with pytest.raises(DataError, match=r"reservoir: .* fit"):
        case.run(kernel)
