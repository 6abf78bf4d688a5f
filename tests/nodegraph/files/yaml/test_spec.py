import numpy as np
import pytest
from scipy import sparse
from scipy.sparse import csr_array

import nodegraph as ng
from nodegraph import delay
from nodegraph.errors import DataWarning, SpecError
from nodegraph.files.yaml.spec import read_text, read_yaml
from nodegraph.files.yaml.writer import to_yaml
from nodegraph.testing.engine_contract import random_graph
from nodes import ESN, Input, Reservoir, Ridge
from nodes.rules import IntrinsicPlasticity

CHAIN = """\
nodegraph: 1
name: chain
seed: 7
nodes:
  u:         {kind: Input}
  reservoir: {kind: Reservoir, units: 50, leak_rate: 0.3, spectral_radius: 0.9, rule: null}
  readout:   {kind: Ridge, ridge: 1.0e-6}
edges:
  - u >> reservoir >> readout
  - reservoir << readout
"""


def wires(graph):
    names = graph.names
    return {(names[e.source], names[e.target], e.delay, e.port) for e in graph.edges}


def fault(text, **options):
    with pytest.raises(SpecError) as error:
        read_text(text, **options)
    return str(error.value)


def test_yaml_makes_the_graph_that_python_makes():
    spec = read_text(CHAIN)
    assert wires(spec.graph) == {
        ("u", "reservoir", 0, "x"),
        ("reservoir", "readout", 0, "x"),
        ("readout", "reservoir", 1, "feedback"),
    }
    assert spec.graph["reservoir"].units == 50 and spec.graph["reservoir"].leak_rate == 0.3
    assert spec.header.seed == 7 and spec.header.name == "chain"
    x = np.sin(np.arange(300) / 5)[:, None]
    u, r, out = Input(), Reservoir(units=50, leak_rate=0.3, name="reservoir"), Ridge(name="readout")
    by_hand = ng.Model((u >> r >> out) & (r << out), seed=7).fit(x[:-1], x[1:]).run(x[:50])
    assert np.array_equal(ng.Model(spec.graph, seed=7).fit(x[:-1], x[1:]).run(x[:50]), by_hand)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "leak_rate: 0.3",
            "leak_rate: 2",
            "<string>:6:54: nodes.reservoir.leak_rate: should be at most 1 (got 2)",
        ),
        (
            "leak_rate: 0.3",
            "leak_rate: [0.1, 0.2]",
            "<string>:6:54: nodes.reservoir.leak_rate: expected one number or 50",
        ),
        ("units: 50", "unit: 50", "<string>:6:32: nodes.reservoir: unknown field 'unit'"),
        ("leak_rate: 0.3", "lr: 0.3", "write leak_rate"),
        (
            "kind: Ridge",
            "kind: Rigde",
            "<string>:7:21: nodes.readout.kind: unknown kind 'Rigde'; did you mean 'Ridge'?",
        ),
        ("kind: Ridge", "kind: os.system", "unknown kind 'os.system'"),
        ("kind: Ridge, ridge", "ridge", "nodes.readout.kind: is required"),
        (
            ">> readout\n",
            ">> redout\n",
            "<string>:9:23: edges[0]: no node is named 'redout'; did you mean 'readout'?",
        ),
        (
            "reservoir << readout",
            "readout >> delay(1) >> reservoir.feedback",
            """no node is named 'reservoir.feedback'; write reservoir["feedback"] for its port""",
        ),
        (
            "reservoir << readout",
            "readout >> reservoir",
            "has no delay, so each waits for the other",
        ),
        ("seed: 7", "seed: -7", "<string>:3:7: seed: should be at least 0 (got -7)"),
        ("seed: 7", "sed: 7", "did you mean seed?"),
        ("nodegraph: 1", "nodegraph: 2", "version of the format, 1 (got 2)"),
        ("rule: null", "rule: {kind: Oya}", "unknown kind 'Oya'; did you mean 'Oja'?"),
        ("rule: null", "rule: {rate: 1}", "a rule needs a kind"),
        ("rule: null", "W: {file: none.npz}", "nodes.reservoir.W"),
        ("rule: null", "W: {file: ../../etc/passwd}", "nodes.reservoir.W"),
        ("  u:         {kind: Input}", "  u: 3", "nodes.u"),
        (
            "kind: Input}",
            "kind: Input}\n  extra: {kind: Input}",
            "<string>:6:3: nodes: extra stands in no edge",
        ),
        ("kind: Input", "kind: 5", "nodes.u.kind: should be a word (got 5)"),
    ],
)
def test_a_fault_is_told_with_line_column_key_and_mend(old, new, message):
    assert message in fault(CHAIN.replace(old, new))


def test_every_faulty_node_is_told_at_once():
    told = fault(CHAIN.replace("units: 50", "units: -5").replace("1.0e-6", "-1"))
    assert "nodes.reservoir.units" in told and "nodes.readout.ridge" in told


@pytest.mark.parametrize("seed", range(20))
def test_writing_and_reading_gives_the_same_graph(seed, monkeypatch):
    from nodegraph.graph import registry
    from nodegraph.testing import zoo

    registry.kinds()
    for name in zoo.__all__:
        monkeypatch.setitem(registry._found, name, getattr(zoo, name))
    graph = random_graph(np.random.default_rng(seed))
    again = read_text(to_yaml(graph)).graph
    assert wires(again) == wires(graph)
    assert list(again.names.values()) == list(graph.names.values())
    assert [n.model_dump() for n in again.nodes] == [
        n.model_dump() | {"name": name} for n, name in graph.names.items()
    ]
    assert (again.inputs, again.outputs) == (graph.inputs, graph.outputs)


