import numpy as np
import pytest

import nodegraph as ng
from nodegraph.testing import check_node, check_rule
from nodes import CTRNN, Input, Reservoir, Zoneout
from nodes.rules import RFLO, TBPTT, EProp, Hebb

RNG = np.random.default_rng(0)
U = RNG.standard_normal((50, 2))
DT = RNG.uniform(0.05, 2.0, (50, 1))
TAU = np.array([0.5, 1.0, 2.0, 4.0, 8.0])


def timed(**fields):
    cell = CTRNN(units=5, tau=TAU, connectivity=1.0, bias_scaling=0.3, name="cell", **fields)
    return ng.Model((Input(name="u") >> cell) & (Input(name="dt") >> cell["dt"]), seed=1)


@pytest.mark.parametrize("solver", ["euler", "rk4", "exponential"])
@pytest.mark.parametrize("fields", [{"tau": 2.0}, {"tau": (1, 2, 3), "unfolds": 3}])
def test_it_keeps_the_contract(solver, fields):
    check_node(CTRNN(units=3, solver=solver, connectivity=1.0, **fields))


def test_euler_with_a_time_constant_of_1_is_a_reservoir_whose_leak_rate_is_dt():
    reservoir = ng.Model(Reservoir(units=9, leak_rate=0.3, bias_scaling=0.2, name="pool"), seed=1)
    pool = CTRNN(units=9, bias_scaling=0.2, name="pool")
    model = ng.Model((Input(name="u") >> pool) & (Input(name="dt") >> pool["dt"]), seed=1)
    found = model.run({"u": U, "dt": np.full((50, 1), 0.3)})
    np.testing.assert_allclose(found, reservoir.run(U), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("tau", [1.0, 0.5])
def test_dt_equal_to_tau_leaves_nothing_of_the_old_state(tau):
    pool = CTRNN(units=9, tau=tau, name="pool")
    model = ng.Model((Input(name="u") >> pool) & (Input(name="dt") >> pool["dt"]), seed=1)
    states = model.run({"u": U, "dt": np.full((50, 1), tau)})
    p, before = model.params["pool"], np.vstack([np.zeros(9), states[:-1]])
    expected = tau * np.tanh(before @ p.W.toarray().T + U @ p.W_in.T)
    np.testing.assert_allclose(states, expected, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("unfolds", [1, 4])
@pytest.mark.parametrize("solver", ["euler", "rk4", "exponential"])
def test_its_states_are_those_of_the_equation(solver, unfolds):
    model = timed(solver=solver, unfolds=unfolds)
    found, p, x = model.run({"u": U, "dt": DT}), model.params["cell"], np.zeros(5)
    for u, dt, row in zip(U, DT[:, 0] / unfolds, found, strict=True):

        def f(x, u=u):
            return np.tanh(p.W @ x + p.W_in @ u + p.bias)

        for _ in range(unfolds):
            if solver == "exponential":
                x = np.exp(-dt / TAU) * x + TAU * (1 - np.exp(-dt / TAU)) * f(x)
            elif solver == "euler":
                x = x + dt * (f(x) - x / TAU)
            else:
                k1 = f(x) - x / TAU
                k2 = f(x + dt / 2 * k1) - (x + dt / 2 * k1) / TAU
                k3 = f(x + dt / 2 * k2) - (x + dt / 2 * k2) / TAU
                k4 = f(x + dt * k3) - (x + dt * k3) / TAU
                x = x + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        np.testing.assert_allclose(row, x, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize(("solver", "order"), [("euler", 1), ("exponential", 1), ("rk4", 4)])
def test_errors_shrink_with_the_order_of_the_solver(solver, order):
    u, dt = U[:10], np.full((10, 1), 1.0)
    exact = timed(solver="rk4", unfolds=200).run({"u": u, "dt": dt})
    wide, narrow = (
        np.abs(timed(solver=solver, unfolds=n).run({"u": u, "dt": dt}) - exact).max()
        for n in (10, 20)
    )
    assert np.log2(wide / narrow) == pytest.approx(order, abs=0.35)


def test_the_exponential_solver_is_bounded_however_long_a_time_is():
    dt = np.full((50, 1), 1e6)
    assert np.abs(timed(solver="exponential").run({"u": U, "dt": dt}) / TAU).max() <= 1 + 1e-12


def test_time_given_as_one_is_time_not_wired():
    found = timed().run({"u": U, "dt": np.ones((50, 1))})
    cell = CTRNN(units=5, tau=TAU, connectivity=1.0, bias_scaling=0.3, name="cell")
    np.testing.assert_array_equal(ng.Model(Input(name="u") >> cell, seed=1).run(U), found)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"tau": 0}, r"tau: should be greater than 0 \(got 0"),
        ({"tau": (1.0, 2.0)}, "tau: expected one number or 3"),
        ({"solver": "heun"}, "CTRNN.solver: should be 'euler', 'rk4' or 'exponential'"),
    ],
)
def test_nonsense_is_refused(fields, message):
    with pytest.raises(ng.errors.FieldError, match=message):
        CTRNN(units=3, **fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"rule": EProp(), "solver": "rk4", "unfolds": 2},
        {"rule": RFLO(), "start": "random"},
        {"rule": TBPTT(steps=4), "solver": "exponential", "activation": "sigmoid"},
        {"rule": EProp(), "activation": "softmax", "frozen": True, "emits": ("x", "error")},
    ],
)
def test_learning_by_itself_it_keeps_the_contract(fields):
    cell = CTRNN(units=3, connectivity=1.0, tau=(1.0, 2.0, 3.0), **fields)
    check_node(cell)
    check_rule(cell.rule, cell)


