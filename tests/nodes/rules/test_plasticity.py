import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import GraphError
from nodegraph.rule import Lesson, Seen
from nodes import Input, Reservoir, Ridge
from nodes.rules import BCM, AntiHebb, Hebb, IntrinsicPlasticity, Oja
from nodes.rules.plasticity import Plasticity, scaled_rows

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


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("connectivity", [0.2, 1.0])
@pytest.mark.parametrize("rule", [Hebb(), AntiHebb(), Oja(weights="W_in"), BCM()])
def test_rules_of_the_house_are_never_stepped_in_python(monkeypatch, rule, connectivity, dtype):
    def follow(*_):
        raise AssertionError("stepped in Python")

    monkeypatch.setattr("nodes.rules.plasticity.follow", follow)
    node = Reservoir(units=9, connectivity=connectivity, noise=0.1, rule=rule, name="r")
    model = ng.Model(Input() >> node >> Ridge(), dtype=dtype).fit(U, U)
    assert model.params["r"].W.dtype == dtype


class Covariance(Plasticity):
    """A rule of a user: ``dW_ij = rate (y_i - 0.1) (x_j - 0.1)``."""

    def growth(self, post, pre, w, own):
        return (post - 0.1) * (pre - 0.1)


class Slower(Oja):
    """A rule of a user that is derived from one that has a compiled loop."""

    def growth(self, post, pre, w, own):
        return 0.1 * super().growth(post, pre, w, own)


@pytest.mark.parametrize("connectivity", [0.2, 1.0])
@pytest.mark.parametrize("kind", [Covariance, Slower])
def test_a_rule_of_a_user_grows_as_it_says(kind, connectivity):
    rule = kind(rate=0.02)
    node = Reservoir(units=9, connectivity=connectivity, rule=rule)
    params = node.init(np.random.default_rng(0), 2, 9)
    lesson = Lesson({"x": U}, None, np.ones(60, bool))
    found = rule.learn(node, params, node.start(9), rule.begin(params), lesson)
    W, x = dense(params.W), np.zeros(9)
    for u in U:
        new = np.tanh(W @ x + params.W_in @ u)
        W = W + 0.02 * (W != 0) * rule.growth(new[:, None], x, W, None)
        x = new
    np.testing.assert_allclose(dense(found.params.W), W, rtol=1e-9, atol=1e-12)


class Rectified(Reservoir):
    """A node of a user that steps in another way."""

    def step(self, params, state, x, feedback=None, noise=None):
        state, y = super().step(params, state, x, feedback, noise)
        return state._replace(x=np.maximum(y, 0)), np.maximum(y, 0)


@pytest.mark.parametrize("rule", [Oja(rate=0.1), IntrinsicPlasticity()])
def test_a_reservoir_that_steps_in_another_way_is_stepped_so(rule):
    node = Rectified(units=9, rule=rule)
    params = node.init(np.random.default_rng(0), 2, 9)
    lesson = Lesson({"x": U}, None, np.ones(60, bool))
    found = rule.learn(node, params, node.start(9), rule.begin(params), lesson)
    assert found.ys.min() == 0


def test_a_stored_zero_is_no_connection():
    from scipy import sparse

    rule, W = Hebb(rate=0.1), sparse.csr_array(([0.0, 0.5], [0, 1], [0, 2, 2]), shape=(2, 2))
    memory = Plasticity.Memory(np.ones(2), np.zeros(2))
    params = Reservoir.Params(np.ones((2, 1)), W, np.zeros((2, 0)), np.zeros(2))
    after, _ = rule.update(params, memory, Seen(np.ones(1), np.ones(2)))
    assert dense(after.W).tolist() == [[0, 0.6], [0, 0]]


def test_bcm_grows_only_where_activity_is_above_its_threshold():
    rule = BCM()
    post, pre, theta = np.array([0.2, 0.8]), np.array([1.0, 1.0]), np.array([0.5, 0.5])
    change = rule.growth(post, pre, np.zeros(2), theta)
    assert change[0] < 0 < change[1]
