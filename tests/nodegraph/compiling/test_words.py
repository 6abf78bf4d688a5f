"""Words of `nodegraph.maths` on plain arrays: numpy's numbers, whatever kind of number is given."""

import numpy as np
import pytest

import nodegraph as ng
from nodegraph import maths
from nodegraph.compiling import words
from nodegraph.errors import NodegraphWarning
from nodes import Input

X = np.array([0.5, 2.0, 3.0])


@pytest.mark.parametrize("kind", [float, np.float64, np.array, np.float32])
def test_each_number_counts_though_its_kind_was_met_before(kind):
    for exponent in (1.5, 2.0, -0.25, 3.5):
        np.testing.assert_allclose(maths.power(X, kind(exponent)), X**exponent, rtol=1e-14)


def test_a_number_that_a_word_returned_is_an_operand_of_the_next():
    for x in (0.3, 1.7):
        exponent = 1 + maths.softplus(np.float64(x))
        expected = X ** (1 + np.log1p(np.exp(x)))
        np.testing.assert_allclose(maths.power(X, exponent), expected, rtol=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_numbers_of_python_keep_the_precision_of_arrays(dtype):
    assert maths.power(X.astype(dtype), 2).dtype == dtype
    assert maths.power(X.astype(dtype), 2.5).dtype == dtype
    assert maths.power(X.astype(dtype), np.float64(2.5)).dtype == np.float64


@pytest.mark.parametrize("how", ["cij,cj->ci", "cij,ci->cj", "cj,cjm->cm"])
def test_einsum_is_that_of_numpy(how):
    rng, sizes = np.random.default_rng(0), {"c": 4, "i": 3, "j": 5, "m": 2}
    parts = how.split("->")[0].split(",")
    a, b = (rng.standard_normal([sizes[axis] for axis in part]) for part in parts)
    np.testing.assert_allclose(maths.einsum(how, a, b), np.einsum(how, a, b), rtol=1e-13)


SIZES = [(2, 20, 20), (1, 9, 30), (3, 5, 4), (20, 3, 2), (4, 17, 90)]  # what lies side by side
SUMS = "j,jik,k->i", "jik,k,i->j", "jik,jik->k", "ijk,j->ki", "jik,k->ij"


@pytest.mark.parametrize("how", SUMS)
@pytest.mark.parametrize("sizes", SIZES)
def test_einsum_of_three_axes_whichever_is_long(how, sizes):
    rng, length = np.random.default_rng(0), dict(zip("jik", sizes, strict=True))
    parts = how.partition("->")[0].split(",")
    arrays = [rng.standard_normal([length[axis] for axis in part]) for part in parts]
    found = maths.einsum(how, *arrays)
    np.testing.assert_allclose(found, np.einsum(how, *arrays), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("axis", [0, 1, 2, (0, 1), (1, 2), (0, 2)])
@pytest.mark.parametrize("shape", SIZES)
def test_sums_of_three_axes_whichever_is_long(axis, shape):
    x, near = np.random.default_rng(0).standard_normal(shape), {"rtol": 1e-9, "atol": 1e-12}
    np.testing.assert_allclose(maths.total(x, axis=axis), x.sum(axis=axis), **near)
    np.testing.assert_allclose(maths.mean(x, axis=axis), x.mean(axis=axis), **near)
    length = np.sqrt((x * x).sum(axis=axis))
    np.testing.assert_allclose(maths.norm(x, axis=axis), length, **near)


def test_a_word_that_is_compiled_wrongly_is_found_at_its_first_use():
    wrong = words.word(lambda x: x + 1 if words.is_by_numpy() else x * 2)
    with pytest.warns(NodegraphWarning, match="other numbers compiled than in numpy, whose are t"):
        assert wrong(X).tolist() == (X + 1).tolist()
    assert wrong(X).tolist() == (X + 1).tolist()


class Winner(ng.Node):
    """One at the place where the input is greatest."""

    def step(self, params, state, x):
        place = np.argmax(x)
        return state, maths.put(np.zeros(3), place, x[place])


def test_put_writes_into_an_array_of_numbers_in_a_compiled_step():
    rows = np.array([[0.2, 3.0, 1.0], [5.0, 4.0, 4.5], [-1.0, -2.0, -0.5]])
    model = ng.Model(Input() >> Winner(), seed=0)  # warnings are errors: it is compiled
    expected = np.where(rows == rows.max(axis=1, keepdims=True), rows, 0)
    np.testing.assert_array_equal(model.run(rows), expected)


def test_from_the_second_call_on_arrays_are_read_however_they_lie():
    rng = np.random.default_rng(0)
    W, x = rng.standard_normal((3, 5)), rng.standard_normal(5)
    first = maths.matvec(W, x)
    alike = [W.copy(), np.asfortranarray(W), np.repeat(W, 2, 1)[:, ::2], W[::-1][::-1]]
    wide = np.repeat(x, 3)[::3]
    for other in alike * 2:
        np.testing.assert_array_equal(maths.matvec(other, wide), first)
    whole = np.arange(15).reshape(3, 5)
    np.testing.assert_allclose(maths.matvec(whole, x), whole @ x, rtol=1e-14)
    np.testing.assert_allclose(maths.matvec(W, x > 0), W @ (x > 0), rtol=1e-14)
    kept = maths.tanh(x)
    assert not np.array_equal(kept, maths.tanh(wide + 1))
    np.testing.assert_array_equal(kept, maths.tanh(x))
