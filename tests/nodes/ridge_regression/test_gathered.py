import numpy as np
import pytest

from nodegraph.errors import DataError
from nodes.ridge_regression.gathered import Gathered
from nodes.ridge_regression.statistics import Statistics
from nodes.ridge_regression.triangle import Triangle

RNG = np.random.default_rng(0)
KINDS = pytest.mark.parametrize("kind", [Statistics, Triangle])


def filled(kind, xs, ts, folds=1, number=None):
    return Gathered.nothing(xs.shape[1], ts.shape[1], folds, kind).add(xs, ts, number)


@KINDS
def test_few_rows_wait_and_are_summed_when_there_are_as_many_as_inputs(kind):
    xs, ts = RNG.normal(size=(30, 20)), RNG.normal(size=(30, 1))
    few = filled(kind, xs[:19], ts[:19])
    (rows,) = few.data()
    np.testing.assert_array_equal(rows.xs, xs[:19])
    assert rows.exact is (kind is Triangle)
    (summed,) = few.add(xs[19:], ts[19:], None).data()
    assert isinstance(summed, kind) and summed.n == 30


@KINDS
def test_folds_go_on_where_those_of_the_part_before_end(kind):
    xs, ts = RNG.normal(size=(1300, 3)), RNG.normal(size=(1300, 1))
    whole = filled(kind, xs, ts, folds=2).data()
    cut = 512  # a whole number of blocks, so that the same rows are in each fold
    both = filled(kind, xs[:cut], ts[:cut], folds=2).plus(filled(kind, xs[cut:], ts[cut:], folds=2))
    assert sum(fold.n for fold in both.data()) == sum(fold.n for fold in whole) == 1300
    assert both.blocks == 6


@KINDS
def test_numbered_series_are_dealt_out_in_turn(kind):
    xs, ts = RNG.normal(size=(10, 3)), RNG.normal(size=(10, 1))
    gathered = Gathered.nothing(3, 1, 3, kind)
    for number in range(4):
        gathered = gathered.add(xs, ts, number)
    assert [fold.n for fold in gathered.data()] == [20, 10, 10]
    alone = gathered.of(slice(0, 0))
    assert [fold.n for fold in alone.data()] == [20, 10, 10]


@KINDS
def test_no_rows_are_refused(kind):
    with pytest.raises(DataError, match="no rows to learn from"):
        Gathered.nothing(3, 1, 1, kind).data()
