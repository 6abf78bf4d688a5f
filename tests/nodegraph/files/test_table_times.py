import itertools
import re
import warnings
from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodegraph.errors import DataWarning
from nodegraph.files.table_times import check_each, check_order, check_together, time_index


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
    said = r"a.csv, series pump: rows go back in time once.*rows 1 and 2[^(]*$"
    with pytest.warns(DataWarning, match=said) as caught:
        check_each(times, {"fan": (0, 2), "pump": (2, 5)}, "a.csv")
    with pytest.warns(DataWarning, match=r"series b: .* \(and so in 1 more series\)$") as caught:
        check_each(times, {"a": (0, 2), "b": (2, 5), "c": (1, 3)}, "a.csv")
    assert len(caught) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_each(times, {"a": (0, 2), "b": (2, 4), "c": (4, 5)}, "a.csv")


@pytest.mark.parametrize("odd", ["soon", "2020-13-45", "", "5"])
def test_one_row_without_a_date_is_warned_of_and_the_others_are_compared(odd):
    times = ["2020-01-01", "2020-01-02", odd, "2020-01-04", "2020-01-05"]
    with pytest.warns(DataWarning, match=rf"row 2 has .* have \('{odd}'\)") as caught:
        assert check_order(times, "a.csv") == "times from 2020-01-01 to 2020-01-05"
    assert len(caught) == 1
    times[3] = "2019-12-31"
    said = r"row 2 has no time.*; rows go back in time once, .*\(rows 1 and 3, from 0\)"
    with pytest.warns(DataWarning, match=said) as caught:
        check_order(times, "a.csv")
    assert len(caught) == 1
    with pytest.warns(DataWarning, match="row 1 has no time"):
        check_order(["1", "x", "3"], "a.csv")


HOURS = [datetime(2025, 1, 1) + timedelta(hours=7 * i) for i in range(60)]


@pytest.mark.parametrize("form", ["%m/%d/%Y %I:%M %p", "%d-%m-%Y %H:%M:%S", "%d/%m/%Y %H:%M"])
def test_one_day_past_12_tells_the_order_of_all_dates(form):
    times = [stamp.strftime(form) for stamp in HOURS]
    found = time_index(times)
    assert found.tolist() == HOURS
    check_order(times, "a.csv")
    with pytest.warns(DataWarning, match="rows 1 and 2, from 0"):
        check_order([times[0], times[50], *times[1:50]], "a.csv")


def test_where_no_day_is_past_12_the_order_is_the_one_that_goes_forward_evenly():
    years = [datetime(2015 + i // 12, i % 12 + 1, 1) for i in range(30)]
    for form in ("%d/%m/%Y", "%m/%d/%Y"):
        assert time_index([day.strftime(form) for day in years]).tolist() == [
            day.date() for day in years
        ]
    with pytest.warns(DataWarning, match=r"row 0: '1/2/2020'\).*write dates as 2025-12-31"):
        check_order(["1/2/2020", "2/3/2020"], "a.csv")
    assert check_order(["1/1/2020", "2/2/2020"], "a.csv") == "times from 1/1/2020 to 2/2/2020"


def test_two_orders_in_one_column_are_told_with_both_places():
    with pytest.warns(DataWarning, match=r"first in row 0 \('31/12/2024'\).* row 1 \('1/13/2025'"):
        check_order(["31/12/2024", "1/13/2025"], "a.csv")
    with pytest.warns(DataWarning, match="write all dates as") as caught:
        check_each(["31/12/2024", "1/13/2025", "2/13/2025"], [(0, 1), (1, 3)], "a.csv")
    assert len(caught) == 1


def test_numbers_that_are_dates_are_compared_as_dates():
    days = [datetime(2020, 12, 1) + timedelta(i) for i in range(90)]
    times = [day.strftime("%Y%m%d") for day in days]
    assert time_index(times).tolist() == [day.date() for day in days]
    assert check_order(times, "a.csv") == "times from 20201201 to 20210228"
    with pytest.warns(DataWarning, match=r"rows are 1 d apart, .* from 2020-12-31 to 2021-01-11"):
        check_order(times[:31] + times[41:], "a.csv")
    assert time_index(["20201231", "20201232"]).tolist() == [20201231, 20201232]


@pytest.mark.parametrize(("offset", "told"), [("+0200", "+02:00"), ("-05:30", "-05:30")])
def test_times_are_told_at_the_offset_that_is_written(offset, told):
    times = [f"2020-01-{day:02}T23:00{offset}" for day in range(1, 32)]
    stamp = f"T23:00:00{told}"
    with pytest.warns(DataWarning, match=re.escape(f"from 2020-01-14{stamp} to 2020-01-13{stamp}")):
        check_order([*times[:12], times[13], times[12], *times[14:]], "a.csv")


def test_times_are_told_as_each_is_written_where_clocks_are_put_forward_in_between():
    utc = np.datetime64("2024-03-30T12:00") + np.arange(48) * np.timedelta64(1, "h")
    summer = utc >= np.datetime64("2024-03-31T01:00")
    times = [
        f"{moment + np.timedelta64(1 + late, 'h')}+0{1 + late}:00"
        for moment, late in zip(utc, summer.astype(int), strict=True)
    ]
    lost = times[:30] + times[33:]
    with pytest.warns(DataWarning) as caught:
        check_order(lost, "a.csv")
    said = "first from 2024-03-31T19:00:00+02:00 to 2024-03-31T23:00:00+02:00 (rows 29 and 30"
    assert said in str(caught[0].message)
    assert lost[29] == "2024-03-31T19:00+02:00" and lost[30] == "2024-03-31T23:00+02:00"
    with pytest.warns(DataWarning, match="row 30 is at 2024-03-31T23:00") as caught:
        check_together(times[:45], lost, [(0, 45)], "y.csv")
    assert "+02:00 beside 2024-03-31T20:00:00+02:00" in str(caught[0].message)


def test_series_of_another_pace_than_the_first_are_told():
    hours = [f"2024-01-{1 + h // 24:02}T{h % 24:02}:00" for h in range(60)]
    times = [*hours, *hours[::3], *hours[:20]]
    series = {"fan": (0, 60), "pump": (60, 80), "belt": (80, 100)}
    with pytest.warns(DataWarning, match=r"^a.csv, series pump: rows are 3 h apart, .* series 1 h"):
        check_each(times, series, "a.csv")
    check_each(times, {"fan": (0, 60), "belt": (80, 100)}, "a.csv")