def test_composites_rules_ports_and_small_arrays_come_back():
    u, esn = Input(), ESN(units=10, feedback=True)
    r = Reservoir(W=[[0.0, 0.5], [0.5, 0.0]], leak_rate=(0.1, 0.2), rule=IntrinsicPlasticity())
    out = Ridge()
    graph = (u >> [esn, r] >> out) & (esn >> delay(3) >> r) & (r << out)
    text = to_yaml(graph)
    again = read_text(text).graph
    assert wires(again) == wires(graph)
    assert np.array_equal(again["reservoir"].W, r.W)
    assert again["reservoir"].rule == r.rule and again["reservoir"].leak_rate == (0.1, 0.2)
    assert to_yaml(again) == text


def test_a_large_array_is_not_written_into_yaml():
    with pytest.raises(SpecError, match=r"too large for YAML; save it with np\.savez"):
        to_yaml(Input() >> Reservoir(W=np.eye(30)))
    with pytest.raises(SpecError, match=r"reservoir.W: a sparse array, or a graph, is nothing for"):
        to_yaml(Input() >> Reservoir(W=csr_array(np.eye(3))))


def test_arrays_come_from_files_beside_the_yaml(tmp_path):
    W = np.diag([0.1, 0.2, 0.3])
    np.savez(tmp_path / "weights.npz", W=W)
    (tmp_path / "g.yaml").write_text(
        "nodegraph: 1\nnodes:\n  u: {kind: Input}\n"
        "  r: {kind: Reservoir, W: {file: weights.npz, key: W}}\nedges: [u >> r]\n"
    )
    assert np.array_equal(read_yaml(tmp_path / "g.yaml").graph["r"].W, W)


def test_a_graph_stands_in_a_graph(tmp_path):
    (tmp_path / "inner.yaml").write_text(
        "nodegraph: 1\nnodes:\n  a: {kind: Reservoir, units: 4}\n  b: {kind: Reservoir, units: 3}\n"
        "edges: [a >> b]\n"
    )
    (tmp_path / "outer.yaml").write_text(
        "nodegraph: 1\nnodes:\n  u: {kind: Input}\n  pair: {kind: graph, file: inner.yaml}\n"
        "  out: {kind: Ridge}\nedges: [u >> pair >> out, pair.a >> out]\n"
    )
    graph = read_yaml(tmp_path / "outer.yaml").graph
    assert list(graph.names.values()) == ["u", "pair.a", "pair.b", "out"]
    assert ("pair.a", "out", 0, "x") in wires(graph)
    assert "file: inner.yaml" in to_yaml(graph)


@pytest.mark.parametrize("inside", ["seed: 3", "dtype: float32", "numerics: fast"])
def test_what_a_file_says_of_the_whole_is_told_where_it_is_a_node(tmp_path, inside):
    (tmp_path / "inner.yaml").write_text(
        f"nodegraph: 1\n{inside}\nnodes:\n  a: {{kind: Reservoir, units: 4}}\n"
        "task: {data: {dataset: lorenz, steps: 90}, target: {forecast: 1}}\n"
    )
    outer = "nodegraph: 1\nnodes:\n  u: {kind: Input}\n  n: {kind: graph, file: inner.yaml}\n"
    (tmp_path / "outer.yaml").write_text(f"{outer}edges: [u >> n]\n")
    key = inside.partition(":")[0]
    with pytest.warns(DataWarning, match=rf"inner.yaml:2:1: {key}, task: not read where a graph"):
        read_yaml(tmp_path / "outer.yaml")
    (tmp_path / "inner.yaml").write_text(
        f"nodegraph: 1\n{inside}\nnodes:\n  a: {{kind: Reservoir, units: 4}}\n"
    )
    (tmp_path / "outer.yaml").write_text(f"{outer}edges: [u >> n]\n{inside}\n")
    read_yaml(tmp_path / "outer.yaml")  # both say the same


def test_faults_of_the_task_do_not_hide_those_of_nodes_nor_one_edge_those_of_others():
    said = fault(CHAIN.replace("units: 50", "units: -5") + "task: {data: {file: x.csv}, foo: 1}\n")
    assert "<string>:11:29: task: unknown field 'foo'" in said
    assert "nodes.reservoir.units" in said
    said = fault(CHAIN.replace(">> readout", ">> redout").replace("<< readout", "<< out"))
    assert "edges[0]: no node is named 'redout'" in said
    assert "edges[1]: no node is named 'out'" in said


def test_changes_from_the_command_line_are_made_before_checking(tmp_path):
    (tmp_path / "g.yaml").write_text(CHAIN)
    spec = read_yaml(tmp_path / "g.yaml", ["nodes.reservoir.units=12"])
    assert spec.graph["reservoir"].units == 12
    with pytest.raises(SpecError, match="--set"):
        read_yaml(tmp_path / "g.yaml", ["nodes.reservoir.units=-12"])


def test_sparse_weights_stay_sparse():
    W = sparse.random_array((40, 40), density=0.1, rng=np.random.default_rng(0))
    assert sparse.issparse(Reservoir(W=W).W)


def test_a_node_and_a_model_are_written_as_their_graphs():
    graph = Input(name="u") >> Ridge()
    assert to_yaml(ng.Model(graph)) == to_yaml(graph)
    (node,) = read_text(to_yaml(Ridge(ridge=0.5))).graph.names
    assert node.ridge == 0.5


def test_the_seed_of_a_model_and_how_it_counts_are_written():
    graph = Input(name="u") >> Reservoir(units=5)
    spec = read_text(to_yaml(ng.Model(graph, seed=7, dtype="float32", numerics="fast")))
    assert (spec.header.seed, spec.header.dtype, spec.header.numerics) == (7, "float32", "fast")
    assert read_text(to_yaml(ng.Model(graph, seed=7), {"seed": 3})).header.seed == 3
