"""Tables stand in for pandas, which is no dependency: what is read of them is their index."""

import warnings
from datetime import datetime, timedelta, timezone

import numpy as np
import pytest
from index_alike import Index

import nodegraph as ng
from nodegraph.data.index_times import check_times, read_index
from nodegraph.data.last_rows import LastRows
from nodegraph.data.time_steps import steps_told
from nodegraph.errors import DataWarning
from nodes import Input, Ridge

DAYS = np.datetime64("2020-01-01") + np.arange(100)


class Table:
    """What looks like a table of pandas."""

    iloc = None

    def __init__(self, times):
        self.index = Index(times)


def said(*series):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        check_times(series)
    return [str(one.message) for one in caught]


def test_the_index_of_a_table_is_looked_at():
    (told,) = said(({"input": Table(DAYS[[0, 2, 1]])}, {}, ""))
    assert told.startswith("input: rows go back in time once, first from 2020-01-03 to 2020-01-02")
    assert told.endswith("x.to_numpy() has no index, and is taken as it stands")
    for quiet in (Table(DAYS), Table(["b", "a"]), np.array([3, 2, 1])):
        assert said(({"input": quiet}, {}, "")) == []


def test_that_of_a_target_is_looked_at_where_that_of_the_input_tells_nothing():
    back = Table(DAYS[[0, 2, 1]])
    (told,) = said(({"input": np.zeros(3)}, {"out": back}, ""))
    assert told.startswith("target of out: rows go back in time once")
    (told,) = said(({"input": back}, {"out": back}, ""))
    assert told.startswith("input: rows go back")


def test_rows_that_a_target_has_lost_are_told_once_with_the_cure():
    whole, lost = Table(DAYS[:50]), Table(np.delete(DAYS, [20, 21])[:50])
    (told,) = said(({"input": whole}, {"out": lost}, ""))
    assert told.startswith(
        "target of out: row 20 is at 2020-01-23 beside 2020-01-21, and rows before it are of one "
    )
    assert "both = x.index.intersection(y.index)" in told
    assert said(({"input": whole}, {"out": Table(DAYS[7:57])}, "")) == []


def test_of_many_series_the_first_is_told_and_how_many_more_there_are():
    parts = [Table(part) for part in np.split(DAYS[:96], 3)]
    pairs = zip(parts, [parts[1], parts[0], parts[2]], strict=True)
    series = [({"x": a}, {"y": b}, f" (series {i})") for i, (a, b) in enumerate(pairs)]
    (told,) = said(*series)
    assert told.startswith("target of y (series 0): its rows are from 2020-02-02 to 2020-03-04, ")
    assert told.endswith(" (and so in 1 more series)")


def test_dates_of_python_and_written_ones_are_times():
    days = DAYS.tolist()
    for index in (
        np.array(days, object),
        np.array([f"{day}" for day in days], object),
        np.array([f"{day:%d/%m/%Y}" for day in days], object),
        np.array([datetime(2020, 1, 1) + timedelta(i) for i in range(100)], object),
    ):
        assert np.array_equal(read_index(Table(index))[0], DAYS)
    whole = [int(f"{day:%Y%m%d}") for day in days]
    assert np.array_equal(read_index(Table(whole))[0], DAYS)
    for index in (["r1", "r2"], ["1", "2"], [], ["", "x"], [(1, 2), (3, 4)][:0]):
        assert read_index(Table(np.array(index, object)))[0] is None


def test_a_row_without_a_time_is_told():
    (told,) = said(({"x": Table([*DAYS[:9], np.datetime64("NaT")])}, {}, ""))
    assert told.startswith("x: row 9 has no time (NaT)")


class Flat(Table):
    """A column with values, as `fit` takes it."""

    def __init__(self, values, times):
        super().__init__(times)
        self.values, self.ndim, self.shape = values, 2, values.shape

    def __array__(self, dtype=None, copy=None):
        return self.values if dtype is None else self.values.astype(dtype)

    def __len__(self):
        return len(self.values)


@pytest.mark.parametrize("form", [lambda a: a, lambda a: [a], lambda a: ng.Series([a])])
def test_fit_looks_at_pairs_whatever_they_came_in(form):
    values = np.sin(np.arange(50.0))[:, None]
    x, y = Flat(values, DAYS[:50]), Flat(values, np.delete(DAYS, 30)[:50])
    with pytest.warns(DataWarning, match=r"row 30 is at 2020-02-01 beside 2020-01-31") as caught:
        ng.Model(Input() >> Ridge()).fit(form(x), form(y))
    assert len(caught) == 1


@pytest.mark.parametrize("form", [lambda a: a, lambda a: [a]])
@pytest.mark.parametrize("call", ["score", "intervals"])
def test_what_is_compared_with_targets_looks_at_pairs_as_fit_does(call, form):
    values = np.sin(np.arange(50.0))[:, None]
    x, whole, lost = (Flat(values, days[:50]) for days in (DAYS, DAYS, np.delete(DAYS, 30)))
    model = ng.Model(Input() >> Ridge(intervals=[0.1, 0.9])).fit(x, whole)
    getattr(model, call)(form(x), form(whole))
    with pytest.warns(DataWarning, match=rf"{call}: y.*row 30 is at 2020-02-01 beside 2020-01-31"):
        getattr(model, call)(form(x), form(lost))


def test_times_are_told_in_the_zone_of_the_index():
    """They are compared in universal time, in which pandas gives them; 5 hours behind is -05:00."""
    table = Table(np.delete(np.datetime64("2024-03-05T00:00") + 60 * np.arange(100), [3, 4]))
    table.index.tz = timezone(-timedelta(hours=5))
    (told,) = said(({"u": table}, {}, ""))
    assert "first from 2024-03-04T21:00:00-05:00 to 2024-03-05T00:00:00-05:00 (rows 2 and" in told
    table.index.tz = None
    (told,) = said(({"u": table}, {}, ""))
    assert "first from 2024-03-05T02:00:00 to 2024-03-05T05:00:00 (rows 2 and" in told


def test_what_does_not_follow_the_call_before_is_told_in_the_zone_too():
    first = Table(np.datetime64("2024-03-05T00:00") + 60 * np.arange(100))
    first.index.tz = timezone(timedelta(hours=9))
    before = LastRows().then(check_times([({"u": first}, {}, "")]), 0, 100)
    with pytest.warns(DataWarning, match=r"begin at 2024-03-05T09:00:00\+09:00, and those .*12:0"):
        before.then(check_times([({"u": first}, {}, "")]), 100, 100, "cure")


def test_series_whose_rows_are_further_apart_than_those_of_the_first_are_told():
    """Hourly and two-hourly sensors taught one model without a word."""

    def given(*series):
        return [({"u": Table(rows)}, {}, f" (series {i})") for i, rows in enumerate(series)]

    hours = np.datetime64("2020-01-01", "us") + np.arange(60) * np.timedelta64(3600, "s")
    said = r"^u \(series 2\): rows are 2 h apart, and those of the first series 1 h; .* in 1 more"
    with pytest.warns(DataWarning, match=said):
        check_times(given(hours, hours[:9], hours[::2], hours[1::2]))
    uneven = hours[np.sort(np.random.default_rng(0).choice(60, 20, replace=False))]
    months = np.arange("2020-01", "2021-12", dtype="M8[M]").astype("M8[D]")
    with steps_told():
        check_times(given(hours, uneven, hours[::2]))
    check_times(given(hours, hours[:5][::2], 3 * np.arange(20), hours + np.timedelta64(5, "D")))
    check_times(given(months[1:], months))
