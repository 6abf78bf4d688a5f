import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

import nodegraph as ng
from nodegraph.testing import check_node
from nodes import LIF, Filter, Input, Ridge, Scaler


def one_unit(**fields):
    return ng.Model(LIF(W=[[0.0]], W_in=[[1.0]], **fields))


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"leak_rate": (0.1, 0.2, 0.3)},
        {"reset": "subtract", "bias_scaling": 0.3},
        {"connectivity": 0.4, "threshold": 0.5},
    ],
)
def test_it_keeps_the_contract(fields):
    check_node(LIF(**{"units": 3, "connectivity": 1.0, **fields}))


def test_a_perfect_integrator_fires_at_every_threshold():
    spikes = one_unit(leak_rate=0.0, threshold=2.0).run(np.full((40, 1), 0.25))
    np.testing.assert_array_equal(np.flatnonzero(spikes), np.arange(7, 40, 8))


def test_a_leak_of_one_is_a_threshold_on_the_input():
    u = np.array([[0.5], [1.0], [0.9], [3.0]])
    np.testing.assert_array_equal(one_unit(leak_rate=1.0).run(u)[:, 0], [0, 1, 0, 1])


def test_a_current_below_rheobase_never_fires():
    drive = 0.1  # the potential tends to drive / leak = 0.5
    assert one_unit(leak_rate=0.2).run(np.full((500, 1), drive)).sum() == 0
    # 1 = 0.5 (1 - 0.8^n) / (1 - 0.8) has n = 2.3, so every third step
    np.testing.assert_array_equal(
        np.flatnonzero(one_unit(leak_rate=0.2).run(np.full((9, 1), 0.5))), [2, 5, 8]
    )


def test_subtracting_keeps_what_is_above_the_threshold():
    u = np.full((24, 1), 0.375)
    assert one_unit(leak_rate=0.0).run(u).sum() == 8  # 0.375, 0.75, 1.125 -> 0
    assert one_unit(leak_rate=0.0, reset="subtract").run(u).sum() == 9  # 24 * 0.375


def test_a_spike_is_heard_one_step_later():
    node = LIF(W=[[0.0, 0.0], [1.0, 0.0]], W_in=[[1.0], [0.0]])
    spikes = ng.Model(node).run([[1.0], [0.0], [0.0]])
    np.testing.assert_array_equal(spikes, [[1, 0], [0, 1], [0, 0]])


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 99),
    reset=st.sampled_from(["zero", "subtract"]),
    connectivity=st.sampled_from([0.3, 1.0]),
)
def test_its_spikes_are_those_of_the_equation(seed, reset, connectivity):
    u = np.random.default_rng(seed).standard_normal((60, 2))
    leak = np.linspace(0, 1, 8)
    node = LIF(units=8, leak_rate=leak, reset=reset, connectivity=connectivity, bias_scaling=0.2)
    model = ng.Model(node, seed=seed)
    spikes = model.run(u)
    p = model.params["lif"]
    W = p.W.toarray() if sparse.issparse(p.W) else p.W
    v, s = np.zeros(8), np.zeros(8)
    for t in range(60):
        v = (1 - leak) * v + W @ s + p.W_in @ u[t] + p.bias
        s = (v >= 1).astype(float)
        v = np.where(s == 1, v - 1 if reset == "subtract" else 0, v)
        np.testing.assert_array_equal(spikes[t], s)
    assert 0 < spikes.mean() < 1


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"leak_rate": 2}, r"leak_rate: should be at most 1 \(got 2.0\)"),
        ({"leak_rate": (0.1, 0.2)}, "leak_rate: expected one number or 3"),
        ({"threshold": 0}, "LIF.threshold: should be greater than 0"),
        ({"reset": "none"}, "LIF.reset: should be 'zero' or 'subtract'"),
    ],
)
def test_nonsense_is_refused(fields, message):
    with pytest.raises(ng.errors.FieldError, match=message):
        LIF(units=3, **fields)


