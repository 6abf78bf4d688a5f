from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nodegraph.errors import DataError, DataWarning, SpecError
from nodegraph.experiments.tasks.examples import TaskData
from nodegraph.experiments.tasks.task_data import Preparation
from nodegraph.files.yaml.header import read_header
from nodegraph.files.yaml.reader import read_document
from nodegraph.files.yaml.task import Task

ROWS = np.column_stack([np.arange(100.0), np.arange(100.0) * 10])


def prepared(load: Any = lambda name, **options: ROWS, root: Any = ".", **fields: Any) -> TaskData:
    task = Task.model_validate({"data": {"dataset": "rows"}, **fields})
    return Preparation(task, root=root, load=load).data()


def prepare_shipped(data: dict[str, Any], **fields: Any) -> TaskData:
    return Preparation(Task.model_validate({"data": data, **fields}), root=".").data()


def refused(**fields: Any) -> str:
    with pytest.raises(DataError) as caught:
        prepared(**fields)
    return str(caught.value)


def test_a_forecast_is_the_same_series_so_many_steps_later() -> None:
    found = prepared(target={"forecast": 10}, split={"train": 60, "warmup": 5})
    np.testing.assert_array_equal(found.train.x, ROWS[:60])
    np.testing.assert_array_equal(found.train.y, ROWS[10:70])
    assert found.test is not None
    np.testing.assert_array_equal(found.test.x, ROWS[60:90])
    np.testing.assert_array_equal(found.test.y, ROWS[70:100])


def test_a_forecast_of_some_columns_still_takes_in_all() -> None:
    found = prepared(target={"forecast": 1, "columns": [1]}, split={"train": 60, "test": 3})
    assert found.test is not None
    assert found.test.x.shape == (3, 2)
    np.testing.assert_array_equal(found.test.y[:, 0], [610, 620, 630])


def test_without_a_split_two_thirds_are_learned_from() -> None:
    found = prepared(target={"forecast": 10})
    assert len(found.train.x) == 60


def test_learning_from_all_rows_leaves_nothing_to_score() -> None:
    assert prepared(target={"forecast": 10}, split={"train": 90}).test is None