LORENZ = ng.datasets.lorenz(9000, discard=500)[:, :1] / 8


@pytest.mark.parametrize("rule", [EProp, RFLO, TBPTT])
def test_what_learns_foresees_better_than_its_frozen_twin(rule):
    share, cell = [], CTRNN(units=20, tau=2.0, connectivity=0.9, name="cell")
    for seed in range(3):
        found = []
        for frozen in (False, True):
            how = {"rule": rule(batch=10, epochs=3), "frozen": frozen, "emits": ("x", "error")}
            model = ng.Model(cell.model_copy(update=how), seed=seed)
            drawn = [model.run(LORENZ[:1]), model.params["cell"].W.copy()][1]
            W = model.fit(LORENZ[:6000]).params["cell"].W
            np.testing.assert_array_equal(W[drawn == 0], 0)
            assert (W != drawn).any() != frozen
            found.append((model.reset().run(LORENZ)[6000:, 20:] ** 2).mean())
        share.append(found[0] / found[1])
    assert np.median(share) < 0.8


def test_a_head_changes_nothing_of_what_is_drawn():
    plain = ng.Model(CTRNN(units=9, start="random"), seed=1).run(U)
    taught = ng.Model(CTRNN(units=9, start="random", rule=EProp()), seed=1).run(U)
    np.testing.assert_allclose(taught, plain, rtol=1e-12, atol=1e-14)


def test_it_waits_when_it_is_told_to():
    cell = CTRNN(units=5, name="cell", connectivity=1.0)
    model = ng.Model((Input(name="u") >> cell) & (Input(name="go") >> cell["update"]), seed=1)
    x = model.run({"u": U, "go": np.tile([[1.0], [0.0]], (25, 1))})
    np.testing.assert_array_equal(x[1::2], x[::2])
    assert (x[2::2] != x[:-2:2]).all()


def test_cells_around_it_say_when_it_updates():
    cell = Zoneout(cell=CTRNN(units=3, connectivity=1.0, rule=EProp()))
    check_node(cell)
    check_rule(cell.rule, cell)


def test_what_a_head_says_is_no_state_to_doubt():
    cell = CTRNN(units=3, rule=EProp(), connectivity=1.0, input_scaling=9.0, emits=("x", "error"))
    ng.Model(cell, seed=1).fit(U)


def test_rules_of_reservoirs_still_teach_it():
    before = ng.Model(CTRNN(units=9, rule=Hebb(), name="c"), seed=1)
    before.run(U[:1])
    drawn = before.params["c"].W.copy()
    after = before.fit(U).params["c"]
    assert abs(after.W - drawn).max() > 0
    assert after.V.shape == (0, 9)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"rule": EProp(), "activation": "sin"}, "EProp knows the derivatives of identity, tanh"),
        ({"frozen": True}, "frozen would have no effect, for rule is None"),
        ({"rule": Hebb(), "frozen": True}, "frozen would have no effect, for there is no head"),
        ({"rule": Hebb(), "emits": "error"}, "a head needs a rule"),
    ],
)
def test_a_head_that_makes_no_sense_is_refused(fields, said):
    with pytest.raises(ng.errors.FieldError, match=said):
        CTRNN(units=3, **fields)


@pytest.mark.parametrize("solver", ["euler", "rk4"])
def test_steps_too_long_for_the_solver_are_told_with_the_cure(solver):
    pool = CTRNN(W=[[0.0]], W_in=[[1.0]], tau=0.2, solver=solver, name="pool")
    cure = r"keep dt / unfolds below 2 tau \(0.4\), or write solver=.exponential."
    with pytest.raises(ng.errors.DivergenceError, match=cure):
        ng.Model(Input() >> pool).run(np.ones((400, 1)))
    calm = pool.model_copy(update={"solver": "exponential"})
    assert np.abs(ng.Model(Input() >> calm).run(np.ones((400, 1)))).max() < 1