def test_a_unit_rests_after_a_spike():
    u = np.full((40, 1), 0.5)
    spikes = one_unit(leak_rate=0.0, refractory=3).run(u)[:, 0]
    np.testing.assert_array_equal(np.flatnonzero(spikes), np.arange(1, 40, 5))  # 2 to rise, 3 rest
    strong = one_unit(leak_rate=1.0, refractory=2).run(np.full((9, 1), 5.0))[:, 0]
    np.testing.assert_array_equal(strong, [1, 0, 0, 1, 0, 0, 1, 0, 0])


def test_each_spike_raises_the_threshold_for_a_while():
    fields = {"leak_rate": 1.0, "adaptation": 1.0, "adaptation_decay": 0.5}
    spikes = one_unit(**fields).run(np.full((5, 1), 1.6))[:, 0]
    # thresholds 1, 2, 1.5, 2.25, 1.625
    np.testing.assert_array_equal(spikes, [1, 0, 1, 0, 0])


def test_a_spike_acts_for_longer_through_a_current():
    node = LIF(W=[[0.0, 0.0], [0.6, 0.0]], W_in=[[1.0], [0.0]], leak_rate=1.0, synaptic_decay=0.5,
               emits=("spikes", "potentials"))  # fmt: skip
    found = ng.Model(node).run([[1.0], [0.0], [0.0], [0.0]])
    np.testing.assert_allclose(found[:, 3], [0.0, 0.6, 0.3, 0.15])


def test_a_trace_is_what_spikes_leave_behind():
    node = LIF(W=[[0.0]], W_in=[[1.0]], leak_rate=1.0, trace_decay=0.5, emits=("spikes", "trace"))
    found = ng.Model(node).run([[1.0], [0.0], [1.0], [0.0]])
    np.testing.assert_allclose(found, [[1, 1], [0, 0.5], [1, 1.25], [0, 0.625]])


@pytest.mark.parametrize("connectivity", [0.4, 1.0])
@pytest.mark.parametrize("reset", ["zero", "subtract"])
def test_all_of_it_together_keeps_the_contract(connectivity, reset):
    more = {"refractory": 2, "adaptation": 0.3, "synaptic_decay": 0.5}
    emits = ("potentials", "trace", "spikes")
    check_node(LIF(units=9, connectivity=connectivity, reset=reset, emits=emits, **more))


def test_its_spikes_through_a_filter_tell_mackey_glass_ahead():
    u = ng.datasets.mackey_glass(3000, tau=17)
    x, y = ng.datasets.to_forecasting(u, horizon=5)
    pool = LIF(units=300, leak_rate=0.05, reset="subtract", input_scaling=2.0, bias_scaling=0.5)
    for node, most in ((LIF(units=300), 0.3), (pool, 0.15)):
        model = ng.Model(Input() >> Scaler() >> node >> Filter() >> Ridge(ridge=1e-3), seed=1)
        model.fit(x[:2000], y[:2000], warmup=100)
        assert ng.metrics.nrmse(y[2000:], model.run(x[2000:])) < most


def test_a_reset_that_subtracts_takes_the_threshold_without_its_adaptation():
    node = LIF(
        W=[[0.0]],
        W_in=[[1.0]],
        leak_rate=0.25,
        threshold=0.5,
        reset="subtract",
        adaptation=0.3,
        adaptation_decay=0.9,
        emits=("spikes", "potentials"),
    )
    u = np.random.default_rng(0).uniform(0.2, 0.8, 40)
    v = a = 0.0
    wanted = []
    for drive in u:
        v = 0.75 * v + drive
        fired = float(v >= 0.5 + 0.3 * a)
        v, a = v - 0.5 * fired, 0.9 * a + fired  # Bellec et al. (2020), with v_th = 0.5
        wanted.append((fired, v))
    assert 5 < sum(fired for fired, _ in wanted) < 35
    np.testing.assert_allclose(ng.Model(node).run(u[:, None]), wanted, rtol=1e-12)
