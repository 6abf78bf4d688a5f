"""Tasks on independent series: texts in a file, learned from and scored as wholes."""

import json

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import SpecError
from nodegraph.experiments.search import search
from nodegraph.experiments.search.held_back import hold_back
from nodegraph.experiments.tasks.experiment import Experiment, run_spec
from nodegraph.experiments.tasks.run_folder import outcome, portraits
from nodegraph.experiments.tasks.series_trial import persisting
from nodegraph.files.yaml.spec import read_text, read_yaml

RNG = np.random.default_rng(0)
LENGTHS = (20, 31, 12, 25, 40, 18, 22, 30, 15, 20)
TEXTS = [RNG.normal(size=(n, 4)) for n in LENGTHS]
TRUTHS = [np.cumsum(text[:, :2], axis=0) * 0.1 for text in TEXTS]
NODES = {
    "u": {"kind": "Input"},
    "r": {"kind": "Reservoir", "units": 15, "input_scaling": 0.3},
    "out": {"kind": "Ridge", "ridge": 0.01},
}


def spec_of(folder, **task):
    document = {
        "nodegraph": 1,
        "name": "texts",
        "seed": 3,
        "nodes": NODES,
        "edges": ["u >> r >> out"],
        "task": {"metrics": ["rmse", "r2"], **task},
    }
    if "nodes" in task:
        document["nodes"] = document["task"].pop("nodes")
        document["edges"] = document["task"].pop("edges", document["edges"])
    (folder / "g.yaml").write_text(json.dumps(document))
    return read_yaml(folder / "g.yaml")


@pytest.fixture
def folder(tmp_path):
    np.savez(tmp_path / "x.npz", *TEXTS)
    np.savez(tmp_path / "y.npz", *TRUTHS)
    np.save(tmp_path / "flat.npy", np.vstack(TRUTHS))
    np.save(tmp_path / "stack.npy", np.stack([text[:12] for text in TEXTS]))
    np.save(tmp_path / "labels.npy", np.array([3, 7] * 5))
    return tmp_path


X, Y = {"file": "x.npz", "series": "arrays"}, {"file": "y.npz", "series": "arrays"}


@pytest.mark.parametrize("target", [Y, {"file": "flat.npy"}])
def test_texts_are_learned_from_and_scored_as_by_hand(folder, target):
    split = {"train": 6, "warmup": 3, "test": 3}
    found = run_spec(spec_of(folder, data=X, target=target, split=split))
    model = ng.Model(found.spec.graph, seed=3).fit(TEXTS[:6], TRUTHS[:6], warmup=3)
    said = np.vstack([rows[3:] for rows in model.run(TEXTS[6:9])])
    right = np.vstack([rows[3:] for rows in TRUTHS[6:9]])
    np.testing.assert_allclose(found.scores[0].values["rmse"], ng.metrics.rmse(right, said))
    assert found.trial.scored_on == f"{len(right)} rows of 3 test series"
    assert found.trial.learned_from == "6 series, the first 3 steps of each as warmup"
    assert [*found.scores[0].columns] == ["0", "1"]


def test_a_forecast_stays_within_its_series(folder):
    task = {"target": {"forecast": 2}, "split": {"train": 7}}
    found = run_spec(spec_of(folder, data={"file": "stack.npy"}, **task))
    texts = [text[:12] for text in TEXTS]
    model = ng.Model(found.spec.graph, seed=3).fit(texts[:7], texts[:7], ahead=2)
    said, right = np.vstack([y[:10] for y in model.run(texts[7:])]), [t[2:] for t in texts[7:]]
    np.testing.assert_allclose(
        found.scores[0].values["rmse"], ng.metrics.rmse(np.vstack(right), said)
    )


