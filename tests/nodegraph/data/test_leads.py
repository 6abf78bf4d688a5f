"""How far rows of two tables are apart: the same in all, or within bounds, where they pause."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nodegraph.data.leads import Lead, first_doubt, leads

HOURS = np.datetime64("2024-01-01T00", "us") + np.arange(60) * np.timedelta64(1, "h")
DAYS = np.datetime64("2024-01-01", "D") + np.arange(60)  # a Monday
WORK = DAYS[np.is_busday(DAYS)]


@given(st.integers(-9, 9), st.integers(-9, 9), st.integers(0, 5), st.integers(0, 5))
def test_rows_are_as_far_apart_if_the_index_and_the_rows_ahead_say_the_same(a, b, ahead, later):
    def lead(shift, rows):
        return Lead.between("u", HOURS, HOURS + np.timedelta64(shift, "h"), rows)

    assert lead(a, ahead).takes(lead(b, later)) == (a + ahead == b + later)


def test_the_next_working_day_is_one_or_three_days_later():
    known = Lead.between("u", WORK[:-1], WORK[1:])
    assert (known.low, known.high) == (np.timedelta64(1, "D"), np.timedelta64(3, "D"))
    assert known.takes(Lead.between("u", WORK[20:-1], WORK[21:]))
    assert not known.takes(Lead.between("u", WORK, WORK))
    assert not known.takes(Lead.between("u", WORK[:-6], WORK[6:]))
    assert Lead.between("u", WORK[:-1], WORK[1:]) == Lead.between("u", WORK, WORK, ahead=1)
    assert Lead.between("u", WORK[3:6], WORK[4:7]) is None  # too few to tell


def test_times_of_another_kind_tell_nothing():
    assert Lead.between("u", DAYS, np.arange(60)) is None
    assert Lead.between("u", np.arange(9), np.arange(9) + 4).words == "4 later than"
    assert Lead.between("u", np.arange(9.0), np.arange(9) - 0.5).words == "0.5 earlier than"
    assert Lead.between("u", DAYS[:3], DAYS[:3], ahead=3) is None
    assert Lead.between("u", DAYS[:3], DAYS[2:3]) is None  # one row for a whole series


def test_the_first_input_by_name_is_the_base_in_whatever_order_they_come():
    times = {"b": HOURS, "a": HOURS + np.timedelta64(2, "h"), "c": None, "target of o": HOURS}
    found = leads(times, ["b", "a", "c"], {"o": 1})
    assert {name: lead.words for name, lead in found.items()} == {
        "b": "2 h earlier than", "target of o": "1 h earlier than"
    }  # fmt: skip
    assert found == leads(dict(reversed(times.items())), ["c", "a", "b"], {"o": 1})
    assert leads({"target of o": HOURS}, ["u"], {}) == {}
    assert first_doubt(found, leads(times, ["b", "a"], {"o": 2}), " (series 3)") == (
        "target of o (series 3): its rows are of one time with those of a, and were 1 h earlier "
        "than them"
    )


def test_what_is_kept_in_a_file_is_the_same():
    for times in (
        HOURS,
        DAYS,
        np.arange(9),
        np.arange(9) / 7,
        np.arange(9) * np.timedelta64(1, "s"),
    ):
        known = Lead.between("u", times, times, ahead=1)
        again = Lead.of(known.plain())
        assert again.takes(known) and known.takes(again) and again == known
