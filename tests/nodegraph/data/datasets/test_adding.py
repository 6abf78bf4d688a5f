import numpy as np
import pytest

from nodegraph.datasets import adding
from nodegraph.errors import DataError


def test_the_target_is_the_sum_of_two_marked_numbers_one_in_each_half():
    u, y = adding(series=300, length=11, seed=2)
    assert u.shape == (300, 11, 2) and y.shape == (300, 11, 1)
    marks = u[:, :, 1]
    assert set(np.unique(marks)) == {0.0, 1.0}
    np.testing.assert_array_equal(marks[:, :5].sum(axis=1), 1)
    np.testing.assert_array_equal(marks[:, 5:].sum(axis=1), 1)
    assert (marks.sum(axis=0) > 0).all()
    np.testing.assert_allclose(y[:, -1, 0], (u[:, :, 0] * marks).sum(axis=1))
    assert np.isnan(y[:, :-1]).all()


def test_who_says_one_is_wrong_by_a_sixth():
    _, y = adding(series=4000, length=4)
    assert ((y[:, -1] - 1) ** 2).mean() == pytest.approx(1 / 6, abs=0.01)


@pytest.mark.parametrize("option", ["series", "length"])
def test_nonsense_is_refused(option):
    with pytest.raises(DataError, match=f"adding.{option}: should be a whole number"):
        adding(**{option: 0})
