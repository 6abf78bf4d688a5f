import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import FieldError, GraphError
from nodegraph.files.yaml.spec import read_text
from nodegraph.testing import check_node
from nodes import (
    CTRNN,
    GRU,
    LMS,
    LSTM,
    NVAR,
    PCA,
    RLS,
    Backward,
    Gate,
    Input,
    Lasso,
    LogisticRegression,
    Patches,
    Reduce,
    Reservoir,
    Ridge,
    ScikitLearn,
    Shared,
    Zoneout,
)

X = np.random.default_rng(0).normal(size=(80, 6))


@pytest.mark.parametrize(
    "node",
    [
        Reservoir(units=4, noise=0.1),
        NVAR(),
        Ridge(units=2),
        CTRNN(units=4, start="random"),
        Zoneout(cell=LSTM(units=3, rule=None), p=0.4),
        Reduce(kind="mean"),
    ],
    ids=lambda n: type(n).__name__,
)
def test_contract(node):
    check_node(Shared(node=node, copies=2), n_in=6)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_each_part_lives_as_it_would_alone(dtype):
    node = Reservoir(units=9, leak_rate=0.5)
    model = ng.Model(Input() >> Shared(node=node, copies=3, name="pool"), seed=2, dtype=dtype)
    found = model.run(X)
    alone = ng.Model(Input() >> Reservoir(units=9, leak_rate=0.5, name="pool"), seed=7, dtype=dtype)
    alone.run(X[:1, :2])
    alone.params["pool"] = model.params["pool"]
    for part in range(3):
        wanted = alone.reset().run(X[:, 2 * part : 2 * part + 2])
        np.testing.assert_array_equal(found[:, 9 * part : 9 * part + 9], wanted)
    np.testing.assert_array_equal([model.reset().step(X[0])], found[:1])


TOLD = {  # a node, a port, how many signals arrive there, and how many a part hears
    "one for all": (CTRNN(units=4), "dt", 1, 1),
    "one each": (CTRNN(units=4), "dt", 3, 1),
    "feedback": (Reservoir(units=4), "feedback", 6, 2),
    "gate": (Gate(), "gate", 6, 2),
    "gates": (Gate(), "gate", 3, 1),
    "update": (GRU(units=4, rule=None), "update", 3, 1),
}


@pytest.mark.parametrize("case", TOLD)
def test_other_ports_are_parted_too_and_one_signal_is_for_all(case):
    node, port, width, each = TOLD[case]
    other = np.random.default_rng(4).uniform(0.1, 1, (80, width)) - 0.4 * (port != "dt")

    def model(one):
        return ng.Model((Input(name="u") >> one) & (Input(name="o") >> one[port]), seed=2)

    shared = model(Shared(node=node, copies=3, name="it"))
    found = shared.run({"u": X, "o": other})
    alone = model(node.model_copy(update={"name": "it"}))
    alone.run({"u": X[:1, :2], "o": other[:1, :each]})
    alone.params["it"] = shared.params["it"]
    for i, part in enumerate(np.split(found, 3, axis=1)):
        heard = other if width == 1 else other[:, i * each : (i + 1) * each]
        wanted = alone.reset().run({"u": X[:, 2 * i : 2 * i + 2], "o": heard})
        np.testing.assert_array_equal(part, wanted)


def test_units_of_all_parts_are_held_by_chance_while_a_readout_learns():
    cell = Zoneout(cell=LSTM(units=4, rule=None), p=0.6)
    model = ng.Model(Input() >> Shared(node=cell, copies=3, name="z") >> LMS(name="out"), seed=1)
    kept = []
    for row in X[:40]:
        before = model.state["z"] if kept else None
        model.partial_fit(row[None], row[None])
        after = model.state["z"]
        if before is not None:
            kept.append([(a.h == b.h).mean() for a, b in zip(after, before, strict=True)])
        else:
            kept.append([0.6] * 3)
    assert np.abs(np.mean(kept, axis=0) - 0.6).max() < 0.15


@pytest.mark.parametrize("solver", ["direct", "qr", "iterative"])
def test_a_readout_learns_from_all_parts_as_from_series(solver):
    y = np.hstack([X[:, :3] @ np.arange(3.0)[:, None], X[:, 3:] @ np.ones((3, 1))])
    y[5] = np.nan
    shared = Shared(node=Ridge(ridge=0.1, solver=solver), copies=2, name="out")
    model = ng.Model(Input() >> shared).fit(X, y, warmup=3)
    rows, t = X.reshape(160, 3), y.reshape(160, 1)
    t[:6] = np.nan
    alone = ng.Model(Input() >> Ridge(ridge=0.1, solver=solver, name="out")).fit(rows, t)
    for one, other in zip(model.params["out"], alone.params["out"], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9)
    assert model.report[0]["rows"] == 2 * 76


