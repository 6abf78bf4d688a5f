import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import DataError, GraphError
from nodegraph.files.yaml.spec import read_text
from nodegraph.testing.node_contract import check_fields
from nodes import ESN, Input, Reservoir, Ridge, Scaler

U = np.random.default_rng(0).standard_normal((300, 2))
Y = np.cumsum(U, axis=0)[:, :1] * 0.1 + np.roll(U, 1, axis=0)[:, 1:]


def test_its_fields_are_checked_documented_and_come_back():
    check_fields(ESN(units=5))
    check_fields(ESN(W=np.eye(4), W_in=np.ones((4, 2)), ridge=(1e-8, 1e-4), feedback=True))


def test_it_is_a_reservoir_and_a_ridge():
    fields = {"leak_rate": 0.4, "spectral_radius": 0.7, "bias_scaling": 0.2}
    esn = ng.Model(ESN(units=40, ridge=1e-5, **fields), seed=3)
    named = Reservoir(units=40, name="reservoir", **fields) >> Ridge(ridge=1e-5, name="readout")
    assert list(esn.graph.names.values()) == ["esn.reservoir", "esn.readout"]
    states = esn.fit(U, Y, warmup=20).reset().run(U, outputs=["esn.reservoir"])["esn.reservoir"]
    z = np.hstack([states, np.ones((300, 1))])[20:]
    penalty = 1e-5 * np.diag([1.0] * 40 + [0.0])
    weights = np.linalg.solve(z.T @ z + penalty, z.T @ Y[20:]).T
    np.testing.assert_allclose(esn.params["esn.readout"].W_out, weights[:, :-1], rtol=1e-5)
    plain = ng.Model(named, seed=3).fit(U, Y, warmup=20)
    assert plain.params["readout"].W_out.shape == weights[:, :-1].shape


def test_the_readout_may_see_the_input_before_the_states():
    model = ng.Model(ESN(units=10, input_to_readout=True)).fit(U, Y)
    assert list(model.graph.names.values()) == ["esn.input", "esn.reservoir", "esn.readout"]
    watched = model.reset().run(U, outputs=["esn.reservoir", "esn.readout"])
    params = model.params["esn.readout"]
    seen = np.hstack([U, watched["esn.reservoir"]])
    expected = seen @ params.W_out.T + params.bias
    np.testing.assert_allclose(watched["esn.readout"], expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("input_to_readout", [False, True])
def test_it_may_stand_behind_an_input(input_to_readout):
    esn = ESN(units=10, input_to_readout=input_to_readout)
    model = ng.Model(Input(name="u") >> esn).fit(U, Y)
    assert model.graph.inputs == ("u",)
    assert model.graph.outputs == ("esn.readout",)
    assert model.run(U).shape == (300, 1)


@pytest.mark.parametrize("input_to_readout", [False, True])
def test_the_output_may_be_fed_back(input_to_readout):
    esn = ESN(units=10, feedback=True, feedback_scaling=0.1, input_to_readout=input_to_readout)
    model = ng.Model(esn).fit(U, Y)
    assert model.params["esn.reservoir"].W_fb.shape == (10, 1)
    watched = model.reset().run(U, outputs=["esn.reservoir", "esn.readout"])
    p, x, y = model.params["esn.reservoir"], watched["esn.reservoir"], watched["esn.readout"]
    drive = p.W @ x[:-1].T + p.W_in @ U[1:].T + p.W_fb @ y[:-1].T
    np.testing.assert_allclose(x[1:], np.tanh(drive).T, rtol=1e-9, atol=1e-12)


def test_two_networks_have_two_names():
    graph = ESN(units=3) >> ESN(units=4)
    assert "esn_2.readout" in graph.names.values()


def test_a_given_readout_needs_no_fit():
    esn = ESN(W=[[0.0]], W_in=[[1.0]], activation="identity", W_out=[[2.0]], readout_bias=[1.0])
    np.testing.assert_array_equal(ng.Model(esn).run([[1.0], [3.0]]), [[3.0], [7.0]])


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "ESN: units is missing"),
        ({"units": 3, "ridge": -1}, r"ESN\.ridge: should be"),
        ({"units": 3, "leak_rate": 2}, r"ESN\.leak_rate: should be at most 1 \(got 2\)"),
        ({"units": 3, "W": np.eye(2)}, r"ESN: W: expected shape \(3, 3\), got \(2, 2\)"),
        ({"units": 3, "readout_bias": [1.0]}, "bias is given without W_out"),
        ({"units": 3, "sr": 1}, "unknown field 'sr'; write spectral_radius"),
    ],
)
def test_a_bad_field_is_refused_where_it_is_written(fields, message):
    with pytest.raises(ng.errors.FieldError, match=message):
        ESN(**fields)


