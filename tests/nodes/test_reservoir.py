import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

import nodegraph as ng
from nodegraph.data.metrics.spectral import spectral_radius
from nodegraph.errors import FieldError
from nodegraph.testing import check_node, run_node
from nodes import CTRNN, LIF, Dense, Input, Reservoir
from nodes.parts.activations import ACTIVATIONS

U = np.random.default_rng(0).standard_normal((50, 2))


def by_hand(params, u, leak, f=np.tanh, y=None):
    W = params.W.toarray() if sparse.issparse(params.W) else params.W
    x, states = np.zeros(len(W)), []
    for t in range(len(u)):
        drive = W @ x + params.W_in @ u[t] + params.bias
        if y is not None:
            drive = drive + params.W_fb @ y[t]
        x = (1 - leak) * x + leak * f(drive)
        states.append(x)
    return np.array(states)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"leak_rate": 0.3, "bias_scaling": 0.5},
        {"connectivity": 1.0, "input_connectivity": 0.5},
        {"topology": "ring", "leak_rate": tuple(np.linspace(0.1, 1, 20))},
        {"activation": "relu", "noise": 0.1},
        {"topology": "orthogonal", "activation": "sigmoid"},
        {"activation": "softmax", "feedback_scaling": 0.5},
    ],
)
def test_it_keeps_the_contract(fields):
    check_node(Reservoir(units=20, **fields))


def test_given_weights_keep_the_contract():
    W = sparse.random_array((7, 7), density=0.4, rng=np.random.default_rng(1))
    check_node(Reservoir(W=W, W_in=np.ones((7, 3)), bias=np.linspace(0, 1, 7)))


@pytest.mark.parametrize("n_in", [3, 100])
def test_sparse_weights_of_all_kinds_are_those_of_the_equation(n_in):
    rng = np.random.default_rng(3)
    W = sparse.random_array((21, 21), density=0.3, rng=rng, format="lil") * 0.5
    W[4] = 0.1  # one that hears all, and one that hears none
    W[11] = 0.0
    W_in = sparse.random_array((21, n_in), density=0.2, rng=rng, format="csr")
    model = ng.Model(Reservoir(W=W, W_in=W_in, leak_rate=0.4))
    u = rng.standard_normal((40, n_in))
    states = model.run(u)
    params = model.params["reservoir"]
    expected = by_hand(params._replace(W_in=params.W_in.toarray()), u, 0.4, np.tanh)
    np.testing.assert_allclose(states, expected, rtol=1e-10, atol=1e-12)


@settings(max_examples=25, deadline=None)
@given(
    leak=st.floats(0.01, 1),
    activation=st.sampled_from(sorted(ACTIVATIONS)),
    connectivity=st.floats(0.01, 1),
    bias=st.floats(0, 2),
    seed=st.integers(0, 99),
)
def test_its_states_are_those_of_the_equation(leak, activation, connectivity, bias, seed):
    node = Reservoir(
        units=12,
        leak_rate=leak,
        activation=activation,
        connectivity=connectivity,
        bias_scaling=bias,
        input_scaling=(0.5, 2.0),
    )
    model = ng.Model(node, seed=seed)
    states = model.run(U)
    expected = by_hand(model.params["reservoir"], U, leak, ACTIVATIONS[activation])
    np.testing.assert_allclose(states, expected, rtol=1e-10, atol=1e-12)


def test_feedback_goes_inside_f_through_its_own_weights():
    node = Reservoir(units=10, feedback_scaling=0.3, leak_rate=0.4)
    params = node.init(np.random.default_rng(2), 2, 10, feedback=3)
    y = np.random.default_rng(3).standard_normal((50, 3))
    _, states = run_node(node, params, node.start(10), U, feedback=y)
    np.testing.assert_allclose(states, by_hand(params, U, 0.4, y=y), rtol=1e-10)
    assert 0.25 < np.abs(params.W_fb).max() <= 0.3


def test_feedback_and_inputs_leave_the_other_weights_as_they_are():
    node = Reservoir(units=30, bias_scaling=1.0)
    plain = node.init(np.random.default_rng(2), 1, 30)
    fed = node.init(np.random.default_rng(2), 1, 30, feedback=2)
    wide = node.init(np.random.default_rng(2), 4, 30)
    for other in (fed, wide):
        np.testing.assert_array_equal(plain.W.toarray(), other.W.toarray())
        np.testing.assert_array_equal(plain.bias, other.bias)
    np.testing.assert_array_equal(plain.W_in, fed.W_in)
    assert plain.W_fb.shape == (30, 0)


