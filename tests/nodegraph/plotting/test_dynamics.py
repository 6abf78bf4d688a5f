"""Pictures of dynamics show the numbers they are given, name their axes and refuse what is none."""

import numpy as np
import pytest

import nodegraph as ng
from nodegraph import dynamics, plotting
from nodegraph.errors import DataError
from nodes import Input, Reservoir

X = ng.datasets.lorenz(900, discard=100)
U = np.random.default_rng(0).uniform(-1, 1, (400, 1))
MODEL = ng.Model(Input(units=1) >> Reservoir(units=10), seed=1)
PLOTS = {
    "lyapunov": lambda: plotting.lyapunov(
        dynamics.lyapunov_exponents(ng.datasets.system("henon"), steps=200)
    ),
    "divergence": lambda: plotting.divergence(
        dynamics.largest_exponent(X, 0.02, horizon=100, fit=(10, 90))
    ),
    "return map": lambda: plotting.return_map(
        dynamics.return_map(X, column=2), dynamics.return_map(X[:500], column=2)
    ),
    "spectra": lambda: plotting.power_spectra(
        *dynamics.power_spectrum(X, 0.02), dynamics.power_spectrum(X[::-1], 0.02)[1]
    ),
    "histograms": lambda: plotting.histograms(X, X[:400], column=1),
    "capacity": lambda: plotting.capacity(
        dynamics.information_processing_capacity(U[:, 0], MODEL.run([U])[0], 2, (10, 5))
    ),
    "contraction": lambda: plotting.contraction(dynamics.echo_state_index(MODEL, U, starts=2)),
    "ranks": lambda: plotting.ranks(
        dynamics.kernel_rank(MODEL), dynamics.generalisation_rank(MODEL)
    ),
    "radius": lambda: plotting.spectrum(dynamics.effective_spectral_radius(MODEL, U, samples=5)),
    "jacobian": lambda: plotting.eigenvalues(dynamics.jacobian(MODEL, U[:5]).matrix),
}


@pytest.mark.parametrize("name", PLOTS)
def test_a_picture_has_something_on_it_and_names_its_axes(name):
    ax = PLOTS[name]()
    assert ax.lines or ax.collections or ax.patches
    assert ax.get_ylabel()
    assert ax.get_xlabel() or name == "capacity"
    ax.figure.canvas.draw()


def test_the_line_of_neighbours_has_the_slope_that_was_found():
    found = dynamics.largest_exponent(X, 0.02, horizon=100, fit=(10, 90))
    line = plotting.divergence(found).lines[1]
    slope = np.polyfit(*line.get_data(), 1)[0]
    assert slope == pytest.approx(found.exponent)


def test_bars_stand_on_one_another_up_to_the_total():
    found = dynamics.information_processing_capacity(U[:, 0], MODEL.run([U])[0], 2, (10, 5))
    bars = plotting.capacity(found).patches
    assert max(bar.get_y() + bar.get_height() for bar in bars) == pytest.approx(found.total)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: plotting.return_map(X), r"pairs have shape \(900, 3\)"),
        (lambda: plotting.histograms(X, X, column=3), "there is no column 3"),
        (lambda: plotting.power_spectra(np.arange(5), X), "5 frequencies, 900 values"),
    ],
)
def test_what_cannot_be_drawn_is_refused(call, words):
    with pytest.raises(DataError, match=words):
        call()


NUMBERS = np.ones(3)
WHOLE = r"got ndarray; give the whole of what dynamics\.{} returns"


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: plotting.lyapunov(NUMBERS), WHOLE.format("lyapunov_exponents")),
        (lambda: plotting.divergence(NUMBERS), WHOLE.format("largest_exponent")),
        (lambda: plotting.capacity(NUMBERS), WHOLE.format("information_processing_capacity")),
        (lambda: plotting.contraction(NUMBERS), WHOLE.format("echo_state_index")),
        (lambda: plotting.spectrum(NUMBERS), WHOLE.format("effective_spectral_radius")),
        (lambda: plotting.ranks(10, 3), "ranks: give the whole of what kernel_rank and"),
    ],
)
def test_parts_of_what_was_found_are_refused_with_what_to_give(call, words):
    with pytest.raises(DataError, match=words):
        call()
