import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import DataWarning
from nodes import Input, Reservoir, Ridge, Scaler
from nodes.ridge_regression.gathered import joined
from nodes.ridge_regression.rows import Rows
from nodes.ridge_regression.strength import chosen_strengths, warn_of_end

RNG = np.random.default_rng(0)
DRAWN = np.random.default_rng(1)


def series(n=1500):
    s, e = np.zeros((n, 1)), RNG.normal(size=(n, 1))
    for t in range(2, n):
        s[t] = 1.6 * s[t - 1] - 0.8 * s[t - 2] + e[t]
    return s / s.std()


def fitted(x, *front, ridge=1e-6, n=1000, solver="auto"):
    graph = Input()
    for node in front:
        graph = graph >> node
    graph = graph >> Reservoir(units=40, leak_rate=0.5) >> Ridge(ridge=ridge, solver=solver)
    return ng.Model(graph, seed=1).fit(x[:n], x[1 : n + 1])


@pytest.mark.parametrize("size, n", [(1e-5, 1000), (2e-6, 1000), (1e-8, 1000), (2e-6, 30)])
def test_a_penalty_that_outweighs_data_in_volts_is_named_with_one_that_does_not(size, n):
    x = size * series()
    with pytest.warns(
        DataWarning, match=r"ridge=1e-06 outweighs .*; put a Scaler in front"
    ) as said:
        model = fitted(x, n=n)
    if n < 100:
        return
    better = float(str(said[0].message).split("with ridge=")[1].split()[0])
    errors = [
        ng.metrics.nrmse(x[n + 1 :], m.run(x[n:-1])) for m in (model, fitted(x, ridge=better))
    ]
    assert errors[1] < errors[0] / 1.4


@pytest.mark.parametrize("how", [{"ridge": [1e-6, 1e-3, 1.0]}, {"solver": "iterative"}])
def test_a_list_and_conjugate_gradients_are_judged_as_well(how):
    x = 1e-6 * series()
    with pytest.warns(DataWarning, match=r"ridge=1e-06 outweighs .*; put a Scaler in front"):
        fitted(x, **how)
    fitted(x, Scaler(), **how)
    fitted(1e-6 * RNG.normal(size=(1500, 1)), **how)  # noise
    fitted(1e-3 * x / 1e-6, **how)


@pytest.mark.parametrize("size", [1e-5, 1e-6])
def test_noise_on_the_target_does_not_hide_what_a_penalty_takes(size):
    u = DRAWN.normal(size=(1000, 3))
    y = u[:, 2:] + DRAWN.normal(size=(1000, 1))  # half of it can be told
    with pytest.warns(DataWarning, match=r"error of 1 spreads .*with ridge=.* of 0\.7"):
        ng.Model(Input() >> Ridge(ridge=1e5 * size**2), seed=1).fit(size * u, y)
    ng.Model(Input() >> Ridge(ridge=1e-2), seed=1).fit(u, y)
    noise = DRAWN.normal(size=(1000, 1))
    ng.Model(Input() >> Ridge(ridge=1e5 * size**2), seed=1).fit(size * u, noise)


def test_there_is_nothing_to_say_where_no_weaker_penalty_would_help():
    x = series()
    fitted(x)  # warnings are errors here
    fitted(1e-6 * x, Scaler())
    fitted(x, ridge=1e3)  # a strong one that was meant
    fitted(1e-6 * RNG.normal(size=(1500, 1)))  # noise
    with pytest.warns(DataWarning, match="at rest") as caught:
        ng.Model(Input() >> Ridge()).fit(np.zeros((1500, 1)), np.zeros((1500, 1)))
    assert len(caught) == 1


def chosen(x, y, ridge="cv"):
    return ng.Model(Input() >> Ridge(ridge=ridge, name="o")).fit(x, y).report[0]["ridge"]


def test_the_end_of_the_grid_is_told_with_a_list_that_goes_on():
    x = RNG.normal(size=(400, 60))
    y = x @ RNG.normal(size=(60, 1)) + 12 * RNG.normal(size=(400, 1))
    with pytest.warns(DataWarning, match=r"the largest .*ridge=\[1e\+03, 1e\+04, 1e\+06"):
        assert chosen(100 * x, y) == 100
    with pytest.warns(DataWarning, match=r"the smallest strength .*ridge=\[1e-11, 1e-12, "):
        assert chosen(1e-9 * x, y) == 1e-10
    assert 1 < chosen(x, y) <= 100
    errors = chosen(100 * x, y, [1e-2, 1e-1])  # a list of one's own is one's own
    assert errors == 1e-1


def test_an_end_that_makes_no_difference_is_not_told():
    x = RNG.normal(size=(200, 5))
    assert chosen(x, x[:, :1] + 1) <= 1e-6  # free of noise
    chosen(x, RNG.normal(size=(200, 1)))  # nothing but noise
    warn_of_end((1.0, 10.0, 100.0), (0.5, 0.4, 0.3), lambda ridge: 0.299)
    warn_of_end((1.0, 10.0, 100.0), (0.5, 0.3, 0.31), lambda ridge: 0.0)
    with pytest.warns(DataWarning, match="the smallest strength"):
        warn_of_end((1.0, 10.0, 100.0), (0.3, 0.4, 0.5), lambda ridge: 0.1)


def folds(count=4, rows=9):
    W = DRAWN.standard_normal((2, 3))
    parts = []
    for _ in range(count):
        x = DRAWN.standard_normal((rows, 3))
        parts.append(Rows(x, x @ W.T + 0.5 * DRAWN.standard_normal((rows, 2))))
    return parts


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
    x = DRAWN.standard_normal((200, 40))
    t = np.c_[x[:, 0] + 0.01 * DRAWN.standard_normal(200), DRAWN.standard_normal(200)]
    choices = []
    for units in ([1.0, 1.0], [1e6, 1.0], [1.0, 1e6]):
        parts = [Rows(x[i::4], t[i::4] * units) for i in range(4)]
        choices.append(chosen_strengths(parts, [slice(0, 2)], (1e-3, 1.0, 30.0, 1e4), True)[0][0])
    assert choices[0] == choices[1] == choices[2]


def test_with_nothing_to_leave_out_the_strongest_is_taken():
    assert chosen_strengths(folds(1, 1), [slice(0, 2)], (0.1, 7.0), True) == [(7.0, {})]
    assert chosen_strengths(folds(), [slice(0, 2)], (0.1,), True) == [(0.1, {})]
