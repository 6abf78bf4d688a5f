import numpy as np
import pytest
from scipy import sparse

import nodegraph as ng
from nodegraph.testing import check_node, run_node
from nodes import Input, PredictiveCell, Ridge
from nodes.wirings import auto_ncp

X = np.random.default_rng(0).standard_normal((60, 2))


@pytest.mark.parametrize(
    "fields",
    [
        {"bias_scaling": 0.2, "start": "random"},
        {"leak_rate": 0.3, "gives": "prediction", "connectivity": 0.4},
        {"gives": "error", "frozen": True},
    ],
)
def test_it_keeps_the_contract(fields):
    check_node(PredictiveCell(units=5, **fields))


def test_its_outputs_are_those_of_the_equation():
    def given(gives):
        node = PredictiveCell(units=4, leak_rate=0.3, bias_scaling=0.5, gives=gives)
        p = node.init(np.random.default_rng(1), 2, 4)
        p = p._replace(V=np.arange(8.0).reshape(2, 4) / 8, offset=np.array([0.5, -0.5]))
        return p, run_node(node, p, node.start(4, 2), X)[1]

    (p, states), (_, said), (_, errors) = map(given, ("state", "prediction", "error"))
    h = np.zeros(4)
    for t, x in enumerate(X):
        np.testing.assert_allclose(errors[t], x - p.V @ h - p.offset, rtol=1e-9, atol=1e-12)
        h = 0.7 * h + 0.3 * np.tanh(p.W @ h + p.W_in @ x + p.bias)
        np.testing.assert_allclose(states[t], h, rtol=1e-9)
        np.testing.assert_allclose(said[t], p.V @ h + p.offset, rtol=1e-9)


def test_recurrent_weights_have_the_spectral_radius():
    W = PredictiveCell(units=30, spectral_radius=0.7).init(np.random.default_rng(0), 2, 30).W
    assert np.abs(np.linalg.eigvals(W)).max() == pytest.approx(0.7)


def recall(rng, steps, gap=3):
    """Return cues A or B that come back after a gap; a third signal stands for the gap.

    A forecast can be wrong about one new cue in six rows only: 2 of 18 numbers with variance 1.
    """
    rows = []
    while len(rows) < steps:
        cue = [[2.0, 0, 0], [0, 2.0, 0]][rng.integers(2)]
        rows += [cue, *[[0, 0, 2.0]] * gap, cue, [0, 0, 0]]
    return np.array(rows[:steps])


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("feedback", ["head", "random"])
def test_a_cell_that_learns_remembers_what_its_frozen_twin_forgets(seed, feedback):
    u = recall(np.random.default_rng(seed), 46000)

    def error(frozen):
        cell = PredictiveCell(units=16, gives="error", frozen=frozen, feedback=feedback)
        model = ng.Model(cell, seed=seed)
        model.partial_fit(u[:44000])
        return (model.run(u[44000:]) ** 2).mean()

    least = 2 / 18
    assert error(frozen=False) < 1.3 * least
    assert error(frozen=True) > 1.6 * least


def test_a_readout_hears_what_the_cell_remembers():
    u = recall(np.random.default_rng(5), 12000)

    def score(frozen):
        cell = PredictiveCell(units=12, frozen=frozen, epochs=3)
        model = ng.Model(Input() >> cell >> Ridge(ridge=1e-6), seed=3)
        model.fit(u[:10000], u[1:10001], warmup=50)
        return ((model.run(u[10000:-1]) - u[10001:]) ** 2).mean()

    assert score(frozen=False) < 0.85 * score(frozen=True)


def test_it_needs_an_input():
    with pytest.raises(ng.errors.FieldError, match="foresees its input, but nothing is wired"):
        ng.Model(PredictiveCell(units=3)).run(steps=4)


@pytest.mark.parametrize(
    "fields",
    [
        {"connectivity": 0.3, "input_connectivity": 0.5},
        {"topology": "ring"},
        {"wiring": auto_ncp(8, 2)},
        {"W": sparse.random_array((8, 8), density=0.3, rng=0), "units": 8},
    ],
)
def test_learning_adds_no_weight_where_few_are_drawn(fields):
    cell = PredictiveCell(**{"units": 8, "batch": 5, "name": "cell"} | fields)
    first = cell.init(np.random.default_rng(0), 2, 8)
    model = ng.Model(cell, seed=1)
    model.run(X[:1])
    model.params["cell"] = first
    model.partial_fit(X)
    after = model.params["cell"]
    assert not ((first.W == 0) & (after.W != 0)).any()
    assert (after.W != first.W)[first.W != 0].all() and (first.W == 0).any()
    if "topology" not in fields and "W" not in fields:
        np.testing.assert_array_equal(after.W_in != 0, first.W_in != 0)
        assert (first.W_in == 0).any()


def test_dense_weights_that_are_0_learn():
    cell = PredictiveCell(W=np.zeros((3, 3)), batch=5, name="cell")
    assert np.all(ng.Model(cell, seed=1).fit(X).params["cell"].W != 0)
