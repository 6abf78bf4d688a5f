"""What a search leaves is a graph that scores as its best trial did."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from nodegraph.cli import app

GRAPH = """\
nodegraph: 1
name: waves
seed: 3
nodes:
  u: {kind: Input}
  r: {kind: Reservoir, units: 20, leak_rate: 0.02}
  out: {kind: Ridge, ridge: 1.0e-6}
edges: [u >> r >> out, r << out]
task:
  data: DATA
  target: {forecast: 3}
  split: {train: 400, warmup: 20}
  metrics: [nrmse]
"""
RANGES = [
    "nodes.r.leak_rate=0.01:1:log",
    "nodes.out.ridge=1e-9:1e-3:log",
    "nodes.r.bias_scaling=0,0.3",
]


def call(*words):
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("data", "best"),
    [("{file: x.csv}", "g.best.yaml"), ("{dataset: henon, steps: 600}", "out/best.yaml")],
)
def test_the_best_trial_is_a_graph_that_scores_as_the_table_says(data, best, tmp_path, monkeypatch):
    """It stands beside the file where that names others, which it finds there too."""
    monkeypatch.chdir(tmp_path)
    x = np.random.default_rng(0).standard_normal((600, 1)).cumsum(axis=0)
    np.savetxt(tmp_path / "x.csv", x, header="x", comments="")
    (tmp_path / "g.yaml").write_text(GRAPH.replace("DATA", data))
    ranges = [word for each in RANGES for word in ("--range", each)]
    said = call("search", "g.yaml", *ranges, "--trials", 3, "--out", "out", "--set", "seed=5")
    assert f"nodegraph run {best}" in said
    told = min(float(line.split()[2]) for line in said.splitlines() if line.startswith("trial "))
    call("run", best, "--quiet", "--out", "again")
    scores = json.loads((tmp_path / "again" / "metrics.json").read_text())["scores"]
    score = scores[0]["nrmse"]
    assert score == pytest.approx(told, rel=6e-4)  # that many digits are shown
    head = (tmp_path / best).read_text().splitlines()[:2]
    assert f"nrmse {score:.6g} on 97 training rows held back" in head[0]
    assert head[1].startswith(
        "# For the rows of g.yaml itself: nodegraph run g.yaml --set seed=5 --set n"
    )


def test_the_best_of_several_seeds_says_that_one_run_is_of_the_first(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there").mkdir()
    x = np.random.default_rng(0).standard_normal((600, 1)).cumsum(axis=0)
    np.savetxt(tmp_path / "there" / "x.csv", x, header="x", comments="")
    (tmp_path / "g.yaml").write_text(GRAPH.replace("DATA", "{file: x.csv}"))
    words = ["--trials", 1, "--seeds", 2, "--out", "out", "--data", "there", "--set", "seed=5"]
    said = call("search", "g.yaml", "--range", RANGES[0], *words)
    assert "run g.best.yaml --data there scores it from the first of 2 seeds)" in said
    scores = []
    for seed in (5, 6):
        run = ["--quiet", "--out", "again", "--data", "there", "--seed", seed]
        call("run", "g.best.yaml", *run)
        scores.append(json.loads((tmp_path / "again" / "metrics.json").read_text())["scores"][0])
    mean = sum(score["nrmse"] for score in scores) / 2
    head = (tmp_path / "g.best.yaml").read_text().splitlines()[:2]
    assert f"nrmse {mean:.6g}, the mean of 2 seeds, on 97 training rows held back" in head[0]
    assert "nodegraph run g.yaml --data there --set seed=5 --set n" in head[1]
