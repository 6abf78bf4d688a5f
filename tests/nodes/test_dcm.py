import numpy as np
import pytest

import nodegraph as ng
from nodegraph.testing import check_node
from nodes import DCM, Input

RNG = np.random.default_rng(0)
A = np.array([[-0.6, 0.2, 0.0], [0.3, -0.5, 0.1], [0.0, -0.2, -0.4]])
B = np.array([np.diag([0.1, 0.0, -0.1]), [[0.0, 0.2, 0.0], [0.0, 0.0, 0.0], [0.1, 0.0, 0.0]]])
C = np.array([[1.0, 0.0], [0.0, 0.5], [0.2, 0.0]])
U, DT = RNG.uniform(-1, 1, (300, 2)), RNG.uniform(0.05, 0.5, (300, 1))


def timed(node):
    return ng.Model((Input(name="u") >> node) & (Input(name="dt") >> node["dt"]), seed=1)


@pytest.mark.parametrize("solver", ["euler", "rk4"])
def test_it_keeps_the_contract(solver):
    check_node(DCM(A=A, C=C, solver=solver), n_in=2)


def test_its_activity_is_that_of_the_equation():
    found, x = timed(DCM(A=A, B=B, C=C)).run({"u": U, "dt": DT}), np.zeros(3)
    for u, dt, row in zip(U, DT[:, 0], found, strict=True):
        x = x + dt * ((A + u[0] * B[0] + u[1] * B[1]) @ x + C @ u)
        np.testing.assert_allclose(row, x, rtol=1e-10, atol=1e-13)


def test_planted_weights_are_recovered_from_samples_any_time_apart():
    data = {"u": U, "dt": DT}
    activity = timed(DCM(A=A, B=B, C=C)).run(data)
    model = timed(DCM(name="it", alpha=1e-9)).fit(data, activity)
    found = model.params["it"]
    np.testing.assert_allclose(found.A, A, atol=1e-5)
    np.testing.assert_allclose(found.B, B, atol=1e-5)
    np.testing.assert_allclose(found.C, C, atol=1e-5)
    again = model.reset().run(data)
    np.testing.assert_allclose(again, activity, atol=1e-4)


def test_noise_is_averaged_out():
    u = RNG.uniform(-1, 1, (4000, 2))
    activity = ng.Model(DCM(A=A, B=B, C=C)).run(u)
    noisy = activity + 0.01 * RNG.standard_normal(activity.shape)
    found = ng.Model(DCM()).fit(u, noisy).params["dcm"]
    np.testing.assert_allclose(found.A, A, atol=0.03)
    np.testing.assert_allclose(found.C, C, atol=0.02)


def test_an_unstable_system_is_held_within_its_bound():
    found = ng.Model(DCM(A=3 * np.eye(3), C=C, bound=50.0)).run(U)
    assert np.abs(found).max() == 50.0


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"A": A, "C": C[:2]}, r"C: expected 3 along axis 0, got \(2, 2\)"),
        ({"units": 2, "A": A}, r"A: expected shape \(2, 2\), got \(3, 3\)"),
        ({"units": 2, "B": B}, r"B: expected 2 along axis 1, got \(2, 3, 3\)"),
        ({"B": [[1.0]]}, "should have 3 axes"),
    ],
)
def test_nonsense_is_refused(fields, message):
    with pytest.raises(ng.errors.FieldError, match=message):
        DCM(**fields)


def test_it_waits_until_it_has_learned():
    with pytest.raises(ng.errors.NotFittedError):
        ng.Model(Input() >> DCM(units=3)).run(U)
    with pytest.raises(ng.errors.FieldError, match=r"B: expected shape \(2, 3, 3\)"):
        ng.Model(DCM(A=A, B=B[:1]), seed=1).run(U)
