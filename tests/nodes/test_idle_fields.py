"""A field without effect beside the others is refused, in nodes, rules and composites."""

from typing import Any

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import FieldError
from nodegraph.fields import Described
from nodegraph.files.yaml.spec import read_text
from nodes import (
    ES2N,
    ESN,
    GRU,
    HMLSTM,
    LIF,
    NVAR,
    Dense,
    ForwardUnit,
    Input,
    PredictiveCoder,
    Reservoir,
    Scaler,
    SkipRNN,
)
from nodes.rules import ForwardForward, IntrinsicPlasticity

N, M, FED = 20, 2, 3
DRAW = np.random.default_rng(0)
ARRAYS = {
    "W": DRAW.normal(size=(N, N)),
    "W_in": DRAW.normal(size=(N, M)),
    "W_fb": DRAW.normal(size=(N, FED)),
    "O": DRAW.normal(size=(N, N)),
    "bias": DRAW.normal(size=N),
}
OTHERS: dict[str, Any] = {
    "activation": "sigmoid",
    "adaptation": 0.5,
    "adaptation_decay": 0.5,
    "bias_scaling": 0.7,
    "connectivity": 0.5,
    "emits": "potentials",
    "feedback_connectivity": 0.3,
    "feedback_scaling": 0.3,
    "input_connectivity": 0.5,
    "input_distribution": "normal",
    "input_scaling": 0.3,
    "leak_rate": 0.3,
    "normalise": True,
    "proximity": 0.3,
    "refractory": 2,
    "reset": "subtract",
    "spectral_radius": 0.3,
    "start_": "random",
    "synaptic_decay": 0.5,
    "threshold": 0.2,
    "topology": "uniform",
    "trace_decay": 0.5,
}
BESIDE = {"adaptation_decay": {"adaptation": 0.5}, "trace_decay": {"emits": "trace"}}
ELSEWHERE = {
    "name",
    "every",
    "phase",
    "units",
    "noise",
    "rule",
    "wiring",
    *ARRAYS,
}  # who, when, and learning
LAYERS = {Reservoir: True, ES2N: False, LIF: False, Dense: False}  # whether there is feedback


def lived(node: Any, fed: bool) -> list[Any]:
    """Return states and outputs of some steps, in plain numpy."""
    rng, extra = np.random.default_rng(1), ({"feedback": FED} if fed else {})
    params, state, ys = node.init(rng, M, N, **extra), node.start(N), []
    for _ in range(40):
        ports = {"feedback": rng.normal(size=FED)} if fed else {}
        state, y = node.step(params, state, 2 * rng.normal(size=M), **ports)
        ys.append(np.concatenate([*state, y]))
    return np.array(ys)


@pytest.mark.parametrize(
    ("kind", "array"),
    [
        (kind, array)
        for kind in LAYERS
        for array in (None, *ARRAYS)
        if array is None or array in kind.model_fields
    ],
)
def test_each_field_beside_a_given_array_has_an_effect_or_is_refused(kind, array):
    given = {"units": N} | ({array: ARRAYS[array]} if array else {})
    usual = lived(kind(**given), LAYERS[kind])
    for field in kind.model_fields.keys() - ELSEWHERE:
        more = {"bias_scaling": 0.5} if field == "input_distribution" and array != "bias" else {}
        more |= BESIDE.get(field, {})
        try:
            changed = kind(**given, **more, **{field: OTHERS[field]})
        except FieldError as error:
            assert array is not None and f"{field} would have no effect" in str(error)
            continue
        usual_here = lived(kind(**given, **more), LAYERS[kind]) if more else usual
        assert not np.array_equal(lived(changed, LAYERS[kind]), usual_here), field


