"""Wrong calls are told what to write; right ones are as they were."""

import subprocess
import sys

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import ArgumentError, NodegraphError
from nodegraph.graph.messages.calls import known_arguments
from nodes import Input, Reservoir, Ridge
from nodes.rules import MemoryGoodness

U = np.sin(np.arange(90) / 5)[:, None]
POOL = Reservoir(name="pool", units=5)
GRAPH = Input(name="u") >> POOL >> Ridge(name="out")
MODEL = ng.Model(GRAPH).fit(U[:-1], U[1:])

WRONG = {
    "Model": (lambda: ng.Model(), r"Model: graph missing; write Model\(graph\)"),
    "reset": (lambda: MODEL.reset("x"), "reset: takes no argument"),
    "save": (lambda: MODEL.save(), r"save: path missing; write save\(path\)"),
    "load": (lambda: ng.load(), r"load: path missing"),
    "generate": (lambda: MODEL.generate(), r"generate: steps missing"),
    "score": (lambda: MODEL.score(U), r"score: y missing; write score\(x, y\)"),
    "twice": (lambda: MODEL.fit(U, x=U), "fit: x is given twice"),
    "summary": (lambda: MODEL.summary(1), "summary: takes no argument"),
    "steps": (lambda: MODEL.steps(U, 3), "steps: takes x by position; .* as in steps="),
    "snapshot": (lambda: MODEL.restore("x"), r"restore takes what model.snapshot\(\) gave"),
    "outputs": (lambda: MODEL.run(U, outputs=3), "outputs: expected a list of names, got 3"),
    "rows": (lambda: MODEL.score(U, U[:5]), r"score: y has shape \(5, 1\), .* \(90, 1\)"),
    "subscript": (lambda: MODEL["pool"], r"write model.params\['pool'\] for weights"),
    "index": (lambda: MODEL[0], r'model.params\["reservoir"\]'),
    "iteration": (lambda: list(MODEL), "a Model is no mapping|a Model has no length"),
    "length": (lambda: len(MODEL), r"write len\(model.plan.nodes\)"),
    "attribute": (lambda: MODEL.params.pool, r"write model.params\['pool'\]"),
    "node.run": (lambda: POOL.run(U), r"a Reservoir has no 'run'.*model.run\(x\)"),
    "graph.run": (lambda: GRAPH.run(U), r"a Graph has no 'run': .* model.run\(x\)"),
    "node.draw": (lambda: POOL.draw("x.svg"), r"ng.Model\(graph\).graph.draw"),
    "graph.nodes": (lambda: setattr(GRAPH, "nodes", ()), "graph.nodes is not to be assigned"),
    "del": (lambda: delattr(GRAPH, "edges"), "graph.edges is not to be assigned or deleted"),
    "plus": (lambda: POOL + POOL, "joined by a >> b"),
    "or": (lambda: POOL | POOL, "joined by a >> b"),
    "draw": (lambda: GRAPH.draw(3), r'expected a path, got int; write graph.draw\("g.svg"\)'),
    "checkpoint": (lambda: ng.Model(GRAPH).fit(U, U, checkpoint=3), "expected a path, got int"),
    "read_yaml": (lambda: ng.read_yaml(3), "expected a path, got int; write read_yaml"),
    "to_yaml": (lambda: ng.to_yaml(3), "to_yaml takes a graph, a node or a model, got int"),
    "header": (lambda: GRAPH.to_yaml("g.yaml"), r"got str; Path\('esn.yaml'\).write_text\(graph"),
    "run_spec": (lambda: ng.run_spec("g.yaml"), r"write ng.run_spec\(ng.read_yaml"),
    "plan": (lambda: ng.plan(3), "a plan is of a graph or a node, got int"),
    "ng.Reservoir": (lambda: ng.Reservoir, "nodes.Reservoir[?] Write from nodes import Reservoir"),
    "rule": (
        lambda: ng.Model(Reservoir(units=5, rule=MemoryGoodness())),
        "MemoryGoodness teaches the cells of forward units, not a Reservoir",
    ),
    "data set": (lambda: ng.datasets.mackey_glass(), "mackey_glass: steps missing"),
    "its words": (lambda: ng.datasets.mackey_glass(n_timesteps=9), "did you mean steps"),
    "metric": (lambda: ng.metrics.nrmse(U), "nrmse: y_hat missing"),
    "plot": (lambda: ng.plotting.prediction(U), "prediction: y_hat missing"),
    "engine": (lambda: ng.RayEngine(adress="x"), "there is no argument 'adress'; .* address"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_call_is_told_what_to_write(kind):
    call, words = WRONG[kind]
    with pytest.raises(NodegraphError, match=words):
        call()


def test_errors_from_inside_a_call_are_left_as_they_are():
    @known_arguments
    def add(a, b):
        return a + b

    assert add(1, b=2) == 3
    with pytest.raises(TypeError, match="unsupported operand") as caught:
        add(1, "x")
    assert not isinstance(caught.value, ArgumentError)
    with pytest.raises(ArgumentError, match=r"add: b missing; write add\(a, b\)"):
        add(1)


def test_a_model_is_true_though_it_has_no_length():
    assert MODEL and bool(ng.Model(POOL))
    assert np.array([MODEL, MODEL], dtype=object).shape == (2,)


def test_strengths_may_be_an_array():
    ridges = np.logspace(-8, 0, 9)
    assert Ridge(ridge=ridges).ridge == tuple(ridges.tolist())
    for one in (np.float64(1e-3), np.array(1e-3)):
        assert Ridge(ridge=one).ridge == 1e-3
    with pytest.raises(NodegraphError, match="should be a number or a list"):
        Ridge(ridge=np.ones((2, 2)))


def test_the_home_folder_is_known_in_every_path(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    MODEL.save("~/m.safetensors")
    assert ng.load("~/m.safetensors").time == MODEL.time
    GRAPH.draw("~/g.svg")
    (tmp_path / "g.yaml").write_text(ng.to_yaml(MODEL))
    assert ng.read_yaml("~/g.yaml").graph.outputs == ("out",)
    ng.Model(GRAPH).fit(U, U, checkpoint="~/c.safetensors")
    ng.Model(GRAPH).fit(U, U, checkpoint="~/c.safetensors", resume=True)
    assert {path.name for path in tmp_path.iterdir()} >= {"m.safetensors", "g.svg", "g.yaml"}


def test_a_name_that_is_none_imports_nothing_of_the_user(tmp_path):
    (tmp_path / "nodes.py").write_text("raise SystemExit('imported')\n")
    script = "import nodegraph as ng; print(hasattr(ng, 'nothing'), hasattr(ng, 'Nothing'))"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.stdout.split() == ["False", "False"], done.stderr
