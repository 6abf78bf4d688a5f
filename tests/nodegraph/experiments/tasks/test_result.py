"""Intervals of readouts in tasks: scored, drawn and told, or said why not."""

import json

import numpy as np
import pytest
from matplotlib.collections import PolyCollection

import nodegraph as ng
from nodegraph.errors import SpecError
from nodegraph.experiments.tasks.experiment import run_spec
from nodegraph.experiments.tasks.result import interval_rows
from nodegraph.experiments.tasks.run_folder import outcome, write
from nodegraph.files.yaml.spec import read_text

LEVELS = [0.05, 0.3, 0.5, 0.7, 0.95]
NODES = """\
nodegraph: 1
name: small
seed: 3
nodes:
  u: {kind: Input}
  pool: {kind: Reservoir, units: 20, input_scaling: 0.5, bias_scaling: 0.3}
  out: {kind: Ridge, ridge: 1.0e-4, intervals: [0.05, 0.3, 0.5, 0.7, 0.95]}
edges: u >> pool >> out
"""
FORECAST = """\
task:
  data: {dataset: mackey_glass, steps: 500}
  target: {forecast: 10}
  split: {train: 300, warmup: 50, test: 150}
  metrics: [rmse]
"""


def spec(task, nodes=NODES):
    return read_text(nodes + task)


@pytest.fixture(scope="module")
def forecast():
    return run_spec(spec(FORECAST))


def test_intervals_are_scored_as_by_hand(forecast):
    u = ng.datasets.mackey_glass(500)
    model = ng.Model(spec(FORECAST).graph, seed=3).fit(u[:300], u[10:310], warmup=50)
    truth, bounds = u[310:460], model.intervals(u[300:450])
    np.testing.assert_array_equal(forecast.bounds["out"], bounds)
    wide, narrow, middle = interval_rows(forecast)
    low, high = bounds[..., 0], bounds[..., 4]
    assert (wide["interval"], wide["nominal"]) == ("0.05 to 0.95", 0.9)
    assert wide["found"] == np.mean((low <= truth) & (truth <= high))
    assert wide["mean_width"] == pytest.approx(np.mean(high - low))
    missed = np.maximum(low - truth, 0) + np.maximum(truth - high, 0)
    assert wide["interval_score"] == pytest.approx(np.mean(high - low + 20 * missed))
    assert narrow["found"] == np.mean((bounds[..., 1] <= truth) & (truth <= bounds[..., 3]))
    assert (middle["interval"], middle["found"]) == ("below 0.5", np.mean(truth <= bounds[..., 2]))


def test_the_guess_and_the_model_are_those_without_intervals(forecast):
    plain = run_spec(spec(FORECAST, NODES.replace(f", intervals: {LEVELS}", "")))
    np.testing.assert_array_equal(plain.guess["out"], forecast.guess["out"])
    np.testing.assert_array_equal(*(one.model.state["pool"].x for one in (plain, forecast)))
    assert not plain.bounds and not interval_rows(plain)


def test_they_are_in_scores_report_and_picture(forecast, tmp_path):
    paths = write(forecast, tmp_path)
    facts = json.loads(paths[1].read_text())
    assert [row["found"] for row in facts["intervals"]] == [
        row["found"] for row in interval_rows(forecast)
    ]
    assert "<h2>Intervals</h2>" in paths[4].read_text()
    bands = [part for part in outcome(forecast).collections if isinstance(part, PolyCollection)]
    assert len(bands) == 1


def test_without_test_rows_those_learned_from_are_scored():
    task = FORECAST.replace("train: 300, warmup: 50, test: 150", "train: 490, warmup: 50")
    found = run_spec(spec(task))
    assert found.bounds["out"].shape == (440, 1, 5)
    assert 0.85 < interval_rows(found)[0]["found"] < 0.97


def test_series_are_scored_together(tmp_path):
    rng = np.random.default_rng(0)
    xs = [rng.normal(size=(n, 1)) for n in (40, 50, 60, 45)]
    np.savez(tmp_path / "x.npz", *xs)
    np.savez(tmp_path / "y.npz", *[x + 0.1 * rng.normal(size=x.shape) for x in xs])
    task = """\
task:
  data: {file: x.npz, series: arrays}
  target: {file: y.npz, series: arrays}
  split: {train: 3, warmup: 5, test: 1}
  metrics: [rmse]
"""
    (tmp_path / "g.yaml").write_text(NODES + task)
    found = run_spec(ng.read_yaml(tmp_path / "g.yaml"))
    assert [part.shape for part in found.bounds["out"]] == [(40, 1, 5)]
    (truth,) = found.trial.right(found.model)["out"]
    bounds = found.bounds["out"][0]
    inside = (bounds[..., 0] <= truth) & (truth <= bounds[..., 4])
    assert interval_rows(found)[0]["found"] == inside.mean()
    assert outcome(found).collections


def test_where_there_are_none_a_sentence_says_why(tmp_path):
    generate = FORECAST.replace("{forecast: 10}", "{generate: 20, prompt: 30}")
    found = run_spec(spec(generate.replace(", test: 150", "")))
    assert found.notes == [
        "intervals of out: they are of one step, and in a closed loop errors grow, so what is "
        "generated has none; ng.Ensemble(graph) tells them"
    ]
    assert found.notes[0] in repr(found)
    assert json.loads(write(found, tmp_path)[1].read_text())["notes"] == found.notes


def test_what_hears_the_data_alone_is_refused_before_it_learns():
    direct = NODES.replace("u >> pool >> out", "u >> pool").replace("  u: {kind: Input}\n", "")
    lone = direct.replace("edges: u >> pool\n", "").replace(
        "  pool: {kind: Reservoir, units: 20, input_scaling: 0.5, bias_scaling: 0.3}\n", ""
    )
    with pytest.raises(SpecError, match=r"5:\d+: nodes.out: intervals need to see what out hears"):
        run_spec(read_text(lone + FORECAST))
