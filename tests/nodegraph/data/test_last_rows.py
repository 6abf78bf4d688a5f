"""Tables stand in for pandas, which is no dependency: what is read of them is their index."""

import warnings

import numpy as np
import pytest
from index_alike import Index

import nodegraph as ng
from nodegraph.data.last_rows import Last, LastRows
from nodegraph.errors import DataWarning
from nodes import RLS, Input, Reservoir, Ridge

HOURS = np.datetime64("2024-03-01T00", "us") + np.arange(300) * np.timedelta64(1, "h")
DAYS = np.datetime64("2024-03-01", "us") + np.arange(100) * np.timedelta64(1, "D")
BUSINESS = DAYS[np.is_busday(DAYS.astype("M8[D]"))]
VALUES = np.sin(np.arange(300) / 5)[:, None]


class Table:
    """What looks like a table of pandas with one column."""

    iloc, ndim = None, 2

    def __init__(self, times, values):
        self.index, self.values, self.shape = Index(times), values, values.shape

    def __array__(self, dtype=None, copy=None):
        return self.values if dtype is None else self.values.astype(dtype)

    def __len__(self):
        return len(self.values)

    def __getitem__(self, rows):
        return Table(self.index.times[rows], self.values[rows])


X, Y = Table(HOURS, VALUES), Table(HOURS, np.roll(VALUES, -1, axis=0))


def fitted(**options):
    graph = Input() >> Reservoir(units=5) >> Ridge(ridge=1e-3, **options)
    return ng.Model(graph, seed=1).fit(X[:200], Y[:200])


def doubts(call):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    return [str(one.message).split("; ")[0] for one in caught if one.category is DataWarning]


@pytest.mark.parametrize(
    ("seen", "to_come", "odd"),
    [
        (HOURS[:9], HOURS[9:], ""),
        (HOURS[:9], HOURS[9:10], ""),
        (
            HOURS[:9],
            HOURS[8:],
            "begin at 2024-03-01T08:00:00, and those before end at 2024-03-01T08",
        ),
        (HOURS[:9], HOURS[4:5], "begin at 2024-03-01T04:00:00, and those before end at"),
        (
            HOURS[:9],
            HOURS[10:],
            "begin at 2024-03-01T10:00:00, and those before end at 2024-03-01T08",
        ),
        (HOURS[:9], HOURS[9::2], "are 2 h apart, and those before 1 h"),
        (HOURS[:9:2], HOURS[9:], "are 1 h apart, and those before 2 h"),
        (HOURS[:1], HOURS[5:6], ""),  # how far rows are apart is not known
        (HOURS[[0, 1, 2, 7]], HOURS[12:14], ""),  # a step that there was before
        (BUSINESS[:6], BUSINESS[6:], ""),
        (BUSINESS[1:6], BUSINESS[6:], ""),
        (
            BUSINESS[1:6],
            BUSINESS[7:],
            "begin at 2024-03-12, and those before end at 2024-03-08, 1 d",
        ),
        (np.arange(9), np.arange(4), ""),  # perhaps of another table
        (np.arange(9), np.arange(3, 5), "begin at 3, and those before end at 8"),
        (np.arange(9), np.arange(11, 15), "begin at 11, and those before end at 8, 1 apart"),
        (np.arange(9.0), HOURS, ""),
    ],
)
def test_rows_follow_those_before_or_it_is_said_how_not(seen, to_come, odd):
    said = Last.behind(seen, None).doubt(to_come)
    assert said == odd if not odd else said.startswith(odd)


def test_steps_are_known_from_all_calls_of_a_stream():
    last = LastRows()
    for start, stop in ((0, 9), (9, 10), (10, 11)):
        last = last.then({"x": HOURS[start:stop]}, start, stop - start)
    one = last.by_input["x"]
    assert (one.time, one.usual, one.longest) == (HOURS[10], *2 * [np.timedelta64(1, "h")])
    assert last.then({}, 11, 5) == LastRows(16, {})
    assert not last.then({"x": None}, 11, 5).by_input
    assert not last.then({"x": np.array(["NaT"], "M8[us]")}, 11, 1).by_input


