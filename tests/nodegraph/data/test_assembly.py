"""Short series of which there is nothing to say are the same series, sooner."""

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.data import assembly
from nodegraph.data.assembly import Door, many_series
from nodegraph.data.targets import Lesson
from nodegraph.errors import DataError
from nodes import Ridge

PLAIN = Door(["x"], ["y"], ["x", "z"])
LENGTHS = (3, 1, 7, 40)


def drawn(width, lengths=LENGTHS, dtype=float):
    rng = np.random.default_rng(width)
    return [rng.standard_normal((n, width)).astype(dtype) for n in lengths]


def changed(rows, value, which=2):
    rows[which] = rows[which].copy()
    rows[which][-1, 0] = value
    return rows


def outcome(data, targets, door):
    """Return all that is found, or what is said."""
    try:
        series, once, times = many_series(data, targets, door)
    except DataError as error:
        return str(error)
    rows = [
        (name, part.tobytes(), part.dtype, part.shape)
        for one in series
        for name, part in (*one.data.items(), *one.targets.items())
    ]
    rest = [(one.n_steps, one.number, one.columns, one.taught, one.known) for one in series]
    return rows, rest, once, times


CASES = {
    "plain": ({"x": drawn(2)}, {"y": drawn(1)}, PLAIN),
    "single": ({"x": drawn(2, dtype=np.float32)}, {"y": drawn(1)}, PLAIN),
    "two inputs": ({"x": drawn(2), "z": drawn(3)}, {"y": drawn(1)}, PLAIN),
    "no target": ({"x": drawn(2)}, {}, PLAIN),
    "one row each": ({"x": drawn(2, (1, 1))}, {"y": drawn(1, (1, 1))}, PLAIN),
    "whole numbers": ({"x": [np.arange(4).reshape(2, 2)] * 2}, {"y": drawn(1, (2, 2))}, PLAIN),
    "gap": ({"x": changed(drawn(2), np.nan)}, {"y": drawn(1)}, PLAIN),
    "filled": ({"x": changed(drawn(2), np.nan)}, {}, Door(["x"], [], ["x"], gappy=["x"])),
    "gap in a target": ({"x": drawn(2)}, {"y": changed(drawn(1), np.nan)}, PLAIN),
    "inf in a target": ({"x": drawn(2)}, {"y": changed(drawn(1), np.inf)}, PLAIN),
    "large": ({"x": changed(drawn(2), 1e200)}, {"y": drawn(1)}, PLAIN),
    "one target each": ({"x": drawn(2)}, {"y": drawn(1, (1,) * 4)}, PLAIN),
    "too few targets": ({"x": drawn(2)}, {"y": drawn(1)[:3]}, PLAIN),
    "other inputs": ({"x": drawn(2), "z": drawn(3, (3, 1, 6, 40))}, {}, PLAIN),
    "other lengths": ({"x": drawn(2)}, {"y": drawn(1, (3, 1, 6, 40))}, PLAIN),
    "other widths": ({"x": [*drawn(2)[:3], *drawn(3)[3:]]}, {"y": drawn(1)}, PLAIN),
    "empty": ({"x": [*drawn(2)[:3], np.empty((0, 2))]}, {"y": [*drawn(1)[:3], np.empty((0, 1))]},
              PLAIN),
    "labels": ({"x": drawn(2)}, {"y": [np.full((n, 1), n % 2.0) for n in LENGTHS]},
               Door(["x"], ["y"], ["x"], {"y": Lesson((0.0, 1.0))})),
    "only targets": ({}, {"y": drawn(1)}, PLAIN),
}  # fmt: skip
SHORT = ("plain", "single", "two inputs", "no target", "one row each")


@pytest.mark.parametrize("case", CASES)
def test_what_is_found_or_said_is_that_of_the_long_way(case, monkeypatch):
    found = outcome(*CASES[case])
    monkeypatch.setattr(assembly, "is_short", lambda rows: False)
    assert found == outcome(*CASES[case])


@pytest.mark.parametrize("case", SHORT)
def test_plain_arrays_are_looked_at_once(case, monkeypatch):
    def never(*_):
        raise AssertionError("looked at one by one")

    monkeypatch.setattr(assembly, "_joined", never)
    series, _, _ = many_series(*CASES[case])
    assert all(rows is CASES[case][0]["x"][i] for i, rows in enumerate(s.data["x"] for s in series))


@pytest.mark.parametrize(
    ("shapes", "turned"), [([(3, 50), (3, 60)], True), ([(60, 1), (60, 2)], False)]
)
def test_series_of_other_widths_are_told_to_turn_where_rows_are_few(shapes, turned):
    series = [np.ones(shape) for shape in shapes]
    with pytest.raises(DataError, match=r"series 1\): \d+ columns, but series 0 has") as caught:
        ng.Model(Ridge()).fit(series, series)
    assert ("for series of 3 channels, shape (channels, time)" in str(caught.value)) == turned
