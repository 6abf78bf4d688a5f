import json
import sys

import numpy as np
import pytest
from typer.testing import CliRunner

from nodegraph import metrics
from nodegraph.cli import app
from nodegraph.datasets import japanese_vowels
from nodegraph.engines.ray.stats import log
from nodegraph.errors import DataWarning, SpecError
from nodegraph.experiments.search import search, searching, side_by_side
from nodegraph.experiments.tasks.experiment import Experiment, run_spec
from nodegraph.experiments.tasks.task_data import Preparation
from nodegraph.files.yaml.spec import read_yaml
from nodegraph.files.yaml.task import Task

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
    held = ["task.split.train=300", "task.split.test=97"]
    assert found.best < run_spec(read_yaml(graph, held)).scores[0].values["nrmse"]
    again = run_spec(read_yaml(graph, [*held, *found.changes])).scores[0].values["nrmse"]
    assert again == found.best


ROWS = 1000
SPLIT = {"train": ROWS, "warmup": 50}
ONLINE = "{kind: RLS, alpha: 0.1}"
TASKS = {
    "forecast": {"target": {"forecast": 10}, "split": SPLIT},
    "no split": {"target": {"forecast": 10}},
    "column": {"target": {"column": "y"}, "split": SPLIT},
    "file": {"target": {"file": "z.csv"}, "split": SPLIT},
    "targets": {"targets": {"out": {"forecast": 3, "columns": [0]}}, "split": SPLIT},
    "online": {"target": {"forecast": 5}, "split": SPLIT, "online": True},
    "generation": {"target": {"generate": 20, "prompt": 50}, "split": SPLIT},
    "windows": {"target": {"generate": 20, "prompt": 50, "windows": 5}, "split": SPLIT},
    "own end": {"target": {"generate": 20, "prompt": 0}, "split": SPLIT},
}


@pytest.mark.parametrize("kind", TASKS)
@pytest.mark.parametrize("behind", [7.0, np.nan])
def test_nothing_behind_the_training_rows_is_looked_at(kind, behind, tmp_path):
    rng = np.random.default_rng(0)
    rows, others = rng.normal(size=(2 * ROWS, 2)).cumsum(0) / 9, rng.normal(size=2 * ROWS)
    task = {"data": {"file": "x.csv"}, **TASKS[kind], "metrics": ["rmse"]}
    readout = ONLINE if kind == "online" else "{kind: Ridge}"
    text = GRAPH.partition("task:")[0].replace("{kind: Ridge}", readout)
    (tmp_path / "g.yaml").write_text(f"{text}task: {json.dumps(task)}\n")
    train = 2 * (2 * ROWS - 10) // 3 if kind == "no split" else ROWS
    found = []
    for _ in range(2):
        np.savetxt(tmp_path / "x.csv", rows, header="x,y", comments="", delimiter=",", fmt="%.17g")
        np.savetxt(tmp_path / "z.csv", others, header="z", comments="", fmt="%.17g")
        found.append(search(tmp_path / "g.yaml", {"nodes.r.leak_rate": "0.1:1"}, trials=2))
        rows[train:], others[train:] = behind, behind
    assert found[0] == found[1]


@pytest.mark.parametrize("split", [None, {}, {"train": 90, "test": 45}])
def test_no_series_of_the_test_is_looked_at(split, tmp_path, monkeypatch):
    task = {"data": {"dataset": "japanese_vowels"}, "metrics": ["accuracy"]}
    task |= {} if split is None else {"split": split}
    (tmp_path / "g.yaml").write_text(f"{GRAPH.partition('task:')[0]}task: {json.dumps(task)}\n")
    whole = japanese_vowels()

    def found():
        return search(tmp_path / "g.yaml", {"nodes.r.leak_rate": "0.1:1"}, trials=2)

    before = found()
    used = Preparation(Task.model_validate(task), root=".").data().train.x
    known = {rows.tobytes() for rows in used}
    spoilt = [x if x.tobytes() in known else 0 * x for x in whole.x_train]
    other = whole._replace(x_train=spoilt, x_test=[0 * x for x in whole.x_test])
    monkeypatch.setattr("nodegraph.data.datasets.load", lambda name, **options: other)
    assert found() == before
    count = len(used) // 4
    assert before.scored_on == f"{count} training series held back"


def test_a_search_that_was_ended_goes_on_as_if_it_had_not_been(graph, tmp_path):
    whole = search(graph, RANGES, trials=14, study=tmp_path / "whole.journal")

    def stop(attempt):
        if attempt.number == 12:
            raise KeyboardInterrupt

    study = tmp_path / "broken.journal"
    first = search(graph, RANGES, trials=14, study=study, watch=stop)
    assert first.interrupted and len(first.trials) == 12
    numbers = []
    again = search(graph, RANGES, trials=14, study=study, resume=True,
                   watch=lambda attempt: numbers.append(attempt.number))  # fmt: skip
    assert again == whole and numbers == [13, 14]


