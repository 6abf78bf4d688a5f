import json

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.data.last_rows import Last, LastRows
from nodegraph.errors import DataWarning
from nodegraph.model.drift import Drift
from nodegraph.model.stream_place import StreamPlace
from nodes import Input, Reservoir, Ridge

LAST = Last(np.int64(9), np.int64(1), np.int64(2))
DRIFT = Drift.begin(2, 3)


def read_again(place):
    text = json.dumps({"time": place.time, **place.plain()})
    return StreamPlace.of(json.loads(text))


def test_a_place_comes_back_from_plain_values():
    place = StreamPlace(10, DRIFT, 10, LastRows(10, {"u": LAST}))
    again = read_again(place)
    assert (again.time, again.unsaid, again.last) == (10, 10, place.last)
    assert again.drift.plain() == DRIFT.plain()


def test_a_file_of_before_tells_the_time_alone():
    assert StreamPlace.of({"time": 4}) == StreamPlace(4, last=LastRows(4))
    assert StreamPlace(4).plain() == {}


def test_last_rows_that_steps_have_left_behind_are_not_kept():
    place = StreamPlace(9, last=LastRows(9, {"u": LAST}))
    assert "last" in place.plain()
    assert place.gone(1) == place._replace(time=10)
    assert place.gone(1).plain() == {}


def test_rows_that_do_not_follow_are_told_in_the_zone_of_the_table_by_a_saved_model_too(tmp_path):
    pandas = pytest.importorskip("pandas")
    hours = pandas.date_range("2024-03-30", periods=60, freq="h", tz="Europe/Berlin")
    x = pandas.DataFrame({"a": np.sin(np.arange(60) / 3)}, index=hours)
    model = ng.Model(Input() >> Reservoir(units=5) >> Ridge()).fit(x.iloc[:20], x.iloc[1:21])
    model.save(tmp_path / "m.safetensors")
    said = (
        r"rows begin at 2024-03-31T12:00:00\+02:00, and those before end at 2024-03-30T19:00:00\+01"
    )
    for each in (model, ng.load(tmp_path / "m.safetensors")):
        with pytest.warns(DataWarning, match=said):
            each.run(x.iloc[35:40])