@pytest.mark.parametrize("l1", [5.0, "cv"])
def test_few_weights_are_learned_from_all_parts(l1):
    y = X.reshape(160, 3)[:, :1] + 0.1 * np.random.default_rng(1).normal(size=(160, 1))
    node = Lasso(l1=l1)
    model = ng.Model(Input() >> Shared(node=node, copies=2, name="out")).fit(X, y.reshape(80, 2))
    alone = ng.Model(Input() >> Lasso(l1=l1, name="out")).fit(X.reshape(160, 3), y)
    for one, other in zip(model.params["out"], alone.params["out"], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-7, atol=1e-12)
    halves = [X[:40], X[40:]], [y[:80].reshape(40, 2), y[80:].reshape(40, 2)]
    apart = ng.Model(Input() >> Shared(node=Lasso(l1=5.0), copies=2, name="out"))
    assert apart.fit(*halves, workers=2).params["out"].W_out[0, 0] > 0.8


def test_series_apart_files_and_yaml(tmp_path):
    graph = Input() >> Patches(width=2, halo=1) >> Shared(node=NVAR(), copies=3)
    graph = graph >> Shared(node=Ridge(ridge=[1e-3, 1.0]), copies=3, name="out")
    parts = [X[:30], X[30:]]
    model = ng.Model(graph).fit(parts, [part**2 for part in parts])
    model.save(tmp_path / "m.safetensors")
    loaded = ng.load(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(loaded.run(X), model.run(X))
    again = ng.Model(read_text(ng.to_yaml(graph)).graph).fit(parts, [part**2 for part in parts])
    np.testing.assert_array_equal(again.run(X), model.reset().run(X))


def test_shares_of_classes_are_shared_too():
    t = np.eye(2)[(X.reshape(80, 2, 3)[..., 0] > 0).astype(int)].reshape(80, 4)
    model = ng.Model(Input() >> Shared(node=LogisticRegression(), copies=2)).fit(X, t)
    assert ((model.run(X) > 0.5) == t).mean() > 0.97


def test_one_readout_of_patches_goes_on_alone_with_a_wave_on_a_ring():
    place, time = np.arange(12) * 2 * np.pi / 12, np.arange(700)[:, None] / 10
    u = np.sin(place - time) + 0.5 * np.sin(2 * place - 2 * time)
    pool = Reservoir(units=40, input_scaling=0.3, spectral_radius=0.5)
    graph = Input() >> Patches(width=3, halo=1) >> Shared(node=pool, copies=4)
    graph = graph >> Shared(node=Ridge(), copies=4)
    model = ng.Model(graph, seed=1).fit(u[:499], u[1:500], warmup=50)
    found = model.reset().generate(50, prompt=u[500:600])
    assert ng.metrics.nrmse(u[600:650], found) < 0.001


@pytest.mark.parametrize(
    "node, message",
    [
        (RLS(), "RLS learns by itself"),
        (PCA(units=1), "PCA learns by itself, .* put it before Patches"),
        (Ridge(intervals=[0.1, 0.9]), "write Ridge without intervals"),
        (
            LogisticRegression(classes=[0, 1]),
            "has classes, and a target of all parts has no labels",
        ),
        (Ridge(classes=["a", "b"]), "Ridge has classes, .* leave classes out"),
        (Reservoir(units=3, every=2), r"copies have one clock; write Shared\(every=2"),
        (ScikitLearn(estimator="Ridge"), "ScikitLearn"),
        (
            Backward(node=Reservoir(units=3)),
            r"from their end.*write Backward\(node=Shared\(copies=2",
        ),
    ],
)
def test_nodes_that_cannot_be_shared_are_refused(node, message):
    with pytest.raises(FieldError, match=message):
        Shared(node=node, copies=2)


def test_parts_that_are_not_equal_are_refused():
    with pytest.raises(FieldError, match="the 6 columns of the input do not divide into 4 parts"):
        ng.Model(Input() >> Shared(node=NVAR(), copies=4)).run(X)


@pytest.mark.parametrize(
    ("node", "port", "width", "message"),
    [
        (CTRNN(units=4), "dt", 6, "dt: each of 3 parts takes 1, got 6 for all"),
        (Reservoir(units=4), "feedback", 4, "4 columns of the feedback do not .* not one for all"),
        (Gate(), "gate", 9, "the gate should have 1 column or 2, got 3"),
    ],
)
def test_ports_that_do_not_divide_are_refused(node, port, width, message):
    shared = Shared(node=node, copies=3)
    model = ng.Model((Input(name="u") >> shared) & (Input(name="o") >> shared[port]))
    with pytest.raises((FieldError, GraphError), match=message):
        model.run({"u": X, "o": np.ones((80, width))})


def test_weights_of_rows_are_refused_with_why():
    shared = Shared(node=Ridge(), copies=2)
    with pytest.raises(GraphError, match="a row would count all its parts alike"):
        Input() >> shared["weight"]


def test_parts_of_two_sources_that_would_be_mixed_are_refused():
    wide, narrow = Input(name="wide"), Input(name="narrow")
    each = Shared(node=NVAR(delay=1, order=1), copies=2, name="each")
    model = ng.Model([wide, narrow] >> each)
    x = np.ones((3, 1))
    with pytest.raises(GraphError, match=r"its 2 parts are 3 columns.* let it hear one alone"):
        model.run({"wide": np.ones((3, 4)), "narrow": np.ones((3, 2))})
    assert model.run({"wide": x, "narrow": 2 * x}).tolist() == [[1.0, 2.0]] * 3  # a part each
