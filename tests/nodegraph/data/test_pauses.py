import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodegraph.data.time_steps import odd_steps, usual_step

DAYS = np.datetime64("2021-01-01") + np.arange(900)
WORK = DAYS[np.is_busday(DAYS)]
YEARS = np.datetime64("2010-01-01") + np.arange(3000)
HOURS = np.datetime64("2021-01-01T00") + np.arange(3000)
OPEN = HOURS[((hour := np.arange(3000) % 24) >= 8) & (hour <= 17)]
HOLIDAYS = ["2021-05-31", "2021-07-05", "2021-09-06", "2021-11-11", "2021-11-25", "2022-01-17"]


def lost(times, start, stop):
    return np.delete(times, slice(start, stop))


SESSIONS = np.concatenate([9 * 60 + np.arange(120), 13 * 60 + np.arange(120)])
LUNCH = np.concatenate([day.astype("M8[m]") + SESSIONS for day in WORK[:30]])


@pytest.mark.parametrize("n_rows", [10, 20, 40, None])
@pytest.mark.parametrize(
    "times",
    [
        WORK,
        WORK[~np.isin(WORK, np.array(HOLIDAYS, "M8[D]"))],
        OPEN,
        OPEN[np.is_busday(OPEN.astype("M8[D]"))],
        LUNCH,
        YEARS[YEARS.astype("M8[M]").astype(int) % 12 > 2],  # no winter
        np.delete(np.arange(3000) / 4, slice(9, None, 10)),  # nine rows, then one without
    ],
)
def test_pauses_that_come_back_are_how_a_series_was_sampled(times, n_rows):
    assert odd_steps(times[:n_rows]) == ""


@pytest.mark.parametrize(
    ("times", "row", "usual"), [(WORK, 100, "1 d"), (OPEN, 200, "1 h"), (LUNCH, 2400, "1 min")]
)
def test_a_hole_far_longer_than_the_pauses_is_told_with_its_place(times, row, usual):
    holed = lost(times, row, row + len(times) // 4)
    first, second = (str(time).removesuffix("T00") for time in holed[[row - 1, row]])
    assert odd_steps(holed).startswith(f"rows are {usual} apart, but more once, first from {first}")
    assert f"to {second}" in odd_steps(holed)
    assert f"(rows {row - 1} and {row}, from 0)" in odd_steps(holed)


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.1, 0.2, 0.3, 0.4]))
def test_days_that_are_lost_at_random_are_all_told(seed, share):
    times = DAYS[np.sort(np.random.default_rng(seed).permutation(900)[: int(900 * (1 - share))])]
    steps = np.diff(times).astype(int)
    first = int((steps > 1).argmax())
    assert odd_steps(times).startswith(
        f"rows are 1 d apart, but more {(steps > 1).sum()} times, first from {times[first]} to "
        f"{times[first + 1]} (rows {first} and {first + 1}, from 0)"
    )


def test_events_at_any_time_are_told_in_one_sentence():
    hours = np.random.default_rng(0).exponential(1.0, 500).cumsum()
    odd = odd_steps(np.datetime64("2021-01-01", "s") + (3600 * hours).astype(int))
    steps = np.diff((3600 * hours).astype(int))
    assert odd.startswith("rows are no equal steps apart, but ")
    assert f"half of them up to {np.median(steps) / 60:g} min" in odd
    assert "a port dt" in odd


def test_numbers_of_rows_that_were_chosen_are_no_gaps():
    chosen = np.flatnonzero(np.random.default_rng(0).random(900) < 0.7)
    assert odd_steps(chosen) == ""
    assert odd_steps(np.delete(np.arange(100), 7)).startswith("rows are 1 apart, but more once")


def test_steps_that_jitter_have_the_median_as_the_usual_one():
    jitter = np.random.default_rng(0).uniform(-0.1, 0.1, 500)
    times = np.arange(500) + jitter
    assert usual_step(np.diff(times)) == np.median(np.diff(times))
    assert odd_steps(times) == ""
