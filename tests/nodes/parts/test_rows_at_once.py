import numpy as np
import pytest

from nodegraph.maths import matvec
from nodes.parts.rows_at_once import laid_out, times_rows

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    "n_out, n_in, known", [(33, 40, True), (33, 200, False), (256, 1500, True)]
)
def test_many_rows_have_the_bits_of_each_where_both_go_by_columns(n_out, n_in, known):
    W, rows = RNG.normal(size=(n_out, n_in)), RNG.normal(size=(5, n_in))
    laid = laid_out(W)
    assert (laid is not None) == known
    if known:
        expected = np.stack([matvec(W, row) for row in rows])
        np.testing.assert_array_equal(times_rows(laid, rows), expected)
