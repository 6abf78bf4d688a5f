import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import DataWarning
from nodes import Input, Reservoir, Ridge, Scaler
from nodes.ridge_regression.strength import warn_of_end

RNG = np.random.default_rng(0)


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


def test_there_is_nothing_to_say_where_no_weaker_penalty_would_help():
    x = series()
    fitted(x)  # warnings are errors here
    fitted(1e-6 * x, Scaler())
    fitted(x, ridge=1e3)  # a strong one that was meant
    fitted(1e-6 * RNG.normal(size=(1500, 1)))  # noise
    ng.Model(Input() >> Ridge()).fit(np.zeros((1500, 1)), np.zeros((1500, 1)))


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
