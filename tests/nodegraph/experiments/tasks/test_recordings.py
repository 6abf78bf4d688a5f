"""A user's own recordings, each of a class: from folders, or from one table."""

import itertools
import json

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import SpecError
from nodegraph.experiments.search.held_back import hold_back
from nodegraph.experiments.tasks.experiment import Experiment, run_spec
from nodegraph.files.yaml.spec import read_text

SLOW, FAST = 0.1, 0.9
HEADER = "rec,what,ax,ay"


def gesture(rng, speed, n):
    phase = speed * np.arange(n) + rng.uniform(0, 6)
    return np.column_stack([np.sin(phase), np.cos(phase)]) + speed + 0.05 * rng.normal(size=(n, 2))


@pytest.fixture
def made(tmp_path):
    """Write the same recordings in both forms; return them by name as (class, rows)."""
    rng, found = np.random.default_rng(3), {}
    for what, speed in (("wave", FAST), ("rest", SLOW)):
        (tmp_path / "rec" / what).mkdir(parents=True)
        for i in range(9):
            rows = gesture(rng, speed, int(rng.integers(20, 30)))
            found[f"{what}{i}"] = (what, rows)
            lines = ["ax,ay", *(f"{a},{b}" for a, b in rows.tolist())]
            (tmp_path / "rec" / what / f"{i}.csv").write_text("\n".join(lines))
    lines = [f"{name},{what},{a},{b}"
             for name, (what, rows) in found.items() for a, b in rows.tolist()]  # fmt: skip
    (tmp_path / "all.csv").write_text("\n".join([HEADER, *lines]))
    return found


def spec(folder, data, classes=None, edges="u >> r >> m >> out", **task):
    readout = {"kind": "Ridge", "ridge": 0.01} | ({"classes": classes} if classes else {})
    nodes = {
        "u": {"kind": "Input"},
        "r": {"kind": "Reservoir", "units": 40},
        "m": {"kind": "Reduce.mean"},
        "out": readout,
    }
    nodes = {name: node for name, node in nodes.items() if name in edges.split(" >> ")}
    header = {"nodegraph": 1, "seed": 1, "nodes": nodes, "edges": edges}
    given = {"data": data, "metrics": ["accuracy"], "baselines": ["linear", "mean"], **task}
    return read_text(json.dumps({**header, "task": given}), folder=folder)


TABLE = {"file": "all.csv", "series": "rec", "label": "what"}


def refused(folder, data, **more):
    with pytest.raises(SpecError) as caught:
        Experiment.of(spec(folder, data, **more))
    return str(caught.value)


@pytest.mark.parametrize("data", [{"folder": "rec"}, TABLE])
def test_the_model_and_the_score_are_those_of_the_same_series_in_python(tmp_path, made, data):
    result = run_spec(spec(tmp_path, data))
    names = sorted(made) if "folder" in data else list(made)
    known = sorted({what for what, _ in made.values()})
    own = {what: [n for n in names if made[n][0] == what] for what in known}
    train = {name for each in own.values() for name in each[:6]}
    kept = [n for n in names if n in train]
    model = ng.Model(spec(tmp_path, data).graph, seed=1)
    eye = np.eye(2)
    model.fit([made[n][1] for n in kept], [eye[[known.index(made[n][0])]] for n in kept])
    others = [n for n in names if n not in train]
    said = [y[-1].argmax() for y in model.run([made[n][1] for n in others])]
    right = np.mean([known[i] == made[n][0] for i, n in zip(said, others, strict=True)])
    assert result.trial.scored_on == "6 series held back"
    assert result.trial.data.classes == ("rest", "wave")
    assert result.scores[0].values["accuracy"] == right == 1.0
    assert result.scores[2].values["accuracy"] == 0.5
    np.testing.assert_array_equal(
        [y[-1] for y in result.model.run([made[n][1] for n in others])],
        [y[-1] for y in model.run([made[n][1] for n in others])],
    )


@pytest.mark.parametrize("edges", ["u >> r >> m >> out", "u >> r >> out"])
def test_a_readout_that_names_its_classes_is_taught_as_by_fit_with_labels(tmp_path, made, edges):
    known, split = ["rest", "wave"], {"train": 12, "test": 6}
    given = spec(tmp_path, TABLE, known, edges, split=split)
    found = run_spec(given).model
    own = {w: [n for n in made if made[n][0] == w][:6] for w in ("rest", "wave")}
    kept = [n for n in made if n in {*own["rest"], *own["wave"]}]
    model = ng.Model(given.graph, seed=1)
    model.fit([made[n][1] for n in kept], [made[n][0] for n in kept])
    np.testing.assert_array_equal(found.params["out"].W_out, model.params["out"].W_out)


def test_rows_of_a_recording_belong_together_wherever_they_stand(tmp_path, made):
    lines = (tmp_path / "all.csv").read_text().splitlines()
    own = [[line for line in lines[1:] if line.startswith(f"{name},")] for name in made]
    mixed = [line for turn in itertools.zip_longest(*own) for line in turn if line]
    (tmp_path / "mixed.csv").write_text("\n".join([HEADER, *mixed]))
    found, same = (
        Experiment.of(spec(tmp_path, {**TABLE, "file": file})).trial.data
        for file in ("mixed.csv", "all.csv")
    )
    for part in ("train", "test"):
        pairs = zip(getattr(found, part).x, getattr(same, part).x, strict=True)
        assert all(np.array_equal(a, b) for a, b in pairs)