def test_a_column_that_is_the_target_does_not_go_in(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("day,x,y\n" + "2020-01-01,1,2\n" * 9)
    data = {"file": "a.csv", "columns": ["x", "y"]}
    found = prepared(root=tmp_path, data=data, target={"column": "y"}, split={"train": 6})
    assert found.train.x.tolist() == [[1.0]] * 6
    assert found.train.y.tolist() == [[2.0]] * 6


def test_a_target_in_a_column_or_a_file_may_stand_some_rows_later(tmp_path: Path) -> None:
    np.save(tmp_path / "y.npy", ROWS[:, 1] + 1)
    for target, y in (({"column": 1}, ROWS[:, 1]), ({"file": "y.npy"}, ROWS[:, 1] + 1)):
        found = prepared(root=tmp_path, target={**target, "ahead": 3}, input=[0])
        assert len(found.train.x) == 97 * 2 // 3 and len(found.test.x) == 97 - 97 * 2 // 3
        np.testing.assert_array_equal(np.vstack([found.train.y, found.test.y])[:, 0], y[3:])
        np.testing.assert_array_equal(np.vstack([found.train.x, found.test.x])[:, 0], ROWS[:97, 0])
    assert "100 steps ahead leave nothing of 100 rows" in refused(
        target={"column": 1, "ahead": 100}
    )


def test_a_column_named_as_input_goes_in_even_if_it_is_the_target() -> None:
    found = prepared(target={"column": 1}, input=[1])
    np.testing.assert_array_equal(found.train.x, found.train.y)


def test_inputs_and_targets_can_be_told_apart_by_node() -> None:
    found = prepared(input={"u": [0], "v": 1}, targets={"a": {"forecast": 3}, "b": {"column": 0}})
    assert found.test is not None
    n = 97 * 2 // 3
    assert {name: x.shape for name, x in found.train.x.items()} == {"u": (n, 1), "v": (n, 1)}
    np.testing.assert_array_equal(found.train.y["a"], ROWS[3 : n + 3])
    np.testing.assert_array_equal(found.train.y["b"], ROWS[:n, :1])
    assert len(found.test.x["u"]) == len(found.test.y["a"]) == len(found.test.y["b"]) == 97 - n


def test_targets_may_stand_in_a_file_of_their_own(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", ROWS)
    np.save(tmp_path / "y.npy", ROWS[:, 0] ** 2)
    found = prepared(root=tmp_path, data={"file": "x.npy"}, target={"file": "y.npy"})
    np.testing.assert_array_equal(found.train.y, found.train.x[:, :1] ** 2)


def test_what_was_to_stand_for_a_missing_number_and_is_nowhere_is_told(tmp_path: Path) -> None:
    rows = [f"{i},{-999 if i == 3 else i},?" for i in range(20)]
    (tmp_path / "x.csv").write_text("\n".join(["a,b,c", *rows]))

    def read(*missing: Any) -> TaskData:
        data = {"file": "x.csv", "columns": ["a", "b"], "missing": missing}
        task = Task.model_validate({"data": data, "target": {"forecast": 1}})
        return Preparation(task, root=tmp_path, gaps=True).data()

    assert np.isnan(read(-999).train.x[3, 1]) and np.isnan(read("-999.0").train.x[3, 1])
    with pytest.warns(DataWarning, match="task.data.missing: -998 is in no cell"):
        read(-999, -998)
    assert len(read("?", -999).train.x)  # in a column that is not asked for


def test_a_dataset_may_bring_its_own_targets_and_gets_its_options() -> None:
    def narma(name: str, **options: Any) -> Any:
        assert (name, options) == ("narma", {"steps": 50, "order": 10})
        return np.arange(50.0), np.arange(50.0) + 1

    found = prepared(narma, data={"dataset": "narma", "steps": 50, "order": 10})
    assert found.train.x.shape == (33, 1)
    np.testing.assert_array_equal(found.train.y, found.train.x + 1)


def test_generated_values_begin_with_the_row_right_after_the_prompt() -> None:
    found = prepared(
        target={"generate": 5, "prompt": 10, "windows": 3}, split={"train": 50, "warmup": 1}
    )
    np.testing.assert_array_equal(found.train.y, found.train.x + np.array([1, 10]))
    assert len(found.windows) == 3
    for prompt, truth, seen, outside, _ in found.windows:
        assert prompt is not None and seen is not None and outside is None
        np.testing.assert_array_equal(seen, prompt)
        assert len(prompt) == 10
        np.testing.assert_array_equal(truth[:, 0], prompt[-1, 0] + 1 + np.arange(5))
    assert found.windows[0].prompt is not None
    assert found.windows[0].prompt[0, 0] == 50  # no row was learned from
    assert found.windows[-1].truth[-1, 0] == 99  # and all others are used


def test_without_a_prompt_the_series_goes_on_from_the_end_of_learning() -> None:
    found = prepared(target={"generate": 5, "prompt": 0}, split={"train": 50})
    ((prompt, truth, *_),) = found.windows
    assert prompt is None
    np.testing.assert_array_equal(truth[:, 0], found.train.y[-1, 0] + 1 + np.arange(5))


def test_a_model_without_input_learns_the_series_itself_and_goes_on_with_it() -> None:
    found = prepared(target={"generate": 5}, input=[], split={"train": 50}, online=True)
    assert found.train.x is None
    np.testing.assert_array_equal(found.train.y, ROWS[:50])
    ((prompt, truth, *_),) = found.windows
    assert prompt is None
    np.testing.assert_array_equal(truth, ROWS[50:55])


def test_a_loop_names_what_is_generated_and_what_keeps_coming_from_the_data() -> None:
    found = prepared(
        input={"a": [1], "b": [0]},
        target={"generate": 5, "prompt": 10, "loop": {"a": "out"}},
        split={"train": 50},
    )
    np.testing.assert_array_equal(found.train.y["out"], ROWS[1:51, 1:])
    (window,) = found.windows
    np.testing.assert_array_equal(window.prompt, ROWS[50:60, 1:])
    np.testing.assert_array_equal(window.seen["b"], ROWS[50:60, :1])
    np.testing.assert_array_equal(window.outside["b"], ROWS[60:65, :1])  # beside each value
    np.testing.assert_array_equal(window.truth, ROWS[60:65, 1:])


@pytest.mark.parametrize(
    ("loop", "message"),
    [
        (None, "there are inputs a, b: say which output becomes which input, as in loop: {a: rea"),
        ({"c": "out"}, "loop: input has no columns for c; it has a, b"),
        ({"a": "out", "b": "out"}, "loop: one output cannot become two inputs"),
    ],
)
def test_a_loop_that_is_not_plain_is_refused(loop: Any, message: str) -> None:
    target = {"generate": 5, "loop": loop} if loop else {"generate": 5}
    said = refused(input={"a": [0], "b": [1]}, target=target, split={"train": 50})
    assert said.startswith(f"task.target: {message}")


def test_labels_become_one_row_for_each_series() -> None:
    def vowels(name: str) -> Any:
        series = [np.full((n, 2), float(n)) for n in (3, 4, 5)]
        return series, np.array([7, 9, 7]), series[:2], np.array([9, 8])

    found = prepared(vowels)
    assert found.test is not None
    assert found.classes == (7, 8, 9)
    assert [x.shape for x in found.train.x] == [(3, 2), (4, 2), (5, 2)]
    np.testing.assert_array_equal(np.concatenate(found.train.y), np.eye(3)[[0, 2, 0]])
    np.testing.assert_array_equal(np.concatenate(found.test.y), np.eye(3)[[2, 1]])
    assert found.labels is not None
    assert [part.tolist() for part in found.labels] == [[0, 2, 0], [2, 1]]


def test_targets_that_are_rows_already_are_kept() -> None:
    labelled = prepare_shipped({"dataset": "japanese_vowels"})
    repeated = prepare_shipped({"dataset": "japanese_vowels", "targets": "repeat"})
    assert repeated.train.y[0].shape == (len(repeated.train.x[0]), 9)
    assert labelled.train.y[0].shape == (1, 9)
    assert labelled.labels is not None
    assert repeated.labels is not None
    np.testing.assert_array_equal(labelled.labels[1], repeated.labels[1])


def test_series_are_split_whole_and_by_class() -> None:
    whole = prepare_shipped({"dataset": "japanese_vowels"})
    found = prepare_shipped({"dataset": "japanese_vowels"}, split={"train": 180, "test": 45})
    assert found.labels is not None and found.test is not None and found.held_back
    assert [np.bincount(part).tolist() for part in found.labels] == [[20] * 9, [5] * 9]
    known = [rows.tobytes() for rows in whole.train.x]
    taken = [known.index(rows.tobytes()) for rows in (*found.train.x, *found.test.x)]
    assert len(set(taken)) == 225
    assert taken[:180] == sorted(taken[:180]) and taken[180:] == sorted(taken[180:])
    assert whole.labels is not None
    np.testing.assert_array_equal(whole.labels[0][taken], np.concatenate(found.labels))


def test_without_test_series_are_scored_that_the_data_set_has_for_it() -> None:
    found = prepare_shipped({"dataset": "japanese_vowels"}, split={"train": 90})
    assert found.test is not None and not found.held_back
    assert (len(found.train.x), len(found.test.x)) == (90, 370)
    held = prepare_shipped({"dataset": "japanese_vowels"}, split={"test": 70})
    assert held.test is not None
    assert (len(held.train.x), len(held.test.x)) == (200, 70)


def test_windows_lie_within_the_rows_of_the_test() -> None:
    target = {"generate": 5, "prompt": 10, "windows": 3}
    found = prepared(target=target, split={"train": 50, "test": 30})
    ends = [window.truth[-1, 0] for window in found.windows]
    assert ends[0] == 64 and ends[-1] == 79


def test_a_gap_behind_the_rows_that_are_used_is_no_fault() -> None:
    rows = ROWS.copy()
    rows[80:] = np.nan
    for target in ({"forecast": 1}, {"generate": 5, "prompt": 9, "windows": 2}):
        split = {"train": 50, "test": 29}
        assert prepared(lambda name: rows, target=target, split=split).train.x.shape == (50, 2)


def test_shipped_datasets_are_found_by_name() -> None:
    found = prepare_shipped({"dataset": "lorenz", "steps": 60}, target={"forecast": 1})
    np.testing.assert_array_equal(found.train.x[1:], found.train.y[:-1])
    with pytest.raises(DataError, match="unknown option 'name'"):
        prepare_shipped({"dataset": "lorenz", "name": "x"}, target={"forecast": 1})
    with pytest.raises(DataError, match=r"task\.data: .*did you mean lorenz"):
        prepare_shipped({"dataset": "lorentz"}, target={"forecast": 1})


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "task.target: is required: this dataset is one series"),
        ({"target": {"forecast": 100}}, "task.target: 100 steps ahead leave nothing of 100 rows"),
        ({"target": {"column": 2}}, "task.target: data: no column 2; there are 0 to 1"),
        ({"target": {"column": "y"}}, "task.target: data: columns have no names here"),
        ({"target": {"forecast": 1}, "input": [3]}, "task.input: data: no column 3"),
        ({"targets": {"a": {"column": 5}}}, "task.target: data: no column 5"),
        (
            {"target": {"forecast": 10}, "split": {"train": 91}},
            "task.split: train 91 + test 0 rows, but only 90 have a target",
        ),
        (
            {"target": {"forecast": 10}, "split": {"train": 60, "test": 31}},
            "task.split: train 60 + test 31 rows, but only 90 have a target",
        ),
        (
            {"target": {"forecast": 10}, "split": {"warmup": 60}},
            "task.split: warmup 60 leaves nothing of 60 rows",
        ),
        (
            {"target": {"generate": 30, "prompt": 30}, "split": {"train": 50}},
            "task.target: train 50 + prompt 30 + generate 30 and 1 starts need 110 rows",
        ),
        (
            {"target": {"generate": 3, "prompt": 0, "windows": 2}, "split": {"train": 50}},
            "task.target: several windows need a prompt",
        ),
        (
            {"target": {"generate": 60}, "split": {"train": 50}},
            "task.target: train 50 + generate 60 rows; there are 100",
        ),
        ({"target": {"file": "../y.npy"}}, "task.target: ../y.npy: leads out of the folder"),
        ({"data": {"file": "nothing.npy"}, "target": {"forecast": 1}}, "task.data: nothing.npy"),
    ],
)
def test_what_the_data_do_not_hold_is_refused_with_its_key(
    fields: dict[str, Any], message: str
) -> None:
    assert refused(**fields).startswith(message)


