import numpy as np

from nodegraph import Lesson
from nodes.rules.lessons import lessons_only


def test_rows_that_are_not_to_be_learned_from_become_nan():
    target = np.arange(6, dtype=np.float32).reshape(3, 2)
    kept = lessons_only(Lesson({}, target, np.array([True, False, True])))
    assert kept.dtype == np.float32
    assert np.isnan(kept[1]).all()
    assert np.array_equal(kept[[0, 2]], target[[0, 2]])
    assert np.array_equal(target, np.arange(6).reshape(3, 2))
