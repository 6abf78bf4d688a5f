import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import DataError, DataWarning, FieldError, GraphError
from nodegraph.testing import check_node
from nodes import Input, LinearAttention, Ridge, Select

KERNELS = ("identity", "elu", "based", "rebased", "hedgehog")
RNG = np.random.default_rng(0)
DATA = {name: RNG.standard_normal((40, d)) for name, d in (("q", 4), ("k", 4), ("v", 3))}
BETA = RNG.random((40, 1))


def stored(beta=False, **fields):
    memory = LinearAttention(name="memory", **fields)
    graph = (Input(name="q") >> memory) & (Input(name="k") >> memory["key"])
    graph = graph & (Input(name="v") >> memory["value"])
    return graph & (Input(name="beta") >> memory["beta"]) if beta else graph


def phi(kernel, x):
    if kernel == "elu":
        return np.where(x > 0, x + 1, np.exp(x))
    if kernel == "based":
        return np.hstack([1, x, np.outer(x, x).ravel() / np.sqrt(2)])
    if kernel == "rebased":
        return ((x - x.mean()) / np.sqrt(x.var() + 1e-5)) ** 2
    return np.exp(np.hstack([x, -x])) if kernel == "hedgehog" else x


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("update", ["sum", "delta", "least_squares"])
def test_contract(kernel, update):
    ports = {"key": 3, "beta": int(update == "delta")}
    check_node(LinearAttention(kernel=kernel, update=update), ports=ports)


@pytest.mark.parametrize("kernel", KERNELS[1:])
def test_a_sum_is_attention_over_the_whole_past(kernel):
    """The recurrent form is the parallel one."""
    y = ng.Model(stored(kernel=kernel, frozen=True) if kernel == "hedgehog" else
                 stored(kernel=kernel)).run(DATA)  # fmt: skip
    q, k = (np.array([phi(kernel, row) for row in DATA[name]]) for name in "qk")
    A = np.tril(q @ k.T)
    np.testing.assert_allclose(y, A / A.sum(axis=1, keepdims=True) @ DATA["v"], rtol=1e-10)


