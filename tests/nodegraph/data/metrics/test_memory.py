"""Memory of systems whose memory is known exactly."""

import numpy as np
import pytest

from nodegraph.errors import DataError
from nodegraph.metrics import memory_capacity

U = np.random.default_rng(0).uniform(-0.5, 0.5, 3000)


def delay_line(u, length):
    return np.stack([np.concatenate([np.zeros(k), u[:-k]]) for k in range(1, length + 1)], axis=1)


def test_a_delay_line_remembers_its_length_and_nothing_more():
    total, curve = memory_capacity(U, delay_line(U, 15), delays=30)
    np.testing.assert_allclose(curve[:15], 1, rtol=1e-12)
    assert curve[15:].max() < 0.02
    np.testing.assert_allclose(memory_capacity(U, delay_line(U, 15), delays=15).total, 15)
    assert total == curve.sum()


def test_states_that_are_constant_up_to_rounding_remember_nothing():
    shares = np.random.default_rng(4).dirichlet([1, 1, 1], 3000).sum(axis=1)
    assert memory_capacity(U, shares, delays=20).total == 0
    with pytest.raises(DataError, match="u is constant"):
        memory_capacity(shares, delay_line(U, 3), delays=5)


def test_a_mixed_and_shifted_delay_line_remembers_as_much():
    mix = np.random.default_rng(1).standard_normal((15, 15))
    found = memory_capacity(U, 3.0 + delay_line(U, 15) @ mix, delays=15)
    np.testing.assert_allclose(found.total, 15, rtol=1e-9)


def test_one_leaky_unit_forgets_geometrically():
    """With x[t] = a x[t-1] + u[t], corr(u[t-k], x[t])**2 is (1 - a**2) a**(2 k)."""
    u = np.random.default_rng(2).uniform(-0.5, 0.5, 40_000)
    x = np.empty(40_000)
    state = 0.0
    for t, drive in enumerate(u):
        x[t] = state = 0.8 * state + drive
    curve = memory_capacity(u, x, delays=10).curve
    expected = (1 - 0.64) * 0.64 ** np.arange(1, 11)
    np.testing.assert_allclose(curve, expected, atol=0.015)


def test_a_linear_reservoir_remembers_as_many_delays_as_it_has_units():
    """Jaeger's bound is reached by linear units; delay 0 takes its share of it."""
    rng = np.random.default_rng(3)
    W = np.linalg.qr(rng.standard_normal((10, 10)))[0] * 0.9
    w_in, x, states = rng.standard_normal(10), np.zeros(10), []
    for drive in U:
        x = W @ x + w_in * drive
        states.append(x)
    past = np.array(states)[199:-1]
    found = memory_capacity(U[200:], past, delays=150)
    np.testing.assert_allclose(found.total, 10, rtol=0.08)


def test_noise_remembers_nothing():
    noise = np.random.default_rng(4).standard_normal((3000, 5))
    assert memory_capacity(U, noise, delays=20).total < 0.1


def test_states_may_be_a_function_of_the_input():
    by_array = memory_capacity(U, delay_line(U, 4), delays=6, warmup=50)
    by_function = memory_capacity(U, lambda u: delay_line(u[:, 0], 4), delays=6, warmup=50)
    np.testing.assert_array_equal(by_array.curve, by_function.curve)


def test_dead_units_remember_nothing():
    assert memory_capacity(U, np.zeros((3000, 3)), delays=5).total == 0


@pytest.mark.parametrize(
    ("u", "states", "options", "message"),
    [
        (U[:-1], delay_line(U, 3), {}, "u has 2999 rows, states 3000"),
        (np.zeros((3000, 2)), delay_line(U, 3), {}, "u has 2 columns"),
        (np.ones(3000), delay_line(U, 3), {}, "u is constant"),
        (U[:250], delay_line(U[:250], 60), {}, "leave 30 to learn 60 weights"),
        (U[:100], delay_line(U[:100], 3), {}, "give more rows"),
        (U, delay_line(U, 3), {"delays": 0}, "delays"),
        (U, delay_line(U, 3), {"train": 1.5}, "train: should be from 0 to 1"),
        (U, delay_line(U, 3), {"train": 1.0}, "0 to test on"),
    ],
)
def test_what_cannot_be_measured_is_refused(u, states, options, message):
    with pytest.raises(DataError, match=message):
        memory_capacity(u, states, **options)


def test_its_words_are_few():
    u = np.random.default_rng(0).uniform(-0.5, 0.5, 1000)
    line = np.stack([np.roll(u, k) for k in range(1, 4)], axis=1)
    assert repr(memory_capacity(u, line, delays=3)) == "MemoryCapacity(total=3, 3 delays)"
