"""Tables stand in for pandas, which is no dependency: what is read of them is their index."""

import itertools
import warnings
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodegraph.data.time_steps import check_steps, odd_steps
from nodegraph.errors import DataWarning

DAYS = np.datetime64("2020-01-01") + np.arange(100)


def test_equal_steps_of_numbers_dates_and_months_are_as_they_should_be():
    months = np.arange("2019-01", "2024-01", dtype="M8[M]").astype("M8[D]")
    for times in (DAYS, months, np.arange(50) / 10, np.arange(1), np.array([5, 9])):
        assert odd_steps(times) == ""


def test_a_gap_is_told_with_its_place_and_the_usual_step():
    odd = odd_steps(np.delete(DAYS, [40, 41]))
    assert odd.startswith(
        "rows are 1 d apart, but more once, first from 2020-02-09 to 2020-02-12 (rows 39 and 40"
    )
    assert odd_steps(np.delete(np.arange(100) * 0.25, 7)).startswith("rows are 0.25 apart, but")


def test_gaps_at_each_weekend_are_how_a_series_was_sampled():
    assert odd_steps(DAYS[np.is_busday(DAYS)]) == ""


def test_a_row_that_is_there_twice_is_told():
    assert odd_steps(np.insert(DAYS, 3, DAYS[3])).startswith(
        "rows have the time of the row before once, first from 2020-01-04 to 2020-01-04 (rows 3"
    )
    assert odd_steps(np.repeat(DAYS, 10)) == ""  # seconds of what was sampled ten times in each


@given(st.permutations(range(12)))
def test_rows_that_were_shuffled_are_told_and_no_others(order):
    falls = sum(b < a for a, b in itertools.pairwise(order))
    odd = odd_steps(np.array(order))
    assert odd.startswith("rows go back in time") == (falls > 0)
    assert (f" {falls} times," in odd) == (falls > 1)


class Table:
    """What looks like a table of pandas."""

    iloc = None

    def __init__(self, times, kind=None):
        self.index = SimpleNamespace(
            nlevels=1,
            dtype=SimpleNamespace(kind=kind or times.dtype.kind),
            to_numpy=lambda dtype=None: times.astype(dtype or times.dtype),
        )


def test_the_index_of_a_table_is_looked_at():
    with pytest.warns(DataWarning, match=r"input: rows go back in time once.*to_numpy\(\)"):
        check_steps(Table(DAYS[[0, 2, 1]]), "input")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_steps(Table(DAYS), "input")
        check_steps(Table(np.array(["b", "a"]), kind="O"), "input")
        check_steps(np.array([3, 2, 1]), "input")
