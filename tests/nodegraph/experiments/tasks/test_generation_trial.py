"""Windows that a model does not stay in: scored as what they are, beside the others."""

import json

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.experiments.tasks.experiment import run_spec
from nodegraph.experiments.tasks.run_folder import write
from nodegraph.files.yaml.spec import read_yaml

SQUARES = """\
nodegraph: 1
name: squares
nodes:
  u: {kind: Input}
  squared: {kind: Power, exponent: 2}
edges: [u >> squared]
task:
  data: {file: x.csv}
  target: {generate: 10, prompt: 3, windows: 2}
  split: {train: 10}
  metrics: [valid_prediction_time, rmse, r2, {nrmse: {multioutput: raw}}]
  baselines: [persistence]
"""
BELOW, ABOVE = (np.array([[s ** (2.0**k)] for k in range(1, 11)]) for s in (0.5, 1.5))
LEFT = 7  # steps after which 1.5 ** 2 ** k is beyond 1e30


@pytest.fixture
def graph(tmp_path):
    rows = np.random.default_rng(0).uniform(0, 1, (36, 1))
    rows[12], rows[25], rows[13:23] = 0.5, 1.5, BELOW + 1e-3
    np.savetxt(tmp_path / "x.csv", rows, delimiter=",", header="x", comments="")
    (tmp_path / "g.yaml").write_text(SQUARES)
    return tmp_path / "g.yaml"


def test_a_window_that_is_left_counts_up_to_there_and_the_others_as_they_are(graph):
    result = run_spec(read_yaml(graph))
    stayed, left = result.guess
    np.testing.assert_allclose(stayed, BELOW)
    np.testing.assert_allclose(left[:LEFT], ABOVE[:LEFT])
    assert np.isnan(left[LEFT:]).all() and (ABOVE[LEFT] > 1e30).all()
    whole, part, persistence = result.scores
    truths = result.trial.right(result.model)
    assert whole.values["valid_prediction_time"] == ng.metrics.valid_prediction_time(
        truths, [stayed, left]
    )
    assert (whole.values["rmse"], whole.values["r2"]) == (np.inf, -np.inf)
    np.testing.assert_array_equal(whole.values["nrmse"], [np.inf])
    assert part.model == "squares where it stayed"
    assert part.values["rmse"] == pytest.approx(1e-3)
    assert persistence.model == "persistence" and np.isfinite(persistence.values["rmse"])


def test_it_is_named_once_in_all_that_is_shown(graph):
    result = run_spec(read_yaml(graph))
    told = "an output left all bounds in window 2 after 7 of 10 steps"
    assert repr(result).count(told) == 1
    facts = write(result, graph.parent / "out")
    assert json.loads(facts[1].read_text())["notes"] == result.notes
    assert facts[4].read_text().count(told) == 1


def test_a_stream_that_goes_on_from_learning_is_left_where_it_stood(graph):
    rows = np.concatenate([(1 + 1e-5) ** 2.0 ** np.arange(18), np.linspace(2, 3, 10)])
    np.savetxt(graph.parent / "x.csv", rows, header="x", comments="")
    nodes = ["nodes.out={kind: Ridge, ridge: 1.0e-12}", "edges=[u >> squared >> out]"]
    task = ["task.target={generate: 10, prompt: 0}", "task.split.train=17"]
    result = run_spec(read_yaml(graph, nodes + task))
    (said,) = result.guess
    np.testing.assert_allclose(said[:3, 0], rows[17] ** 2.0 ** np.arange(1, 4), rtol=1e-6)
    assert np.isnan(said[-1]).all()
    assert [score.model for score in result.scores] == ["squares", "persistence"]
    np.testing.assert_array_equal(result.model.generate(3), said[:3])
