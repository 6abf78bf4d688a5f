"""What float32 cannot tell apart is said before anything is learned from it."""

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.data.symptoms import blurred
from nodegraph.errors import NodegraphWarning
from nodes import Input, Ridge

SINGLE = np.dtype("float32")
X = np.random.default_rng(0).standard_normal((300, 2))


@pytest.mark.parametrize("offset", [1e6, 1e9, -1e12])
def test_a_column_far_from_zero_is_told_with_its_place(offset):
    rows = X.copy()
    rows[:, 1] += offset
    assert blurred(rows, SINGLE).startswith("column 1 goes from")
    assert not blurred(rows.astype(SINGLE), SINGLE)  # it was lost before


def test_numbers_below_the_least_are_told():
    assert "column 0" in blurred(1e-44 * X, SINGLE)


@pytest.mark.parametrize("scale", [1e-30, 1.0, 1e30])
def test_there_is_nothing_to_say_of_what_float32_holds(scale):
    steady, gaps = np.full((300, 2), 0.1), np.where(X > 0, X, np.nan)
    for rows in (X, X + 1e3, steady, steady * (1 + 1e-16 * X), gaps, 0 * X, gaps * np.nan):
        assert not blurred(scale * rows, SINGLE)


DOUBLE = np.dtype("float64")
DAYS = np.arange(300.0)[:, None] % 7


@pytest.mark.parametrize(("offset", "size"), [(1e14, 1), (1e15, 30), (-4e15, 1)])
def test_whole_numbers_that_move_by_next_to_nothing_are_told_in_float64_too(offset, size):
    told = blurred(offset + size * DAYS, DOUBLE)
    assert told.startswith("column 0 goes from") and "taken for one that stands still" in told
    for rows in (
        offset + 0 * DAYS,
        offset * (1 + 1e-16 * X),
        1e12 + DAYS,
        1e9 * DAYS,
        1e20 + X,
        1.5e308 * np.sign(X),
    ):
        assert not blurred(rows, DOUBLE)


def test_a_target_that_moves_by_next_to_nothing_is_not_said_to_rest():
    y = 1e15 + DAYS
    model = ng.Model(Input(name="input") >> Ridge(name="o"))
    with pytest.warns(NodegraphWarning, match=r"but for 6 that are taken .* y - y\[0\]") as told:
        model.fit(DAYS, y)
    assert len(told) == 1
    with pytest.warns(NodegraphWarning, match=r"input: column 0 goes .*; take its first value off"):
        model.fit(y, DAYS)


@pytest.mark.parametrize("x, y, where", [(X + 1e9, X, "input"), (X, X - 1e9, "target of o")])
def test_a_fit_in_float32_warns_and_one_in_float64_is_right(x, y, where):
    graph = Input(name="input") >> Ridge(name="o")
    with pytest.warns(NodegraphWarning, match=rf"{where}: column 0 .*x - x.mean\(axis=0\)"):
        ng.Model(graph, dtype="float32").fit(x, y)
    said = ng.Model(graph).fit(x, y).run(x)
    np.testing.assert_allclose(said - y.mean(axis=0), X - X.mean(axis=0), atol=1e-5)