@pytest.mark.parametrize("key", ["target", "targets"])
def test_a_target_beside_those_of_the_data_set_is_refused(key: str, tmp_path: Path) -> None:
    target = {"forecast": 1} if key == "target" else {"a": {"forecast": 1}}
    task = Task.model_validate({"data": {"dataset": "narma", "steps": 60}, key: target})
    with pytest.raises(DataError, match=rf"task.{key}: this dataset has targets of its own; leave"):
        Preparation(task, root=tmp_path).data()


def test_a_target_file_of_another_length_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "y.npy", np.zeros(7))
    assert refused(root=tmp_path, target={"file": "y.npy"}) == (
        "task.target: 7 rows of targets for 100 of data"
    )


def test_with_a_document_the_error_points_into_it() -> None:
    document = read_document(
        "nodegraph: 1\nnodes: {u: {kind: Input}}\n"
        "task:\n  data: {file: nothing.csv}\n  target: {forecast: 1}\n",
        "x.yaml",
    )
    task = read_header(document).task
    assert task is not None
    with pytest.raises(SpecError, match=r"^x\.yaml:4:9: task\.data: nothing\.csv: is not there"):
        Preparation(task, root=".", document=document).data()


def test_a_gap_in_the_input_is_told_by_its_row_in_the_whole_of_the_data(tmp_path):
    rows = ["t,x", *(f"{i},{i % 7}" for i in range(900))]
    rows[1 + 700] = "700,"
    (tmp_path / "gap.csv").write_text("\n".join(rows))
    task = Task(data={"file": "gap.csv"}, target={"forecast": 1}, split={"train": 600})
    with pytest.raises((DataError, SpecError), match=r"input: NaN in row 700, column 1 \('x'\)"):
        Preparation(task, root=tmp_path).data()


@pytest.mark.parametrize(
    ("columns", "target", "message"),
    [
        (["a"], "b", "columns: of the data leaves b out; add it there"),
        (["a"], "day", "column day: 'work' is text, not a number; classes of words in a column"),
        (None, "day", "column day: 'work' is text, not a number; classes of words in a column"),
        (["a"], "nothing", "no column 'nothing'; there are a"),
    ],
)
def test_a_target_column_that_is_left_out_or_text_is_told_with_its_cure(
    tmp_path, columns, target, message
):
    rows = [f"{i},{i % 7},work" for i in range(50)]
    (tmp_path / "a.csv").write_text("\n".join(["a,b,day", *rows]))
    data = {"file": "a.csv"} | ({"columns": columns} if columns else {})
    assert message in refused(root=tmp_path, data=data, target={"column": target})
