"""Columns that count the rows are told of; what only looks a little like that is not."""

import warnings

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import DataWarning
from nodegraph.model.clock_columns import clocks
from nodes import Input, Ridge

SIGNAL = np.sin(np.arange(400) / 5)


def said(x, y=None):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        ng.Model(Input(name="u") >> Ridge()).fit(x, x if y is None else y)
    assert {w.category for w in caught} <= {DataWarning}
    return [str(w.message) for w in caught]


def test_a_column_of_times_is_told_by_its_name():
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"time": 0.004 * np.arange(400), "lead": SIGNAL})
    (told,) = said(table)
    assert told.startswith("u: column 'time' at every row 0.004 more, as a clock or a count of")
    assert said(table.set_index("time")) == []


def test_counts_that_fall_and_clocks_of_few_digits_are_found():
    rows = np.arange(400)
    rounded = np.round(rows / 360, 3)  # 360 Hz, in milliseconds: steps of 2 and 3
    found = clocks(np.column_stack([SIGNAL, rounded, 1.7e9 + 60 * rows, -rows]))
    assert found == pytest.approx({1: rounded[-1] / 399, 2: 60.0, 3: -1.0}, rel=1e-9)


def test_a_clock_of_which_rows_are_missing_is_one():
    kept = np.delete(np.arange(500), [*range(90, 140), *range(300, 350)])
    assert clocks(np.column_stack([SIGNAL, kept / 250])) == pytest.approx({1: 0.004}, rel=1e-9)


def test_what_moves_otherwise_is_no_clock():
    rng = np.random.default_rng(0)
    rows = np.arange(400.0)
    drift = rows + 3 * rng.normal(size=400)
    bent = rows + (rows / 40) ** 2
    summed = np.cumsum(rng.random(400))
    gap = np.where(rows == 7, np.nan, rows)
    back = np.where(rows == 7, 1, rows)  # between the rows that are looked at first
    assert clocks(np.column_stack([drift, bent, summed, gap, back, 0 * rows, SIGNAL])) == {}


def test_a_line_alone_few_rows_and_independent_series_say_nothing():
    both = np.column_stack([np.arange(400.0), SIGNAL])
    assert said(both[:, :1], both[:, 1:]) == said(both[:49]) == said([both, both]) == []
    assert len(said(both[:50])) == 1
