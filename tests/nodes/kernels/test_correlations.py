import numpy as np

from nodes.kernels.abreast import MANY
from nodes.kernels.compiling import kernel, read, types, write
from nodes.kernels.correlations import multiply, put_off, renew, settle

RNG = np.random.default_rng(1)
Q, STEPS, ALPHA = 5, 8, 0.1


def _signature(f):
    rest = read(types.boolean, 2), f, f, f
    return types.void(write(f, 2), read(f, 3), write(f, 3), *rest)


@kernel(_signature)
def _live(P, hs, products, due, forgetting, alpha, most):
    left, right = np.zeros_like(hs[0]), np.full_like(hs[0], -0.0)
    gain, total, trace = np.empty((1, MANY)), np.empty(MANY), np.empty(MANY)
    change = left, right, np.ones((1, MANY))
    for t in range(len(hs)):
        multiply(P, change, hs[t], products[t])
        for lane in range(MANY):
            total[lane] = (hs[t, :, lane] * products[t, :, lane]).sum()
            gain[0, lane] = -1.0 / (forgetting + total[lane])
        put_off(products[t], gain, due[t], forgetting, change)
        renew(P, change, total, trace, alpha, most)
    settle(P, change)


def lived(hs, due, forgetting, most=np.inf):
    i, j = np.tril_indices(Q)
    P = np.zeros((len(i), MANY))
    P[i == j] = 1 / ALPHA
    products = np.empty_like(hs)
    _live(np.dtype(float))(P, hs, products, due, forgetting, ALPHA, most)
    whole = np.empty((Q, Q, MANY))
    whole[i, j] = whole[j, i] = P
    return whole, products


def test_they_are_inverses_of_the_sums_of_what_was_seen():
    hs, due = RNG.standard_normal((STEPS, Q, MANY)), np.ones((STEPS, MANY), bool)
    P, products = lived(hs, due, 0.9)
    for lane in range(MANY):
        sums = 0.9**STEPS * ALPHA * np.eye(Q)
        for t in range(STEPS):
            sums += 0.9 ** (STEPS - t - 1) * np.outer(hs[t, :, lane], hs[t, :, lane])
        np.testing.assert_allclose(P[:, :, lane] @ sums, np.eye(Q), atol=1e-9)
    np.testing.assert_allclose(products[0], hs[0] / ALPHA)


def test_who_is_not_due_sees_nothing_and_forgets_nothing():
    hs, due = RNG.standard_normal((STEPS, Q, MANY)), RNG.random((STEPS, MANY)) < 0.5
    hs = np.where(due[:, None], hs, 0.0)
    P, _ = lived(hs, due, 0.5)
    for lane in range(MANY):
        alone = hs[due[:, lane]]
        few, _ = lived(alone, np.ones(alone.shape[::2], bool), 0.5)
        np.testing.assert_array_equal(P[:, :, lane], few[:, :, lane])


def test_one_starts_anew_at_its_bound_and_the_others_go_on():
    hs, due = RNG.standard_normal((STEPS, Q, MANY)), np.ones((STEPS, MANY), bool)
    hs[:, :, 3] = 0.0  # nothing happens: P grows by 1 / forgetting each step
    free, _ = lived(hs, due, 0.8)
    bound, _ = lived(hs, due, 0.8, most=1.5 * Q / ALPHA)
    others = np.arange(MANY) != 3
    np.testing.assert_array_equal(bound[:, :, others], free[:, :, others])
    np.testing.assert_allclose(bound[:, :, 3], np.eye(Q) / ALPHA / 0.8 ** (STEPS % 2))
    np.testing.assert_allclose(free[:, :, 3], np.eye(Q) / ALPHA / 0.8**STEPS)
