import numpy as np
import pytest
from scipy.stats import norm

import nodegraph as ng
from nodegraph.errors import DataError, FieldError, GraphError
from nodegraph.testing import check_node, check_rule
from nodes import RLS, Concat, Input, Reservoir, Ridge
from nodes.rules import IntervalLeastSquares

RNG = np.random.default_rng(0)
X = RNG.normal(size=(6000, 8))
Y = X @ RNG.normal(size=(8, 2)) + RNG.standard_t(5, size=(6000, 2)) * [1.0, 3.0]


def learned(n=2000, **fields):
    out = Ridge(intervals=[0.05, 0.5, 0.95], name="out", **fields)
    return ng.Model(Input() >> out).fit(X[:n], Y[:n])


@pytest.mark.parametrize("by", ["residuals", "posterior"])
def test_it_keeps_the_contract(by):
    levels = (0.1, 0.9)
    check_node(Ridge(intervals=levels, intervals_by=by, units=2))
    check_rule(IntervalLeastSquares(levels=levels, by=by), Ridge(intervals=levels, intervals_by=by))


@pytest.mark.parametrize("by", ["residuals", "posterior"])
@pytest.mark.parametrize("solver", ["direct", "qr"])
def test_nine_of_ten_new_values_lie_inside(by, solver):
    model = learned(intervals_by=by, solver=solver)
    q = model.intervals(X[2000:])
    assert q.shape == (4000, 2, 3)
    for column in range(2):
        low, high = q[:, column, 0], q[:, column, 2]
        assert 0.88 < ng.metrics.coverage(Y[2000:, column], low, high) < 0.92
    y = model.reset().run(X[2000:])
    plain = ng.Model(Input() >> Ridge(name="out", solver=solver)).fit(X[:2000], Y[:2000])
    np.testing.assert_array_equal(y, plain.reset().run(X[2000:]))


def test_the_posterior_is_that_of_ridge_regression():
    model = learned(50, intervals_by="posterior", ridge=2.0)
    x, t = X[:50] - X[:50].mean(axis=0), Y[:50]
    inverse = np.linalg.inv(x.T @ x + 2 * np.eye(8))
    freedom = 1 + np.trace(x @ inverse @ x.T)
    error = t - model.reset().run(X[:50])
    sigma = np.sqrt((error**2).sum(axis=0) / (50 - freedom))
    new = 5 * X[60:70] - X[:50].mean(axis=0)
    scale = np.sqrt(1 + 1 / 50 + np.einsum("ti,ij,tj->t", new, inverse, new))
    wanted = scale[:, None] * sigma * norm.ppf(0.95)
    y = model.reset().run(5 * X[60:70])
    found = model.reset().intervals(5 * X[60:70])
    np.testing.assert_allclose(found[..., 2] - y, wanted, rtol=1e-6)


def test_with_fewer_rows_than_inputs_residuals_are_those_left_out():
    x = RNG.normal(size=(60, 100))
    t = x[:, :1] + 0.1 * RNG.normal(size=(60, 1))
    model = ng.Model(Input() >> Ridge(ridge=1.0, intervals=[0.05, 0.95])).fit(x, t)
    new = RNG.normal(size=(2000, 100))
    q = model.intervals(new)
    assert 0.7 < ng.metrics.coverage(new[:, :1], q[..., 0], q[..., 1]) < 0.99
    assert model.report[0]["train_rmse"] < 0.1 < model.report[0]["interval_width"] / 4


def test_chunks_and_series_and_files(tmp_path):
    whole = learned()
    out = Ridge(intervals=[0.05, 0.5, 0.95], name="out")
    parts = ng.Model(Input() >> out).fit([X[:900], X[900:2000]], [Y[:900], Y[900:2000]])
    for one, other in zip(parts.params["out"], whole.params["out"], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)
    whole.save(tmp_path / "m.safetensors")
    loaded = ng.load(tmp_path / "m.safetensors")
    found = loaded.intervals([X[:7], X[7:9]])
    np.testing.assert_array_equal(np.concatenate(found), whole.reset().intervals(X[:9]))
    with pytest.raises(GraphError, match=r"update cannot add.* intervals_by='posterior'"):
        whole.update(X[:9], Y[:9])
    out = Ridge(intervals=[0.05, 0.95], intervals_by="posterior", name="out")
    more = ng.Model(Input() >> out).fit(X[:900], Y[:900]).update(X[900:2000], Y[900:2000])
    once = ng.Model(Input() >> out).fit(X[:2000], Y[:2000])
    np.testing.assert_allclose(more.params["out"].offsets, once.params["out"].offsets, rtol=1e-9)