def taught_by_layers():
    """Return two networks in a row, each taught by an input of its own through a scaler."""
    first, second = (ESN(units=10, name=name, input_scaling=0.2) for name in ("first", "second"))
    h = [Input(name=f"h{i}") for i in range(3)]
    graph = (h[0] >> Scaler() >> first >> second) & (h[1] >> Scaler() >> first["target"])
    return graph & (h[2] >> Scaler() >> second["target"])


def test_its_ports_are_those_of_its_parts():
    esn, u, t = ESN(units=10, name="esn"), Input(name="u"), Input(name="t")
    wired = ng.plan((u >> esn["x"]) & (t >> esn["target"]))
    assert [read.source for read in wired.reads["esn.readout"]["target"]] == ["t"]
    assert [read.source for read in wired.reads["esn.reservoir"]["x"]] == ["u"]
    for port in ("weight", "feedback", "W_out"):
        owner = "esn.reservoir" if port == "feedback" else "esn.readout"
        assert port in ng.plan((u >> esn) & (t >> esn[port])).reads[owner]
    with pytest.raises(GraphError, match="esn has no port 'taget'; it has W, W_fb, W_in, W_out"):
        esn["taget"]
    with pytest.raises(GraphError, match=r"esn.reservoir, esn.readout have a port 'bias' each"):
        esn["bias"]


def test_its_name_stands_for_its_output_and_its_target():
    model = ng.Model(taught_by_layers(), seed=1)
    x = {f"h{i}": [U[:80] * (i + 1), U[80:150] * (i + 1)] for i in range(3)}
    model.fit(x)
    student = {"h0": x["h0"]}
    found = model.run(student, outputs=["first", "second", "h0"])
    assert list(found) == ["first.readout", "second.readout", "h0"]
    np.testing.assert_array_equal(found["second"][1], model.run(student)[1])
    np.testing.assert_array_equal(found["first"][0], found["first.readout"][0])
    with pytest.raises(KeyError):
        found["third"]
    with pytest.raises(DataError, match=r"did you mean 'first\.readout'"):
        model.run(student, outputs=["first.redout"])
    alone = ng.Model(Input() >> ESN(units=10, name="layer"), seed=1)
    alone.fit(U[:-1], {"layer": Y[:-1]}, warmup=3)
    assert alone.run(U[:9], outputs=["layer"])["layer"].shape == (9, 1)


def test_a_student_needs_no_teacher_wherever_it_runs(tmp_path):
    model = ng.Model(taught_by_layers(), seed=1)
    x = {f"h{i}": [U[:80] * (i + 1), U[80:150] * (i + 1)] for i in range(3)}
    model.fit(x)
    dummies = model.run({"h0": x["h0"], "h1": x["h1"], "h2": x["h2"]})
    model.save(tmp_path / "m.safetensors")
    for one in (model, ng.load(tmp_path / "m.safetensors")):
        for found in (one.run({"h0": x["h0"]}), one.run(x["h0"]), one.run(x["h0"], workers=2)):
            for a, b in zip(found, dummies, strict=True):
                np.testing.assert_array_equal(a, b)
        rows = np.array([one.step(row) for row in x["h0"][0]])
        np.testing.assert_array_equal(rows, dummies[0])
        free = one.reset().generate(4, prompt=x["h0"][0], loop={"h0": "second.readout"})
        assert free.shape == (4, 2)
        np.testing.assert_array_equal(free[0], dummies[0][-1])


def test_yaml_wires_its_ports():
    text = """
nodegraph: 1
nodes: {u: {kind: Input}, t: {kind: Input}, layer: {kind: ESN, units: 5}}
edges: [u >> layer, "t >> layer[target]"]
"""
    plan = ng.plan(read_text(text).graph)
    assert plan.reads["layer.readout"]["target"][0].source == "t"
