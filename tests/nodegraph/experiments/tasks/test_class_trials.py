"""Series with a class each: how a task of them is learned and scored."""

import numpy as np
from small_nodes import NODES

import nodegraph as ng
from nodegraph.experiments.tasks.experiment import run_spec
from nodegraph.files.yaml.spec import read_text


def spec(task, nodes=NODES):
    return read_text(nodes + task)


def test_classes_are_scored_by_the_last_row_of_each_series():
    nodes = NODES.replace(">> readout", ">> mean >> readout").replace(
        "edges", "  mean: {kind: Reduce.mean}\nedges"
    )
    task = """\
task:
  data: {dataset: japanese_vowels}
  metrics: [accuracy]
  baselines: [linear, mean]
"""
    result = run_spec(spec(task, nodes))
    labels = result.trial.labels[1]
    assert result.guess.shape == (370, 9)
    share = (result.guess.argmax(axis=1) == labels).mean()
    assert result.scores[0].values["accuracy"] == share > 0.85
    assert [score.model for score in result.scores[1:]] == [
        "ridge on mean and last row",
        "the commonest class",
    ]


def test_rows_may_vote_where_every_row_is_taught():
    task = """\
task:
  data: {dataset: japanese_vowels, targets: repeat}
  split: {train: 90, test: 45}
  metrics: [accuracy]
"""
    last = run_spec(spec(task))
    voted = run_spec(spec(task.replace("[accuracy]", "[{accuracy: {per: series}}]")))
    found = voted.model.run(voted.trial.data.test.x)
    labels = voted.trial.labels[1]
    assert last.scores[0].values["accuracy"] == np.mean([y[-1].argmax() for y in found] == labels)
    expected = np.mean([y.mean(axis=0).argmax() for y in found] == labels)
    assert voted.scores[0].values["accuracy"] == expected


def test_columns_of_series_may_go_in_by_node():
    nodes = NODES.replace("edges: u", "  v: {kind: Input}\nedges: '[u, v]").replace(
        ">> readout\n", ">> readout'\n"
    )
    task = """\
task:
  data: {dataset: japanese_vowels}
  input: {u: [0, 3], v: [7]}
  split: {train: 90, test: 45}
  metrics: [accuracy]
  baselines: [linear]
"""
    result = run_spec(spec(task, nodes))
    model = ng.Model(read_text(nodes).graph, seed=3)
    series = ng.datasets.japanese_vowels("one_hot")
    kept = [i for i in range(270) if any(np.array_equal(series.x_train[i][:, :1], u[:, :1])
                                         for u in result.trial.data.train.x["u"])]  # fmt: skip
    assert len(kept) == 90
    x = {"u": [series.x_train[i][:, [0, 3]] for i in kept],
         "v": [series.x_train[i][:, [7]] for i in kept]}  # fmt: skip
    model.fit(x, [series.y_train[i] for i in kept])
    rows = model.run(result.trial.data.test.x)
    assert np.array_equal(result.guess, [y[-1] for y in rows])
