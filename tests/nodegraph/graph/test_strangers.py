"""What users of other libraries write on models, nodes and their arrays: a sentence each."""

import copy
import io
import pickle
from pathlib import Path

import numpy as np
import pytest

import nodegraph as ng
import nodes
from nodegraph.errors import ArgumentError, DataError, UnknownNameError
from nodegraph.graph import strangers
from nodes import RLS, Input, Reservoir, Ridge, Scaler

U = np.sin(np.arange(120) / 5)[:, None]
NODE = Reservoir(units=12, name="r")


@pytest.fixture
def model():
    return ng.Model(Input() >> NODE >> Ridge(name="out")).fit(U[:-1], U[1:])


@pytest.mark.parametrize(
    ("word", "cure"),
    [
        ("transform", "model.run"),
        ("forward", "model.run"),
        ("train", "model.fit"),
        ("compile", "model.fit"),
        ("call", "model.run"),
        ("evaluate", "metrics"),
        ("forecast", "model.generate"),
        ("state_dict", "model.save"),
        ("reset_states", "model.reset"),
        ("Wout", "model.params"),
        ("rnu", "did you mean model.run"),
        ("zzz", "a Model has no 'zzz'"),
    ],
)
def test_a_word_of_another_library_is_answered_with_ours(model, word, cure):
    with pytest.raises(UnknownNameError, match=cure):
        getattr(model, word)
    assert not hasattr(model, word)


def test_every_cure_names_what_there_is(model):
    for cure in strangers.OF_A_MODEL.values():
        head = cure.removeprefix("model.").partition("(")[0].partition("[")[0].split(".")[0]
        assert not cure.startswith("model.") or hasattr(model, head), cure


@pytest.mark.parametrize("word", ["fit", "predict", "partial_fit", "forward", "train", "generate"])
def test_nodes_and_graphs_send_to_the_model(word):
    for part in (NODE, Input() >> NODE, Ridge()):
        with pytest.raises(UnknownNameError, match=rf"no '{word}'.*ng.Model"):
            getattr(part, word)
    with pytest.raises(AttributeError):
        NODE.nothing  # noqa: B018


@pytest.mark.parametrize("what", [NODE, Input() >> NODE, ng.Model(Input() >> NODE)])
def test_what_is_no_function_is_not_called(what):
    with pytest.raises(ArgumentError, match=r"is no function: write model\.run\(x\)|data go into"):
        what(U)


def test_fields_of_a_model_are_not_assigned(model):
    for name, value in {"graph": NODE, "seed": 3, "time": 0, "leak_rate": 0.5, "fit": 1}.items():
        with pytest.raises(ng.NodegraphError, match=f"Model.{name}"):
            setattr(model, name, value)
    with pytest.raises(ng.NodegraphError, match=r"model\.params\[name\] = "):
        model.params = {}
    with pytest.raises(ng.NodegraphError):
        del model.graph
    assert model.graph is not NODE and model.seed == 0


@pytest.mark.parametrize(
    "change",
    [
        lambda p: setattr(p, "W", np.zeros((12, 12))),
        lambda p: delattr(p, "W"),
        lambda p: p.W_in.__setitem__((0, 0), 1.0),
        lambda p: p.W_in.__setitem__(slice(None), 1.0),
        lambda p: p.W_in.__imul__(2),
        lambda p: np.add(p.W_in, 1, out=p.W_in),
    ],
)
def test_shown_arrays_say_how_to_change_them(model, change):
    before = model.params["r"].W_in.copy()
    with pytest.raises(DataError, match=r"assign all arrays of a node.*_replace"):
        change(model.params["r"])
    assert np.array_equal(model.params["r"].W_in, before)


def test_what_is_computed_from_shown_arrays_is_plain(model):
    params = model.params["r"]
    doubled = 2 * params.W_in
    assert type(doubled) is np.ndarray and doubled.flags.writeable
    assert isinstance(params.W_in @ np.ones(1), np.ndarray)
    model.params["r"] = params._replace(W_in=doubled)
    assert np.array_equal(model.params["r"].W_in, doubled)
    again = pickle.loads(pickle.dumps(copy.deepcopy(params)))
    assert again._fields == params._fields and np.array_equal(again.W_in, params.W_in)
    for tree in (model._settle().slots["r"].params, again):
        assert type(tree) is Reservoir.Params
        assert all(type(leaf) is not type(params.W_in) for leaf in tree)


