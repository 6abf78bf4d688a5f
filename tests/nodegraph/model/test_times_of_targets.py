"""Targets of other times than were learned from: told, in each method that takes them."""

import re
import warnings

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import DataWarning
from nodes import Input, Ridge

pandas = pytest.importorskip("pandas")

ROWS = np.random.default_rng(5).normal(size=(120, 2))
TABLE = pandas.DataFrame(
    ROWS, columns=["a", "b"], index=pandas.date_range("2024-01-01", periods=120, freq="h")
)
X, Y = TABLE[["a"]], TABLE[["b"]]


def model():
    read, out = Input(name="u"), Ridge(ridge=0.1, intervals=[0.1, 0.9], intervals_by="posterior")
    return ng.Model((read >> ng.delay(1) >> out) & (read >> out))


CALLS = {
    "score": lambda m, x, y: m.score(x, y),
    "score of a list": lambda m, x, y: m.score([x], [y]),
    "scores": lambda m, x, y: m.scores(x, y),
    "intervals": lambda m, x, y: m.intervals(x, y),
    "update": lambda m, x, y: m.update(x, y),
    "update by a list": lambda m, x, y: m.update([x], [y]),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("how", ["index", "ahead", "saved", "list"])
def test_rows_of_another_time_than_was_learned_are_told(call, how, tmp_path):
    learned = model()
    if how == "ahead":
        learned.fit(X[:60], Y[:60], ahead=2)
    elif how == "list":
        learned.fit([X[:60]], [Y[2:62]])
        learned.run(X[:60])
    else:
        learned.fit(X[:60], Y[2:62])
    if how == "saved":
        learned.save(tmp_path / "m.safetensors")
        learned = ng.load(tmp_path / "m.safetensors")
    here = learned.snapshot()
    CALLS[call](learned, X[60:90], Y[62:92])
    CALLS[call](learned.restore(here) or learned, X[60:90], Y[60:90].to_numpy())
    learned.restore(here)
    told = "its rows are of one time with those of u, and were 2 h later than them when the model"
    with pytest.warns(DataWarning, match=told):
        CALLS[call](learned, X[60:90], Y[60:90])


def test_ahead_is_counted_where_it_may_be_given():
    learned = model().fit(X[:60], Y[:60], ahead=2)
    learned.update([X[60:90]], [Y[60:90]], ahead=2)
    learned.scores(X[60:90], Y[60:90], ahead={"ridge": 2})
    with pytest.warns(DataWarning, match="are 1 h later than those of u, and were 2 h later"):
        learned.update([X[60:90]], [Y[60:90]], ahead=1)


def test_series_of_one_list_are_as_far_apart():
    xs, ys = [X[:30], X[30:60], X[60:90]], [Y[1:31], Y[31:61], Y[60:90]]
    told = r"target of ridge \(series 2\): its rows are of one time with those of u, and were 1 h"
    with pytest.warns(DataWarning, match=told):
        model().fit(xs, ys)
    model().fit(xs, [*ys[:2], Y[61:91]])


def test_a_row_for_each_series_may_have_the_time_of_its_end():
    xs = [X[:30], X[30:50], X[60:100]]
    model().fit(xs, [Y[29:30], Y[49:50], Y[99:100]])


def test_two_inputs_are_as_far_apart_as_they_were():
    one, other, out = Input(name="one"), Input(name="other"), Ridge(name="out")
    learned = ng.Model([one, other] >> out).fit({"one": X[:60], "other": Y[3:63]}, ROWS[:60])
    learned.run({"one": X[60:90], "other": Y[63:93]})
    with pytest.warns(DataWarning, match="other: its rows are 2 h later than those of one, and"):
        learned.run({"one": X[60:90], "other": Y[62:92]})


def test_rows_outside_the_loop_follow_the_prompt():
    u, ex, out = Input(name="u"), Input(name="ex"), Ridge(ridge=0.1, name="out")
    learned = ng.Model([u, ex] >> out).fit({"u": X[:60], "ex": Y[:60]}, X[1:61])
    prompt = {"u": X[60:70], "ex": Y[60:70]}

    def told(x):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            learned.reset().generate(5, prompt=prompt, x={"ex": x}, loop={"u": "out"})
        return [str(one.message) for one in caught]

    assert told(Y[70:74]) == told(Y[90:94].to_numpy()) == []
    (said,) = told(Y[73:77])
    assert re.match(r"ex: rows begin at 2024-01-04T01:00:00, and those before end at .*T21", said)
    assert "x holds the rows behind the prompt" in said


@pytest.mark.parametrize("saved", [False, True])
def test_what_chunks_tell_is_remembered(saved, tmp_path):
    parts = [(X[:30], Y[2:32]), (X[30:60], Y[32:62])]
    learned = model().fit(ng.Chunks(parts))
    if saved:
        learned.save(tmp_path / "m.safetensors")
        learned = ng.load(tmp_path / "m.safetensors")
    learned.score(X[60:90], Y[62:92])
    told = "its rows are of one time with those of u, and were 2 h later than them when the model"
    with pytest.warns(DataWarning, match=told):
        learned.score(X[60:90], Y[60:90])
    with pytest.warns(DataWarning, match=told):
        learned.update(ng.Chunks([(X[60:75], Y[60:75]), (X[75:90], Y[75:90])]))


def test_values_that_were_shifted_themselves_are_what_was_taught():
    """`shift` keeps the index, so that rows seem to be of one time: the values tell otherwise."""
    learned = model().fit(X[:60], X[:60], ahead=2)
    learned.score(X[60:110], X.shift(-2)[60:110])
    learned.intervals(X[60:110], X.shift(-2)[60:110])
    for wrong in (X[60:110], X.shift(-3)[60:110]):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            learned.score(X[60:110], wrong)
        assert any("its rows are of one time with those of u" in str(w.message) for w in caught)