def test_adapted_intervals_hold_what_they_say_though_all_changes():
    later = Y[2000:] * np.linspace(1, 4, 4000)[:, None]
    model = learned()
    plain = model.intervals(X[2000:])
    moved = model.reset().intervals(X[2000:], later, rate=0.1)
    assert ng.metrics.coverage(later, plain[..., 0], plain[..., 2]) < 0.8
    assert 0.88 < ng.metrics.coverage(later, moved[..., 0], moved[..., 2]) < 0.92
    gaps = later.copy()
    gaps[::2] = np.nan
    again = model.reset().intervals(X[2000:], gaps, rate=0.1)
    assert 0.84 < ng.metrics.coverage(later, again[..., 0], again[..., 2]) < 0.93


def test_what_keeps_no_residuals_is_refused():
    plain = ng.Model(Input() >> Ridge()).fit(X, Y)
    with pytest.raises(GraphError, match=r"ridge \(Ridge\) keeps no residuals, so it has no inter"):
        plain.intervals(X)
    with pytest.raises(GraphError, match=r"rls \(RLS\) keeps no residuals"):
        ng.Model(Input() >> RLS()).fit(X[:9], Y[:9]).intervals(X)
    out = Ridge(intervals=[0.1, 0.9])
    with pytest.raises(GraphError, match=r"in front, as in Input\(\) >> ridge"):
        ng.Model(out).fit(X, Y).intervals(X)
    pool = Input() >> [Reservoir(units=3), Reservoir(units=4)]
    both = ng.Model(pool >> Concat() >> Ridge(intervals=[0.1, 0.9])).fit(X, Y)
    assert both.intervals(X).shape == (6000, 2, 2)


@pytest.mark.parametrize(
    "fields, message",
    [
        ({"intervals": [0.9, 0.1]}, "intervals should ascend"),
        ({"intervals": [0.1, 0.9], "classes": [0, 1]}, "intervals are of quantities"),
        ({"intervals": [0.0, 0.9]}, "intervals"),
        ({"intervals": []}, "intervals"),
        ({"intervals": [0.1, 0.9], "solver": "iterative"}, "intervals need solver='direct'"),
        (
            {"intervals": [0.1, 0.9], "W_out": [[1.0]]},
            "intervals would have no effect, for W_out is given",
        ),
        ({"intervals_by": "posterior"}, "intervals_by would have no effect, for intervals is None"),
    ],
)
def test_fields_that_cannot_be_are_refused(fields, message):
    with pytest.raises(FieldError, match=message):
        Ridge(**fields)


@pytest.mark.parametrize("levels", [(0.05, 0.5, 0.95), (0.9,)])
@pytest.mark.parametrize("by", ["residuals", "posterior"])
def test_adapted_intervals_go_on_from_call_to_call(by, levels, tmp_path):
    out = Ridge(intervals=levels, intervals_by=by, name="out")
    model = ng.Model(Input() >> out).fit(X[:300], Y[:300])
    x, y = X[2000:2120], 4 * Y[2000:2120]
    y[7] = np.nan
    whole = model.reset().intervals(x, y)
    assert not np.array_equal(whole, model.reset().intervals(x))
    model.reset()
    rows = [model.intervals(x[t : t + 1], y[t : t + 1]) for t in range(50)]
    model.save(tmp_path / "m.safetensors")
    here = model.snapshot()
    for other in (ng.load(tmp_path / "m.safetensors"), model):
        parts = [*rows, other.intervals(x[50:51], y[50:51]), other.intervals(x[51:], y[51:])]
        np.testing.assert_array_equal(np.concatenate(parts), whole)
    model.restore(here)
    unknown = model.intervals(x[50:51])
    np.testing.assert_array_equal(unknown, whole[50:51])
    apart = model.intervals([x, x[:9]], [y, y[:9]])
    np.testing.assert_array_equal(apart[0], whole)
    np.testing.assert_array_equal(apart[1], whole[:9])
    np.testing.assert_array_equal(model.intervals(x[50:], y[50:]), whole[50:])
    again = model.fit(X[:300], Y[:300]).reset().intervals(x, y)
    np.testing.assert_array_equal(again, whole)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_bounds_of_a_row_do_not_depend_on_its_chunk(dtype):
    out = Ridge(intervals=[0.1, 0.9], intervals_by="posterior")
    graph = Input() >> Reservoir(units=61) >> out
    model = ng.Model(graph, dtype=dtype).fit(X[:300], Y[:300])
    here, x, y = model.snapshot(), X[300:400], Y[300:400]
    whole = model.intervals(x, y)
    for size in (1, 37):
        model.restore(here)
        parts = [model.intervals(x[i : i + size], y[i : i + size]) for i in range(0, 100, size)]
        np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_learning_anew_starts_bounds_anew():
    model = learned(300)
    model.intervals(X[:50], Y[:50] + 9)
    np.testing.assert_array_equal(
        model.fit(X[:300], Y[:300]).intervals(X[:5]), learned(300).intervals(X[:5])
    )