REFUSED = [
    (Reservoir, {"W": np.eye(3), "connectivity": 0.1}, "connectivity would have no effect, for W"),
    (Reservoir, {"W": np.eye(3), "topology": "normal"}, "leave it out"),
    (Reservoir, {"W": np.eye(3), "topology": "ring", "connectivity": 0.2}, "and"),
    (Reservoir, {"units": 3, "topology": "ring", "connectivity": 0.2}, "topology is ring"),
    (Reservoir, {"units": 8, "topology": "block", "connectivity": 0.2}, "are one block"),
    (Reservoir, {"units": 3, "W_in": np.ones((3, 1)), "input_scaling": (0.1,)}, "W_in is given"),
    (Reservoir, {"units": 2, "bias": [0.0, 1.0], "bias_scaling": 0.0}, "bias is given"),
    (Reservoir, {"units": 2, "W_fb": np.eye(2), "feedback_scaling": 1.0}, "W_fb is given"),
    (LIF, {"W": np.eye(3), "connectivity": 0.2}, "W is given"),
    (LIF, {"units": 2, "W_in": np.eye(2), "input_distribution": "normal"}, "no bias is drawn"),
    (ES2N, {"units": 2, "O": np.eye(2), "proximity": 1.0}, "O would have no effect"),
    (Dense, {"units": 2, "W_in": np.eye(2), "input_scaling": 2.0}, "W_in is given"),
    (Dense, {"units": 2, "bias": [0.0, 1.0], "bias_scaling": 2.0}, "bias is given"),
    (ESN, {"units": 5, "feedback_scaling": 0.5}, "feedback is False"),
    (ESN, {"units": 5, "feedback_connectivity": 0.5}, "feedback is False"),
    (ESN, {"units": 5, "W_fb": np.ones((5, 1))}, "feedback is False"),
    (ESN, {"W": np.eye(3), "connectivity": 0.5}, "W is given"),
    (NVAR, {"delay": 1, "strides": 3}, "delay is 1"),
    (Scaler, {"kind": "z-score", "low": 0.0}, "low would have no effect, for kind is z-score"),
    (PredictiveCoder, {"units": 2, "fading": 0.1}, "attention is False"),
    (PredictiveCoder, {"units": 2, "A": np.eye(2)}, "temporal is False"),
    (PredictiveCoder, {"units": 2, "C": np.eye(2), "input_scaling": 1.0}, "weights are given"),
    (HMLSTM, {"units": 2, "boundaries": "told", "peak": 3.0}, "the only boundaries are told"),
    (SkipRNN, {"cell": GRU(units=2), "budget": 1.0, "rate": 0.1}, "no step is skipped"),
    (ForwardUnit, {"kind": "predictive_coding", "attention": False, "fading": 0.1}, "attention"),
    (IntrinsicPlasticity, {"activation": "sigmoid", "mu": 0.2, "sigma": 0.1}, "sigmoid"),
    (ForwardForward, {"negatives": "given", "buffer": 5}, "negatives are given"),
]


@pytest.mark.parametrize(("kind", "fields", "message"), REFUSED)
def test_what_has_no_effect_is_refused_and_its_default_is_not(kind, fields, message):
    with pytest.raises(FieldError, match=message) as caught:
        kind(**fields)
    odd = {name for name in fields if f"{name} " in str(caught.value)}
    kept = {name: value for name, value in fields.items() if name not in odd or name == "kind"}
    assert isinstance(
        kind(**({"units": 3} if "units" in kind.model_fields else {}) | kept), Described
    )


@pytest.mark.parametrize("kind", ForwardUnit.variants)
def test_frozen_units_are_a_control_and_may_keep_how_they_would_learn(kind):
    fields = {"alpha": 0.1} if kind == "forecast" else {"rate": 0.1}
    assert ForwardUnit(kind=kind, frozen=True, **fields).rule is None


def test_a_given_matrix_is_scaled_to_a_spectral_radius_that_is_given_beside_it():
    for kind in (Reservoir, ES2N, LIF):
        W = kind(W=ARRAYS["W"], spectral_radius=0.9).init(DRAW, M, N).W
        np.testing.assert_allclose(W / ARRAYS["W"], W[0, 0] / ARRAYS["W"][0, 0], rtol=1e-12)
        assert np.abs(np.linalg.eigvals(W)).max() == pytest.approx(0.9, abs=1e-12)


def test_a_matrix_that_no_factor_can_scale_is_refused():
    with pytest.raises(FieldError, match="leave spectral_radius out"):
        Reservoir(W=[[0.0, 1.0], [0.0, 0.0]], spectral_radius=0.9).init(DRAW, 1, 2)


@pytest.mark.parametrize("field", ["feedback_scaling", "feedback_connectivity"])
def test_what_scales_feedback_is_refused_where_nothing_is_fed_back(field):
    with pytest.raises(FieldError, match=f"{field} given, but nothing is fed back"):
        ng.Model(Input(units=1) >> Reservoir(units=3, **{field: 0.5}))


@pytest.mark.parametrize("fields", [{"W": np.eye(3), "spectral_radius": 0.9}, {"W": np.eye(3)}])
def test_what_was_given_is_given_after_a_trip_through_yaml_and_files(fields, tmp_path):
    graph = Input(units=1) >> Reservoir(name="pool", **fields)
    (node,) = [n for n in read_text(ng.to_yaml(graph)).graph.nodes if n.name == "pool"]
    assert ("spectral_radius" in node.model_fields_set) == ("spectral_radius" in fields)
    assert not {"connectivity", "topology"} & node.model_fields_set
    model = ng.Model(graph)
    model.save(tmp_path / "m.safetensors")
    again = ng.load(tmp_path / "m.safetensors")
    again.run(np.ones((3, 1)))
    assert ng.metrics.spectral_radius(again.params["pool"].W) == ng.metrics.spectral_radius(
        model.params["pool"].W
    )
