"""Jacobians of whole graphs against closed forms, and against differences of compiled runs."""

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.dynamics import effective_spectral_radius, jacobian
from nodegraph.errors import DataError, GraphError
from nodes import (
    ES2N,
    GRU,
    HMLSTM,
    LIF,
    NVAR,
    Hopfield,
    Input,
    Izhikevich,
    KeyedStore,
    LatencyEncoder,
    RateEncoder,
    Reservoir,
    Ridge,
    ScikitLearn,
    SelfOrganisingMap,
    SkipRNN,
    Softplus,
    Tanh,
    Vote,
)

U = np.random.default_rng(0).uniform(-1, 1, (300, 1))


def by_differences(model, u, name, units, e=1e-6):
    """Return how the outputs of a node after one more row follow its state, from runs."""
    columns = []
    for i in range(units):
        ends = []
        for side in (-e, e):
            model.reset().run(u[:-1])
            state = model.state[name]
            model.state[name] = state._replace(x=state.x + side * np.eye(units)[i])
            ends.append(model.run(u[-1:], outputs=[name])[name][0])
        columns.append((ends[1] - ends[0]) / (2 * e))
    return np.stack(columns, axis=1)


@pytest.mark.parametrize("node", [
    Reservoir(units=8, leak_rate=0.4, activation="softsign", name="r"),
    Reservoir(units=8, activation="softmax", connectivity=1.0, name="r"),
    ES2N(units=8, proximity=0.3, name="r"),
])  # fmt: skip
def test_it_is_what_differences_of_compiled_runs_say(node):
    model = ng.Model(Input() >> node, seed=2)
    model.run(U[:40])
    found = jacobian(model.reset(), U[:40])
    assert found.parts == {"r.x": slice(0, 8)}
    np.testing.assert_allclose(
        found.matrix, by_differences(model, U[:40], "r", 8), rtol=1e-6, atol=1e-8
    )


def test_a_linear_reservoir_has_its_own_matrix_and_it_leaves_the_model_where_it_stands():
    node = Reservoir(units=12, leak_rate=0.3, activation="identity", name="r")
    model = ng.Model(Input() >> node, seed=1)
    model.run(U[:20])
    before = model.state["r"].x.copy()
    W = model.params["r"].W
    W = W.toarray() if hasattr(W, "toarray") else W
    np.testing.assert_allclose(jacobian(model, U[20:30]).matrix, 0.7 * np.eye(12) + 0.3 * W)
    np.testing.assert_array_equal(model.state["r"].x, before)
    assert model.time == 20


def test_delays_shift_and_reservoirs_one_behind_the_other_are_a_triangle():
    first = Reservoir(W=[[0.5]], W_in=[[1.0]], activation="identity", name="a")
    second = Reservoir(W=[[0.25]], W_in=[[2.0]], activation="identity", name="b")
    model = ng.Model(Input(units=1) >> first >> ng.delay(2) >> second)
    found = jacobian(model, U[:5])
    at = {name: part.start for name, part in found.parts.items()}
    wanted = np.zeros((4, 4))
    wanted[at["a.x"], at["a.x"]] = 0.5
    wanted[at["a[t-1]"], at["a.x"]] = 0.5  # what will be the last output
    wanted[at["a[t-2]"], at["a[t-1]"]] = 1
    wanted[at["b.x"], at["a[t-2]"]] = 2
    wanted[at["b.x"], at["b.x"]] = 0.25
    np.testing.assert_array_equal(found.matrix, wanted)


def test_a_closed_loop_adds_what_the_readout_feeds_back():
    node = Reservoir(units=6, activation="identity", name="r", connectivity=1.0)
    out = Ridge(units=1, W_out=np.ones((1, 6)), name="out")
    model = ng.Model(Input(units=1) >> node >> out, seed=3)
    found = jacobian(model, prompt=U[:10])
    r, y = found.parts["r.x"], found.parts["out[t-1]"]
    params = model.params["r"]
    np.testing.assert_allclose(found.matrix[r, r], params.W)
    np.testing.assert_allclose(found.matrix[r, y], params.W_in)
    np.testing.assert_allclose(found.matrix[y, y], params.W_in.sum(axis=0)[None])


