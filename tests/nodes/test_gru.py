import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nodegraph as ng
from nodegraph.testing import check_node, run_node
from nodes import GRU

N, D = 5, 3
RNG = np.random.default_rng(0)
W_IN, W, BIAS, HIDDEN = (
    RNG.normal(0, 0.7, shape) for shape in ((3 * N, D), (3 * N, N), (3 * N,), (3 * N,))
)
X = RNG.standard_normal((50, D))

TORCH = [
    [0.19339870233628942, 0.21398871789350465],
    [0.12833099748555324, 0.13835875682020768],
    [0.19736994950157766, 0.2220935444494913],
]


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def by_hand(xs, reset):
    """Return h of each step, each gate by a matrix of its own."""
    (Ur, Uz, Un), (Vr, Vz, Vn) = np.split(W_IN, 3), np.split(W, 3)
    (br, bz, bn), (cr, cz, cn) = np.split(BIAS, 3), np.split(HIDDEN, 3)
    h, rows = np.zeros(N), []
    for x in xs:
        if reset == "before":
            r, z = sigmoid(Ur @ x + Vr @ h + br), sigmoid(Uz @ x + Vz @ h + bz)
            h = (1 - z) * h + z * np.tanh(Un @ x + Vn @ (r * h) + bn)
        else:
            r, z = sigmoid(Ur @ x + Vr @ h + br + cr), sigmoid(Uz @ x + Vz @ h + bz + cz)
            h = (1 - z) * np.tanh(Un @ x + bn + r * (Vn @ h + cn)) + z * h
        rows.append(h)
    return np.array(rows)


def given_weights(reset):
    own = {"bias_hidden": HIDDEN} if reset == "after" else {}
    return GRU(reset=reset, W_in=W_IN, W=W, bias=BIAS, **own)


@pytest.mark.parametrize("reset", ["before", "after"])
def test_it_keeps_the_contract(reset):
    check_node(GRU(units=4, reset=reset, bias_scaling=0.3))


@pytest.mark.parametrize("reset", ["before", "after"])
def test_its_states_are_those_of_the_equation(reset):
    found = ng.Model(given_weights(reset)).run(X)
    np.testing.assert_allclose(found, by_hand(X, reset), rtol=0, atol=1e-13)


def test_it_is_the_torch_layer_with_these_weights():
    """Of torch.nn.GRU(1, 2) in float64: weights k / 10 counted up, biases .1 and -.05."""
    W_in, W = np.arange(6).reshape(6, 1) / 10, np.arange(12).reshape(6, 2) / 10
    cell = GRU(W_in=W_in, W=W, bias=np.full(6, 0.1), bias_hidden=np.full(6, -0.05), reset="after")
    found = ng.Model(cell).run([[1.0], [-0.5], [0.25]])
    np.testing.assert_allclose(found, TORCH, rtol=0, atol=1e-12)


LOUD = {reset: GRU(units=4, reset=reset, bias_scaling=1.0) for reset in ("before", "after")}


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.floats(0, 1e3), st.sampled_from(["before", "after"]))
def test_no_state_exceeds_1(seed, loud, reset):
    rng, cell = np.random.default_rng(seed), LOUD[reset]
    p = cell.Params(*(loud * a for a in cell.init(rng, 2, 4)))
    _, ys = run_node(cell, p, cell.start(4), loud * rng.standard_normal((30, 2)))
    assert np.abs(ys).max() <= 1


def test_told_not_to_update_it_keeps_its_state_to_the_bit():
    cell = given_weights("before")
    p, told = cell.init(np.random.default_rng(0), D, N), RNG.random((len(X), 1)) < 0.4
    _, ys = run_node(cell, p, cell.start(N), X, update=told.astype(float))
    kept = np.flatnonzero(~told[:, 0])
    kept = kept[kept > 0]
    np.testing.assert_array_equal(ys[kept], ys[kept - 1])
    _, alone = run_node(cell, p, cell.start(N), X[told[:, 0]])
    np.testing.assert_array_equal(ys[told[:, 0]], alone)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"W": W[1:]}, r"W: expected shape \(15, 5\), 5 rows for each of r, z, n, in this order"),
        (
            {"reset": "after", "bias_hidden": HIDDEN[1:]},
            r"bias_hidden: expected shape \(15,\), 5 r",
        ),
        ({"bias_hidden": HIDDEN}, "no effect, for reset is 'before', which has one bias"),
        ({"emits": ("h", "c")}, "should be one or more of h"),
    ],
)
def test_bad_fields_are_told(fields, said):
    with pytest.raises(ng.errors.FieldError, match=said):
        GRU(**{"W_in": W_IN, "W": W, "bias": BIAS, **fields})