def test_each_unit_has_its_own_leak():
    leaks = np.array([0.1, 0.5, 1.0])
    node = Reservoir(W=np.zeros((3, 3)), W_in=np.ones((3, 1)), leak_rate=leaks)
    x = ng.Model(node).run(np.ones((4, 1)))
    t = np.arange(1, 5)[:, None]
    np.testing.assert_allclose(x, np.tanh(1) * (1 - (1 - leaks) ** t), rtol=1e-12)


def test_without_leak_and_recurrence_it_has_no_memory():
    model = ng.Model(Reservoir(units=8, spectral_radius=0.0), seed=1)
    x = model.run(U)
    np.testing.assert_allclose(x, np.tanh(U @ model.params["reservoir"].W_in.T), rtol=1e-12)


def test_noise_is_off_unless_it_is_handed_in_and_goes_inside_f():
    node = Reservoir(units=5, noise=0.2)
    params = node.init(np.random.default_rng(0), 2, 5)
    noise = node.draw_noise(np.random.default_rng(1), 4000, 5)
    assert abs(noise.std() - 0.2) < 0.005
    _, quiet = run_node(node, params, node.start(5), U)
    np.testing.assert_allclose(quiet, by_hand(params, U, 1.0), rtol=1e-10)
    _, one = node.step(params, node.start(5), U[0], noise=noise[0])
    np.testing.assert_allclose(one, np.tanh(params.W_in @ U[0] + noise[0]), rtol=1e-12)
    _, noisy = run_node(node, params, node.start(5), U, noise=noise[:50])
    np.testing.assert_allclose(noisy[0], one, rtol=1e-12)
    assert Reservoir(units=5).draw_noise(np.random.default_rng(1), 10, 5) is None


@pytest.mark.parametrize("topology", ["normal", "uniform", "bernoulli", "small_world", "ring"])
def test_the_spectral_radius_is_what_was_asked_for(topology):
    node = Reservoir(units=60, spectral_radius=1.3, topology=topology)
    W = node.init(np.random.default_rng(0), 1, 60).W
    assert spectral_radius(W) == pytest.approx(1.3, rel=1e-9)


def test_a_ring_has_its_eigenvalues_on_a_circle():
    W = (
        Reservoir(units=16, topology="ring", spectral_radius=0.7)
        .init(np.random.default_rng(0), 1, 16)
        .W
    )
    roots = 0.7 * np.exp(2j * np.pi * np.arange(16) / 16)
    found = np.linalg.eigvals(W.toarray())
    np.testing.assert_allclose(np.sort(np.angle(found)), np.sort(np.angle(roots)), atol=1e-9)
    np.testing.assert_allclose(np.abs(found), 0.7, rtol=1e-9)


def test_given_weights_are_used_as_they_stand():
    W, W_in = np.diag([3.0, 0.0]), np.array([[5.0], [0.1]])
    node = Reservoir(W=W, W_in=W_in, bias=[1.0, 2.0])
    params = ng.Model(Input(units=1) >> node).params["reservoir"]
    np.testing.assert_array_equal(params.W, W)
    np.testing.assert_array_equal(params.W_in, W_in)
    np.testing.assert_array_equal(params.bias, [1.0, 2.0])
    kept = sparse.csr_array(W)
    assert sparse.issparse(Reservoir(W=kept).init(np.random.default_rng(0), 1, 2).W)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "Reservoir: units is missing: write units=100, or give W"),
        ({"units": 500, "W": np.eye(3)}, r"W: expected shape \(500, 500\), got \(3, 3\)"),
        ({"W": np.ones((2, 3))}, r"W: expected shape \(2, 2\), got \(2, 3\)"),
        ({"units": 2, "bias": [1.0]}, r"bias: expected shape \(2,\), got \(1,\)"),
        ({"units": 3, "leak_rate": (0.1, 0.2)}, "leak_rate: expected one number or 3"),
        ({"units": 3, "leak_rate": "a"}, "Reservoir.leak_rate: should be a number"),
        ({"units": -5}, r"Reservoir.units: should be greater than 0 \(got -5\)"),
        ({"units": 3, "spectral_radius": -3}, "Reservoir.spectral_radius: should be at least 0"),
        ({"units": 3, "sr": 1.0}, "unknown field 'sr'; write spectral_radius"),
        ({"units": 3, "Win": [[1.0]]}, "unknown field 'Win'; write W_in"),
    ],
)
def test_a_bad_field_is_refused_where_it_is_written(fields, message):
    with pytest.raises(ng.errors.FieldError, match=message):
        Reservoir(**fields)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"W_in": np.ones((3, 1))}, r"res: W_in: expected shape \(3, 2\), got \(3, 1\)"),
        ({"input_scaling": (1.0, 2.0, 3.0)}, "res: input_scaling: expected 2 numbers"),
        ({"W_fb": np.ones((3, 1))}, "res: W_fb given, but nothing is fed back"),
        ({"W": np.triu(np.ones((3, 3)), 1), "units": 4}, "expected shape"),
    ],
)
def test_weights_that_do_not_fit_the_graph_are_refused(fields, message):
    with pytest.raises(ng.errors.FieldError, match=message):
        ng.Model(Input(units=2) >> Reservoir(**{"units": 3, **fields}, name="res"))


