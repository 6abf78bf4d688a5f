import numpy as np
import pytest

import nodegraph as ng
from nodegraph.model.fit_cost import Rehearsal, Trial, carried_on, first_rows, foreseen
from nodegraph.model.fit_memory import products
from nodegraph.testing.comparing import same_trees
from nodes import Input, LogisticRegression, Reservoir, Ridge, Scaler, TaughtAttention, TaughtLayer
from nodes.rules import IntrinsicPlasticity

RNG = np.random.default_rng(4)
X = RNG.standard_normal((3000, 3))
Y = X[:, :1] * X[:, 1:2]
TEXTS = X.reshape(60, 50, 3), Y.reshape(60, 50, 1)


class Steps(ng.host.progress.Silent):
    """A clock that goes by how many steps went through a plan."""

    def __init__(self):
        self.gone = 0

    def advance(self, n_steps):
        self.gone += n_steps

    def __call__(self):
        return self.gone


def course_of(model, x, y):
    """Return what a fit will go through, its slots and its data."""
    from nodegraph.engines import LOCAL
    from nodegraph.model.fit import Fit

    draft = model._settle().draft()
    bound = draft.bind(x, y)
    course = Fit(initializer=draft.initializer, engine=LOCAL, learners=draft.learners(bound))
    return course, draft.slots, bound


def steps_foreseen(node, x, y, monkeypatch):
    """Return how many steps a few rows tell that all will take, and how many they take."""
    for name, value in (("FEW", 40), ("ENOUGH", 0)):
        monkeypatch.setattr(f"nodegraph.model.fit_cost.{name}", value)
    model = ng.Model(Input() >> Scaler() >> node, seed=1)
    y = y if any(rule.supervised for rule in model.plan.rules.values()) else None
    course, slots, bound = course_of(model, x, y)
    clock = Steps()
    told = course.__class__(**{**vars(course), "hooks": course.hooks._replace(progress=clock)})
    found = Rehearsal(told, slots, bound, np.inf, clock).seconds()
    model.fit(x, y, progress=(counted := Steps()))
    return found, counted.gone


PASSES = {
    "layer": (TaughtLayer(units=4, rounds=3), 2 * 3 + 2),
    "frozen layer": (TaughtLayer(units=4, frozen=True), 2),
    "attention": (
        TaughtAttention(heads=1, keys=2, span=3, units=2, passes=2, batch=99, rate=0.3),
        2 + 2,
    ),
    "plasticity": (Reservoir(units=6, rule=IntrinsicPlasticity(epochs=3)), 3),
}


@pytest.mark.parametrize(
    "data", [(X[:300], Y[:300]), [part[:6] for part in TEXTS]], ids=["one", "list"]
)
@pytest.mark.parametrize(("node", "passes"), PASSES.values(), ids=list(PASSES))
def test_all_passes_and_rounds_are_counted(node, passes, data, monkeypatch):
    scaler = 1
    told, gone = steps_foreseen(node, *data, monkeypatch)
    assert told == pytest.approx(gone)
    assert told >= (scaler + passes) * 300


def test_trials_grow_until_they_tell_enough_or_are_all():
    course, slots, bound = course_of(ng.Model(Ridge(), seed=1), X, Y)
    ticks = iter(range(100))
    seconds = Rehearsal(course, slots, bound, np.inf, lambda: next(ticks)).seconds()
    assert (seconds, next(ticks)) == (1.0, 6)  # 512 rows, the same again, 2048: a second each
    slow = iter(range(0, 1000, 6))
    Rehearsal(course, slots, bound, np.inf, lambda: next(slow)).seconds()
    assert next(slow) == 4 * 6  # 512 rows once, 2048
    quick = iter(np.arange(100) / 1000)
    Rehearsal(course, slots, bound, np.inf, lambda: next(quick)).seconds()
    assert next(quick) * 1000 == pytest.approx(8)  # then all rows


def test_a_line_is_carried_on_and_never_falls():
    assert carried_on([Trial(100, 1.0), Trial(400, 2.0), Trial(1600, 6.0)], 4600) == 16.0
    assert carried_on([Trial(100, 3.0), Trial(400, 2.0)], 4000) == 2.0
    assert carried_on([Trial(200, 1.0)], 1000) == 5.0
    assert carried_on([Trial(200, 1.0), Trial(200, 1.5)], 200) == 1.5


def test_sums_and_solutions_are_told_by_their_products():
    course, slots, bound = course_of(ng.Model(Ridge(), seed=1), X, Y)
    row, end = 3 * 3 + 2 * 3 * 1, 3**3 / 3 + 4 * 3 * 3  # x'x and x't; factor, solution and error
    assert products(course, slots, bound, 3000) == 3000 * row + end
    assert products(course, slots, bound, 2) == 2**3 / 3 + 4 * 2 * 2 + 2 * 3 * (2 + 4)  # few rows
    many = course_of(ng.Model(Input() >> Reservoir(units=600) >> Ridge(), seed=1), X, Y)
    single = course_of(
        ng.Model(Input() >> Reservoir(units=600) >> Ridge(), seed=1, dtype="float32"), X, Y
    )
    rows = [products(*each, 3000) - products(*each, 2000) for each in (many, single)]
    assert rows == [1000 * (600**2 + 2 * 600), 500 * (600**2 + 2 * 600)]


def test_sums_and_solutions_are_not_carried_on():
    course, slots, bound = course_of(ng.Model(Ridge(), seed=1), X, Y)
    known = [products(course, slots, bound, rows) for rows in (512, 512, 2048, 3000)]
    seconds = iter([part for each in known for part in (0, each / 1e6 + 0.7)])
    told = Rehearsal(course, slots, bound, 1e6, lambda: next(seconds)).seconds()
    assert told == pytest.approx(known[-1] / 1e6 + 0.7)  # each trial took .7 s beside them


@pytest.mark.parametrize(("x", "y"), [(X, Y), TEXTS], ids=["one", "list"])
def test_the_first_rows_are_whole_series_where_there_are_many(x, y):
    _, _, bound = course_of(ng.Model(Ridge(), seed=1), x, y)
    assert first_rows(bound, 120).n_steps == (120 if bound.own else 150)
    assert first_rows(bound, 10**6).n_steps == 3000
    assert first_rows(bound, 20).n_steps == 20


def test_labels_of_whole_series_are_not_cut_off():
    labels = np.resize([0, 1], 60)
    model = ng.Model(Reservoir(units=4) >> LogisticRegression(classes=[0, 1]), seed=1)
    _, _, bound = course_of(model, list(TEXTS[0]), labels)
    assert first_rows(bound, 20).n_steps == 50


def test_a_forecast_leaves_the_model_as_it_was():
    model = ng.Model(Input() >> Reservoir(units=5, rule=IntrinsicPlasticity()) >> Ridge(), seed=1)
    twin = model.clone()
    assert foreseen(model, X, Y).seconds > 0
    same_trees(dict(model.fit(X, Y).params), dict(twin.fit(X, Y).params), "params")
    foreseen(model, X, Y)
    same_trees(model.run(X[:5]), twin.run(X[:5]), "outputs")


def test_too_few_rows_tell_nothing():
    model = ng.Model(Input() >> Reservoir(units=5) >> Ridge(), seed=1)
    found = foreseen(model, X[:40], np.full((40, 1), np.nan))
    assert found.seconds is None
