import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import cholesky, solve_discrete_are

import nodegraph as ng
from nodegraph import delay
from nodegraph.testing import check_node, run_node
from nodes import Input, PredictiveCoder, Ridge
from nodes.predictive_coder import energy, relaxed

X = np.random.default_rng(0).standard_normal((60, 3))


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"temporal": True, "attention": True},
        {"activation": "identity", "gives": "prediction", "frozen": True},
        {"temporal": True, "gives": "forecast"},
        {"gives": "error", "precision": (1.0, 2.0, 0.5)},
    ],
)
def test_it_keeps_the_contract(fields):
    check_node(PredictiveCoder(units=2, **fields))


def by_hand(C, x, p, v, precision, prior, f):
    return (precision * (x - C @ f(v)) ** 2).sum() / 2 + prior * ((v - p) ** 2).sum() / 2


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    activation=st.sampled_from(["tanh", "identity"]),
    scale=st.sampled_from([0.01, 1.0, 30.0]),
    prior=st.sampled_from([1e-3, 0.1, 10.0]),
    n=st.integers(1, 8),
    m=st.integers(1, 8),
)
def test_the_energy_never_rises_while_causes_settle(seed, activation, scale, prior, n, m):
    rng = np.random.default_rng(seed)
    fields = {"activation": activation, "prior_precision": prior, "input_scaling": scale}
    node = PredictiveCoder(units=n, precision=tuple(rng.uniform(0.1, 9, m)), **fields)
    params = node.init(rng, m, n)
    x, p = scale * rng.standard_normal(m), rng.standard_normal(n)
    f = {"tanh": np.tanh, "identity": lambda v: v}[activation]
    energies = []
    for steps in range(15):
        v = relaxed(node, params, x, p, steps)
        energies.append(by_hand(params.C, x, p, v, params.precision, prior, f))
        assert energies[-1] == pytest.approx(energy(node, params, x, p, v))
    assert np.diff(energies).max() <= 1e-12 * energies[0]
    assert energies[-1] < energies[0]


def test_causes_settle_where_the_energy_is_least():
    node = PredictiveCoder(units=3, activation="identity", prior_precision=0.5, relaxation=3000)
    p = node.init(np.random.default_rng(1), 4, 3)
    xs = np.random.default_rng(2).standard_normal((5, 4))
    ys = run_node(node, p, node.start(3), xs)[1]
    exact = np.linalg.solve(p.C.T @ p.C + 0.5 * np.eye(3), p.C.T @ xs.T).T
    np.testing.assert_allclose(ys, exact, rtol=1e-7, atol=1e-9)


def test_what_it_gives_is_what_it_says():
    def given(gives):
        node = PredictiveCoder(units=4, temporal=True, gives=gives)
        p = node.init(np.random.default_rng(1), 3, 4)
        return p, run_node(node, p, node.start(4), X)[1]

    p, v = given("state")
    before = np.concatenate([np.zeros((1, 4)), v[:-1]])
    expected = np.tanh(before) @ p.A.T
    np.testing.assert_allclose(given("prediction")[1], np.tanh(v) @ p.C.T, rtol=1e-9)
    np.testing.assert_allclose(given("error")[1], X - np.tanh(expected) @ p.C.T, rtol=1e-9)
    ahead = np.tanh(np.tanh(v) @ p.A.T) @ p.C.T
    np.testing.assert_allclose(given("forecast")[1], ahead, rtol=1e-9)