def test_params_and_states_print_in_a_line(model):
    big = ng.Model(Input() >> Reservoir(units=500, name="r"))
    big.run(U)
    for view in (big.params["r"], big.state["r"]):
        assert len(repr(view)) < 300 and "(500," in repr(view)
        assert view._repr_html_().startswith("<table>")
    assert "bias: [" in repr(model.params["out"])


def test_a_summary_has_a_row_a_node(model):
    table = model.summary()
    lines = table.splitlines()
    assert lines[0].split() == ["node", "kind", "in", "out", "params", "rule", "learned"]
    assert lines[2].split()[:5] == ["input", "Input", "1", "1", "0"]
    assert lines[4].split() == ["out", "Ridge", "12", "1", "13", "LeastSquares", "yes"]
    assert lines[5].startswith("3 nodes, ")
    assert repr(table) == table and "<td>out</td>" in table._repr_html_()
    fresh = ng.Model(Input() >> Ridge(name="out")).freeze("out").summary()
    assert "?" in fresh and "not yet, frozen" in fresh


@pytest.mark.parametrize("odd", [io.BytesIO(), io.StringIO(), 3, None, ["m"]])
def test_a_model_is_saved_to_a_path(model, odd):
    with pytest.raises(ng.NodegraphError, match=r'expected a path.*"m.safetensors"'):
        model.save(odd)
    with pytest.raises(ng.NodegraphError, match=r'expected a path.*"m.safetensors"'):
        ng.load(odd)


def test_a_folder_is_no_file_and_a_tilde_is_ones_home(model, tmp_path, monkeypatch):
    with pytest.raises(ng.NodegraphError):
        model.save(tmp_path)
    with pytest.raises(ng.NodegraphError):
        ng.load(tmp_path)
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))
    model.save("~/m.safetensors")
    assert (tmp_path / "m.safetensors").is_file()
    assert ng.load(Path("~/m.safetensors")).time == model.time


OWN = '''
import nodegraph as ng

class Thrice(ng.Node):
    """Three times its input."""

    def step(self, params, state, x):
        return state, 3 * x

ng.register(Thrice)
'''


def test_a_model_with_nodes_of_ones_own_is_loaded_with_its_plugin(tmp_path):
    import subprocess
    import sys

    (tmp_path / "my_own_nodes.py").write_text(OWN)
    make = """
import numpy as np, nodegraph as ng, my_own_nodes
from nodes import Input
model = ng.Model(Input(units=1) >> my_own_nodes.Thrice())
model.save("m.safetensors")
"""
    read = """
import sys, pathlib, nodegraph as ng
try:
    ng.load("m.safetensors")
except ng.NodegraphError as error:
    print(error)
file = "my_own_nodes.py"
plugin = {"path": pathlib.Path(file), "text": file, "name": "my_own_nodes"}[sys.argv[1]]
print(ng.load("m.safetensors", plugin=plugin).run([[2.0]]))
"""
    subprocess.run([sys.executable, "-c", make], cwd=tmp_path, check=True)
    for how in ("path", "text", "name"):
        done = subprocess.run(
            [sys.executable, "-c", read, how],
            cwd=tmp_path,
            check=True,
            capture_output=True,
            text=True,
        )
        assert "[[6.]]" in done.stdout and "plugin" in done.stdout
    model = ng.Model(Input(units=1) >> NODE)
    model.save(tmp_path / "n.safetensors")
    with pytest.raises(ng.NodegraphError, match="no_such"):
        ng.load(tmp_path / "n.safetensors", plugin=tmp_path / "no_such.py")


def test_update_behind_an_offline_learner_names_whom_to_freeze():
    graph = Input() >> Scaler(name="to_unit") >> Reservoir(units=9) >> Ridge(name="out")
    model = ng.Model(graph).fit(U[:80], U[1:81])
    with pytest.raises(ng.NodegraphError, match=r'model\.freeze\("to_unit"\)\.update'):
        model.update(U[80:-1], U[81:])
    before = model.params["to_unit"]
    model.freeze("to_unit").update(U[80:-1], U[81:])
    assert np.array_equal(model.params["to_unit"][0], before[0])


def test_the_signature_of_a_node_is_one_of_names_and_defaults():
    import inspect

    shown = str(inspect.signature(Reservoir))
    assert "Annotated" not in shown and "Field(" not in shown and len(shown) < 1000
    assert "leak_rate" in shown and "units" in shown
    assert RLS().name is None