def test_nodes_without_a_tangent_go_by_the_complex_step_and_by_differences():
    for bend in (Tanh(), Softplus()):  # logaddexp knows no complex numbers
        graph = Input(units=1) >> NVAR(delay=3, order=2) >> bend
        back = Reservoir(units=4, activation="tanh", name="r")
        model = ng.Model(graph >> back, seed=1)
        found = jacobian(model, U[:9])
        rows = found.parts["nvar.past"]
        past = U[6:8, 0]

        def run(past, model=model, back=back):
            twin = ng.Model(model.graph, seed=1)
            twin.run(U[:8])
            twin.state["nvar"] = twin.state["nvar"]._replace(past=past[:, None])
            return twin.run(U[8:9])[0]

        for i in range(2):
            e = 1e-6 * np.eye(2)[i]
            wanted = (run(past + e) - run(past - e)) / 2e-6
            got = found.matrix[found.parts["r.x"], rows][:, i]
            np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-9)


def test_a_node_on_a_clock_holds_in_between():
    node = Reservoir(W=[[0.5]], W_in=[[1.0]], activation="identity", every=2, name="r")
    model = ng.Model(Input(units=1) >> node)
    assert jacobian(model, U[:1]).matrix[0, 0] == 0.5
    assert jacobian(model, U[:2]).matrix[0, 0] == 1.0


@pytest.mark.parametrize(
    "node",
    [
        LIF(units=4),
        Izhikevich(units=4),
        Vote(units=2),
        ScikitLearn(estimator="Ridge", units=1),
        SkipRNN(cell=GRU(units=3)),
        HMLSTM(units=2),
        RateEncoder(),
        LatencyEncoder(),
        SelfOrganisingMap(rows=2, columns=2),
    ],
)
def test_what_jumps_is_refused_in_a_sentence(node):
    model = ng.Model(Input(units=4) >> Reservoir(units=4) >> node)
    if model.plan.rules:
        model.fit(np.tile(U, 4), U if isinstance(node, ScikitLearn) else None)
    with pytest.raises(GraphError, match=r"is not smooth .*so that there is no Jacobian"):
        jacobian(model, np.tile(U[:5], 4))


def test_what_jumps_in_one_of_its_modes_alone_says_so():
    kinds = [
        (Hopfield(), Hopfield(mode="modern")),
        (KeyedStore(slots=2), KeyedStore(slots=2, sharpness=3.0)),
        (SelfOrganisingMap(gives="place"), SelfOrganisingMap(gives="distance")),
    ]
    assert [(one.smooth, other.smooth) for one, other in kinds] == [(False, True)] * 3


def test_the_effective_radius_is_that_of_the_matrix_where_nothing_bends_and_lower_elsewhere():
    radius = {}
    for activation in ("identity", "tanh"):
        node = Reservoir(units=40, spectral_radius=0.9, activation=activation, input_scaling=2.0)
        found = effective_spectral_radius(ng.Model(Input() >> node, seed=1), U, samples=5)
        assert len(found.radii) == 5
        radius[activation] = found.mean
    assert abs(radius["identity"] - 0.9) < 1e-9
    assert radius["tanh"] < 0.7


def test_bad_arguments_are_refused():
    model = ng.Model(Input(units=1) >> Reservoir(units=4))
    with pytest.raises(DataError, match="x drives it; leave one out"):
        jacobian(model, U, prompt=U)
    with pytest.raises(DataError, match="expected a Model"):
        jacobian("lorenz")
    with pytest.raises(DataError, match="warmup takes 300 of them"):
        effective_spectral_radius(model, U, warmup=300)
    with pytest.raises(DataError, match="expected one array"):
        jacobian(model, [U, U])


def test_the_words_of_a_radius_are_few():
    model = ng.Model(Reservoir(W=[[0.5]], W_in=[[1.0]], activation="identity"))
    found = effective_spectral_radius(model, np.ones((150, 1)))
    assert repr(found) == "EffectiveRadius(mean=0.5, from 0.5 to 0.5 in 20 rows)"
