"""Closed loops on training rows: which they are, what is refused, and that searches go by them."""

import json

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import SpecError
from nodegraph.experiments.search import search
from nodegraph.experiments.tasks.experiment import Experiment, run_spec
from nodegraph.experiments.tasks.run_folder import write
from nodegraph.experiments.tasks.validation import folds
from nodegraph.files.yaml.spec import read_yaml
from nodes import Ridge, Shared

GRAPH = """\
nodegraph: 1
nodes:
  u: {kind: Input}
  r: {kind: Reservoir, units: 40, bias_scaling: 0.3}
  out: {kind: Ridge, ridge: 1.0e-8}
edges: [u >> r >> out]
task:
  data: {file: x.csv}
  target: {generate: 15, prompt: 30}
  split: {train: 400, warmup: 20}
  metrics: [rmse, nrmse]
  validate: {kind: recycle, folds: 4}
"""


@pytest.fixture
def graph(tmp_path):
    t = np.arange(600)
    x = np.stack([np.sin(t / 4), np.cos(t / 4) + 0.3 * np.sin(t / 2.3)], axis=1)
    np.savetxt(tmp_path / "x.csv", x, header="a,b", comments="", delimiter=",")
    (tmp_path / "g.yaml").write_text(GRAPH)
    return tmp_path / "g.yaml"


def series(graph):
    return np.loadtxt(graph.parent / "x.csv", delimiter=",", skiprows=1)


@pytest.mark.parametrize("kind", ["recycle", "walk_forward"])
def test_prompts_and_what_follows_are_rows_of_the_training_part(graph, kind):
    experiment = Experiment.of(read_yaml(graph, [f"task.validate.kind={kind}"]))
    u, found = series(graph), folds(experiment.trial, experiment.task)
    windows = [window for fold in found for window in fold.data.windows]
    assert len(windows) == 4
    assert len(found) == (1 if kind == "recycle" else 4)
    for window in windows:
        start = window.first - 30
        np.testing.assert_array_equal(window.seen, u[start : start + 30])
        np.testing.assert_array_equal(window.truth, u[start + 30 : start + 45])
        assert window.first + 15 <= 401  # the last target of the training rows is row 400
    if kind == "walk_forward":
        for fold in found:
            assert len(fold.data.train.x) == fold.data.windows[0].first - 30
        assert len(found[0].data.train.x) == 200
    else:
        assert windows[0].first == 20 + 30


def test_the_score_is_that_of_the_model_by_hand(graph):
    spec = read_yaml(graph)
    result = ng.run_spec(spec)
    u = series(graph)
    model = ng.Model(spec.graph, seed=0).fit(u[:400], u[1:401], warmup=20)
    starts = np.linspace(20, 400 - 30 - 15 + 1, 4).astype(int)
    said = [model.generate(15, prompt=[u[start : start + 30]])[0] for start in starts]
    wanted = ng.metrics.rmse([u[start + 30 : start + 45] for start in starts], said)
    assert result.validated.values["rmse"] == pytest.approx(wanted, rel=1e-9)
    assert result.validated.scored_on == "4 closed loops within the training rows (recycle)"
    facts = json.loads(write(result, graph.parent / "out")[1].read_text())
    assert facts["validated"]["values"] == pytest.approx(result.validated.values)


def test_loops_of_all_folds_are_scored_together_as_windows_of_a_test_are(graph):
    spec = read_yaml(graph, ["task.validate.kind=walk_forward"])
    u, starts = series(graph), np.linspace(200, 400 - 30 - 15 + 1, 4).astype(int)
    said = []
    for start in starts:
        model = ng.Model(spec.graph, seed=0).fit(u[:start], u[1 : start + 1], warmup=20)
        said.append(model.generate(15, prompt=u[start : start + 30][None])[0])
    came = [u[start + 30 : start + 45] for start in starts]
    off, spread = np.vstack(said) - np.vstack(came), np.vstack(came).std(axis=0)
    wanted = np.mean(np.sqrt((off**2).mean(axis=0)) / spread)
    values = Experiment.of(spec).validate().values
    assert values["nrmse"] == pytest.approx(wanted, rel=1e-9)
    assert values["rmse"] == pytest.approx(np.mean(np.sqrt((off**2).mean(axis=0))), rel=1e-9)


