"""Turns that grow with the question: parity of many bits, after one bit was learned.

As in Graves' experiment, bits are +1 and -1 in a row that stands still, 0 where there is none. What
one position does with the parity so far is learned by ridge regression from its nine cases, behind
random units. One net has that at every position, each hearing the one before it.
"""

from functools import cache
from itertools import product

import numpy as np

import nodegraph as ng
from nodes import MTRNN, Input, Ponder, Reservoir, Ridge

UNITS, BITS, TURNS, GAIN = 16, 12, 40, 50.0  # at a position; turns at most; how steep a parity is


def one_position():
    """Return a model of (parity so far, bit) that has learned the parity then; 0 is not known."""
    rows = np.array([*product((-1, 0, 1), (-1, 0, 1))], float)
    wanted = np.where(rows[:, 1] == 0, -1, -rows[:, 0] * rows[:, 1])
    random = MTRNN(
        units=UNITS, tau=1.0, W=np.zeros((UNITS, UNITS)), input_scaling=3.0, bias_scaling=1.0,
        rule=None, name="random",
    )  # fmt: skip
    graph = Input(name="u") >> random >> Ridge(ridge=1e-9, name="out")
    return ng.Model(graph, seed=0).fit(rows, wanted)


def at_every_position(params):
    """Return the weights of a net that does at each position what one has learned."""
    random, out, k = params["random"], params["out"], UNITS + 1
    W, W_in = np.zeros((BITS, k, BITS, k)), np.zeros((BITS, k, BITS))
    bias = np.tile(np.append(random.bias, GAIN * out.bias), (BITS, 1))
    bias[0, :UNITS] -= random.W_in[:, 0]  # before the first there is an even number
    for i in range(BITS):
        W_in[i, :UNITS, i] = random.W_in[:, 1]
        W[i, UNITS, i, :UNITS] = GAIN * out.W_out[0]
        if i:
            W[i, :UNITS, i - 1, UNITS] = random.W_in[:, 0]
    n = BITS * k
    return {"W": W.reshape(n, n), "W_in": W_in.reshape(n, BITS), "bias": bias.ravel()}


def rows_of_bits(series, seed):
    """Return rows of 1 to BITS bits at their ends, how many these are, and their parities."""
    rng = np.random.default_rng(seed)
    counts = rng.integers(1, BITS + 1, series)
    x = rng.choice([-1.0, 1.0], (series, BITS))
    x[np.arange(BITS) < BITS - counts[:, None]] = 0
    return x, counts, (x == 1).sum(axis=1) % 2 * 2 - 1


@cache
def pondered(limit):
    """Return the turns that were needed, how many bits there were, and who was right."""
    x, counts, parities = rows_of_bits(100, seed=1)
    cell = MTRNN(tau=1.0, rule=None, **at_every_position(one_position().params))
    node = Ponder(cell=cell, limit=limit, tolerance=0.01, halt=True)
    y = np.array(ng.Model(node).run([*x[:, None]]))[:, 0]
    last = y[:, BITS * (UNITS + 1) - 1]
    return y[:, -limit:] @ np.arange(1, limit + 1), counts, np.sign(last) == parities


def test_turns_grow_with_the_number_of_bits():
    turns, counts, right = pondered(TURNS)
    assert right.all()
    assert np.corrcoef(turns, counts)[0, 1] >= 0.99
    assert np.ptp((turns - 2 * counts)[counts < BITS]) <= 0.01  # two for each bit


def test_too_few_turns_are_enough_for_few_bits_alone():
    _, counts, right = pondered(10)
    assert right[counts <= 4].all()
    assert right[counts > 5].mean() < 0.8


def test_a_reservoir_of_300_tells_no_parity():
    x, _, parities = rows_of_bits(900, seed=2)
    model = ng.Model(Input() >> Reservoir(units=300) >> Ridge(ridge=1e-2), seed=1)
    model.fit([*x[:600, None]], [*parities[:600, None, None] * 1.0])
    said = np.sign(np.array(model.run([*x[600:, None]])))[:, 0, 0]
    assert (said == parities[600:]).mean() <= 0.7
