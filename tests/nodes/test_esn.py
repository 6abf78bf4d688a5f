import numpy as np
import pytest

import nodegraph as ng
from nodegraph.testing.node_contract import check_fields
from nodes import ESN, Input, Reservoir, Ridge

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