def test_recordings_of_another_file_are_scored_and_never_seen_by_the_search(tmp_path, made):
    lines = (tmp_path / "all.csv").read_text().splitlines()
    (tmp_path / "test.csv").write_text("\n".join([HEADER, *lines[1:100]]))
    given = spec(tmp_path, {**TABLE, "test": "test.csv"}, split={"train": 18})
    result = run_spec(given)
    n = len({line.split(",")[0] for line in lines[1:100]})
    assert result.trial.scored_on == f"{n} test series"
    assert result.scores[0].values["accuracy"] == 1.0
    held = hold_back(given)
    assert held.changes == ("task.split={train: 14, test: 4}", "task.data.test=null")


def test_a_readout_that_names_its_classes_learns_them_in_its_order(tmp_path, made):
    for old, new in (("wave", "10"), ("rest", "2")):
        (tmp_path / "rec" / old).rename(tmp_path / "rec" / new)
    result = run_spec(spec(tmp_path, {"folder": "rec"}, classes=[2, 10]))
    assert result.trial.data.classes == (2, 10)
    assert result.scores[0].values["accuracy"] == 1.0
    waves = [rows for what, rows in made.values() if what == "wave"]
    assert result.model.classify(waves).tolist() == [10] * 9


def test_a_sentence_says_what_was_read(tmp_path, made):
    (tmp_path / "rec" / "notes.md").write_text("by hand")
    (tmp_path / "rec" / "rest" / ".hidden.csv").write_text("x")
    told = Experiment.of(spec(tmp_path, {"folder": "rec"})).trial.data.told
    assert told[0].startswith("18 recordings: rest 9, wave 9; the first: read ")
    assert told[0].endswith("; left out: notes.md")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("wave0,wave,", "wave0,rest,", "series wave0 is rest in row 0 and wave in row 1"),
        ("wave0,wave,", ",wave,", "series is missing in row 0 ('')"),
        ("wave0,wave,", "wave0,NA,", "label is missing in row 0 ('NA')"),
    ],
)
def test_a_row_that_does_not_say_whose_it_is_is_refused(tmp_path, made, old, new, message):
    text = (tmp_path / "all.csv").read_text()
    (tmp_path / "all.csv").write_text(text.replace(old, new, 1))
    assert f"task.data: all.csv: {message}" in refused(tmp_path, TABLE)


def test_a_gap_is_refused_by_recording_and_row(tmp_path, made):
    path = tmp_path / "rec" / "wave" / "4.csv"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:3], ",0.5", *lines[4:]]))
    assert "task.data: rec/wave/4.csv: NaN in row 2" in refused(tmp_path, {"folder": "rec"})
    (tmp_path / "all.csv").write_text(f"{HEADER}\na,x,1,2\na,x,,3\nb,y,3,4\n")
    assert "task.data: all.csv, series a: NaN in row 1" in refused(tmp_path, TABLE)


@pytest.mark.parametrize(
    ("path", "text", "message"),
    [
        ("rec/wave/4.csv", "ay,ax\n1,2\n", "rec/wave/4.csv: columns ay, ax, but rec/rest/0.csv"),
        ("rec/wave/4.csv", "ax\n1\n", "rec/wave/4.csv: columns ax, but rec/rest/0.csv has ax, ay"),
        ("rec/wave/p1/0.csv", "ax,ay\n1,2\n", "rec/wave: has folders in it (p1), but the folder"),
        ("rec/jump/n.md", "", "rec/jump: has no recordings, which end in .csv"),
        ("rec/wave/4.csv.gz", "", "rec/wave: 4.csv and 4.csv.gz look like one recording"),
    ],
)  # fmt: skip
def test_a_folder_that_is_not_as_it_should_be_is_refused(tmp_path, made, path, text, message):
    (tmp_path / path).parent.mkdir(exist_ok=True)
    (tmp_path / path).write_text(text)
    assert message in refused(tmp_path, {"folder": "rec"})


@pytest.mark.parametrize(
    ("data", "more", "message"),
    [
        ({"folder": "none"}, {}, "task.data: none: is not there; looked in"),
        ({"folder": "all.csv"}, {}, "task.data: all.csv: is a file, not a folder; write file:"),
        ({"folder": "rec/wave"}, {}, "task.data: rec/wave: has no folders, one for each class"),
        ({"folder": "../rec"}, {}, "task.data: ../rec: leads out of the folder"),
        ({"folder": "rec", "test": "rec"}, {}, "task.data: rec: test is what is learned from"),
        ({"folder": "rec", "label": "x"}, {}, "task.data: unknown field 'label'"),
        ({"file": "all.csv", "label": "what"}, {}, "task.data.series: is required"),
        ({**TABLE, "label": "whot"}, {}, "no column 'whot'; did you mean what?"),
        ({**TABLE, "columns": ["what"]}, {}, "column what is kept as text and is no input"),
        ({**TABLE, "label": "ax", "columns": ["ay"]}, {}, "series wave0 is "),
        (TABLE, {"split": {"train": 1, "test": 1}}, "class rest has no series among the 1 to lea"),
        (TABLE, {"target": {"forecast": 1}}, "these series have labels of their own; leave"),
        (TABLE, {"split": {"train": 18}}, "task.split: train 18 of 18 series leaves none"),
        (TABLE, {"classes": ["rest", "run"]}, "class wave is none of the classes of the readout"),
        (
            {"file": "all.csv", "columns": ["ax"]},
            {"target": {"column": "what"}},
            "write label: (that",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_to_write(tmp_path, made, data, more, message):
    assert message in refused(tmp_path, data, **more)


def test_a_link_out_of_the_folder_is_not_followed(tmp_path, made):
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "rec").symlink_to(tmp_path / "rec")
    assert "rec: goes through a link, which is not followed" in refused(inside, {"folder": "rec"})


def test_one_class_is_none(tmp_path):
    (tmp_path / "all.csv").write_text(f"{HEADER}\na,x,1,2\nb,x,3,4\n")
    assert "all recordings are x; two classes are needed" in refused(tmp_path, TABLE)
