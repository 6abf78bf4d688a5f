"""Targets in a file of their own, and columns foretold: what a task says of their rows."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np

from nodegraph.experiments.tasks.examples import TaskData
from nodegraph.experiments.tasks.task_data import Preparation
from nodegraph.files.yaml.task import Task


def prepared(root: Path, **fields: Any) -> TaskData:
    return Preparation(Task.model_validate(fields), root=root).data()


def days(kept: Any) -> str:
    dates = np.datetime64("2020-01-01") + np.asarray(kept)
    return "day,v\n" + "".join(f"{day},{i}\n" for i, day in zip(kept, dates, strict=True))


def timed(tmp_path: Path, kept: Any, **more: Any) -> TaskData:
    (tmp_path / "x.csv").write_text(days(range(40)))
    (tmp_path / "y.csv").write_text(days(kept))
    target = {"file": "y.csv", "time": "day", **more}
    return prepared(tmp_path, data={"file": "x.csv", "time": "day"}, target=target)


def test_rows_of_a_target_file_go_together_with_those_of_the_data(tmp_path: Path) -> None:
    for kept, expected in (
        ([i for i in range(41) if i != 20], "y.csv: row 20 is at 2020-01-22 beside 2020-01-21"),
        (range(40)[::-1], "y.csv: row 1 is at 2020-02-08 beside 2020-01-02"),
    ):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            timed(tmp_path, kept)
        (said,) = [str(w.message) for w in caught if "beside" in str(w.message)]
        assert said.startswith(expected)
    assert not [line for line in timed(tmp_path, range(40)).told if "later" in line]
    late = timed(tmp_path, range(3, 43), ahead=2)
    assert late.told[-1] == (
        "y.csv: its rows are 3 d later than those of the data in the same place"
    )
    assert late.train.x[0, 0] == 0 and late.train.y[0, 0] == 5


def test_a_column_that_is_foretold_without_its_own_past_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,y\n" + "1,2\n" * 9)
    given = {"root": tmp_path, "data": {"file": "a.csv"}, "split": {"train": 5}}
    told = "y is a target and no input; to foretell from its own past as well, write input: [x, y]"
    assert prepared(**given, target={"column": "y", "ahead": 2}).told[-1] == told
    quiet = (
        prepared(**given, target={"column": "y"}),
        prepared(**given, target={"column": "y", "ahead": 2}, input=["x"]),
    )
    assert all(told not in found.told for found in quiet)
