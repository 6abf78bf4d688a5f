"""Maps, sums of sines and NARMA recomputed from their equations."""

import numpy as np
import pytest

from nodegraph.datasets import delayed_xor, henon, logistic_map, mso, narma
from nodegraph.errors import DataError


def test_henon_satisfies_its_equation():
    x, y = henon(1000, a=1.3, b=0.25, x0=[0.1, 0.2]).T
    np.testing.assert_allclose(x[1:], 1 - 1.3 * x[:-1] ** 2 + y[:-1], rtol=0, atol=1e-15)
    np.testing.assert_array_equal(y[1:], 0.25 * x[:-1])
    assert (x[0], y[0]) == (0.1, 0.2)


def test_the_logistic_map_at_four_is_a_squared_sine():
    angle = np.arcsin(np.sqrt(0.3))
    expected = np.sin(2.0 ** np.arange(25) * angle) ** 2
    np.testing.assert_allclose(logistic_map(25, r=4.0, x0=0.3)[:, 0], expected, atol=1e-6)


def test_the_logistic_map_at_two_settles_at_one_half():
    np.testing.assert_allclose(logistic_map(5, r=2.0, x0=0.1, discard=20), 0.5, rtol=1e-14)


@pytest.mark.parametrize("generate", [henon, logistic_map])
def test_discarded_rows_are_the_first_ones(generate):
    np.testing.assert_array_equal(generate(20, discard=30), generate(50)[30:])


def test_mso_is_the_imaginary_part_of_turning_pointers():
    freqs = [0.2, 0.311, 0.42]
    turns = sum(np.exp(1j * f * np.arange(200)) for f in freqs)
    np.testing.assert_allclose(mso(200, freqs)[:, 0], turns.imag, atol=1e-12)


@pytest.mark.parametrize(("order", "a1", "a2", "c"), [(10, 0.3, 0.05, 0.1), (30, 0.2, 0.04, 0.001)])
def test_narma_satisfies_its_equation(order, a1, a2, c):
    u, y = narma(400, order=order, seed=3, a1=a1, a2=a2, c=c)
    u, y = np.concatenate([np.zeros(order), u[:, 0]]), np.concatenate([np.zeros(order), y[:, 0]])
    for t in range(order, order + 400):
        memory = a2 * y[t - 1] * y[t - order : t].sum()
        expected = a1 * y[t - 1] + memory + 1.5 * u[t - order + 1] * u[t] + c
        np.testing.assert_allclose(y[t], expected, rtol=1e-12)


def test_narma_input_is_uniform_up_to_one_half():
    u, _ = narma(5000, seed=0)
    assert u.shape == (5000, 1)
    assert u.min() >= 0
    assert u.max() < 0.5
    np.testing.assert_allclose([u.mean(), u.std()], [0.25, 0.5 / 12**0.5], atol=0.005)


def test_narma_stays_bounded_for_every_seed():
    assert max(narma(5000, seed=seed)[1].max() for seed in range(60)) < 1.5


def test_narma_seeds_differ_and_repeat():
    np.testing.assert_array_equal(narma(50, seed=4)[0], narma(50, seed=4)[0])
    assert np.abs(narma(50, seed=4)[0] - narma(50, seed=5)[0]).max() > 0.1


def test_narma_that_cannot_stay_bounded_says_so():
    with pytest.raises(DataError, match=r"narma: none of 100 inputs.*write fewer steps"):
        narma(200, a2=2.0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: henon(10, x0=[1]), "henon.x0: should be a flat list of 2 numbers"),
        (lambda: henon(100, x0=[10, 0]), "henon: left all bounds at step"),
        (lambda: logistic_map(10, r=5), r"logistic_map.r: should be from 0 to 4 \(got 5\)"),
        (lambda: logistic_map(10, x0=-0.1), "logistic_map.x0"),
        (lambda: mso(10, freqs=[]), "mso.freqs"),
        (lambda: mso("ten"), "mso.steps"),
        (lambda: narma(10, order=0), "narma.order"),
        (lambda: narma(10, seed="a"), "narma.seed"),
        (lambda: narma(10, high=0), "narma.high"),
    ],
)
def test_a_wrong_option_is_refused_by_name(call, message):
    with pytest.raises(DataError, match=message):
        call()


@pytest.mark.parametrize("delay", [1, 3])
def test_delayed_xor_compares_two_bits_of_the_past(delay):
    u, y = delayed_xor(200, delay=delay, seed=2)
    for t in range(delay + 1, 200):
        assert y[t, 0] == (1 if u[t - delay, 0] != u[t - delay - 1, 0] else -1)
    assert (y[: delay + 1] == 0).all() and set(u[:, 0]) == {-1, 1}