def test_a_trial_that_is_interrupted_ends_the_search_with_what_was_found(graph, monkeypatch):
    count, run = [], Experiment.run

    def interrupted(self, **options):
        count.append(1)
        if len(count) > 3:
            raise KeyboardInterrupt
        return run(self, **options)

    monkeypatch.setattr(Experiment, "run", interrupted)
    found = search(graph, RANGES, trials=9)
    assert found.interrupted and len(found.trials) == 3


def test_bad_trials_are_counted_and_named_and_not_fatal(graph):
    graph.write_text(GRAPH.replace("units: 20", "units: 20, activation: identity"))
    found = search(graph, {"nodes.r.spectral_radius": "0.5,900,901"}, trials=8)
    assert {row["nodes.r.spectral_radius"] for row in found.trials} == {"0.5"}
    assert found.failed and "no longer finite" in found.failed[0].why
    assert (len(found.failed), len(found.trials)) == (2, 1)


def test_each_trial_is_the_mean_over_seeds(graph):
    found = search(graph, {"nodes.r.leak_rate": "0.1:1"}, trials=2, seeds=3)
    held = ["task.split.train=300", "task.split.test=97", *found.changes]
    values = [
        run_spec(read_yaml(graph, held), seed=seed).scores[0].values["nrmse"] for seed in range(3)
    ]
    assert found.best == pytest.approx(np.mean(values))
    assert found.trials[0]["spread"] == pytest.approx(np.std(values))


def test_seeds_of_a_graph_that_draws_nothing_are_told(graph):
    graph.write_text(GRAPH.replace("Reservoir, units: 20, leak_rate: 0.02", "NVAR, delay: 2"))
    ranges = {"nodes.out.ridge": "1e-6,1e-3"}
    with pytest.warns(DataWarning, match="the same with all 3 seeds.* without seeds=3"):
        found = search(graph, ranges, trials=2, seeds=3)
    assert (found.best, found.trials[0]["spread"]) == pytest.approx((search(graph, ranges).best, 0))


def test_a_study_of_another_search_is_refused_and_one_in_the_way_moved_aside(graph, tmp_path):
    study = tmp_path / "s.journal"
    search(graph, RANGES, trials=2, study=study)
    before = study.read_bytes()
    with pytest.raises(SpecError, match="seed differs; name another"):
        search(graph, RANGES, trials=2, seed=5, study=study, resume=True)
    search(graph, RANGES, trials=2, seed=5, study=study)
    assert (tmp_path / "s-1.journal").read_bytes().startswith(before)


@pytest.fixture
def two(graph):
    """Two readouts, of 3 and of 9 steps ahead."""
    text = GRAPH.replace("  out: {kind: Ridge}\n", "  out: {kind: Ridge}\n  far: {kind: Ridge}\n")
    text = text.replace("[u >> r >> out]", '["u >> r >> [out, far]"]')
    text = text.replace(
        "target: {forecast: 3}", "targets: {out: {forecast: 3}, far: {forecast: 9}}"
    )
    graph.write_text(text)
    return graph


def scores_of(graph, found):
    held = ["task.split.train=300", "task.split.test=91", *found.changes]
    return {score.node: score.values["nrmse"] for score in run_spec(read_yaml(graph, held)).scores}


def test_several_scored_nodes_count_alike(two):
    found = search(two, {"nodes.r.leak_rate": "0.1:1"}, trials=2)
    scores = scores_of(two, found)
    assert found.best == pytest.approx(np.mean(list(scores.values())))
    assert set(scores) == {"out", "far"}


def test_one_node_may_be_what_counts(two):
    found = search(two, {"nodes.r.leak_rate": "0.1:1"}, trials=2, metric="far.nrmse")
    assert found.best == pytest.approx(scores_of(two, found)["far"])
    assert found.metric == "far.nrmse" and found.best == found.trials[0]["far.nrmse"]
    with pytest.raises(
        SpecError, match=r"not one of the task's: .*of one node, such as out\.nrmse"
    ):
        search(two, {"nodes.r.leak_rate": "0.1:1"}, trials=2, metric="r.nrmse")


def test_the_data_of_all_trials_are_read_once(graph, monkeypatch):
    read = []
    monkeypatch.setattr(side_by_side, "common_data", lambda common: read.append(1) or real(common))
    search(graph, RANGES, trials=5)
    assert len(read) == 1


real = side_by_side.common_data


def test_every_metric_has_a_direction():
    lower = {"mae", "mse", "nrmse", "nrmse_at_end", "rmse"}
    assert set(metrics.names()) == lower | searching.HIGHER_IS_BETTER


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
        ({"seed": "1:9:int"}, {}, "write --seeds 5"),
        ({"task.split.train": "100:200:int"}, {}, "holds rows back from"),
        ({"task.target.forecast": "1:9:int"}, {}, "is what is learned and scored"),
        ({"nodes.r.leak_rate": "0.5:1.5"}, {}, "cannot be 1.5: .*at most 1"),
        ({"nodes.r.units": "5:50"}, {}, "write 5:50:int"),
        ({"nodes.r.activation": "tanh,tnah"}, {}, "cannot be tnah"),
        ({"nodes.r.activation": "tanh,tanh"}, {}, "each choice should stand there once"),
        ({"nodes.q.units": "5:50:int"}, {}, "no q in nodes"),
        ({"nodes.r.leak_rate": "0.1:1"}, {"changes": ["nodes.r.leak_rate=1"]}, "leave one out"),
        ({"nodes.r.leak_rate": "0.1:1"}, {"resume": True}, "name its file"),
        ({"task.split.warmup": "0:300:int"}, {}, "warmup"),
    ],
)
def test_what_cannot_be_searched_is_refused(graph, ranges, options, message):
    with pytest.raises(SpecError, match=message):
        search(graph, ranges, trials=2, **options)


