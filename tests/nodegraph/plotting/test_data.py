"""What stands on the axis of time."""

from datetime import datetime, timedelta, timezone

import numpy as np
import pytest

from nodegraph.plotting.data import times

OWN = timezone(timedelta(hours=2))
STEPS = [datetime(2024, 6, 1, hour, tzinfo=OWN) for hour in (0, 1, 2)]
WANTED = np.array(["2024-06-01T00", "2024-06-01T01", "2024-06-01T02"], "M8[us]")


class Told:
    """A column that knows its zone, as those of polars and pyarrow do: numpy gets it in UTC."""

    def __init__(self, library):
        name = "dtype" if library == "polars" else "type"
        setattr(self, name, type("Kind", (), {"time_zone": "A/B", "tz": "A/B"}))
        setattr(self, "to_list" if library == "polars" else "to_pylist", lambda: STEPS)

    def __array__(self, dtype=None, copy=None):
        return WANTED - np.timedelta64(2, "h")


@pytest.mark.parametrize("where", ["datetimes", "words", "words with Z", "polars", "pyarrow"])
def test_times_with_a_zone_are_shown_as_clocks_there_show_them(where):
    """Warnings are errors: numpy would say that it leaves zones out."""
    given = {
        "datetimes": STEPS,
        "words": [step.isoformat() for step in STEPS],
        "words with Z": [f"2024-06-01T0{hour}:00Z" for hour in range(3)],
    }
    found = times("prediction", given[where] if where in given else Told(where), 3)
    np.testing.assert_array_equal(found, WANTED)


def test_a_series_of_pandas_is_its_values():
    pandas = pytest.importorskip("pandas")
    for index in (pandas.DatetimeIndex(STEPS), pandas.Series(STEPS)):
        np.testing.assert_array_equal(times("prediction", index, 3), WANTED)
    months = pandas.period_range("2024-01", periods=2, freq="M")
    wanted = np.array(["2024-01-01", "2024-02-01"], "M8[us]")
    np.testing.assert_array_equal(times("prediction", months, 2), wanted)
    np.testing.assert_array_equal(times("prediction", pandas.Index([3, 5]), 2), [3, 5])