def test_columns_of_one_table_go_to_their_nodes_and_teachers(folder):
    np.savez(folder / "both.npz", *[np.hstack(p) for p in zip(TEXTS, TRUTHS, strict=True)])
    data = {"file": "both.npz", "series": "arrays"}
    task = {"input": {"u": "0..3"}, "targets": {"out": {"column": "4..5"}}}
    one = run_spec(spec_of(folder, data=data, **task, split={"train": 6}))
    two = run_spec(spec_of(folder, data=X, target=Y, split={"train": 6}))
    assert one.scores[0].values == two.scores[0].values


def test_baselines_are_those_of_series(folder):
    baselines = ["mean", "persistence", "linear"]
    split = {"train": 6, "warmup": 2}
    found = run_spec(spec_of(folder, data=X, target=Y, split=split, baselines=baselines))
    right = np.vstack([rows[2:] for rows in TRUTHS[6:]])
    middle = np.vstack([rows[2:] for rows in TRUTHS[:6]]).mean(axis=0)
    before = np.vstack([rows[1:-1] for rows in TRUTHS[6:]])
    scores = {score.model: score.values["rmse"] for score in found.scores}
    wanted = ng.metrics.rmse(right, np.tile(middle, (len(right), 1)))
    assert np.mean(scores["mean of the training data"]) == pytest.approx(np.mean(wanted))
    wanted = ng.metrics.rmse(right, before)
    assert np.mean(scores["persistence"]) == pytest.approx(np.mean(wanted))
    assert scores["ridge on the last rows"] < scores["mean of the training data"]


def test_what_a_linear_map_knows_the_linear_baseline_knows(folder):
    np.savez(folder / "z.npz", *[text @ np.arange(8.0).reshape(4, 2) for text in TEXTS])
    target = {"file": "z.npz", "series": "arrays"}
    found = run_spec(spec_of(folder, data=X, target=target, baselines=["linear"]))
    assert found.scores[1].values["r2"] == pytest.approx(1.0)


def test_a_search_holds_whole_series_back_and_looks_at_no_other(folder):
    spec = spec_of(folder, data=X, target=Y, split={"train": 8})
    assert hold_back(spec).words == "2 training series held back"
    found = search(folder / "g.yaml", {"nodes.out.ridge": "1e-4:10:log"}, trials=3)
    np.savez(folder / "y.npz", *TRUTHS[:8], TRUTHS[8] * np.nan, TRUTHS[9] * np.nan)
    again = search(folder / "g.yaml", {"nodes.out.ridge": "1e-4:10:log"}, trials=3)
    assert found.best == again.best


def test_classes_are_told_by_a_file_with_one_for_each_series(folder):
    series = [text + 3 * (label == 7) for text, label in zip(TEXTS, [3, 7] * 5, strict=True)]
    np.savez(folder / "x.npz", *series)
    nodes = {**NODES, "out": {"kind": "Ridge", "classes": [3, 7], "ridge": 0.1}}
    task = {"nodes": nodes, "metrics": ["accuracy"], "split": {"train": 6}}
    found = run_spec(spec_of(folder, data=X, target={"file": "labels.npy"}, **task))
    assert found.trial.scored_on == "4 series held back"
    assert found.scores[0].values["accuracy"] == 1.0


def test_one_target_for_each_series_is_that_of_its_last_row(folder):
    np.save(folder / "sums.npy", np.array([text[:, :1].sum() for text in TEXTS]))
    found = run_spec(spec_of(folder, data=X, target={"file": "sums.npy"}, split={"train": 7}))
    assert found.trial.scored_on == "3 rows of 3 test series"
    sums = [text[:, :1].sum(keepdims=True) for text in TEXTS]
    model = ng.Model(found.spec.graph, seed=3).fit(TEXTS[:7], sums[:7])
    said = np.array([rows[-1, 0] for rows in model.run(TEXTS[7:])])
    off = said - np.ravel(sums[7:])
    assert found.scores[0].values["rmse"] == pytest.approx(np.sqrt(np.mean(off**2)))


def test_workers_share_the_series_and_pictures_are_drawn(folder):
    spec = spec_of(folder, data=X, target=Y, split={"train": 6, "warmup": 1})
    one, two = run_spec(spec), Experiment.of(spec).run(workers=2)
    assert one.scores[0].values == two.scores[0].values
    assert outcome(one) is not None and portraits(one)