@pytest.mark.parametrize(
    ("call", "error", "cure"),
    [
        (lambda m: m.columns["x"], KeyError, "no columns for 'x': the data had none"),
        (lambda m: len(NODE), TypeError, "a Reservoir has no length: write len"),
        (lambda m: len(m.graph), TypeError, "a Graph has no length"),
        (lambda m: ng.Node(), TypeError, "Node is abstract: write a class of your own"),
        (lambda m: ng.Rule(), TypeError, "Rule is abstract: .* with .*update"),
        (lambda m: ng.ridge, AttributeError, "nodegraph has no 'ridge'"),
        (lambda m: ng.datasets.lorentz, AttributeError, "did you mean lorenz"),
        (lambda m: ng.metrics.nrsme, AttributeError, "did you mean nrmse"),
        (lambda m: ng.plotting.learning_curve, AttributeError, "did you mean learning_curves"),
        (lambda m: nodes.Reservoirs, AttributeError, "did you mean Reservoir"),
        (lambda m: nodes.Eprop, AttributeError, "did you mean nodes.rules.EProp"),
        (lambda m: nodes.auto_npc, AttributeError, "did you mean nodes.wirings.auto_ncp"),
        (lambda m: nodes.rules.Eprop, AttributeError, "did you mean EProp"),
        (lambda m: nodes.rules.Ridge, AttributeError, "did you mean nodes.Ridge"),
        (lambda m: ng.Rigde, AttributeError, r"nodes.Ridge\? Write from nodes import Ridge"),
        (lambda m: ng.EProp, AttributeError, "Write from nodes.rules import EProp"),
        (lambda m: m.params["out"]["W"], TypeError, "read by a dot: write .W"),
        (lambda m: m.params["out"].V, AttributeError, "Params has no 'V': there are|did you mean"),
        (lambda m: m + m, TypeError, "a Model is no node: join nodes by a >> b"),
        (lambda m: m >> NODE, TypeError, "a Model is no node"),
        (lambda m: NODE - NODE, ValueError, "nodes are joined by a >> b"),
        (lambda m: NODE < NODE, ValueError, "nodes are joined by a >> b"),
        (lambda m: -NODE, ValueError, "nodes are joined by a >> b"),
        (lambda m: ng.Graph(3), ValueError, "made of nodes by a >> b, not by Graph"),
        (lambda m: NODE.replace(units=3), AttributeError, "write copy.replace or a new Reservoir"),
        (lambda m: m.graph.add(NODE), AttributeError, "parts are joined by graph >> node"),
        (lambda m: ng.register(3), ValueError, "register takes a class, as in ng.register"),
    ],
)
def test_a_wrong_call_says_what_to_write_instead(model, call, error, cure):
    with pytest.raises(ng.NodegraphError, match=cure) as caught:
        call(model)
    assert isinstance(caught.value, error)


@pytest.mark.parametrize(
    ("line", "cure"),
    [
        ("from nodes import EProp", "from nodes.rules import EProp"),
        ("from nodes.rules import Ridge", "from nodes import Ridge"),
        ("from nodegraph import Ridge", "from nodes import Ridge"),
        ("from nodegraph.metrics import nrsme", "did you mean nrmse"),
    ],
)
def test_a_wrong_import_says_where_the_name_is(line, cure):
    """Python itself says "cannot import name", in place of any AttributeError."""
    with pytest.raises(ng.errors.UnknownImportError, match=cure):
        exec(line)
    assert not hasattr(nodes, "EProp") and getattr(nodes.rules, "Ridge", None) is None


def test_modules_list_what_they_have():
    assert {"Ridge", "rules", "wirings", "forward"} < set(dir(nodes))
    assert all(getattr(nodes, name) is not None for name in dir(nodes))


def test_the_room_of_contracts_needs_no_import_of_its_own():
    assert ng.testing.check_node.__name__ == "check_node"


@pytest.mark.parametrize("steps", [3, "a", 119.5])
def test_steps_beside_data_are_refused_unless_they_are_theirs(model, steps):
    with pytest.raises(DataError, match=r"steps=.* is for a graph without inputs; .* x\[:n\]"):
        model.run(U[:-1], steps=steps)
    twin = copy.deepcopy(model)
    assert np.array_equal(model.run(U[:-1], steps=119), twin.run(U[:-1]))
