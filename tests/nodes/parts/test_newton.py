import numpy as np
import pytest

from nodegraph.errors import DataError
from nodes.parts.newton import Newton, Sums

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("n_out", [1, 3])
def test_slope_and_curvature_are_the_differences_of_the_loss(n_out):
    xs, weights, W = RNG.normal(size=(40, 4)), RNG.uniform(size=40), RNG.normal(size=(n_out, 4))
    ts = RNG.dirichlet(np.ones(3), 40)[:, :n_out]

    def at(W):
        return Sums.empty(n_out, 4).add(W, xs, ts, weights)

    here, step = at(W), 1e-5
    for i in np.ndindex(W.shape):
        d = np.zeros_like(W)
        d[i] = step
        up, down = at(W + d), at(W - d)
        assert (up.loss - down.loss) / (2 * step) == pytest.approx(here.slope[i], abs=1e-7)
        curve = (up.slope - down.slope) / (2 * step)
        np.testing.assert_allclose(curve, here.curvature[:, :, i[0], i[1]], atol=1e-7)


def test_a_step_that_leads_up_is_halved():
    """Of ``sum log(1 + e^-a w)`` Newton's method from far away overshoots."""
    xs, ts = np.array([[1.0], [1.0], [-1.0]] * 100), np.ones((300, 1))
    memory, losses = Newton.begin(1, 1, 1e-3, False)._replace(W=np.full((1, 1), 4.0)), []
    while not memory.done:
        memory = memory.add(xs, ts, np.ones(300)).after_pass()
        losses.append(memory.best)
    assert (np.diff(losses) <= 0).all()
    assert memory.solution()[0] == pytest.approx(np.log(2), rel=1e-3)


def test_no_rows_and_numbers_too_large_are_refused():
    with pytest.raises(DataError, match="no rows to learn from"):
        Newton.begin(2, 1, 0.1, True).solution()
    memory = Newton.begin(1, 1, 0.1, True)._replace(W=np.full((1, 2), 1e300))
    with np.errstate(all="ignore"), pytest.raises(DataError, match="scale the data down"):
        memory.add(np.array([[1e20], [-1e20]]), np.ones((2, 1)), np.ones(2)).after_pass()