def test_with_linear_dynamics_it_is_the_steady_kalman_filter():
    rng = np.random.default_rng(3)
    A = np.array([[0.9, 0.3, 0.0], [-0.3, 0.9, 0.1], [0.0, 0.0, 0.7]])
    C, Q, R = rng.standard_normal((2, 3)), np.diag([0.1, 0.2, 0.3]), np.diag([0.5, 1.5])
    before = solve_discrete_are(A.T, C.T, Q, R)  # covariance before an observation
    gain = before @ C.T @ np.linalg.inv(C @ before @ C.T + R)
    L = cholesky(before, lower=True)  # causes in whose coordinates it is the identity
    coder = PredictiveCoder(
        units=3,
        temporal=True,
        activation="identity",
        relaxation=2000,
        C=C @ L,
        A=np.linalg.solve(L, A @ L),
        precision=tuple(1 / np.diag(R)),
        prior_precision=1.0,
        frozen=True,
    )
    zs = rng.standard_normal((200, 2))
    found = ng.Model(coder).run(zs) @ L.T
    x = np.zeros(3)
    for t, z in enumerate(zs):
        x = A @ x + gain @ (z - C @ A @ x)
        np.testing.assert_allclose(found[t], x, rtol=1e-7, atol=1e-9)


def test_a_prior_from_above_moves_the_causes_towards_it():
    low = PredictiveCoder(units=3, prior_precision=1e6, name="low", frozen=True)
    high = Input(name="high")
    model = ng.Model((Input(name="u") >> low) & (high >> low["prior"]), seed=0)
    prior = np.random.default_rng(1).standard_normal((60, 3))
    np.testing.assert_allclose(model.run({"u": X, "high": prior}), prior, atol=1e-4)
    wide = np.zeros((60, 2))
    with pytest.raises(ng.errors.FieldError, match="low: what comes in at prior should have 3 sig"):
        ng.Model((Input(name="u") >> low) & (high >> low["prior"])).run({"u": X, "high": wide})


def test_layers_talk_in_predictions_and_causes():
    low = PredictiveCoder(units=4, name="low")
    high = PredictiveCoder(units=2, gives="prediction", name="high")
    causes = PredictiveCoder(units=4, name="top")
    graph = (Input() >> low >> high) & (high >> delay(1) >> low["prior"]) & (low >> causes)
    model = ng.Model(graph, seed=0)
    model.partial_fit(X)
    assert np.isfinite(model.run(X, outputs=["low", "high"])["high"]).all()


def test_it_forecasts_what_it_cannot_see_at_once():
    t = np.arange(4000)
    wave = np.stack([np.sin(t / 7), np.sin(t / 3)], axis=1)
    coder = PredictiveCoder(units=6, temporal=True, gives="forecast")
    ys = ng.Model(Input() >> coder, seed=0).fit(wave).run(wave)
    learned = np.abs(ys[:-1] - wave[1:])[500:].mean()
    still = PredictiveCoder(units=6, temporal=True, gives="forecast", frozen=True)
    frozen = np.abs(ng.Model(Input() >> still, seed=0).run(wave)[:-1] - wave[1:])[500:].mean()
    assert learned < 0.15 < 0.5 < frozen


def test_a_readout_learns_from_causes():
    u = np.random.default_rng(0).standard_normal((400, 3))
    model = ng.Model(Input() >> PredictiveCoder(units=5) >> Ridge(ridge=1e-6), seed=1)
    y = model.fit(u, u[:, :1]).run(u)
    assert np.corrcoef(y[:, 0], u[:, 0])[0, 1] > 0.9


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"gives": "forecast"}, "a forecast needs temporal=True"),
        ({"prior_precision": 0.0}, "prior_precision: should be greater than 0"),
        ({"relaxation": 0}, "relaxation: should be"),
    ],
)
def test_nonsense_is_refused(fields, message):
    with pytest.raises(ng.errors.FieldError, match=message):
        PredictiveCoder(units=3, **fields)


def test_sizes_that_do_not_fit_are_refused():
    with pytest.raises(ng.errors.FieldError, match="precision: expected one number or 3"):
        ng.Model(PredictiveCoder(units=2, precision=(1.0, 2.0))).run(X)
    with pytest.raises(ng.errors.FieldError, match=r"C: expected shape \(3, 2\), got \(2, 2\)"):
        ng.Model(PredictiveCoder(units=2, C=np.eye(2))).run(X)
    with pytest.raises(ng.errors.FieldError, match="explains its input, but nothing is wired"):
        ng.Model(PredictiveCoder(units=2)).run(steps=3)
