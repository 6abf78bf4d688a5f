import numpy as np

from nodes.parts.faint_input import faint_input


def slow(variance):
    return 1 / variance


def test_the_column_that_moves_most_decides():
    x = np.array([[1e-4, 1e-6], [-1e-4, -1e-6]])
    (said,) = faint_input(x, slow, most=1e7)
    assert "a spread of 0.0001, from which it learns in some 1e+08 steps" in said
    assert faint_input(x, slow, most=2e8) == []


def test_inputs_that_rest_or_are_of_a_usual_size_are_none_of_its_business():
    assert faint_input(np.ones((5, 2)), slow, most=0) == []
    tenths = np.full((499, 2), 0.1)
    assert tenths.std(axis=0).all()  # the mean of equal numbers is rounded
    assert faint_input(tenths, slow, most=0) == []
    (said,) = faint_input(np.column_stack([1e6 * tenths, 1e-4 * (-1.0) ** np.arange(499)]), slow, 0)
    assert "a spread of 0.0001, from" in said
    assert faint_input(np.empty((5, 0)), slow, most=0) == []
    assert faint_input(np.array([[0.02], [-0.02]]), slow, most=0) == []
