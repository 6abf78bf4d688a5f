import sys

import numpy as np
import pytest
from typer.testing import CliRunner

from nodegraph.cli import app
from nodegraph.errors import SpecError
from nodegraph.search import search
from nodegraph.spec import read_yaml
from nodegraph.tasks.experiment import run_spec

GRAPH = """\
nodegraph: 1
nodes:
  u: {kind: Input}
  r: {kind: Reservoir, units: 20, leak_rate: 0.02}
  out: {kind: Ridge}
edges: [u >> r >> out]
task:
  data: {file: x.csv}
  target: {forecast: 3}
  split: {train: 400, warmup: 20}
  metrics: [nrmse, r2]
"""
RANGES = {"nodes.r.leak_rate": "0.01:1:log", "nodes.r.units": "10:30:int"}


@pytest.fixture
def graph(tmp_path):
    series = np.sin(np.arange(600) / 4) + 0.3 * np.sin(np.arange(600) / 2.3)
    np.savetxt(tmp_path / "x.csv", series, header="x", comments="")
    (tmp_path / "g.yaml").write_text(GRAPH)
    return tmp_path / "g.yaml"


def test_the_same_seed_finds_the_same_and_better_than_the_file(graph):
    found = search(graph, RANGES, trials=12, seed=1)
    assert search(graph, RANGES, trials=12, seed=1) == found
    assert found.metric == "nrmse" and len(found.trials) == 12
    assert found.best == min(row["nrmse"] for row in found.trials)
    held = ["task.split.train=300", "task.split.test=100"]
    assert found.best < run_spec(read_yaml(graph, held)).scores[0].values["nrmse"]
    again = run_spec(read_yaml(graph, [*held, *found.changes])).scores[0].values["nrmse"]
    assert again == found.best


def test_test_rows_are_not_looked_at(graph):
    table = (graph.parent / "x.csv").read_text().splitlines()
    found = search(graph, RANGES, trials=4)
    (graph.parent / "x.csv").write_text("\n".join(table[:405] + ["7"] * 196))
    assert search(graph, RANGES, trials=4) == found


def test_more_is_better_for_some_metrics(graph):
    found = search(graph, RANGES, trials=6, metric="r2")
    assert found.best == max(row["r2"] for row in found.trials)


@pytest.mark.parametrize(
    ("ranges", "options", "message"),
    [
        ({"nodes.r.leak_rate": "1:0.1"}, {}, "write low:high"),
        ({"nodes.r.leak_rate": "0:1:log"}, {}, "above 0"),
        ({"nodes.r.units": "5:5:int"}, {}, "write low:high"),
        ({"nodes.r.lek_rate": "0.1:1"}, {}, "lek_rate"),
        ({"nodes.r.leak_rate": "0.1:1"}, {"metric": "mae"}, "not one of the task's: nrmse, r2"),
        ({}, {}, "no range given"),
    ],
)
def test_what_cannot_be_searched_is_refused(graph, ranges, options, message):
    with pytest.raises(SpecError, match=message):
        search(graph, ranges, trials=2, **options)


def test_without_optuna_the_extra_is_named(graph, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(SpecError, match=r"pip install '\.\[search\]'"):
        search(graph, RANGES)


def test_the_command_shows_the_best_and_what_to_type(graph):
    done = CliRunner().invoke(
        app, ["search", str(graph), "--range", "nodes.r.leak_rate=0.1:1", "--trials", "3"]
    )
    assert done.exit_code == 0, done.output
    assert "trial 3:" in done.output
    assert "--set nodes.r.leak_rate=0." in done.output
