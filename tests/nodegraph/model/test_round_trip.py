"""What a model accepts, its file gives back, to the same bits."""

import keyword
from pathlib import Path
from typing import ClassVar, NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import nodegraph as ng
from nodegraph import delay
from nodegraph.errors import FieldError, ModelFileError
from nodegraph.files.yaml.spec import read_text
from nodegraph.files.yaml.writer import to_yaml
from nodegraph.graph.nested import NestedGraph
from nodes import ES2N, ESN, NVAR, Dense, Input, Output, Reduce, Reservoir, Ridge, Scaler
from nodes.rules import IntrinsicPlasticity, Oja

U = np.sin(np.arange(40) / 3)[:, None]
WORDS = ["graph", "delay", "array", "csr", "packed", "kind", "file", "null", "true", "on", "e",
         "NaN", "target", "nodes", "_", "__debug__", "x" * 60, "parts", "tuple"]  # fmt: skip
NAMES = st.sampled_from(WORDS) | st.from_regex(r"\A[A-Za-z_][A-Za-z0-9_]{0,11}\Z").filter(
    lambda word: not keyword.iskeyword(word)
)
UNIT = st.floats(0.1, 1)


@ng.register
class Counting(ng.Node):
    """Counts its steps, in Python: the count becomes a number of numpy."""

    class State(NamedTuple):
        count: ng.Array

    traced: ClassVar[bool] = False

    def start(self, n_out):
        return self.State(np.zeros((), int))

    def step(self, params, state, x):
        return self.State(state.count + 1), x * float(state.count)


def test_a_count_that_python_has_made_a_number_can_be_read_again(tmp_path):
    model = ng.Model(Input() >> Counting(name="count"))
    np.testing.assert_array_equal(model.run(U[:7]), U[:7] * np.arange(7)[:, None])
    model.save(tmp_path / "m.safetensors")
    again = ng.load(tmp_path / "m.safetensors")
    assert again.state["count"].count.dtype == int
    for each in (again, model):
        np.testing.assert_array_equal(each.run(U[7:]), U[7:] * np.arange(7, 40)[:, None])


@st.composite
def hidden(draw, name: str | None):
    """Return a node that makes states of its inputs, with fields of many forms."""
    kind = draw(st.sampled_from(["reservoir", "given", "es2n", "nvar", "esn", "nested", "dense"]))
    if kind == "given":
        weights = draw(st.sampled_from([np.eye(3) * 0.1, np.ones((9, 9)) * 0.01]))
        return Reservoir(name=name, units=len(weights), W=weights, leak_rate=draw(UNIT))
    if kind == "es2n":
        return ES2N(name=name, units=3, proximity=draw(UNIT))
    if kind == "nvar":
        return NVAR(name=name, delay=2, order=draw(st.sampled_from([1, 2])))
    if kind == "esn":
        return ESN(name=name, units=4, leak_rate=draw(UNIT), ridge=draw(UNIT))
    if kind == "dense":
        return Dense(name=name, units=2, activation="relu", input_scaling=draw(UNIT))
    if kind == "nested":
        inner = draw(NAMES)
        return NestedGraph(
            name=name, graph=Scaler() >> Reservoir(name=inner, units=3, leak_rate=draw(UNIT))
        )
    rule = draw(st.sampled_from([None, IntrinsicPlasticity(rate=1e-3, mu=0.1), Oja(rate=1e-4)]))
    rates = draw(UNIT | st.tuples(UNIT, UNIT, UNIT, UNIT))
    return Reservoir(name=name, units=4, leak_rate=rates, rule=rule, input_scaling=draw(UNIT))


@st.composite
def graphs(draw):
    names = draw(st.lists(NAMES, min_size=4, max_size=4, unique=True))
    names = [name if draw(st.booleans()) else None for name in names]
    u, state = Input(name=names[0]), draw(hidden(names[1]))
    ridge = draw(UNIT | st.tuples(UNIT, UNIT) | st.just("cv"))
    graph = u >> state >> Ridge(name=names[2], ridge=ridge)
    if isinstance(state, ESN):
        graph = u >> state
    if draw(st.booleans()):
        graph = graph & (u >> delay(draw(st.integers(1, 9))) >> Output(name=names[3]))
    return graph