@pytest.mark.parametrize(
    "times", [HOURS[:5], np.arange(2, 7), np.arange(5) / 3, HOURS[:5] - HOURS[0]]
)
def test_the_last_row_is_told_in_plain_numbers_and_back(times):
    last = Last.behind(times, None)
    again = Last.of(last.plain())
    assert again == last
    assert again.doubt(times) == last.doubt(times) != ""


@pytest.mark.parametrize(
    "plain",
    [
        ["M", 10**30, 1, 1], ["M", 1e300, 1, 1], ["M", True, 1, 1], ["i", [1], 1, 1], ["i", 1, 1],
        ["f", 10**400, 1, 1], ["f", "1", 1, 1], ["q", 1, 1, 1], [["i"], 1, 1, 1], None, 3,
    ],
)  # fmt: skip
def test_what_a_file_should_not_say_of_a_last_row_is_refused(plain):
    with pytest.raises((KeyError, TypeError, ValueError)):
        Last.of(plain)


CALLS = {
    "run": lambda model, x, y: model.run(x),
    "predict": lambda model, x, y: model.predict(x),
    "score": lambda model, x, y: model.score(x, y),
    "update": lambda model, x, y: model.update(x, y),
    "intervals": lambda model, x, y: model.intervals(x),
    "generate": lambda model, x, y: model.generate(3, prompt=x),
}


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (slice(200, 220), []),
        (slice(20), ["input: rows begin at 2024-03-01, and those before"]),
        (slice(215, 230), ["input: rows begin at 2024-03-09T23:00:00, and"]),
    ],
)
@pytest.mark.parametrize("call", CALLS)
def test_a_call_that_does_not_go_on_where_the_last_one_stopped_is_told(call, rows, said):
    model = fitted(intervals=[0.1, 0.9] if call == "intervals" else None)
    found = doubts(lambda: CALLS[call](model, X[rows], Y[rows]))
    assert [one[: len(start)] for one, start in zip(found, said, strict=True)] == said


def test_online_learning_is_told_as_well():
    model = ng.Model(Input() >> Reservoir(units=5) >> RLS(), seed=1)
    model.partial_fit(X[:50], Y[:50])
    model.partial_fit(X[50:51], Y[50:51])
    with pytest.warns(DataWarning, match="rows begin at 2024-03-01, and those before end at"):
        model.partial_fit(X[:50], Y[:50])


def test_what_has_no_times_makes_the_end_unknown_and_a_reset_begins_anew():
    model = fitted()
    model.run(VALUES[200:210])
    model.run(X[220:230])
    model.step(VALUES[230])
    model.run(X[250:260])
    model.reset().run(X[:20])
    model.run([X[:30], X[5:30]])
    model.run(X[20:30])


def test_the_end_is_saved(tmp_path):
    fitted().save(tmp_path / "m.safetensors")
    model = ng.load(tmp_path / "m.safetensors")
    assert len(doubts(lambda: model.predict(X[210:220]))) == 1
    assert doubts(lambda: model.predict(X[200:220])) == []


def test_the_order_of_calls_says_nothing_where_nothing_is_remembered():
    model = ng.Model(Input() >> Ridge()).fit(X[:200], Y[:200])
    assert doubts(lambda: model.run(X[:50])) == []


def test_chunks_of_one_series_follow_each_other():
    parts = [(X[:50], Y[:50]), (X[50:80], Y[50:80]), (X[90:120], Y[90:120])]
    model = ng.Model(Input() >> Reservoir(units=5) >> Ridge(), seed=1)
    with pytest.warns(
        DataWarning, match=r"those before end at 2024-03-04T07:00:00, 1 h .* chunk 2"
    ):
        model.fit(ng.Chunks(parts))
    assert doubts(lambda: model.fit(ng.Chunks(parts[:2]))) == []
