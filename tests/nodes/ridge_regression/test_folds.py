import numpy as np

from nodes.ridge_regression.dual_rows import Rows
from nodes.ridge_regression.folds import chosen_strengths, dealt, joined

RNG = np.random.default_rng(1)


def folds(count=4, rows=9):
    W = RNG.standard_normal((2, 3))
    parts = []
    for _ in range(count):
        x = RNG.standard_normal((rows, 3))
        parts.append(Rows(x, x @ W.T + 0.5 * RNG.standard_normal((rows, 2))))
    return parts


def test_every_row_of_the_first_block_is_dealt_once_also_to_more_folds_than_rows():
    for n, count in [(256, 5), (3, 5), (1, 1)]:
        seen = [row for _, rows in dealt(0, n, count) for row in range(n)[rows]]
        assert seen == list(range(n))
    assert {fold for fold, _ in dealt(0, 3, 5)} <= set(range(5))


def test_the_strength_is_chosen_that_predicts_best_what_is_left_out():
    parts, strengths = folds(), (1e-3, 3.0, 1e3)
    [(chosen, facts)] = chosen_strengths(parts, [slice(0, 2)], strengths, True)
    errors, spread = [], joined(parts).ts.std(axis=0)
    for ridge in strengths:
        squared = np.zeros(2)
        for i in range(4):
            rest = [part for j, part in enumerate(parts) if j != i]
            x, t = (np.concatenate([getattr(part, name) for part in rest]) for name in ("xs", "ts"))
            centre, mean = x.mean(axis=0), t.mean(axis=0)
            gram = (x - centre).T @ (x - centre) + ridge * np.eye(3)
            W = np.linalg.solve(gram, (x - centre).T @ (t - mean))
            told = (parts[i].xs - centre) @ W + mean
            squared += ((parts[i].ts - told) ** 2).sum(axis=0)
        errors.append(np.sqrt(squared / 36))
    assert chosen == strengths[int(np.argmin([(each / spread).mean() for each in errors]))]
    means = [each.mean() for each in errors]
    np.testing.assert_allclose(list(facts["left_out_rmse"].values()), means)


def test_units_of_the_targets_do_not_decide():
    x = RNG.standard_normal((200, 40))
    t = np.c_[x[:, 0] + 0.01 * RNG.standard_normal(200), RNG.standard_normal(200)]
    choices = []
    for units in ([1.0, 1.0], [1e6, 1.0], [1.0, 1e6]):
        parts = [Rows(x[i::4], t[i::4] * units) for i in range(4)]
        choices.append(chosen_strengths(parts, [slice(0, 2)], (1e-3, 1.0, 30.0, 1e4), True)[0][0])
    assert choices[0] == choices[1] == choices[2]


def test_with_nothing_to_leave_out_the_strongest_is_taken():
    assert chosen_strengths(folds(1, 1), [slice(0, 2)], (0.1, 7.0), True) == [(7.0, {})]
    assert chosen_strengths(folds(), [slice(0, 2)], (0.1,), True) == [(0.1, {})]


def test_folds_are_joined_in_their_order():
    parts = folds(3)
    whole = joined(parts)
    np.testing.assert_array_equal(whole.xs, np.concatenate([part.xs for part in parts]))
