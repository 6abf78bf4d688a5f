import numpy as np
import pytest

from nodes.ridge_regression.chosen_rows import ChosenRows, chosen_rows
from nodes.ridge_regression.gathered import Gathered
from nodes.ridge_regression.statistics import Statistics, centred
from nodes.ridge_regression.triangle import Triangle


def drawn(n, dtype=float):
    rng = np.random.default_rng(n)
    array = (rng.standard_normal((n, 5)) + 3).astype(dtype)
    return array, np.sort(rng.permutation(n)[: 2 * n // 3])


def test_parts_are_the_rows_that_numpy_picks():
    array, at = drawn(30)
    rows = ChosenRows(array, at)
    assert (len(rows), rows.shape, rows.dtype) == (20, (20, 5), array.dtype)
    for part in (slice(None), slice(3), slice(4, 9), slice(20, None)):
        np.testing.assert_array_equal(np.asarray(rows[part]), array[at][part])
        np.testing.assert_array_equal(rows[part].copy(), array[at][part])
    np.testing.assert_array_equal(np.concatenate([array[:2], rows[:3]]), array[[0, 1, *at[:3]]])


@pytest.mark.parametrize("given, wanted", [("f8", "f8"), ("f4", "f4"), ("f4", "f8")])
def test_they_are_written_where_there_is_room(given, wanted):
    array, at = drawn(30, given)
    room = np.full((20, 5), np.nan, wanted)
    assert ChosenRows(array, at).into(room) is room
    np.testing.assert_array_equal(room, array[at])


def test_rows_that_all_follow_one_are_a_view():
    array, _ = drawn(30)
    late = chosen_rows(np.arange(30) >= 4, array)
    assert isinstance(late, np.ndarray) and np.may_share_memory(late, array)
    np.testing.assert_array_equal(late, array[4:])
    mask = np.arange(30) % 7 > 2
    some = chosen_rows(mask, array)
    assert isinstance(some, ChosenRows) and some.of is array
    np.testing.assert_array_equal(np.asarray(some), array[mask])
    assert len(chosen_rows(np.zeros(30, bool), array)) == 0


@pytest.mark.parametrize("given, dtype", [("f8", "f8"), ("f4", "f8"), ("f4", "f4")])
def test_centred_they_have_the_bits_of_a_copy(given, dtype):
    array, at = drawn(300, given)
    before = np.arange(5.0)
    for found, copied in zip(
        centred(ChosenRows(array, at), before, 7.0, dtype=dtype),
        centred(array[at], before, 7.0, dtype=dtype),
        strict=True,
    ):
        np.testing.assert_array_equal(found, copied)


@pytest.mark.parametrize("kind", [Statistics, Triangle])
@pytest.mark.parametrize("folds", [1, 5])
def test_what_is_gathered_of_them_has_the_bits_of_copies(kind, folds):
    array, at = drawn(1500)
    xs, ts = array[:, :4], array[:, 4:] ** 2
    found, copied = (Gathered.nothing(kind.empty(4, 1), folds) for _ in range(2))
    for part in (slice(0, 3), slice(3, 700), slice(700, None)):  # few, some and many at a time
        found = found.add(ChosenRows(xs, at[part]), ChosenRows(ts, at[part]), None)
        copied = copied.add(xs[at[part]], ts[at[part]], None)
    for one, other in zip(found.data(), copied.data(), strict=True):
        for a, b in zip(one, other, strict=True):
            np.testing.assert_array_equal(a, b)
