"""Lyapunov spectra against known ones: of maps, flows, delays, and of reservoirs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nodegraph as ng
from nodegraph.data.datasets.equations import System
from nodegraph.dynamics import kaplan_yorke, lyapunov_exponents
from nodegraph.errors import DataError
from nodes import Input, Reservoir, Ridge, Tanh


def test_maps_have_the_exponents_that_are_known():
    plain = lyapunov_exponents(ng.datasets.system("logistic_map"), steps=20_000)
    np.testing.assert_allclose(plain.exponents, ng.datasets.exponents("logistic_map"), atol=0.01)
    logistic = lyapunov_exponents(ng.datasets.system("logistic_map", r=4.0, x0=[0.3]), steps=4000)
    assert abs(logistic.exponents[0] - np.log(2)) < 5e-3
    for name in ("henon", "ikeda", "lozi"):  # the kink of lozi goes by differences
        found = lyapunov_exponents(ng.datasets.system(name), steps=3000)
        np.testing.assert_allclose(found.exponents, ng.datasets.exponents(name), atol=0.03)
    b = 0.3  # the determinant is that of the map at every point
    henon = lyapunov_exponents(ng.datasets.system("henon"), steps=500).exponents
    assert abs(henon.sum() - np.log(b)) < 1e-9


def test_a_spectrum_is_shown_in_a_line():
    maps = lyapunov_exponents(ng.datasets.system("henon"), steps=50)
    first, second = maps.exponents
    assert repr(maps) == (
        f"Lyapunov(exponents=[{first:.4g}, {second:.4g}], dimension={maps.dimension:.4g}, "
        "over 50 of time)"
    )
    many = maps._replace(exponents=np.arange(0.0, -200, -1))
    assert repr(many).startswith("Lyapunov(exponents=[0, -1, -2, -3, -4, ...], ")


def test_lorenz_has_its_three():
    found = lyapunov_exponents(ng.datasets.system("lorenz", h=0.05, substeps=4), steps=4000)
    np.testing.assert_allclose(found.exponents, [0.906, 0, -14.57], atol=0.05)
    assert abs(found.exponents.sum() + 10 + 1 + 8 / 3) < 0.01  # the divergence of the flow
    assert abs(found.dimension - 2.062) < 0.005
    assert found.course.shape == (4000, 3)
    assert found.times[-1] == pytest.approx(200)


def test_mackey_glass_has_one_above_zero_and_one_at_zero():
    system = ng.datasets.system("mackey_glass", h=10.0)
    found = lyapunov_exponents(system, 4, steps=400, warmup=100)
    np.testing.assert_allclose(found.exponents, [0.005, 0, -0.039, -0.053], atol=0.003)


def test_the_step_of_mackey_glass_makes_its_series():
    system, series = ng.datasets.system("mackey_glass"), ng.datasets.mackey_glass(60)[:, 0]
    state, rows = system.start, []
    for _ in range(20):
        rows.append(state[170])
        state = system.step(state)
    np.testing.assert_array_equal(rows, series[34:54])


def test_a_linear_reservoir_has_the_logarithms_of_the_moduli_of_its_eigenvalues():
    node = Reservoir(units=5, activation="identity", connectivity=1.0, name="r")
    model = ng.Model(Input(units=1) >> node, seed=1)
    u = np.zeros((600, 1))
    found = lyapunov_exponents(model, x=u, warmup=100, dt=0.5).exponents
    moduli = np.sort(np.abs(np.linalg.eigvals(model.params["r"].W)))[::-1]
    np.testing.assert_allclose(found, np.log(moduli) / 0.5, atol=0.05)
    assert found[0] == pytest.approx(np.log(0.9) / 0.5, abs=0.05)


def test_a_reservoir_that_learned_lorenz_has_its_three():
    u = ng.datasets.lorenz(4500, discard=500)
    u = (u - u.mean(axis=0)) / u.std(axis=0)
    node = Reservoir(units=150, spectral_radius=0.3, input_scaling=0.2, bias_scaling=0.5)
    model = ng.Model(Input() >> node >> Ridge(ridge=1e-10), seed=1)
    model.fit(u[:4000], u[1:4001], warmup=100)
    found = lyapunov_exponents(model, 3, steps=1500, prompt=u[4000:4200], dt=0.02).exponents
    np.testing.assert_allclose(found, [0.906, 0, -14.57], atol=0.3)


def test_outputs_that_are_only_kept_vanish_in_a_step():
    node = Reservoir(W=[[0.5]], W_in=[[1.0]], activation="identity", name="a")
    other = Reservoir(W=[[0.5]], W_in=[[1.0]], activation="identity", name="b")
    model = ng.Model(Input(units=1) >> node >> ng.delay(1) >> other)
    found = lyapunov_exponents(model, x=np.zeros((60, 1)), warmup=20)
    np.testing.assert_allclose(found.exponents[:2], np.log([0.5, 0.5]), atol=0.1)
    assert found.exponents[2] == -np.inf
    assert found.dimension == 0.0


def test_what_a_delay_keeps_is_told_by_who_gave_it_out():
    """Of 6 units, their last 3 outputs and 3 readers the states of the 9 units are left."""
    a, b = (Reservoir(units=n, connectivity=1.0, name=x) for x, n in (("a", 6), ("b", 3)))
    model = ng.Model(Input(units=1) >> a >> ng.delay(3) >> b, seed=1)
    u = np.random.default_rng(0).uniform(-1, 1, (300, 1))
    found = lyapunov_exponents(model, x=u, warmup=20, every=4).exponents
    assert found.size == 27 and (found[9:] == -np.inf).all()
    outputs, own = model.reset().run(u, outputs=["a", "b"]), []
    for name, x in outputs.items():  # their Jacobian is triangular, so each has its own
        Q, logs, W = np.eye(x.shape[1]), 0.0, model.params[name].W
        for row in x:
            Q, R = np.linalg.qr((1 - row**2)[:, None] * W @ Q)
            logs = logs + np.log(np.abs(np.diag(R)))
        own += list(logs / len(x))
    np.testing.assert_allclose(found[:9], np.sort(own)[::-1], atol=0.15)


def test_an_output_that_is_told_by_the_states_vanishes():
    u = np.sin(np.arange(300) / 6)[:, None]
    model = ng.Model(Input() >> Reservoir(units=4) >> Ridge(), seed=1)
    model.fit(u[:200], u[1:201], warmup=20)
    found = lyapunov_exponents(model, steps=60, prompt=u[:100])
    assert found.exponents[-1] == -np.inf and np.isfinite(found.exponents[:3]).all()


def test_qr_now_and_then_is_as_good():
    henon = ng.datasets.system("henon")
    often, seldom = (lyapunov_exponents(henon, steps=999, every=n) for n in (1, 5))
    np.testing.assert_allclose(often.exponents, seldom.exponents, atol=1e-9)
    assert seldom.times[-1] == 999


def test_a_qr_too_seldom_is_refused():
    flow = ng.datasets.system("lorenz", h=0.05, substeps=4)  # parts by a factor of e^.77 a step
    with pytest.raises(DataError, match=r"every: directions fall together within 90 .* every=1"):
        lyapunov_exponents(flow, steps=200, every=90)


def test_a_graph_that_remembers_nothing_is_refused():
    model = ng.Model(Input(units=1) >> Tanh())
    for ask in (lyapunov_exponents, ng.dynamics.effective_spectral_radius):
        with pytest.raises(DataError, match="so there is nothing to forget"):
            ask(model, x=np.zeros((200, 1)))
    assert ng.dynamics.jacobian(model, np.zeros((3, 1))).matrix.shape == (0, 0)


@given(st.lists(st.floats(-20, 20), min_size=1, max_size=8))
def test_the_dimension_lies_between_none_and_all(exponents):
    found = kaplan_yorke(exponents)
    assert 0 <= found <= len(exponents)
    if sum(exponents) < 0 < max(exponents):
        assert 1 <= found < len(exponents)
    assert kaplan_yorke([*exponents, -np.inf]) == found


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda s, m: lyapunov_exponents(s, 3), "there are 2 exponents"),
        (lambda s, m: lyapunov_exponents(s, x=[[1.0]]), "henon runs by itself; leave x out"),
        (lambda s, m: lyapunov_exponents(m, x=np.zeros((9, 1)), steps=3), "leave steps out"),
        (lambda s, m: lyapunov_exponents(m, x=np.zeros((9, 1))), "x has 9 rows, warmup takes 100"),
        (lambda s, m: lyapunov_exponents("henon"), r"or ng.datasets.system\(name\), got str"),
        (lambda s, m: lyapunov_exponents(m, prompt=[np.zeros((9, 1))] * 2), "got several series"),
        (lambda s, m: lyapunov_exponents(s, every=0), "every: should be a whole number"),
    ],
)
def test_bad_arguments_are_refused(call, words):
    out = Ridge(units=1, W_out=np.ones((1, 4)))
    model = ng.Model(Input(units=1) >> Reservoir(units=4) >> out)
    with pytest.raises(DataError, match=words):
        call(ng.datasets.system("henon"), model)


def test_a_dimension_of_exponents_that_are_not_known_is_refused():
    with pytest.raises(DataError, match="kaplan_yorke: exponent 0 is NaN"):
        kaplan_yorke([np.nan, 1.0])


@pytest.mark.parametrize("unit", [1e-9, 1.0, 1e9])
def test_exponents_by_differences_do_not_depend_on_the_unit(unit):
    def tent(x):  # abs is not analytic; stretches by 1.9 everywhere
        return 0.95 * unit * (1 - np.abs(2 * x / unit - 1))

    found = lyapunov_exponents(System("tent", tent, np.array([0.3 * unit])), steps=200)
    assert found.exponents[0] == pytest.approx(np.log(1.9), rel=1e-6)
