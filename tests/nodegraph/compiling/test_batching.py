"""Many series side by side have the bits that each has alone."""

import numpy as np
import pytest
from small_steps import STEPS, drawn, made

import nodegraph as ng
from nodegraph.arrays import leaves
from nodegraph.engines.compiled.traced_steps import prepared

LENGTHS = (5, 40, 17, 1, 33, 40, 2, 70)
IN_LANES = set(STEPS) - {"triangle"}


def check_alike(found, wanted):
    for (path, one), (_, other) in zip(leaves(found), leaves(wanted), strict=True):
        np.testing.assert_array_equal(one, other, err_msg=path)
        assert np.asarray(one).dtype == np.asarray(other).dtype


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("kind", STEPS)
def test_series_of_any_length_have_the_bits_of_one(kind, dtype):
    node, params, state = made(kind, dtype)
    ready = prepared(node, params)
    states = [state._replace(v=state.v * (i + 1)) for i in range(len(LENGTHS))]
    xs = [drawn(n, dtype, seed=n) for n in LENGTHS]
    found, ys = ready.run_many(states, xs)
    assert [many is not None for many in ready._many.values()] == [kind in IN_LANES]
    for i, x in enumerate(xs):
        after, y = ready.run(states[i], x)
        np.testing.assert_array_equal(ys[i], y)
        check_alike(found[i], after)


@pytest.mark.parametrize("n_series", [5, 16, 31, 50])
def test_more_or_fewer_series_than_lanes(n_series):
    node, params, state = made("dense", np.float64)
    ready = prepared(node, params)
    xs = [drawn(1 + i % 7, np.float64, seed=i) for i in range(n_series)]
    found, ys = ready.run_many([state] * n_series, xs)
    for i, x in enumerate(xs):
        after, y = ready.run(state, x)
        np.testing.assert_array_equal(ys[i], y)
        check_alike(found[i], after)


@pytest.mark.parametrize("lanes", [8, 24])
def test_lanes_that_loops_would_leave_over_are_refused(lanes):
    node, params, state = made("dense", np.float64)
    widths = {"x": drawn(1, np.float64).shape[1]}
    with pytest.raises(ValueError, match=f"by 16, not by {lanes}"):
        prepared(node, params).lanes_code(state, np.dtype(float), widths, lanes)


class Sum(ng.Node):
    """Adds up what comes, row by row, and what comes from a port beside it."""

    units: int = 37

    def start(self, n_out):
        return np.zeros(n_out)

    def step(self, params, state, x, gate):
        state = state + x * gate
        return state, state


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_rows_wider_than_a_block_and_ports_are_laid_side_by_side(dtype):
    rng = np.random.default_rng(0)
    xs = [rng.standard_normal((n, 37)).astype(dtype) for n in LENGTHS]
    gates = [rng.standard_normal((n, 1)).astype(dtype) for n in LENGTHS]
    found, ys = prepared(Sum(), ()).run_many([np.zeros(37, dtype)] * len(xs), xs, gate=gates)
    for state, y, x, gate in zip(found, ys, xs, gates, strict=True):
        wanted = np.zeros(37, dtype)
        for row, factor, out in zip(x, gate, y, strict=True):
            wanted = wanted + row * factor
            np.testing.assert_array_equal(out, wanted)
        np.testing.assert_array_equal(state, wanted)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("width", [1, 7, 8, 9, 24])
def test_outputs_of_any_width_and_number_come_to_their_own_rows(width, dtype):
    ready, rng = prepared(Sum(units=width), ()), np.random.default_rng(width)
    for count in range(1, 34):
        for lengths in (np.full(count, 3), rng.integers(1, 6, count)):
            xs = rng.standard_normal((lengths.sum(), width)).astype(dtype)
            gate, cuts = np.ones((len(xs), 1), dtype), np.cumsum(lengths)[:-1]
            ys = ready.run_in_a_row(np.zeros(width, dtype), lengths, xs, gate=gate)
            for x, y in zip(np.split(xs, cuts), np.split(ys, cuts), strict=True):
                np.testing.assert_array_equal(y, np.cumsum(x, axis=0))


class Flat(Sum):
    """Gives out what no series has a part in."""

    def step(self, params, state, x):
        return state + x, np.ones(3)


def test_what_is_the_same_for_all_series_is_given_to_each():
    xs = [np.ones((n, 37)) for n in LENGTHS]
    found, ys = prepared(Flat(), ()).run_many([np.zeros(37)] * len(xs), xs)
    for state, y, n in zip(found, ys, LENGTHS, strict=True):
        assert (state == n).all()
        assert y.shape == (n, 3) and (y == 1).all()