@pytest.mark.parametrize(
    ("task", "said"),
    [
        ({"data": X, "target": {"generate": 5}}, "task.target: a model that generates goes on"),
        ({"data": X, "target": {"forecast": 12}}, "series arr_2 has 12 rows, and its target would"),
        ({"data": X, "target": Y, "split": {"train": 11}}, "train 11"),
        (
            {"data": X, "target": {"file": "stack.npy"}},
            "series arr_0 has 12 rows, and 20 in the data",
        ),
        ({"data": {"file": "x.npz"}, "target": {"forecast": 1}}, "or series: arrays"),
        ({"data": X, "target": Y, "split": {"warmup": 40}}, "split: warmup=40 leaves nothing"),
        ({"data": {"file": "flat.npy"}, "target": Y}, "10 series for data that are one; say ser"),
        ({"data": {"file": "stack.npy"}, "target": Y}, "series 0 has 20 rows, and 12 in the data"),
    ],
)
def test_what_does_not_fit_is_said_at_its_key(folder, task, said):
    with pytest.raises(SpecError, match=said):
        run_spec(spec_of(folder, **task))


def test_a_gap_is_named_by_its_series(folder):
    texts = [text.copy() for text in TEXTS]
    texts[4][7, 2] = np.nan
    np.savez(folder / "x.npz", *texts)
    with pytest.raises(SpecError, match=r"input \(series arr_4\): NaN in row 7, column 2"):
        run_spec(spec_of(folder, data=X, target=Y))


def test_a_data_set_of_series_with_targets_is_dealt_out_series_by_series():
    spec = read_text(
        "nodegraph: 1\nname: copies\nseed: 3\nnodes:\n  u: {kind: Input}\n"
        "  out: {kind: Ridge}\nedges: u >> out\ntask:\n  metrics: [rmse]\n"
        "  data: {dataset: copying, series: 40, longest: 3, bits: 1}\n"
        "  split: {train: 25, test: 10}\n"
    )
    result = run_spec(spec)
    u, y = ng.datasets.copying(series=40, longest=3, bits=1)
    model = ng.Model(spec.graph, seed=3).fit(u[:25], y[:25])
    said, wanted = (np.vstack(rows) for rows in (model.run(u[25:35]), y[25:35]))
    assert result.scores[0].values["rmse"] == pytest.approx(np.sqrt(((said - wanted) ** 2).mean()))


def test_targets_whose_series_come_in_another_order_are_refused(folder):
    named = {f"s{i}": np.vstack([truth, truth])[:30] for i, truth in enumerate(TRUTHS)}
    texts = {f"s{i}": np.vstack([text] * 3)[:30] for i, text in enumerate(TEXTS)}
    np.savez(folder / "x.npz", **texts)
    np.savez(folder / "y.npz", **dict(reversed(named.items())))
    with pytest.raises(
        SpecError, match=r"in the order s9, s8, s7, \.\.\., those of the data in s0"
    ):
        run_spec(spec_of(folder, data=X, target=Y, split={"train": 6, "test": 3}))


def test_persistence_says_nothing_that_is_not_known_yet():
    """Before the first target of a series, and a horizon behind it, it says the mean."""
    y = np.array([[np.nan], [np.nan], [2.0], [np.nan], [4.0], [5.0]])
    said = persisting(y, 1, np.array([7.0]))[:, 0].tolist()
    assert said == [7, 7, 7, 2, 2, 4]
    assert persisting(y, 9, np.array([7.0]))[:, 0].tolist() == [7] * 6


def test_persistence_of_series_of_one_step_is_the_mean(tmp_path):
    data = {"dataset": "parity", "series": 60}
    spec = spec_of(
        tmp_path, data=data, split={"train": 40}, metrics=["accuracy"],
        baselines=["persistence", "mean"],
    )  # fmt: skip
    _, persistent, mean = run_spec(spec).scores
    assert persistent.values == mean.values
