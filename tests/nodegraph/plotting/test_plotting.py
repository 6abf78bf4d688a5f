"""Plots show the numbers they are given, refuse shapes that do not fit, and leave pyplot alone."""

import io
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
import scipy.sparse
from matplotlib.figure import Figure
from matplotlib.image import imread

from nodegraph import plotting
from nodegraph.errors import DataError

STEPS = np.arange(200)
WAVES = np.stack([np.sin(STEPS / 9), 40 + 5 * np.cos(STEPS / 7), STEPS / 10.0], axis=1)


def pixels(ax):
    buffer = io.BytesIO()
    ax.figure.savefig(buffer, format="png", dpi=40)
    buffer.seek(0)
    return imread(buffer)[..., :3]


def line(ax, label):
    return next(found for found in ax.lines if found.get_label() == label)


def weights(*shape):
    return np.random.default_rng(0).normal(size=shape)


PLOTS = {
    "prediction": lambda: plotting.prediction(WAVES[:, 0], WAVES[:, 0] + 0.1),
    "several outputs": lambda: plotting.prediction(WAVES, WAVES + 0.1),
    "states": lambda: plotting.states(WAVES),
    "raster": lambda: plotting.states(WAVES, raster=True),
    "eigenvalues": lambda: plotting.eigenvalues(weights(20, 20)),
    "one readout": lambda: plotting.readout_weights(weights(30)),
    "readouts": lambda: plotting.readout_weights(weights(3, 30)),
    "plane": lambda: plotting.phase_portrait(WAVES),
    "space": lambda: plotting.phase_portrait(WAVES, (0, 1, 2)),
    "embedding": lambda: plotting.phase_portrait(WAVES[:, 0], lag=5),
    "memory": lambda: plotting.memory_capacity(np.exp(-np.arange(30) / 9)),
    "generation": lambda: plotting.generation(WAVES[:50], WAVES[50:], WAVES[50:] * 1.2),
}


@pytest.mark.parametrize("name", PLOTS)
def test_no_plot_is_blank(name):
    image = pixels(PLOTS[name]())
    assert (image < 0.9).any(axis=2).mean() > 0.005


@pytest.mark.parametrize("name", PLOTS)
def test_every_plot_names_its_axes(name):
    ax = PLOTS[name]()
    assert ax.get_xlabel() and (ax.get_ylabel() or len(ax.get_yticklabels()) == 3)


def test_plots_are_drawn_where_they_are_told():
    mine = Figure().add_subplot()
    assert plotting.prediction(WAVES, WAVES, mine) is mine


