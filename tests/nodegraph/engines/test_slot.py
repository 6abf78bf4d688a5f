import numpy as np
import pytest

import nodegraph as ng
from nodegraph.engines.slot import MANY, are_bounded, check_bounds
from nodegraph.errors import DivergenceError
from nodes import RLS, Input, Reservoir, Ridge, Scaler

U = np.ones((2000, 1))
LIMIT = {"float64": 1e30, "float32": 1e18}


def unstable(dtype="float64"):
    node = Reservoir(W=[[1.5]], W_in=[[1.0]], activation="identity", name="pool")
    return ng.Model(Input(units=1) >> node, dtype=dtype)


@pytest.mark.parametrize("dtype", LIMIT)
def test_a_growing_state_is_stopped_where_sums_would_be_lost(dtype):
    model = unstable(dtype)
    sizes = 2 * (1.5 ** np.arange(1, 300) - 1)
    first = int(np.argmax(sizes > LIMIT[dtype]))
    with pytest.raises(
        DivergenceError, match=f"pool: .* at step {first}, or as good as that: "
    ) as caught:
        model.run(U)
    assert "lower spectral_radius" in str(caught.value)
    assert model.time == 0 and np.abs(model.run(U[:first])).max() < LIMIT[dtype]


def test_every_way_through_the_model_stops_there():
    u = U * 0.1 + 0.01 * np.sin(np.arange(2000.0))[:, None]  # targets that move
    pool = Reservoir(W=np.eye(2) * 1.5, W_in=[[1.0], [2.0]], activation="identity", name="pool")
    ridge, rls = Input() >> pool >> Ridge(), Input() >> pool >> RLS()
    for call in (
        lambda: ng.Model(ridge).fit(u, u),
        lambda: ng.Model(ridge).fit([u] * 9, [u] * 9),
        lambda: ng.Model(rls).partial_fit(u, u),
        lambda: ng.Model(Input() >> pool).run([u] * 9),
        lambda: _stepped(ng.Model(Input() >> pool)),
        lambda: _generated(pool),
    ):
        with pytest.raises(DivergenceError, match="or as good as that"):
            call()


def _stepped(model):
    for _ in range(2000):
        model.step([0.1])


def _generated(pool):
    model = ng.Model(Input(units=1) >> pool >> Ridge(W_out=[[1.0, 0.0]]))
    model.run(U[:2])
    model.generate(2000)


def test_large_data_are_no_divergence():
    u = 1e33 * np.sin(np.arange(200.0))[:, None]
    model = ng.Model(Input() >> Scaler() >> Reservoir(units=9) >> Ridge()).fit(u, u)
    assert np.isfinite(model.run(u)).all()


def test_what_cancels_in_a_sum_is_seen():
    ys = np.array([[1.0, -1.0], [1e40, -1e40]])
    with pytest.raises(
        DivergenceError, match="n: output is no longer finite at step 8, or as good as that"
    ):
        check_bounds("n", ys, np.zeros(2), 7, [], "lower it")


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_is_told_with_the_norm_before(bad):
    ys = np.array([[3.0, 4.0], [bad, 0.0]])
    with pytest.raises(DivergenceError, match=r"finite at step 1 \(norm one step before: 5\)"):
        check_bounds("n", ys, np.zeros(2), 0, [], "lower it")
    with pytest.raises(DivergenceError, match=r"finite at step 0 \(norm one step before: 13\)"):
        check_bounds("n", ys[1:], np.array([5.0, 12.0]), 0, [], "lower it")


def test_many_large_numbers_below_the_bound_pass():
    check_bounds("n", np.full((100, 100), 9e29), np.zeros(100), 0, [], "lower it")
    check_bounds("n", np.full((100, 100), 9e17, np.float32), np.zeros(100), 0, [], "lower it")


@pytest.mark.parametrize("dtype", LIMIT)
@pytest.mark.parametrize("size", [MANY - 1, MANY + 37])
def test_one_number_beyond_the_bound_is_seen_among_many(dtype, size):
    ys, most = np.random.default_rng(0).normal(size=(size, 1)).astype(dtype), LIMIT[dtype]
    assert are_bounded(ys) and are_bounded(np.asfortranarray(ys.repeat(2, axis=1)))
    for at in (0, 31, size // 2, size - 1):
        for bad in (np.nan, np.inf, -np.inf, 1.01 * most, -1.01 * most):
            other = ys.copy()
            other[at] = bad
            assert not are_bounded(other)
        other[at] = 0.99 * most
        assert are_bounded(other)
