import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nodegraph as ng
from nodegraph.testing import check_node, run_node
from nodes import LSTM, Input, Ridge

N, D = 5, 3
RNG = np.random.default_rng(0)
W_IN, W, BIAS = (RNG.normal(0, 0.7, shape) for shape in ((4 * N, D), (4 * N, N), (4 * N,)))
PEEPHOLE = RNG.normal(0, 0.7, (3, N))
X = RNG.standard_normal((50, D))

TORCH = [
    [0.13988697462272676, 0.178412751382848, 0.21622214176990726, 0.26899449969138894],
    [0.09374641987254094, 0.11306897182461938, 0.17625349891816572, 0.21221653182412145],
    [0.15544769007667916, 0.19384317409499469, 0.2592883578115362, 0.31879273098885585],
]


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def by_hand(xs, variant="standard", W_in=W_IN, W=W, bias=BIAS):
    """Return h and c of each step, each gate by a matrix of its own."""
    (Ui, Uf, Ug, Uo), (Vi, Vf, Vg, Vo) = np.split(W_in, 4), np.split(W, 4)
    (bi, bf, bg, bo), (pi, pf, po) = np.split(bias, 4), PEEPHOLE * (variant == "peephole")
    h, c, rows = np.zeros(N), np.zeros(N), []
    for x in xs:
        f = sigmoid(Uf @ x + Vf @ h + bf + pf * c)
        i = 1 - f if variant == "coupled" else sigmoid(Ui @ x + Vi @ h + bi + pi * c)
        c = f * c + i * np.tanh(Ug @ x + Vg @ h + bg)
        h = sigmoid(Uo @ x + Vo @ h + bo + po * c) * np.tanh(c)
        rows.append([h, c])
    return np.array(rows)


def given_weights(variant="standard", **fields):
    own = {"peephole": PEEPHOLE} if variant == "peephole" else {}
    return LSTM(variant=variant, W_in=W_IN, W=W, bias=BIAS, **own, **fields)


@pytest.mark.parametrize(
    "fields",
    [{}, {"variant": "peephole", "emits": ("h", "c")}, {"variant": "coupled", "emits": "c"}],
)
def test_it_keeps_the_contract(fields):
    check_node(LSTM(units=4, bias_scaling=0.3, **fields))


@pytest.mark.parametrize("variant", ["standard", "peephole", "coupled"])
def test_its_states_are_those_of_the_equation(variant):
    found = ng.Model(given_weights(variant, emits=("h", "c"))).run(X)
    np.testing.assert_allclose(found, by_hand(X, variant).reshape(len(X), -1), rtol=0, atol=1e-13)


def test_it_is_the_torch_layer_with_these_weights():
    """Of torch.nn.LSTM(1, 2) in float64: weights k / 10 counted up, biases .1 and -.05."""
    W_in, W = np.arange(8).reshape(8, 1) / 10, np.arange(16).reshape(8, 2) / 10
    cell = LSTM(W_in=W_in, W=W, bias=np.full(8, 0.05), emits=("h", "c"))
    found = ng.Model(cell).run([[1.0], [-0.5], [0.25]])
    np.testing.assert_allclose(found, TORCH, rtol=0, atol=1e-12)


def test_a_coupled_cell_has_three_quarters_of_the_weights():
    p = LSTM(units=4, variant="coupled").init(np.random.default_rng(0), 2, 4)
    assert (p.W.shape, p.W_in.shape, p.bias.shape) == ((12, 4), (12, 2), (12,))
    without_i = {"W_in": W_IN[N:], "W": W[N:], "bias": BIAS[N:]}
    short = ng.Model(LSTM(variant="coupled", **without_i)).run(X)
    np.testing.assert_array_equal(short, ng.Model(given_weights("coupled")).run(X))


COUPLED = given_weights("coupled", emits=("h", "c"))


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.floats(0, 50))
def test_the_memory_of_a_coupled_cell_stays_within_the_hull_of_g(seed, loud):
    rng = np.random.default_rng(seed)
    xs = loud * rng.standard_normal((30, D))
    p = COUPLED.init(rng, D, 2 * N)
    p = p._replace(**{k: loud * rng.standard_normal(a.shape) for k, a in p._asdict().items()})
    _, ys = run_node(COUPLED, p, COUPLED.start(2 * N), xs)
    h, c = np.split(ys, 2, axis=1)
    W_in, W, bias = (np.split(a, 3)[1] for a in p[:3])
    g = np.tanh(xs @ W_in.T + np.vstack([np.zeros(N), h[:-1]]) @ W.T + bias)
    low = np.minimum.accumulate(np.minimum(g, 0))
    high = np.maximum.accumulate(np.maximum(g, 0))
    assert ((c >= low - 1e-12) & (c <= high + 1e-12)).all()