def test_bounds_move_as_the_paper_has_it():
    model, rate = learned(300), 0.1
    plain = model.reset().intervals(X[300:340])
    q, shift, level = [], np.zeros((2, 3)), np.array([0.05, 0.5, 0.95])
    for t, y in enumerate(Y[300:340]):
        q.append(np.sort(plain[t] + shift, axis=1))
        wide = (plain[: t + 1, :, 2] - plain[: t + 1, :, 0]).mean(axis=0)
        shift = shift + rate * wide[:, None] * (level - (y[:, None] <= plain[t] + shift))
    found = model.reset().intervals(X[300:340], Y[300:340], rate=rate)
    np.testing.assert_allclose(found, q, rtol=1e-12)


@pytest.mark.parametrize(
    "given, message",
    [
        ({"rate": -1}, "y=y.*rate should be a number of at least 0, got -1"),
        ({"rate": np.nan}, "y=y.*rate should be a number of at least 0, got nan"),
        ({"rate": True}, "y=y.*rate should be a number of at least 0, got True"),
        ({"rate": 0.1}, r"rate=0.1 says how fast .* there is no y; give y, or leave rate out"),
        ({"y": Y[:5]}, r"y should have shape \(9, 2\), got \(5, 2\)"),
        ({"y": "no"}, r"y should be numbers of shape \(9, 2\)"),
        ({"x": [X[:9]], "y": Y[:9]}, "x is a list of 1 series, y should be, got a ndarray"),
        ({"x": [X[:9]], "y": [Y[:9]] * 2}, "x is a list of 1 series, y should be, got 2"),
    ],
)
def test_what_bounds_cannot_follow_is_refused_and_the_model_stays(given, message):
    model = learned(300)
    if message.startswith("y=y"):
        given, message = {**given, "y": Y[:9]}, message[5:]
    time = model.time
    with pytest.raises((DataError, FieldError), match=message):
        model.intervals(**{"x": X[:9], **given})
    assert model.time == time


@pytest.mark.filterwarnings("error")
def test_where_nothing_came_nothing_moves():
    model = learned(300)
    nothing = np.full((9, 2), np.nan)
    found = model.reset().intervals(X[:9], nothing)
    np.testing.assert_array_equal(found, model.reset().intervals(X[:9]))


def test_weights_of_rows_are_refused_with_why():
    out = Ridge(intervals=[0.1, 0.9])
    with pytest.raises(GraphError, match="no port 'weight': intervals count all rows alike"):
        Input() >> out["weight"]
    with pytest.raises(GraphError, match="no port 'weigt'; it has"):
        Input() >> out["weigt"]


def test_a_readout_that_hears_late_has_the_bounds_of_one_behind_a_node_that_gathers():
    u = np.random.default_rng(3).standard_normal((400, 1))
    y = np.roll(u, 2, axis=0) + 0.1 * np.roll(u, 5, axis=0)

    def model(gathered):
        pool = Reservoir(units=9, name="pool")
        out = Ridge(ridge=1e-3, intervals=[0.1, 0.9], intervals_by="posterior", name="out")
        heard = [pool, pool >> ng.delay(3), Input(name="u") >> ng.delay(5)]
        front = heard >> Concat() >> out if gathered else heard >> out
        graph = (Input(name="v") >> pool) & front
        return ng.Model(graph, seed=1).fit({"u": u[:300], "v": u[:300]}, y[:300], warmup=9)

    plain, behind = model(False), model(True)
    given = {"u": u[300:], "v": u[300:]}
    whole = behind.intervals(given)
    parts = [{name: rows[cut] for name, rows in given.items()} for cut in (slice(2), slice(2, 100))]
    found = np.concatenate([plain.intervals(part) for part in parts])
    np.testing.assert_array_equal(found, whole)
    lists = {name: [rows[:30], rows[30:]] for name, rows in given.items()}
    for one, other in zip(plain.intervals(lists), behind.intervals(lists), strict=True):
        np.testing.assert_array_equal(one, other)