def test_without_normalisation_it_is_the_sum_alone():
    y = ng.Model(stored(normalise=False)).run(DATA)
    A = np.tril(DATA["q"] @ DATA["k"].T)
    np.testing.assert_allclose(y, A @ DATA["v"], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("beta", [True, False])
def test_delta_is_a_step_of_least_mean_squares(kernel, beta):
    fields = {"frozen": True} if kernel == "hedgehog" else {}
    model = ng.Model(stored(beta, kernel=kernel, update="delta", **fields))
    y = model.run(DATA | ({"beta": BETA} if beta else {}))
    S = np.zeros((3, len(phi(kernel, DATA["k"][0]))))
    for t in range(40):
        k = phi(kernel, DATA["k"][t])
        k = k / np.linalg.norm(k)
        share = BETA[t] if beta else 1
        S = S + np.outer(share * (DATA["v"][t] - S @ k), k)
        np.testing.assert_allclose(y[t], S @ phi(kernel, DATA["q"][t]), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("kernel", KERNELS)
def test_least_squares_is_ridge_regression_on_all_pairs_so_far(kernel):
    fields = {"frozen": True} if kernel == "hedgehog" else {}
    fields |= {"kernel": kernel, "update": "least_squares", "ridge": 0.3}
    y = ng.Model(stored(**fields)).run(DATA)
    weights = ng.Model(stored(output="weights", **fields)).run(DATA)
    Q, K = (np.array([phi(kernel, row) for row in DATA[name]]) for name in "qk")
    for t in (0, 5, 39):
        k, v = K[: t + 1], DATA["v"][: t + 1]
        S = np.linalg.solve(k.T @ k + 0.3 * np.eye(k.shape[1]), k.T @ v).T
        np.testing.assert_allclose(y[t], S @ Q[t], rtol=1e-8, atol=1e-8)
        np.testing.assert_allclose(weights[t], S.ravel(), rtol=1e-8, atol=1e-8)


def test_least_squares_of_a_long_series_are_those_of_all_pairs_in_single_precision_too():
    """Sums of 3000 steps below a penalty of 1e-3: in single precision P was lost, and S with it."""
    rng = np.random.default_rng(1)
    data = {name: rng.standard_normal((3000, d)) for name, d in (("q", 5), ("k", 5), ("v", 2))}
    graph = stored(update="least_squares", ridge=1e-3)
    model = ng.Model(graph, dtype="float32")
    y, k = model.run(data), data["k"]
    S = np.linalg.solve(k.T @ k + 1e-3 * np.eye(5), k.T @ data["v"]).T
    np.testing.assert_allclose(model.state["memory"].S, S, atol=1e-6)
    np.testing.assert_allclose(y[-1], S @ data["q"][-1], atol=1e-6)


@pytest.mark.parametrize("update", ["sum", "delta"])
def test_weights_are_what_is_stored_row_by_row(update):
    model = ng.Model(stored(update=update, output="weights"))
    weights = model.run(DATA)
    assert weights.shape == (40, 12)
    np.testing.assert_array_equal(weights[-1].reshape(3, 4), model.state["memory"].S)


def test_what_is_stored_may_be_the_weights_of_another_node():
    """Learned in this series, and used in it: the readout is told as it goes on."""
    u, y = Input(name="u"), Input(name="y")
    own = LinearAttention(update="least_squares", ridge=1e-9, output="weights", name="own")
    out = Ridge(units=1, fit_bias=False, name="out")
    graph = (u >> own >> out["W_out"]) & (u >> own["key"]) & (y >> own["value"]) & (u >> out)
    x = RNG.standard_normal((30, 3))
    said = ng.Model(graph).run({"u": x, "y": x @ [[1.0], [-2.0], [0.5]]})
    np.testing.assert_allclose(said[3:, 0], (x @ [1.0, -2.0, 0.5])[3:], rtol=1e-6)


def test_what_was_stored_comes_back_from_orthogonal_keys_and_the_last_value_counts():
    q = np.linalg.qr(RNG.standard_normal((4, 4)))[0]
    keys, values = q[[0, 1, 2, 3, 1]], RNG.standard_normal((5, 3))
    data = {"k": keys, "v": values, "q": keys}
    model = ng.Model(stored(update="delta"))
    np.testing.assert_allclose(model.run(data), values, atol=1e-12)
    S = model.state["memory"].S
    np.testing.assert_allclose(S @ q.T, values[[0, 4, 2, 3]].T, atol=1e-12)


@pytest.mark.parametrize(
    ("q", "k"), [([1.0, -2.0], [0.5, 3.0]), ([0.0, 0.0], [1.0, 1.0]), ([2.0, 1.0], [2.0, 1.0])]
)
def test_based_is_a_taylor_series(q, k):
    model = ng.Model(stored(kernel="based", normalise=False))
    s = np.dot(q, k)
    y = model.run({"q": [q], "k": [k], "v": [[1.0]]})[0, 0]
    assert y == pytest.approx(1 + s + s * s / 2, rel=1e-14)


def test_a_divisor_that_may_be_near_0_is_said():
    with pytest.warns(DataWarning, match="divided by z'q, which may be near 0 .*normalise=False"):
        many = {name: np.tile(rows, (2, 1)) for name, rows in DATA.items()}
        ng.Model(stored() >> Ridge(name="out")).fit(many, many["v"])


def test_nothing_under_a_query_gives_nothing():
    y = ng.Model(stored()).run({"q": [[0.0, 0.0]], "k": [[1.0, 0.0]], "v": [[3.0]]})
    assert y.tolist() == [[0.0]]


def test_hedgehog_learns_as_it_runs_and_a_frozen_one_does_not():
    for frozen in (False, True):
        model = ng.Model(stored(kernel="hedgehog", frozen=frozen), seed=1)
        if frozen:
            assert not model.plan.rules
            continue
        model.partial_fit(DATA)
        assert not np.array_equal(model.params["memory"].W, np.eye(4))


def test_ports_that_do_not_go_together_are_refused():
    memory = LinearAttention(name="memory")
    with pytest.raises(FieldError, match="nothing is wired to the port key"):
        ng.Model(Input() >> memory).run(DATA["q"])
    with pytest.raises(FieldError, match=r"equally wide: 4 signals arrive as the query.* 3 at the"):
        ng.Model(stored()).run({**DATA, "k": DATA["v"]})
    with pytest.raises(FieldError, match=r"beta has no effect on 'sum'; write update=.delta"):
        ng.Model(stored(True)).run({**DATA, "beta": BETA})
    with pytest.raises(GraphError, match="beta should be one signal, got 2"):
        ng.Model(stored(True, update="delta")).run({**DATA, "beta": np.ones((40, 2))})


def test_a_share_out_of_bounds_is_refused():
    beta = np.where(np.arange(40) == 7, 1.5, 0.5)[:, None]
    with pytest.raises(DataError, match=r"memory: beta should be from 0 to 1, got 1[.]5 at step 7"):
        ng.Model(stored(True, update="delta")).run({**DATA, "beta": beta})


def test_fields_without_effect_are_refused():
    with pytest.raises(FieldError, match="nothing of 'elu' learns"):
        LinearAttention(kernel="elu", rate=0.1)
    with pytest.raises(FieldError, match=r"ridge would have no effect, for the update is 'delta'"):
        LinearAttention(update="delta", ridge=0.1)
    with pytest.raises(FieldError, match=r"normalise .* for the update is 'least_squares'"):
        LinearAttention(update="least_squares", normalise=False)
    with pytest.raises(FieldError, match=r"normalise .* a sum is given out as it is"):
        LinearAttention(output="weights", normalise=False)
    with pytest.raises(FieldError, match="it is frozen"):
        LinearAttention(kernel="hedgehog", frozen=True, window=3)


def test_it_stands_in_a_loop_and_its_width_is_that_of_its_values():
    u, memory = Input(name="u"), LinearAttention(kernel="elu", name="memory")
    graph = (u >> memory) & (u >> memory["key"]) & (u >> memory["value"])
    graph = graph & (u >> Select(columns=[0]) >> memory["value"])
    y = ng.Model(graph).run(DATA["q"])
    assert y.shape == (40, 5)
