"""Kuramoto-Sivashinsky against a stiff solver, and what the equation conserves."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from nodegraph.datasets import kuramoto_sivashinsky
from nodegraph.errors import DataError

LENGTH = 22.0


def slope(units):
    k = 2j * np.pi / LENGTH * np.fft.fftfreq(units, 1 / units)
    odd = k.copy()
    odd[units // 2] = 0

    def field(_, u):
        linear = np.fft.ifft((-(k**2) - k**4) * np.fft.fft(u)).real
        return linear - 0.5 * np.fft.ifft(odd * np.fft.fft(u**2)).real

    return field


def test_it_follows_its_equation():
    u = kuramoto_sivashinsky(21, units=32, h=0.25, substeps=8)
    true = solve_ivp(slope(32), (0, 5), u[0], "BDF", 0.25 * np.arange(21), rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(u, true.y.T, rtol=0, atol=2e-6)


def test_halving_the_step_divides_the_error_by_sixteen():
    ends = [kuramoto_sivashinsky(21, units=16, substeps=n)[-1] for n in (32, 64, 256)]
    errors = [np.abs(end - ends[-1]).max() for end in ends[:2]]
    assert 12 < errors[0] / errors[1] < 20


def test_the_mean_never_changes():
    u = kuramoto_sivashinsky(1000, seed=1)
    np.testing.assert_allclose(u.mean(axis=1), u[0].mean(), atol=1e-12)


def test_the_energy_changes_as_the_equation_says():
    h, units = 0.01, 64
    u = kuramoto_sivashinsky(3, units=units, h=h, discard=5000)
    k = 2 * np.pi / LENGTH * np.arange(units // 2 + 1)
    power = np.abs(np.fft.rfft(u[1])) ** 2 / units**2
    power[1:-1] *= 2
    energy = (u**2).mean(axis=1)
    np.testing.assert_allclose(
        (energy[2] - energy[0]) / (2 * h), (2 * (k**2 - k**4) * power).sum(), rtol=1e-3
    )


def test_a_small_wave_grows_at_its_linear_rate():
    wave = 2 * np.pi * 2 / LENGTH
    x = LENGTH * np.arange(64) / 64
    u = kuramoto_sivashinsky(21, x0=1e-8 * np.cos(wave * x))
    growth = np.log(np.abs(u[-1]).max() / np.abs(u[0]).max()) / (20 * 0.25)
    np.testing.assert_allclose(growth, wave**2 - wave**4, rtol=1e-6)


def test_a_shifted_start_gives_a_shifted_series():
    start = kuramoto_sivashinsky(1)[0]
    plain, shifted = (kuramoto_sivashinsky(80, x0=np.roll(start, n)) for n in (0, 5))
    np.testing.assert_allclose(shifted, np.roll(plain, 5, axis=1), atol=1e-9)


def test_discarded_rows_are_the_first_ones():
    np.testing.assert_array_equal(kuramoto_sivashinsky(5, discard=7), kuramoto_sivashinsky(12)[7:])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"units": 63}, "should be even .*write 64"),
        ({"units": 4}, "at least 8"),
        ({"length": 0}, "kuramoto_sivashinsky.length"),
        ({"x0": [0.0] * 3}, "64 numbers"),
        ({"x0": [1e200] * 32 + [-1e200] * 32}, "left all bounds"),
    ],
)
def test_a_wrong_option_is_refused_by_name(options, message):
    with pytest.raises(DataError, match=message):
        kuramoto_sivashinsky(10, **options)