def test_without_optuna_its_package_is_named(graph, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(SpecError, match=r"not installed: pip install optuna$"):
        search(graph, RANGES)


def test_the_command_shows_the_best_and_what_to_type(graph, monkeypatch):
    monkeypatch.chdir(graph.parent)
    done = CliRunner().invoke(
        app, ["search", str(graph), "--range", "nodes.r.leak_rate=0.1:1", "--trials", "3"]
    )
    assert done.exit_code == 0, done.output
    assert "trial 3/3: 0." in done.output and "nodes.r.leak_rate=0." in done.output
    assert "best trials, on 97 training rows held back" in " ".join(done.output.split())
    assert "--set nodes.r.leak_rate=0." in done.output
    assert (graph.parent / "out" / "g" / "study.journal").is_file()


def test_the_command_says_of_lost_workers_what_run_says(graph, monkeypatch):
    run = Experiment.run

    def losing(self, **options):
        log.warning("1 of 2 workers were lost")
        return run(self, **options)

    monkeypatch.setattr(Experiment, "run", losing)
    monkeypatch.chdir(graph.parent)
    words = ["search", str(graph), "--range", "nodes.r.leak_rate=0.1:1", "--trials", "1"]
    assert "note: 1 of 2 workers were lost" in CliRunner().invoke(app, words).stderr.splitlines()


CHOICES = {"nodes.r.leak_rate": "0.2,0.9", "nodes.r.units": "10:12:int"}


def test_no_setting_is_tried_twice_and_the_search_ends_when_all_were(graph, tmp_path, monkeypatch):
    asked, run = [], Experiment.run

    def counted(self, **options):
        asked.append((self.spec.graph["r"].leak_rate, self.spec.graph["r"].units))
        return run(self, **options)

    monkeypatch.setattr(Experiment, "run", counted)
    found = search(graph, CHOICES, trials=20, seed=3)
    assert sorted(asked) == [(leak, units) for leak in (0.2, 0.9) for units in (10, 11, 12)]
    assert len(found.trials) == 6
    kept = tmp_path / "study.journal"
    search(graph, CHOICES, trials=4, seed=3, study=kept)
    assert search(graph, CHOICES, trials=20, seed=3, study=kept, resume=True) == found
    monkeypatch.chdir(graph.parent)
    pairs = [part for name, text in CHOICES.items() for part in ("--range", f"{name}={text}")]
    done = CliRunner().invoke(app, ["search", str(graph), *pairs])
    assert "there are 6 settings, and all were tried" in done.output


def test_the_command_says_what_it_kept_when_it_is_ended(graph, monkeypatch):
    monkeypatch.chdir(graph.parent)
    words = ["search", str(graph), "--range", "nodes.r.leak_rate=0.1:1", "--trials", "3"]
    count, run = [], Experiment.run

    def interrupted(self, **options):
        count.append(1)
        if len(count) == 2:
            raise KeyboardInterrupt
        return run(self, **options)

    monkeypatch.setattr(Experiment, "run", interrupted)
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 130
    assert "trial 1/3" in done.output and "best trials" in done.output
    assert "--resume goes on there" in done.stderr
    done = CliRunner().invoke(app, [*words, "--resume"])
    assert done.exit_code == 0 and "trial 1/3" not in done.output and "trial 3/3" in done.output


def test_a_batch_learns_side_by_side_and_who_does_it_does_not_show(graph):
    options = {"trials": 7, "seed": 1, "seeds": 2, "batch": 3}
    alone = search(graph, RANGES, **options)
    assert search(graph, RANGES, workers=2, **options) == alone
    assert len(alone.trials) == 7


def test_a_batch_goes_on_after_a_break_as_without_one(graph, tmp_path):
    study, options = tmp_path / "s.journal", {"seed": 1, "batch": 3}
    whole = search(graph, RANGES, trials=9, **options)
    search(graph, RANGES, trials=6, study=study, **options)
    with pytest.raises(SpecError, match="batch differs"):
        search(graph, RANGES, trials=9, study=study, seed=1, resume=True)
    assert search(graph, RANGES, trials=9, study=study, resume=True, **options) == whole


def test_workers_without_a_batch_are_refused(graph):
    with pytest.raises(SpecError, match=r"one model at a time; write batch=8, .*--batch 8"):
        search(graph, RANGES, trials=2, workers=2)
