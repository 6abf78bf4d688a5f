import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import GraphError
from nodegraph.rule import Lesson
from nodes import Input, Reservoir, Ridge
from nodes.rules import BCM, AntiHebb, Hebb, Oja
from nodes.rules.plasticity import scaled_rows

U = np.random.default_rng(0).uniform(-1, 1, (60, 2))
RULES = {
    "hebb": (Hebb(rate=1e-2), lambda post, pre, w: post * pre),
    "anti": (AntiHebb(rate=1e-2), lambda post, pre, w: -post * pre),
    "oja": (Oja(rate=1e-2), lambda post, pre, w: post * (pre - post * w)),
}


def dense(W):
    return W.toarray() if hasattr(W, "toarray") else np.array(W)


@pytest.mark.parametrize("connectivity", [0.2, 0.5, 1.0])
@pytest.mark.parametrize("which", ["W", "W_in"])
@pytest.mark.parametrize("name", RULES)
def test_fit_changes_weights_as_the_equation_says(name, which, connectivity):
    rule, growth = RULES[name]
    rule = rule.model_copy(update={"weights": which})
    reservoir = Reservoir(units=9, connectivity=connectivity, leak_rate=0.5, rule=rule, name="r")
    model = ng.Model(Input() >> reservoir, seed=2)
    model.run(U[:1])
    start = model.params["r"]
    W, W_in, mask = dense(start.W), dense(start.W_in), dense(start.W) != 0
    x = np.zeros(9)
    for u in U:
        new = 0.5 * x + 0.5 * np.tanh(W @ x + W_in @ u + start.bias)
        if which == "W":
            W = W + mask * rule.rate * growth(new[:, None], x, W)
        else:
            W_in = W_in + rule.rate * growth(new[:, None], u, W_in)
        x = new
    model.fit(U)
    np.testing.assert_allclose(dense(model.params["r"].W), W, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(dense(model.params["r"].W_in), W_in, rtol=1e-10, atol=1e-12)


def test_sparse_weights_keep_their_pattern():
    model = ng.Model(Input() >> Reservoir(units=20, rule=Hebb(), name="r")).fit(U)
    assert (dense(model.params["r"].W) != 0).mean() == pytest.approx(0.1)


def test_the_activity_before_is_the_nodes_own_also_after_rows_left_out():
    rule, node = Oja(rate=0.1), Reservoir(units=4, rule=Oja(rate=0.1), leak_rate=0.5)
    params = node.init(np.random.default_rng(0), 2, 4)
    rows = np.arange(60) >= 30
    whole = rule.learn(
        node, params, node.start(4), rule.begin(params), Lesson({"x": U}, None, rows)
    )
    state, _ = node.run(params, node.start(4), U[:30])
    memory = rule.begin(params)._replace(x=state.x)
    late = rule.learn(node, params, state, memory, Lesson({"x": U[30:]}, None, rows[30:]))
    np.testing.assert_allclose(dense(whole.params.W), dense(late.params.W), rtol=1e-9)


def test_more_epochs_go_on_from_what_was_learned():
    def norm(epochs):
        r = Reservoir(units=6, rule=AntiHebb(rate=0.05, epochs=epochs), name="r")
        return np.abs(dense(ng.Model(Input() >> r).fit(U).params["r"].W)).sum()

    assert norm(3) < norm(2) < norm(1)


def test_a_rule_on_a_node_without_such_weights_is_refused():
    class Odd(Ridge):
        """A readout that is asked to learn by Oja's rule."""

        @property
        def rule(self):
            """Oja's rule."""
            return Oja()

    with pytest.raises(GraphError, match="Oja changes W, W_in, which Odd does not have"):
        ng.plan(Input() >> Odd())


def test_rows_are_scaled_one_by_one_sparse_or_dense():
    from scipy import sparse

    W = np.array([[1.0, 2.0], [0.0, 3.0]])
    expected = [[2.0, 4.0], [0.0, 1.5]]
    assert scaled_rows(W, np.array([2.0, 0.5])).tolist() == expected
    assert dense(scaled_rows(sparse.csr_array(W), np.array([2.0, 0.5]))).tolist() == expected


def test_bcm_grows_only_where_activity_is_above_its_threshold():
    rule = BCM()
    post, pre, theta = np.array([0.2, 0.8]), np.array([1.0, 1.0]), np.array([0.5, 0.5])
    change = rule.growth(post, pre, np.zeros(2), theta)
    assert change[0] < 0 < change[1]
