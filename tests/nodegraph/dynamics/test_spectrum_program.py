"""Directions as a compiled program: the numbers of the same steps in Python, and of LAPACK."""

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.dynamics import lyapunov, lyapunov_exponents
from nodegraph.dynamics.spectrum_program import lengths_compiled, orthonormal
from nodegraph.dynamics.trajectories import trajectory
from nodes import LMS, Identity, Input, Noise, Power, Reservoir, Ridge, Scaler

U = np.random.default_rng(0).uniform(-1, 1, (120, 2))


def chain(connectivity=1.0, **fields):
    fields["connectivity"] = connectivity
    return Input(name="u") >> Scaler() >> Noise(std=0.1) >> Reservoir(units=12, **fields) >> Ridge()


def with_delays():
    u, a, b = Input(name="u"), Reservoir(units=7, leak_rate=0.4), Reservoir(units=5, name="b")
    out = Ridge(name="out")
    return (u >> [a, ng.delay(2) >> b] >> out) & (a << out) & (u >> Identity() >> out)


GRAPHS = {
    "a chain": chain,
    "sparse W": lambda: chain(connectivity=0.5),
    "another activation": lambda: chain(activation="softsign"),
    "a sum of one": lambda: chain(activation="softmax"),
    "delays, feedback, two reservoirs": with_delays,
}


@pytest.mark.parametrize("kind", GRAPHS)
def test_driven_directions_grow_as_in_python(kind, monkeypatch):
    model = ng.Model(GRAPHS[kind](), seed=1).fit(U[:-1], U[1:], warmup=9)
    found = lyapunov_exponents(model, 4, x=U, warmup=20, every=3)
    way = trajectory("", model, x=U)
    Q = np.linalg.qr(np.random.default_rng(0).standard_normal((way.size, 4)))[0]
    assert lengths_compiled(way, Q, 9).shape == (9, 4)
    monkeypatch.setattr(lyapunov, "lengths_compiled", lambda *_: None)
    plain = lyapunov_exponents(model, 4, x=U, warmup=20, every=3)
    np.testing.assert_allclose(found.course, plain.course, rtol=1e-10, atol=1e-10)
    np.testing.assert_array_equal(found.times, plain.times)


def test_a_closed_loop_is_that_of_python(monkeypatch):
    u = ng.datasets.lorenz(500)
    model = ng.Model(chain(), seed=1).fit(u[:-1], u[1:], warmup=20)
    asked = {"steps": 15, "prompt": u[:100], "warmup": 5}
    found = lyapunov_exponents(model, 3, **asked).course
    monkeypatch.setattr(lyapunov, "lengths_compiled", lambda *_: None)
    np.testing.assert_allclose(found, lyapunov_exponents(model, 3, **asked).course, rtol=1e-10)


def test_what_does_not_say_how_it_moves_or_vanishes_goes_through_python():
    squares = ng.Model(Input(units=1) >> Reservoir(units=5) >> Power())
    slow = ng.Model(Input(units=1) >> Reservoir(units=5, every=2))
    lost = ng.Model(Input(units=1) >> ng.delay(1) >> Identity())
    for model in (squares, slow, lost):
        way = trajectory("", model, x=np.ones((9, 1)))
        assert lengths_compiled(way, np.eye(way.size)[:, :1], 9) is None
    many = trajectory("", ng.Model(Input(units=1) >> Reservoir(units=30)), x=np.ones((9, 1)))
    assert lengths_compiled(many, np.eye(30)[:, :20], 9) is None


def test_orthonormal_is_the_qr_of_lapack_also_of_near_parallel_columns():
    V = np.random.default_rng(1).standard_normal((30, 5))
    V[:, 3] = V[:, 0] + 1e-9 * V[:, 3]
    Q, lengths = orthonormal(V, 5)
    expected, R = np.linalg.qr(V)
    np.testing.assert_allclose(lengths, np.abs(np.diag(R)), rtol=1e-6)
    np.testing.assert_allclose(Q.T @ Q, np.eye(5), atol=1e-14)
    np.testing.assert_allclose(np.abs(Q), np.abs(expected), atol=1e-5)


def test_online_readouts_move_by_what_they_have_learned():
    model = ng.Model(Input(name="u") >> Reservoir(units=8) >> LMS(rate=0.01), seed=1)
    model.partial_fit(U[:-1], U[1:])
    assert np.isfinite(lyapunov_exponents(model, 2, x=U, warmup=5).exponents).all()
