import io
import re

import numpy as np
import pytest
from rich.console import Console

import nodegraph as ng
from nodegraph.errors import FieldError
from nodegraph.host.progress import Silent, Terminal
from nodes import LMS, RLS, ForwardUnit, Input, Reservoir, Ridge
from nodes.rules import IntrinsicPlasticity, Oja

RNG = np.random.default_rng(0)
U = RNG.uniform(-1, 1, (1000, 2))
Y = U @ [[1.0], [-2.0]] + 0.5


def readout():
    return ng.Model(LMS(rate=0.02, name="out"))


def test_by_default_nothing_is_watched():
    model = readout()
    model.partial_fit(U, Y)
    assert model.curves == {}


def test_error_and_change_are_those_of_the_predictions_and_weights():
    model, plain = readout(), readout()
    ys = model.partial_fit(U, Y, watch=100)
    curve = model.curves["out"]
    assert curve["step"].tolist() == list(range(100, 1001, 100))
    errors = np.sqrt(((ys - Y) ** 2).reshape(10, 100).mean(axis=1))
    np.testing.assert_allclose(curve["error"], errors, rtol=1e-12)
    before = np.zeros(3)
    for k in range(10):
        plain.partial_fit(U[100 * k :][:100], Y[100 * k :][:100])
        now = np.append(*plain.params["out"])
        size = max(np.linalg.norm(before), np.linalg.norm(now))
        assert curve["change"][k] == pytest.approx(np.linalg.norm(now - before) / size)
        before = now


def graph():
    r = Reservoir(units=20, rule=IntrinsicPlasticity(), name="r")
    readout = RLS(name="out")
    return (Input() >> r >> readout) & (r << readout) & (r >> Ridge(name="ridge"))


@pytest.mark.parametrize("watch", [True, 1, 37])
def test_watching_changes_no_bit(watch):
    one, other = ng.Model(graph(), seed=1), ng.Model(graph(), seed=1)
    u, y = U[:200], Y[:200]
    targets = {"out": y, "ridge": y}
    one.fit(u, targets, warmup=10)
    other.fit(u, targets, warmup=10, watch=watch)
    ys = one.partial_fit(u, {"out": y}), other.partial_fit(u, {"out": y}, watch=watch)
    for name in ("out", "ridge"):
        np.testing.assert_array_equal(ys[0][name], ys[1][name])
    np.testing.assert_array_equal(one.params["r"].W.data, other.params["r"].W.data)


def test_fit_starts_curves_anew_and_partial_fit_goes_on_with_them():
    model = readout()
    model.fit(U, Y, watch=200)
    assert model.curves["out"]["step"].tolist() == [200, 400, 600, 800, 1000]
    model.partial_fit(U[:300], Y[:300], watch=150)
    assert model.curves["out"]["step"].tolist()[-3:] == [1000, 1150, 1300]
    model.partial_fit(U, Y)
    assert len(model.curves["out"]["step"]) == 7
    assert model.fit(U, Y).curves == {}


def test_each_online_learner_has_a_curve_with_what_its_rule_measures():
    unit = ForwardUnit(units=5, horizon=2, name="unit")
    r = Reservoir(units=8, rule=IntrinsicPlasticity(), name="r")
    o = Reservoir(units=8, rule=Oja(), name="o")
    model = ng.Model(Input() >> [unit, r, o] >> Ridge(name="out")).fit(U, Y, watch=250)
    assert set(model.curves) == {"unit", "r", "o"}
    assert model.curves["unit"]["skill"].shape == model.curves["unit"]["step"].shape
    assert model.curves["r"]["gain"][0] != model.curves["r"]["gain"][-1]
    assert set(model.curves["o"]) == {"step", "change"}
    assert (model.curves["o"]["change"] > 0).all()


def test_rows_without_target_and_warmup_count_for_no_error():
    t = Y.copy()
    t[100:300] = np.nan
    model = readout()
    ys = model.partial_fit(U, t, warmup=40, watch=100)
    errors = model.curves["out"]["error"]
    assert np.isnan(errors[1:3]).all()
    assert errors[0] == pytest.approx(np.sqrt(((ys - Y)[40:100] ** 2).mean()))


def test_of_independent_series_one_curve_comes_after_the_other():
    model = readout()
    model.partial_fit([U[:100], U[100:250]], [Y[:100], Y[100:250]], watch=50)
    assert model.curves["out"]["step"].tolist() == [50, 100, 150, 200, 250]


class Notes(Silent):
    def __init__(self):
        self.notes = []

    def note(self, text):
        self.notes.append(text)


def test_the_newest_points_are_told_on_the_way():
    notes, model = Notes(), readout()
    model.partial_fit(U, Y, watch=250, progress=notes)
    errors = model.curves["out"]["error"]
    assert notes.notes == [f"out error {error:.3g}" for error in errors]


def test_the_bar_shows_them():
    console = Console(file=io.StringIO(), force_terminal=True, width=120)
    readout().partial_fit(U, Y, watch=500, progress=Terminal(console))
    shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", console.file.getvalue())
    assert re.search(r"1000/1000 steps .* out error \d", shown)


@pytest.mark.parametrize("watch", [0, -5, 2.5, "yes"])
def test_nonsense_is_refused(watch):
    with pytest.raises(FieldError, match="watch: expected a whole number of at least 1"):
        readout().partial_fit(U, Y, watch=watch)


def test_curves_can_be_drawn():
    model = readout()
    model.partial_fit(U, Y, watch=100)
    ax = ng.plotting.learning_curves(model.curves, what="error")
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), model.curves["out"]["error"])
    assert ax.lines[0].get_label() == "out"
    with pytest.raises(
        ng.errors.DataError, match="no node has 'skill'; nodes are out, with change"
    ):
        ng.plotting.learning_curves(model.curves, what="skill")
    with pytest.raises(ng.errors.DataError, match="nothing was watched"):
        ng.plotting.learning_curves({})