def test_searches_go_by_it_and_look_at_nothing_behind(graph):
    ranges = {"nodes.r.leak_rate": "0.2:1"}
    found = search(graph, ranges, trials=3, seed=1)
    assert found.scored_on == "4 closed loops within the training rows (recycle)"
    u = series(graph)
    u[401:] = np.random.default_rng(0).standard_normal((199, 2))
    np.savetxt(graph.parent / "x.csv", u, header="a,b", comments="", delimiter=",")
    assert search(graph, ranges, trials=3, seed=1).trials == found.trials
    walks = search(graph, ranges, trials=2, seed=1, changes=["task.validate.kind=walk_forward"])
    assert walks.best != found.best


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("task.target={forecast: 3}", "task.validate: scores closed loops; this task generates"),
        ("task.target.prompt=0", "task.validate: starts anew in each fold"),
        ("task.validate.folds=500", "task.validate: 500 folds of prompt 30"),
        ("task.validate.kind=leave_out", "kind"),
        ("task.validate.folds=0", "folds"),
    ],
)
def test_what_cannot_be_validated_is_refused_at_its_line(graph, change, words):
    with pytest.raises(SpecError, match=words):
        Experiment.of(read_yaml(graph, [change]))


STRENGTHS = (1e-2, 1e-6, 1e-9)


@pytest.mark.parametrize("kind", ["recycle", "walk_forward"])
def test_a_strength_is_chosen_by_closed_loops(graph, kind):
    asked = [f"task.validate.kind={kind}"]
    listed = [f"nodes.out.ridge={list(STRENGTHS)}", "task.validate.choose=ridge"]
    found = run_spec(read_yaml(graph, [*asked, *listed]))
    each = [run_spec(read_yaml(graph, [*asked, f"nodes.out.ridge={r}"])) for r in STRENGTHS]
    errors = [one.validated.values["rmse"] for one in each]
    assert found.validated.best == np.argmin(errors)
    told = [values["rmse"] for values in found.validated.each]
    np.testing.assert_allclose(told, errors, rtol=1e-6)
    best = each[found.validated.best]
    assert found.model.report[-1]["ridge"] == STRENGTHS[found.validated.best]
    np.testing.assert_allclose(found.scores[0].values["rmse"], best.scores[0].values["rmse"])


def test_intervals_from_the_posterior_go_with_the_strength_that_is_chosen(graph):
    listed = [f"nodes.out.ridge={list(STRENGTHS)}", "task.validate.choose=ridge"]
    asked = [*listed, "nodes.out.intervals=[0.05, 0.95]"]
    found = run_spec(read_yaml(graph, [*asked, "nodes.out.intervals_by=posterior"]))
    assert found.validated == run_spec(read_yaml(graph, listed)).validated
    best = f"nodes.out.ridge={STRENGTHS[found.validated.best]}"
    alone = [best, asked[2], "nodes.out.intervals_by=posterior"]
    offsets = [
        one.model.params["out"].offsets for one in (found, run_spec(read_yaml(graph, alone)))
    ]
    np.testing.assert_allclose(*offsets, rtol=1e-6)
    with pytest.raises(SpecError, match="validate: intervals are residuals of one strength"):
        Experiment.of(read_yaml(graph, asked))


def test_what_cannot_be_chosen_is_said_at_its_line(graph):
    with pytest.raises(SpecError, match="validate: one readout chooses, and no readout has sev"):
        Experiment.of(read_yaml(graph, ["task.validate.choose=ridge"]))


def test_shared_readouts_choose_as_well():
    rule = Shared(node=Ridge(ridge=STRENGTHS), copies=2).rule
    assert [one.rule.ridge for one in rule.choices()] == list(STRENGTHS)