def test_weights_that_cannot_have_the_spectral_radius_are_refused():
    with pytest.raises(ng.errors.FieldError, match="nilpotent"):
        ng.Model(Input(units=1) >> Reservoir(units=1, topology="small_world"))


@pytest.mark.parametrize("kind", [Reservoir, CTRNN, LIF])
def test_a_given_W_without_cycles_is_refused_where_it_is_given(kind):
    W = np.eye(4, k=-1)
    for drawn in (W, sparse.csr_array(W)):
        with pytest.raises(ng.errors.FieldError, match="leave spectral_radius out"):
            kind(W=drawn, spectral_radius=0.9)
        assert kind(W=drawn).neurons == kind(W=drawn, spectral_radius=0).neurons == 4
    kind(W=W + np.diag([0, 0, 0.1, 0]), spectral_radius=0.9)


@pytest.mark.parametrize("connectivity", [0.2, 1.0])
@pytest.mark.parametrize("input_connectivity", [0.5, 1.0])
def test_a_sweep_takes_inputs_feedback_and_noise_as_steps_do(connectivity, input_connectivity):
    rng = np.random.default_rng(5)
    node = Reservoir(
        units=15,
        connectivity=connectivity,
        input_connectivity=input_connectivity,
        feedback_connectivity=input_connectivity,
        leak_rate=0.6,
    )
    params, state = node.init(rng, 2, 15, feedback=4), node.start(15)
    y, noise = rng.standard_normal((50, 4)), rng.standard_normal((50, 15))
    after, states = run_node(node, params, state, U, feedback=y, noise=noise)
    for t in range(50):
        state, x = node.step(params, state, U[t], feedback=y[t], noise=noise[t])
        np.testing.assert_allclose(states[t], x, rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(after.x, state.x, rtol=1e-10, atol=1e-13)


def test_the_layout_of_weights_in_memory_changes_no_bit():
    node = Reservoir(units=15, connectivity=1.0)
    params = node.init(np.random.default_rng(0), 2, 15)
    copied = params._replace(W=params.W.copy(order="C"), W_in=params.W_in.copy(order="C"))
    _, states = run_node(node, params, node.start(15), U)
    np.testing.assert_array_equal(run_node(node, copied, node.start(15), U)[1], states)
    _, one = node.step(params, node.State(states[7]), U[8])
    np.testing.assert_array_equal(node.step(copied, node.State(states[7]), U[8])[1], one)


def test_softmax_shares_one_among_all_units_on_every_path():
    u = np.random.default_rng(0).normal(size=(40, 2))
    node = Reservoir(units=7, activation="softmax", connectivity=1.0, spectral_radius=3.0, name="r")
    model = ng.Model(Input() >> node, seed=1)
    states, (first, *others) = model.run(u), model.reset().run([u] * 9)
    np.testing.assert_allclose(states.sum(axis=1), 1.0, rtol=1e-12)
    np.testing.assert_array_equal(first, states)
    assert all(np.array_equal(other, states) for other in others)
    np.testing.assert_array_equal([model.step(row) for row in u], states)
    params, x = model.params["r"], np.zeros(7)
    for row, state in zip(u, states, strict=True):
        drive = np.exp(params.W @ x + params.W_in @ row)
        x = drive / drive.sum()
        np.testing.assert_allclose(state, x, rtol=1e-11)


def test_a_distribution_that_nothing_is_drawn_from_is_refused():
    node = Reservoir(W_in=np.ones((4, 1)), input_distribution="bernoulli", name="node")
    with pytest.raises(FieldError, match="input_distribution would have no effect, for W_in is"):
        ng.Model(Input() >> node).run(np.ones((3, 1)))
    out = Dense(units=2, name="out")
    model = ng.Model((Input() >> node >> out) & (node << out), seed=1)
    model.run(np.ones((3, 1)))
    assert {*np.abs(model.params["node"].W_fb).ravel().tolist()} == {1.0}
