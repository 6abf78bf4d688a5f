import itertools
import re
import warnings
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodegraph.errors import DataWarning
from nodegraph.files.table_times import check_each, check_order


@pytest.mark.parametrize(
    "times",
    [
        ["2020-01-31", "2020-02-01", "2020-02-02"],
        ["2020-1", "2020-02", "2021-01"],
        ["2020/12/31 23:59", "2021/01/01 0:00"],
        ["2020-01-01T00:00:00.5Z", "2020-01-01T00:00:01Z"],
        ["9", "10", "10.5"],
        ["31.1.2020", "01.02.2020", "2.2.2020"],
        ["31.12.2020 23:00", "1.1.2021 0:00:00"],
        ["2020-01-01T02:00+01:00", "2020-01-01T01:30-00:30", "2020-01-01T03:00+0000"],
        ["2020-10-25T02:30:00+02:00", "2020-10-25T02:30:00+01:00"],
    ],
)
def test_times_that_go_forward_are_told_from_first_to_last(times):
    assert check_order(times, "a.csv") == f"times from {times[0]} to {times[-1]}"


@pytest.mark.parametrize(
    "times",
    [
        ["2020-02-01", "2020-01-31"],
        ["10", "9"],
        ["2020-01-01 10:00", "2020-01-01 09:59:59.9"],
        ["01.02.2020", "31.01.2020"],
        ["2020-01-01T02:00+01:00", "2020-01-01T02:30+02:00"],
        ["2020-01-01T02:00-01:00", "2020-01-01T02:30Z"],
    ],
)
def test_a_row_that_goes_back_in_time_is_warned_of_with_its_place(times):
    with pytest.warns(DataWarning, match="rows 1 and 2, from 0") as caught:
        check_order([times[0], *times], "a.csv")
    assert len(caught) == 1


@pytest.mark.parametrize("times", [["Jan 1949", "Feb 1949"], ["23:59", "00:00"], ["31.1.20", ""]])
def test_of_other_times_nothing_is_claimed(times):
    assert check_order(times, "a.csv").startswith(
        f"it is not known whether the times ({times[0]!r}, ...) go"
    )


STAMPS = st.datetimes(datetime(1000, 1, 1), datetime(2100, 1, 1)).map(
    lambda t: t.replace(microsecond=0)
)


@given(st.lists(STAMPS, min_size=2, max_size=6), st.sampled_from(["%Y-%m-%d", "%Y/%m/%dT%H:%MZ"]))
def test_dates_written_alike_are_compared_as_they_are_part_by_part(stamps, form):
    times = [stamp.strftime(form) for stamp in stamps]
    goes_back = any(b < a for a, b in itertools.pairwise(map(to_minutes, times)))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        check_order(times, "a.csv")
    assert bool(caught) == goes_back


def to_minutes(time):
    return [int(part) for part in re.findall("[0-9]+", time)]


def test_one_date_in_other_places_than_the_rest_is_compared_by_its_parts():
    times = ["2020-01-10", "2020-01-1x"]
    assert check_order(times, "a.csv").startswith("it is not known")
    with pytest.warns(DataWarning):
        check_order(["2020-01-10", "2020-1-09", "2020-01-11"], "a.csv")


def test_of_several_series_the_first_odd_one_is_told():
    times = ["2020-01-01", "2020-01-02", "2020-01-01", "2020-01-03", "2020-01-02"]
    with pytest.warns(DataWarning, match=r"a.csv, series 1: rows go back in time once.*rows 1 and"):
        check_each(times, [(0, 2), (2, 5)], "a.csv")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_each(times, [(0, 2), (2, 4), (4, 5)], "a.csv")


def test_one_row_without_a_date_is_named():
    times = ["2020-01-01", "2020-01-02", "soon", "2020-01-04"]
    assert check_order(times, "a.csv").startswith("row 2 has no date as others have ('soon')")
    times[2] = "2020-13-45"
    said = "row 2 has no date as others have ('2020-13-45')"
    assert check_order(times, "a.csv").startswith(said)