@given(graph=graphs(), seed=st.integers(0, 2**40))
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=6,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
)
@pytest.mark.filterwarnings("ignore::nodegraph.errors.NodegraphWarning")
def test_a_model_that_was_saved_is_loaded_with_the_same_bits(tmp_path: Path, graph, seed) -> None:
    model = ng.Model(graph, seed=seed)
    model.fit(U[:-1], U[1:])
    model.save(tmp_path / "m.safetensors")
    again = ng.load(tmp_path / "m.safetensors")
    for one, other in zip(_listed(again.run(U)), _listed(model.run(U)), strict=True):
        np.testing.assert_array_equal(one, other)
    if text := _yaml(graph):
        assert _yaml(read_text(text).graph) == text


def _listed(said):
    return list(said.values()) if isinstance(said, dict) else [said]


def _yaml(graph) -> str:
    try:
        return to_yaml(graph)
    except ng.errors.SpecError as error:
        assert "for YAML; save" in str(error)
        return ""


@pytest.mark.parametrize("name", keyword.kwlist)
def test_a_name_that_no_edge_could_name_is_refused_where_it_is_given(name: str) -> None:
    with pytest.raises(FieldError, match=f"write {name}_"):
        Input(name=name)
    with pytest.raises(ng.errors.SpecError, match=f"write {name}_"):
        read_text(f'nodegraph: 1\nnodes: {{"{name}": {{kind: Input}}}}\n')


@pytest.mark.parametrize("name", ["In", "Class", "Größe", "2D", "From"])
def test_a_class_of_any_name_gives_a_node_a_name_that_edges_can_name(tmp_path, name) -> None:
    kind = type("Output", (Output,), {"label": name, "__doc__": "A node."})
    graph = Input() >> kind()
    (found,) = (word for node, word in graph.names.items() if type(node) is kind)
    assert Input(name=found).name == found


@pytest.mark.parametrize(
    "node",
    [
        Ridge(ridge=tuple(np.geomspace(1e-9, 1, 12_000).tolist())),
        Ridge(ridge=tuple(np.geomspace(1e-9, 1, 30_000).tolist())),
        Reservoir(units=25_000, leak_rate=np.linspace(0.1, 1, 25_000), connectivity=1e-5),
        Reservoir(units=3, W=np.eye(3), bias=np.arange(3.0)),
    ],
    ids=["listed", "many", "per unit", "arrays"],
)
def test_fields_of_many_numbers_come_back(tmp_path: Path, node) -> None:
    ng.Model(Input() >> node, seed=1).save(tmp_path / "m.safetensors")
    again = ng.load(tmp_path / "m.safetensors").graph.nodes[-1]
    for field in ("ridge", "leak_rate", "W", "bias"):
        if hasattr(node, field):
            np.testing.assert_array_equal(getattr(again, field), getattr(node, field))
            assert type(getattr(again, field)) is type(getattr(node, field))


def test_many_nodes_and_deep_graphs_come_back(tmp_path: Path) -> None:
    wide = Input(name="u") >> [Output(name=f"o{i}") for i in range(700)]
    graph = Output(name="o")
    for i in range(20):
        graph = NestedGraph(name=f"g{i}", graph=Input(name="i") >> graph)
    for whole in (wide, graph):
        ng.Model(whole).save(tmp_path / "m.safetensors")
        again = ng.load(tmp_path / "m.safetensors").graph
        assert list(again.names.values()) == list(whole.as_graph().names.values())


def test_a_model_that_could_not_be_loaded_leaves_the_file_as_it_was(tmp_path, monkeypatch) -> None:
    model = ng.Model(Input(units=1) >> Reduce() >> Output())
    path = tmp_path / "m.safetensors"
    model.save(path)
    before = path.read_bytes()
    monkeypatch.setattr("nodegraph.model.storage.streams", lambda graph: {"streams": {"no": "one"}})
    with pytest.raises(ModelFileError, match="cannot be saved"):
        model.save(path)
    assert path.read_bytes() == before
