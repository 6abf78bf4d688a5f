import numpy as np
import pytest

import nodegraph as ng
from nodegraph.arrays import cast, copy_tree
from nodegraph.engines.compiled.courses import learn_by_step
from nodegraph.engines.compiled.traced_updates import course
from nodegraph.errors import FieldError, GraphError
from nodegraph.rule import Lesson, Seen
from nodegraph.testing import run_node, teach
from nodes import LIF, Input, Izhikevich, Reservoir, Ridge
from nodes.parts.plasticity import Plasticity, scaled_rows
from nodes.rules import (
    BCM,
    AntiHebb,
    Hebb,
    IntrinsicPlasticity,
    Oja,
    Sanger,
    SynapticNormalization,
)

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
    state, _ = run_node(node, params, node.start(4), U[:30])
    rows = np.arange(60) >= 30

    def learned(state, xs, rows):
        own = copy_tree(params)
        found = teach(rule, node, own, state, rule.begin(own), Lesson({"x": xs}, None, rows))
        return dense(found.params.W)

    whole, late = learned(node.start(4), U, rows), learned(state, U[30:], rows[30:])
    np.testing.assert_array_equal(whole, late)


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


def fed(node, rule, dtype):
    """Return params and a lesson with feedback and noise, some rows of which are left out."""
    rng = np.random.default_rng(5)
    params = node.init(rng, 2, 11, feedback=2)
    ports = {"x": U, "feedback": rng.normal(size=(60, 2)), "noise": 0.1 * rng.normal(size=(60, 11))}
    rows = {port: signal.astype(dtype) for port, signal in ports.items()}
    return cast(params, np.dtype(dtype)), Lesson(rows, None, rng.random(60) < 0.8)


def bits(tree):
    return [leaf.data if hasattr(leaf, "indptr") else leaf for leaf in tree]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("connectivity", [0.3, 1.0])
@pytest.mark.parametrize(
    "rule",
    [Hebb(rate=0.01), AntiHebb(rate=2), Oja(rate=0.05, weights="W_in"), BCM(rate=0.1)]
    + [Sanger(rate=0.02, weights=which) for which in ("W", "W_in")]
    + [SynapticNormalization(rule=Hebb(rate=0.1), norm=norm) for norm in ("l1", "l2")]
    + [SynapticNormalization(rule=Sanger(rate=0.1), length=0.7), IntrinsicPlasticity(rate=0.01)],
    ids=str,
)
def test_learning_compiled_has_the_bits_of_update_in_python(rule, connectivity, dtype):
    node = Reservoir(
        units=11, connectivity=connectivity, input_connectivity=connectivity, leak_rate=0.5
    )
    params, lesson = fed(node, rule, dtype)
    start = cast(node.start(11), np.dtype(dtype))
    plain = learn_by_step(rule, node, params, start, rule.begin(params), lesson)
    own, taught = copy_tree(params), course(rule, node)
    found = taught.learn(own, start, rule.begin(own), lesson)
    assert found.params.W.dtype == dtype
    for one, other in zip(
        [found.ys, found.state.x, *found.memory, *bits(found.params)],
        [plain.ys, plain.state.x, *plain.memory, *bits(plain.params)],
        strict=True,
    ):
        np.testing.assert_array_equal(one, other)


def test_weights_with_rows_of_any_length_grow_in_place():
    from scipy import sparse

    W = sparse.random_array((19, 19), density=0.3, rng=np.random.default_rng(0)).tocsr()
    W.data[3] = 0.0
    rule, node = Oja(rate=0.05), Reservoir(W=W, W_in=np.ones((19, 2)))
    params = node.init(np.random.default_rng(0), 2, 19)
    params = params._replace(W=params.W[:, ::-1].tocsr())  # entries not in order
    lesson = Lesson({"x": U}, None, np.ones(60, bool))
    plain = learn_by_step(rule, node, params, node.start(19), rule.begin(params), lesson)
    found = teach(rule, node, copy_tree(params), node.start(19), rule.begin(params), lesson)
    np.testing.assert_array_equal(dense(found.params.W), dense(plain.params.W))
    np.testing.assert_array_equal(found.params.W.indices, params.W.indices)
    assert (found.params.W.data == 0).sum() == 1


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
    W, x = dense(params.W).copy(), np.zeros(9)
    found = teach(rule, node, copy_tree(params), node.start(9), rule.begin(params), lesson)
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
    found = teach(rule, node, params, node.start(9), rule.begin(params), lesson)
    assert found.ys.min() == 0


def test_a_stored_zero_is_no_connection():
    from scipy import sparse

    rule, W = Hebb(rate=0.1), sparse.csr_array(([0.0, 0.5], [0, 1], [0, 2, 2]), shape=(2, 2))
    memory = Plasticity.Memory(np.zeros(2))
    params = Reservoir.Params(np.ones((2, 1)), W, np.zeros((2, 0)), np.zeros(2))
    before = Reservoir.State(np.ones(2))
    after, _ = rule.update(params, memory, Seen(np.ones(1), np.ones(2), before=before))
    assert dense(after.W).tolist() == [[0, 0.6], [0, 0]]


def test_bcm_grows_only_where_activity_is_above_its_threshold():
    rule = BCM()
    post, pre, theta = np.array([0.2, 0.8]), np.array([1.0, 1.0]), np.array([0.5, 0.5])
    change = rule.growth(post, pre, np.zeros(2), theta)
    assert change[0] < 0 < change[1]


@pytest.mark.parametrize(
    ("node", "message"),
    [
        (
            LIF(units=5, rule=Oja()),
            "Oja reads what units were .* LIF does not have; of spikes STDP",
        ),
        (Izhikevich(units=5, rule=Hebb()), "Hebb reads what units were a step before"),
        (
            LIF(units=5, rule=BCM(weights="W_in"), emits=("spikes", "trace")),
            "BCM reads one output of each unit, and LIF gives out spikes and trace",
        ),
    ],
)
def test_activity_that_is_not_to_be_had_is_told_of(node, message):
    with pytest.raises(GraphError, match=message):
        ng.Model(node)


def test_input_weights_of_spiking_units_grow_by_their_spikes():
    node = LIF(units=5, input_scaling=4.0, rule=Hebb(weights="W_in"), name="pool")
    model = ng.Model(node, seed=1)
    x = np.random.default_rng(0).normal(size=(60, 2))
    model.run(x[:1])
    W_in = np.array(model.params["pool"].W_in)
    model.reset()
    spikes = model.partial_fit(x)
    for row, now in zip(x, spikes, strict=True):
        W_in += 1e-3 * np.outer(now, row)
    assert spikes.any()
    np.testing.assert_allclose(model.params["pool"].W_in, W_in)


def test_several_rules_are_refused():
    with pytest.raises(FieldError, match=r"Reservoir.rule: should be one rule: a node has one"):
        Reservoir(units=3, rule=[Oja(), BCM()])