def test_told_not_to_update_it_keeps_its_state_to_the_bit():
    cell = given_weights(emits=("h", "c"))
    p, told = cell.init(np.random.default_rng(0), D, 2 * N), RNG.random((len(X), 1)) < 0.4
    _, ys = run_node(cell, p, cell.start(N), X, update=told.astype(float))
    kept = np.flatnonzero(~told[:, 0])
    kept = kept[kept > 0]
    np.testing.assert_array_equal(ys[kept], ys[kept - 1])
    _, alone = run_node(cell, p, cell.start(N), X[told[:, 0]])
    np.testing.assert_array_equal(ys[told[:, 0]], alone)


def test_another_node_tells_it_when_to_update():
    told, x = Input(name="told"), Input(name="x")
    graph = (told >> (cell := given_weights())["update"]) & (x >> cell)
    ys = ng.Model(graph).run({"x": X, "told": np.zeros((len(X), 1))})
    np.testing.assert_array_equal(ys, np.zeros((len(X), N)))


@pytest.mark.parametrize(("variant", "opposite"), [("standard", True), ("coupled", False)])
def test_units_remember_from_one_to_the_longest_steps_at_first(variant, opposite):
    """A gate of sigmoid(b) keeps a share of 1 - 1 / (1 + e^b): 1 + e^b steps."""
    cell = LSTM(units=900, variant=variant, longest=50.0)
    bias = cell.init(np.random.default_rng(0), 1, 900).bias.reshape(-1, 900)
    steps = 1 + np.exp(bias[cell.gates.index("f")])
    assert 2 <= steps.min() < 2.5 and 49 < steps.max() <= 50
    assert steps.mean() == pytest.approx(26, abs=1.5)
    if opposite:
        np.testing.assert_array_equal(bias[0], -bias[1])


def test_it_remembers_at_first_and_runs_in_a_loop():
    p = LSTM(units=4).init(np.random.default_rng(0), 2, 4)
    np.testing.assert_array_equal(p.bias, np.repeat([0.0, 1, 0, 0], 4))
    np.testing.assert_allclose(p.W[4:8] @ p.W[4:8].T, np.eye(4), atol=1e-12)
    u = np.sin(np.arange(300) / 4)[:, None]
    model = ng.Model(Input() >> LSTM(units=30) >> Ridge(ridge=1e-6), seed=1)
    model.fit(u[:-1], u[1:], warmup=20)
    np.testing.assert_allclose(model.generate(20)[:, 0], np.sin(np.arange(300, 320) / 4), atol=0.05)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (
            {"W": W[1:]},
            r"W: expected shape \(20, 5\), 5 rows for each of i, f, g, o, in this order",
        ),
        ({"bias": BIAS[:15]}, r"bias: expected shape \(20,\), 5 rows for each of i, f, g, o"),
        ({"variant": "peephole", "peephole": PEEPHOLE[:2]}, "a row for each of i, f, o"),
        ({"peephole": PEEPHOLE}, "no effect, for variant is standard"),
        ({"forget_bias": 2.0}, "no effect, for bias is given"),
        ({"longest": 9.0}, "no effect, for bias is given"),
        (
            {"longest": 9.0, "forget_bias": 2.0, "bias": None},
            "forget_bias would have no effect, for lo",
        ),
        ({"emits": "x"}, "should be one or more of h, c"),
    ],
)
def test_bad_fields_are_told(fields, said):
    with pytest.raises(ng.errors.FieldError, match=said):
        LSTM(**{"W_in": W_IN, "W": W, "bias": BIAS, **fields})


def test_weights_for_another_input_are_told():
    with pytest.raises(ng.errors.FieldError, match=r"W_in: expected shape \(20, 2\), 5 rows for"):
        ng.Model(given_weights()).run(X[:, :2])
    with pytest.raises(ng.errors.FieldError, match="units is missing: write units=100, or give W"):
        LSTM()
