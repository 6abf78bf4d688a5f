from pathlib import Path

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.experiments.tasks.experiment import run_spec
from nodegraph.files.yaml.spec import read_text

FOLDER = Path(__file__).parents[2] / "graphs"
SHIPPED = sorted(path.stem for path in FOLDER.glob("*.yaml"))


SHORT = ["task.data.steps=7000", "task.target.generate=750", "task.target.windows=2"]
# What makes a graph run in a moment; the figures they reach as they stand are in benchmarks/.
SMALL = {
    "associative_recall": ["task.data.series=90", "task.split.train=60"],
    "copying_machine": ["task.data.series=30", "task.split.train=20"],
    "adding": [
        "task.data.length=10",
        "task.data.series=1700",
        "task.split.train=1500",
        "task.split.test=200",
        "nodes.cell.longest=10",
        "nodes.cell.rule.rate=0.02",
    ],
    "context_switching": [
        "task.data.series=70",
        "task.data.steps=120",
        "task.split.train=60",
    ],
    "copying": [
        "task.data.series=150",
        "task.split.train=100",
        "task.split.test=50",
        "nodes.reservoir.units=150",
    ],
    "deep_esn": ["task.data.steps=1600", "task.split.train=1000", "task.split.test=300"],
    "delayed_xor": ["task.data.steps=2000", "task.split.train=1500", "task.split.test=400"],
    "ensemble": ["nodes.fast.units=60", "nodes.middle.units=60", "nodes.slow.units=60"],
    "finch_songs": [
        "task.data.songs=10",
        "task.split.train=8",
        "nodes.reservoir.units=100",
    ],
    "force_sines": ["nodes.reservoir.units=200", "task.target.generate=300"],
    "foreseeing_cell": ["task.data.steps=2500", "task.split.train=1800", "task.split.test=500"],
    "forward_hierarchy": ["task.data.steps=3500", "task.split.train=2500", "task.split.test=900"],
    "forward_units": ["task.data.steps=2600", "task.split.train=1900", "task.split.test=500"],
    "irregular_sines": ["task.data.steps=2500", "task.split.train=1900", "task.split.test=600"],
    "japanese_vowels": ["nodes.reservoir.units=150"],
    "kuramoto_sivashinsky": [
        "nodes.noise.std=1e-3",
        "nodes.reservoir.units=200",
        "nodes.reservoir.connectivity=0.1",
        "task.data.units=32",
        "task.data.steps=2600",
        "task.split.train=2000",
        "task.target.generate=50",
        "task.target.windows=2",
    ],
    "kuramoto_sivashinsky_patches": [
        "nodes.noise.std=1e-3",
        "nodes.reservoir.copies=8",
        "nodes.reservoir.node.units=100",
        "nodes.reservoir.node.connectivity=0.1",
        "nodes.readout.copies=8",
        "task.data.units=64",
        "task.data.length=22.0",
        "task.data.steps=900",
        "task.split.train=600",
        "task.target.generate=60",
        "task.target.windows=2",
    ],
    "laser": ["nodes.reservoir.units=100", "task.split.train=1500", "task.split.test=500"],
    "lorenz": ["nodes.reservoir.units=200", *SHORT],
    "lorenz_nvar": ["nodes.nvar.order=[2, 3, 4]", "task.split.train=5000", *SHORT],
    "mackey_glass": ["task.data.steps=4500", "task.target.windows=1"],
    "mackey_glass_10": ["nodes.reservoir.units=100", "task.split.test=500"],
    "mackey_glass_50": ["nodes.reservoir.units=100", "task.split.test=500"],
    "mackey_glass_84": [
        "nodes.reservoir.units=200",
        "task.data.steps=4500",
        "task.target.windows=3",
    ],
    "memory_capacity": ["nodes.reservoir.units=60", "task.data.delays=80"],
    "mixed_units": ["task.data.steps=3500"],
    "mqar": ["task.data.series=60", "task.split.train=40"],
    "narma10": ["nodes.reservoir.units=100", "task.split.test=500"],
    "nested_loops": ["task.data.steps=2700", "task.split.train=2000", "task.split.test=500"],
    "parity": ["task.data.series=150", "task.split.train=100"],
    "pointer_sort": ["task.data.series=30", "task.split.train=20"],
    "primitives": ["task.data.steps=3000", "task.split.train=2000"],
    "situations": [
        "task.data.series=300",
        "task.split.train=200",
        "task.split.test=100",
        "nodes.reservoir.units=200",
    ],
    "questions": ["task.data.series=450", "task.split.train=300"],
    "sunspots": ["nodes.reservoir.units=100"],
    "thematic_roles": [
        "task.data.series=300",
        "task.split.train=200",
        "task.split.test=100",
        "nodes.reservoir.units=150",
    ],
    "word_boundaries": ["task.data.steps=9000", "task.split.train=7000"],
}
HIGHER_IS_BETTER = {"accuracy", "capacity", "valid_prediction_time", "r2"}
OUTDONE = {"force_sines": ["linear autoregression"]}  # sines are what it is made for


@pytest.fixture(scope="module", params=SHIPPED)
def run(request, tmp_path_factory):
    spec = ng.read_yaml(FOLDER / f"{request.param}.yaml", SMALL.get(request.param, []))
    data = tmp_path_factory.mktemp("data") if request.param == "laser" else None
    if data is not None:  # the real one comes with ReservoirPy
        np.save(data / "santafe_laser.npy", ng.datasets.lorenz(2100)[:, :1] ** 2)
    return request.param, run_spec(spec, data=data)


def test_every_graph_has_a_small_form_here():
    assert sorted(SMALL) == SHIPPED


def test_a_graph_says_what_it_is_for(run):
    name, result = run
    header = result.header
    assert header.name == name
    assert len(header.description) > 20 and header.seed == 42
    assert header.task.metrics and header.task.baselines


def test_a_graph_beats_its_baselines(run):
    name, result = run
    metric = next(iter(result.scores[0].values))
    sign = 1 if metric in HIGHER_IS_BETTER else -1
    model, *rivals = ((score.model, sign * score.values[metric]) for score in result.scores)
    assert {who for who, value in rivals if value >= model[1]} == set(OUTDONE.get(name, []))


def test_a_graph_comes_back_from_its_own_yaml(run):
    _, result = run
    text = result.model.graph.to_yaml()
    again = read_text(text).graph
    assert again.to_yaml() == text
    assert list(again.names.values()) == list(result.model.graph.names.values())
