import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nodegraph.data.time_steps import CUT, beside, odd_steps

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
    seconds = np.datetime64("2020-01-01T00:00:00") + np.arange(60)
    assert odd_steps(np.repeat(seconds, 10)) == ""  # sampled ten times in each
    assert odd_steps(np.repeat(np.arange(60), 10)) == ""


def test_several_series_in_one_table_are_told_to_be_cut_apart():
    cut = r"cut them into series (series: NAME in a task; x.groupby(NAME) in pandas)"
    machines = [DAYS[:60], DAYS[:45], DAYS[5:60]]
    after, mixed = np.concatenate(machines), np.sort(np.concatenate(machines))
    odd = odd_steps(after)
    assert odd.startswith("rows go back in time 2 times, first from 2020-02-29 to 2020-01-01")
    assert odd.endswith(
        f"most share their time with others, as where series stand one after the other: {cut}"
    )
    odd = odd_steps(mixed)  # two at first, three from day 5 on, two from day 45 on
    assert odd.startswith("3 rows stand at each time, first at 2020-01-06 (rows 10 to 12, from 0)")
    assert cut in odd
    assert odd_steps(np.sort(np.concatenate([DAYS, DAYS[:5]]))).startswith("rows have the time")


@given(st.permutations(range(12)))
def test_rows_that_were_shuffled_are_told_and_no_others(order):
    falls = sum(b < a for a, b in itertools.pairwise(order))
    odd = odd_steps(np.array(order))
    assert odd.startswith("rows go back in time") == (falls > 0)
    assert (f" {falls} times," in odd) == (falls > 1)


def test_rows_that_stand_equally_far_apart_go_together():
    for later in (np.timedelta64(0, "D"), np.timedelta64(30, "D"), np.timedelta64(-5, "h")):
        assert beside(DAYS.astype("M8[us]"), DAYS + later) == ""
    jitter = np.random.default_rng(0).uniform(-0.2, 0.2, 100)
    assert beside(np.arange(100.0), np.arange(100) + 7 + jitter) == ""


def test_rows_of_a_calendar_with_pauses_may_be_some_rows_apart():
    work = DAYS[np.is_busday(DAYS)]
    assert beside(work[:-3], work[3:]) == beside(work[3:], work[:-3]) == ""


@given(st.integers(1, 49), st.integers(1, 9), st.integers(0, 50))
def test_rows_that_one_of_two_has_lost_are_told_with_the_first_that_is_moved(at, lost, ahead):
    y = np.delete(np.arange(200) + ahead, slice(at, at + lost))[:100]
    before = f"{ahead} later" if ahead else "of one time"
    assert beside(np.arange(100), y) == (
        f"row {at} is at {y[at]} beside {at}, and rows before it are {before}"
    )


def test_dates_of_which_none_is_shared_are_told_and_counts_are_not():
    assert beside(DAYS[50:], DAYS[:50]) == (
        "its rows are from 2020-01-01 to 2020-02-19, those of the input from 2020-02-20 to "
        "2020-04-09, and none of one time"
    )
    assert beside(DAYS[:1], DAYS[1:2]) == beside(np.arange(50), np.arange(50, 100)) == ""
    assert beside(DAYS, DAYS[:50]) == beside(np.arange(100), DAYS) == ""


def local(first, hours, moved, by):
    """Return local times of hourly rows; clocks move by so many hours at row `moved`."""
    times = np.datetime64(first, "m") + np.arange(0, 60 * hours, 60)
    times[moved:] += np.timedelta64(60 * by, "m")
    return times


def test_hours_that_clocks_move_are_no_rows_too_many_or_missing():
    spring = odd_steps(local("2024-03-30T00", 60, 26, 1))  # 31 March, 01:00 to 03:00
    assert "first from 2024-03-31T01:00 to 2024-03-31T03:00 (rows 25 and 26, from 0)" in spring
    assert "as where clocks are put forward: write times with their offset" in spring
    autumn = odd_steps(local("2024-10-26T00", 60, 27, -1))  # 27 October, 02:00 twice
    assert autumn.startswith("rows have the time of the row before once, first from 2024-10-27T02")
    assert "clocks are put back: no row is too many" in autumn
    quarters = np.datetime64("2024-10-26", "m") + np.arange(0, 4000, 15)
    quarters[108:] -= np.timedelta64(60, "m")
    assert "go back in time once, first from 2024-10-27T02:45 to 2024-10-27T02:00" in odd_steps(
        quarters
    )
    assert "sort" not in odd_steps(quarters)
    for other in (local("2024-03-30T00", 60, 30, 1), local("2024-03-29T00", 60, 26, 1)):
        assert "clocks" not in odd_steps(other)  # by day; of a Saturday


def test_machines_that_end_at_several_cycles_are_told_though_cycles_are_numbers():
    """Sorted by cycle they were taken for one series."""
    cycles = np.sort(np.concatenate([np.arange(1, n) for n in (40, 61, 52)]))
    said = odd_steps(cycles)
    assert said.startswith("3 rows stand at 1, 1 at 59, and never more than before") and CUT in said
    assert CUT in odd_steps(cycles / 10)
    clock = np.arange(95) // 10  # ten rows a second, the last second not whole
    grows = np.sort(np.concatenate([np.arange(60), np.arange(40, 60)]))
    for one_series in (clock, np.arange(95) // 19, grows, [0, 0, 1, 2, 3, 4]):
        assert CUT not in odd_steps(np.asarray(one_series))
