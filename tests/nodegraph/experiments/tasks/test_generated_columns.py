"""A task that generates gives the columns that its input lists, in their order."""

import numpy as np
import pytest

from nodegraph.experiments.tasks.task_data import Preparation
from nodegraph.files.yaml.task import Task

ROWS = np.column_stack([np.arange(100.0), np.arange(100.0) * 10])


@pytest.mark.parametrize("columns", [[1, 0], [1], [0]])
def test_what_goes_in_is_generated_in_its_order(columns: list[int]) -> None:
    target = {"generate": 5, "prompt": 10, "windows": 2}
    found = Preparation(
        Task.model_validate(
            {
                "data": {"dataset": "rows"},
                "input": columns,
                "target": target,
                "split": {"train": 50},
            }
        ),
        root=".",
        load=lambda name: ROWS,
    ).data()
    np.testing.assert_array_equal(found.train.x, ROWS[:50, columns])
    np.testing.assert_array_equal(found.train.y, ROWS[1:51, columns])
    for window, start in zip(found.windows, (50, 85), strict=True):
        np.testing.assert_array_equal(window.seen, ROWS[start : start + 10, columns])
        np.testing.assert_array_equal(window.prompt, window.seen)
        np.testing.assert_array_equal(window.truth, ROWS[start + 10 : start + 15, columns])
