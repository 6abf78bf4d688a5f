"""Symmetric matrices as packed lower triangles, and sparse weights: what the full ones make."""

import numpy as np
import pytest
import scipy.sparse
from stepping import compiled

import nodegraph as ng
from nodegraph import maths as m
from nodegraph.compiling.arrays import symbol
from nodegraph.compiling.ir import Trace, TraceError
from nodegraph.compiling.sparse import SparseVar
from nodegraph.compiling.words import by_numpy
from nodegraph.testing import run_node


def symmetric(rng, *shape):
    P = rng.standard_normal(shape)
    return P + P.swapaxes(-1, -2)


def grouped(rows):
    """Return rows, one of each unit, as (groups, n, 16), 7 where there is no unit."""
    padded = np.full((-(-len(rows) // 16) * 16, rows.shape[1]), 7.0)
    padded[: len(rows)] = rows
    return padded.reshape(-1, 16, rows.shape[1]).swapaxes(1, 2)


class RankOne(ng.Node):
    """Its state is a triangle, and a product with what it becomes."""

    def step(self, params, state, x):
        k, v, scale, growth = params
        P = m.sym_rank_one(state[0], k, scale, growth)
        return (P, m.sym_matvec(P, v)), x


@pytest.mark.parametrize("q", [1, 2, 3, 8, 13])
@pytest.mark.parametrize("units", [1, 2, 10, 16, 37])
def test_triangles_of_many_units_are_symmetric_matrices(units, q):
    rng = np.random.default_rng(2)
    P, (i, j) = symmetric(rng, units, q, q), np.tril_indices(q)
    x, k = rng.standard_normal((2, units, q))
    scale, growth = rng.standard_normal((2, units))
    packed = grouped(P[:, i, j])
    changed = (P + np.einsum("ui,uj,u->uij", k, k, scale)) * growth[:, None, None]
    np.testing.assert_allclose(m.sym_matvec(packed, x), np.einsum("uij,uj->ui", P, x), atol=1e-12)
    apart = m.sym_rank_one(packed, k, scale, growth)
    np.testing.assert_allclose(apart, grouped(changed[:, i, j]), atol=1e-12)
    diagonal = grouped(np.einsum("uii->ui", P))
    np.testing.assert_array_equal(m.sym_diagonal(packed), diagonal)
    with by_numpy():
        np.testing.assert_allclose(m.sym_rank_one(packed, k, scale, growth), apart, atol=1e-12)
        np.testing.assert_allclose(m.sym_matvec(packed, x), np.einsum("uij,uj->ui", P, x))
    state = packed, np.zeros((units, q))
    (after, product), _ = run_node(RankOne(), (k, x, scale, growth), state, np.zeros((1, 1)))
    np.testing.assert_array_equal(after, apart)
    np.testing.assert_array_equal(product, m.sym_matvec(apart, x))


@pytest.mark.parametrize("q", [1, 2, 7, 8, 9, 33, 70])
def test_one_triangle_is_a_symmetric_matrix(q):
    rng = np.random.default_rng(3)
    P, (i, j) = symmetric(rng, q, q), np.tril_indices(q)
    x, k = rng.standard_normal((2, q))
    np.testing.assert_allclose(m.sym_matvec(P[i, j], x), P @ x, atol=1e-12)
    changed = (P + 0.3 * np.outer(k, k)) * 1.1
    np.testing.assert_allclose(m.sym_rank_one(P[i, j], k, 0.3, 1.1), changed[i, j], atol=1e-12)


def test_triangles_that_do_not_fit_are_refused():
    with pytest.raises(TraceError, match=r"go with vectors.*got \(5,\) and \(2,\)"):
        m.sym_matvec(np.zeros(5), np.zeros(2))
    with pytest.raises(TraceError, match=r"got \(2, 3, 16\) and \(16, 2\)"):
        m.sym_matvec(np.zeros((2, 3, 16)), np.zeros((16, 2)))


def test_a_system_is_solved_with_pivots():
    A = np.array([[0.0, 1.0], [1.0, 0.0]])
    np.testing.assert_array_equal(m.solve(A, np.array([2.0, 3.0])), [3.0, 2.0])


def test_sparse_weights_multiply_and_grow_and_no_more():
    W = scipy.sparse.random_array((5, 4), density=0.5, rng=np.random.default_rng(0)).tocsr()
    x = np.arange(4.0)
    np.testing.assert_allclose(m.matvec(W, x), W.toarray() @ x, atol=1e-15)
    for use in (
        lambda v, W: v @ W, lambda v, W: W.T, lambda v, W: W * 2, lambda v, W: v + W,
    ):  # fmt: skip
        with pytest.raises(TraceError, match="W @ x"), Trace() as trace:
            weights = SparseVar(trace, ("W",), W)
            use(symbol(trace, "v", (5,), np.float64), weights)


class Recalling(ng.Node):
    """It mixes rows of its past, which it looks up, with weights."""

    def init(self, rng, n_in, n_out):
        """Return weights and rows."""
        return rng.standard_normal((n_out, 3)), rng.standard_normal((7, n_in))

    def step(self, params, state, x):
        """Return the first signal of each mixture."""
        places = np.arange(3) + (x[0] > 0)
        return state, m.tanh(m.matvec(params[0], params[1][places]))[:, 0]


def test_rows_that_are_looked_up_are_the_right_factor_of_a_product_of_matrices():
    node = Recalling()
    W, rows = params = node.init(np.random.default_rng(0), 4, 4)
    x = np.array([[1.0, 0, 0, 0], [-1.0, 0, 0, 0]])
    ys = run_node(node, params, (), x)[1]
    expected = [np.tanh(W @ rows[first : first + 3])[:, 0] for first in (1, 0)]
    np.testing.assert_allclose(ys, expected, rtol=1e-13)


def test_products_read_every_second_row_what_is_turned_and_diagonals():
    W = np.random.default_rng(7).integers(-9, 9, (6, 6)).astype(float)  # sums of which are exact
    functions = {
        "rows": lambda W, v: W[::2] @ v,
        "columns": lambda W, v: W[:, 1::2] @ v[::-2],
        "turned": lambda W, v: W[::-1] @ v[::-1],
        "diagonal": lambda W, v: np.einsum("ii,i->", W, v),
        "sums": lambda W, v: W[:, ::3].sum(axis=1) + W[::-1, ::-1].sum(axis=0),
    }
    for name, found in compiled(functions, W, W[1]).items():
        np.testing.assert_array_equal(found, functions[name](W, W[1]), err_msg=name)