def test_drawing_needs_no_pyplot_and_importing_needs_no_matplotlib():
    code = (
        "import sys, nodegraph.plotting as p; assert 'matplotlib' not in sys.modules;"
        "p.states([[0.0], [1.0]]); assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_one_output_keeps_its_own_values():
    ax = plotting.prediction(WAVES[:, 1], WAVES[:, 1] + 1, start=1000)
    np.testing.assert_allclose(line(ax, "target").get_ydata(), WAVES[:, 1])
    np.testing.assert_allclose(line(ax, "prediction").get_ydata(), WAVES[:, 1] + 1)
    assert line(ax, "target").get_xdata()[0] == 1000


def test_several_outputs_stand_apart_whatever_their_scale():
    ax = plotting.prediction(WAVES, WAVES, names=["a", "b", "c"])
    targets = [found.get_ydata() for found in ax.lines[::2]]
    assert all(upper.min() > lower.max() for upper, lower in pairwise(targets))
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["a", "b", "c"]


def test_the_ring_has_the_spectral_radius():
    ax = plotting.eigenvalues(np.diag([0.5, -0.8]))
    assert np.hypot(*line(ax, "spectral radius 0.8").get_data()) == pytest.approx(0.8)
    np.testing.assert_allclose(sorted(ax.collections[0].get_offsets()[:, 0]), [-0.8, 0.5])


def test_a_sparse_matrix_shows_the_same_eigenvalues():
    dense = np.array([[0.0, 1.0], [-0.25, 0.0]])
    ax = plotting.eigenvalues(scipy.sparse.csr_array(dense))
    np.testing.assert_allclose(sorted(ax.collections[0].get_offsets()[:, 1]), [-0.5, 0.5])


def test_the_embedding_shows_the_series_over_its_past():
    series = np.arange(10.0)
    x, y = plotting.phase_portrait(series, lag=3).lines[0].get_data()
    np.testing.assert_array_equal(x, series[3:])
    np.testing.assert_array_equal(y, series[:-3])


def test_the_memory_capacity_is_the_sum_of_the_curve():
    ax = plotting.memory_capacity([1.0, 0.5, 0.25])
    assert line(ax, "memory capacity 1.8").get_xdata().tolist() == [1, 2, 3]


def test_generation_marks_the_step_at_which_the_truth_is_left():
    truth = np.tile([[1.0], [-1.0]], (20, 1))  # its standard deviation is 1
    own = truth.copy()
    own[17:] += 0.41
    ax = plotting.generation(truth[:4], truth, own)
    assert line(ax, "error above 0.4 at step 17").get_xdata()[0] == 17


def test_generation_without_departure_carries_no_mark():
    ax = plotting.generation(WAVES[:50], WAVES[50:], WAVES[50:])
    assert not any("error" in str(found.get_label()) for found in ax.lines)


def test_a_gap_in_the_truth_is_no_departure():
    truth = WAVES[50:].copy()
    truth[3] = np.nan
    ax = plotting.generation(WAVES[:50], truth, WAVES[50:])
    assert not any("error" in str(found.get_label()) for found in ax.lines)


@pytest.mark.parametrize("wrong", [np.inf, np.nan, 1e300])
def test_a_diverged_forecast_leaves_the_truth_readable(wrong):
    own = WAVES[50:].copy()
    own[60:] = wrong
    ax = plotting.generation(WAVES[:50], WAVES[50:], own)
    assert line(ax, "error above 0.4 at step 60")
    assert np.ptp(ax.get_ylim()) < 6
    assert pixels(ax).min() < 0.5


@pytest.mark.parametrize("values", [np.full(9, np.nan), np.zeros(9), np.full(9, 3.0)])
def test_constant_and_missing_series_are_drawn(values):
    assert pixels(plotting.prediction(values, np.zeros(9))).size
    assert pixels(plotting.states(values[:, None], raster=True)).size


@pytest.mark.parametrize(
    ("draw", "words"),
    [
        (
            lambda: plotting.prediction(np.zeros((9, 1)), np.zeros((9, 3))),
            r"y .*\(9, 1\).*\(9, 3\)",
        ),
        (lambda: plotting.prediction(np.zeros((9, 1)), np.zeros(8)), "same steps"),
        (lambda: plotting.prediction([], []), r"shape \(0, 1\)"),
        (lambda: plotting.prediction(["a"], ["b"]), "not an array of numbers"),
        (lambda: plotting.prediction([[1.0], [1.0, 2.0]], [1.0]), "not an array of numbers"),
        (lambda: plotting.prediction(WAVES, WAVES, outputs=[3]), "choose one or more of 0 to 2"),
        (lambda: plotting.prediction(WAVES, WAVES, names=["a"]), "1 names for 3 outputs"),
        (lambda: plotting.states(np.zeros((2, 3, 4))), r"\(2, 3, 4\)"),
        (lambda: plotting.states(WAVES, units=[7]), "0 to 2"),
        (lambda: plotting.eigenvalues(np.zeros((2, 3))), "square"),
        (lambda: plotting.eigenvalues(np.zeros((0, 0))), "square"),
        (lambda: plotting.eigenvalues([[np.nan]]), "finite"),
        (lambda: plotting.readout_weights(np.zeros((2, 2, 2))), "readout_weights"),
        (lambda: plotting.phase_portrait(WAVES, (0,)), "two or three"),
        (lambda: plotting.phase_portrait(WAVES, (0, 5)), "0 to 2"),
        (lambda: plotting.phase_portrait(np.zeros(5), lag=5), "embedded"),
        (lambda: plotting.phase_portrait(np.zeros(5), lag=0), "lag"),
        (lambda: plotting.memory_capacity(np.zeros((4, 2))), "one value a delay"),
        (lambda: plotting.generation(WAVES, WAVES, WAVES[:9]), "truth.*generated"),
        (lambda: plotting.generation(WAVES[:, :1], WAVES, WAVES), "prompt"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_a_sentence(draw, words):
    with pytest.raises(DataError, match=words):
        draw()


def test_an_index_of_dates_stands_on_the_axis_of_time():
    days = np.arange("2024-01-30", "2024-02-04", dtype="datetime64[D]")
    for given in (days, days.tolist(), [str(day) for day in days]):
        ax = plotting.prediction(given, WAVES[:5, 0], WAVES[:5, 0] + 1)
        np.testing.assert_array_equal(line(ax, "target").get_xdata(), days)
        np.testing.assert_array_equal(line(ax, "prediction").get_ydata(), WAVES[:5, 0] + 1)
        ax.figure.canvas.draw()
        words = [tick.get_text() for tick in ax.get_xticklabels()]
        assert "Feb-01" in words and ax.get_xlabel() == "time"


def test_an_index_of_numbers_is_taken_as_it_stands():
    ax = plotting.prediction(WAVES[:, 0], WAVES[:, 0], index=np.linspace(0, 1, 200), label="mV")
    assert line(ax, "target").get_xdata()[-1] == 1.0
    assert ax.get_ylabel() == "mV"


class Table:
    """A table as pandas has them: values, columns, and an index with a name."""

    iloc = None

    def __init__(self, values, columns, index):
        self.values, self.columns, self.index = values, columns, index

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.values, dtype)


class Days(np.ndarray):
    name, tz = "day", None


def test_tables_bring_their_names_and_their_index():
    days = np.arange("2024-01-01", "2024-07-19", dtype="datetime64[D]").view(Days)
    table = Table(WAVES, ["north", "east", "level"], days)
    ax = plotting.prediction(table, WAVES)
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["north", "east", "level"]
    assert ax.get_xlabel() == "day" and line(ax, "target").get_xdata()[0] == days[0]
    single = plotting.prediction(table, WAVES, outputs=[2])
    assert single.get_ylabel() == "level"
    assert plotting.states(table, units=[1]).lines[0].get_label() == "east"
    assert plotting.phase_portrait(table).get_xlabel() == "north"
    going_on = plotting.generation(WAVES[:5], table, WAVES)
    assert going_on.get_yticklabels()[0].get_text() == "north"


def test_series_above_each_other_say_what_they_reach():
    ax = plotting.prediction(WAVES, WAVES)
    marks = [tick.get_text() for tick in ax.child_axes[0].get_yticklabels()]
    np.testing.assert_allclose([float(mark) for mark in marks[2:4]], [35, 45], rtol=0.01)
    assert float(marks[4]) == 0 and float(marks[5]) == 19.9


@pytest.mark.parametrize(
    ("index", "words"),
    [(np.arange(3), r"shape \(3,\) for 200 steps"), (["a"] * 200, "neither numbers nor dates")],
)
def test_an_index_that_does_not_fit_is_refused(index, words):
    with pytest.raises(DataError, match=words):
        plotting.prediction(index, WAVES, WAVES)


def test_pyplot_knows_figures_once_it_is_there_and_those_of_a_run_never():
    code = """
from nodegraph import plotting
from nodegraph.plotting.canvas import apart
plotting.states([[0.0], [1.0]])
from matplotlib import pyplot as plt
assert not plt.get_fignums()
with apart():
    plotting.states([[0.0], [1.0]])
assert not plt.get_fignums()
ax = plotting.states([[0.0], [1.0]])
assert plt.gcf() is ax.figure
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_zero_is_a_gap_in_a_learning_curve_and_no_fall_to_the_bottom():
    curves = {"a": {"step": [1, 2, 3], "change": [0.5, 0.0, 0.1]}}
    ax = plotting.learning_curves(curves)
    drawn = ax.lines[0].get_ydata()
    assert drawn[0] == 0.5 and np.isnan(drawn[1]) and ax.get_yscale() == "log"


def test_classes_that_are_words_are_counted_by_their_names():
    said = ["up", "down", "down", "up"]
    for names, rows in ((None, ["down", "up"]), (["up", "down"], ["up", "down"])):
        ax = plotting.confusion(["up", "up", "down", "up"], said, names)
        found = {(rows[int(t.get_position()[1])], rows[int(t.get_position()[0])]): t.get_text()
                 for t in ax.texts}  # fmt: skip
        assert found == {("up", "up"): "2", ("up", "down"): "1", ("down", "down"): "1"}
        assert [tick.get_text() for tick in ax.get_yticklabels()] == rows
    with pytest.raises(DataError, match="'left' is none of up, down"):
        plotting.confusion(["up", "left"], ["up", "up"], ["up", "down"])


def test_numbers_of_classes_without_names_are_called_by_themselves():
    ax = plotting.confusion([0, 2], [0, 0])
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["0", "1", "2"]


def test_curves_are_taken_from_the_model_that_has_them():
    class Watched:
        def __init__(self):
            self.curves = {"a": {"step": [1, 2], "change": [0.5, 0.25]}}

    (line,) = plotting.learning_curves(Watched()).lines
    assert line.get_ydata().tolist() == [0.5, 0.25]
    with pytest.raises(DataError, match=r"expected a model or model\.curves, got int"):
        plotting.learning_curves(3)


def test_a_band_is_shaded_behind_the_prediction():
    y = np.random.default_rng(0).normal(size=(50, 2))
    band = np.stack([y - 1, y, y + 1], axis=2)
    axes = plotting.prediction(y, y, band=band)
    assert len(axes.collections) == 2
    flat = plotting.prediction(y[:, 0], y[:, 0], band=band[:, 0])
    assert len(flat.collections) == 1
    with pytest.raises(DataError, match="band should have shape"):
        plotting.prediction(y, y, band=band[:9])
