"""What is said of options that cannot be."""

import os
from typing import Any, ClassVar, NamedTuple

import numpy as np
import pytest

import nodegraph as ng
from nodegraph import delay
from nodegraph.errors import ArgumentError, DataError, FieldError, GraphError, NotFittedError
from nodegraph.graph.messages.calls import known_arguments
from nodegraph.model.checks import checked_workers
from nodegraph.node import Node
from nodegraph.rule import Rule
from nodes import RLS, Input, Reservoir, Ridge, Scaler, Tanh
from nodes.rules import IntrinsicPlasticity, Oja

X = np.random.default_rng(0).normal(size=(40, 3))


class Fading(Rule):
    """``w -= w / 10``."""

    online: ClassVar[bool] = True
    supervised: ClassVar[bool] = False
    modifies: ClassVar[tuple[str, ...]] = ("w",)

    def update(self, params, memory, seen):
        return params._replace(w=0.9 * params.w), memory


class SelfSized(Node):
    """As many outputs as inputs, unless it is told otherwise.

    Parameters
    ----------
    units : int, optional
    rule : Rule
    """

    class Params(NamedTuple):
        w: Any

    units: int | None = None
    rule: Rule = Fading()

    def init(self, rng, n_in, n_out):
        return self.Params(np.ones(n_out))

    def step(self, params, state, x):
        return state, params.w * np.sum(x)


@pytest.fixture
def model():
    return ng.Model(Input() >> Ridge()).fit(X, X)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: m.fit(X, X, warm_up=3), "fit: there is no argument 'warm_up'; did you mean war"),
        (lambda m: m.fit(X, X, washout=3), "'washout'; did you mean warmup?"),
        (lambda m: m.fit(X=X, y=X), "'X'; did you mean x?"),
        (lambda m: m.fit(X, X, sample_weight=X), r"'sample_weight'; .* >> out\['weight'\]"),
        (lambda m: m.run(X, worker=3), "run: there is no argument 'worker'; did you mean workers?"),
        (lambda m: m.run(X, zzz=3), "'zzz'; known are x, steps, outputs, noise, workers, engine, "),
        (lambda m: m.generate(9, promt=X), "generate: there is no argument 'promt'; did you mean "),
        (lambda m: m.fit(X, X, 100), "fit: takes x, y by position; .* as in warmup=..."),
        (lambda m: ng.Model(m.graph, sed=1), "^Model: there is no argument 'sed'; did you mean se"),
    ],
)
def test_an_argument_that_is_unknown_is_told_with_the_nearest(model, call, message):
    with pytest.raises(ArgumentError, match=message) as caught:
        call(model)
    assert isinstance(caught.value, TypeError)


def test_what_a_method_does_is_left_as_it_is():
    def double(self, x, *, again=False):
        """Return it doubled."""
        return 2 * x

    checked = known_arguments(double)
    assert (checked(None, 3), checked(None, x=4, again=True)) == (6, 8)
    assert (checked.__doc__, checked.__name__) == (double.__doc__, "double")


def test_workers_are_a_number_or_minus_one():
    assert checked_workers(-1) == (os.cpu_count() or 1)
    with pytest.raises(FieldError, match="at least 1, or -1 for one on each core, got -5"):
        checked_workers(-5)


def test_one_row_given_as_a_series_is_told(model):
    with pytest.raises(DataError, match=r"3 columns .* got 1; if it was one flat step, write x"):
        model.run(X[0])
    assert np.array_equal(model.run(X[:1]), model.run(X[0][None]))


@pytest.mark.parametrize(
    ("make", "example"),
    [
        (lambda: Ridge(1e-6), r"Ridge\(ridge=1e-06\)"),
        (lambda: Reservoir(100), r"Reservoir\(units=100\)"),
        (lambda: RLS(0.5), r"RLS\(alpha=0.5\)"),
        (lambda: Oja(0.1), r"Oja\(rate=0.1\)"),
    ],
)
def test_a_field_without_its_name_is_told_with_a_name_that_it_could_have(make, example):
    with pytest.raises(FieldError, match=f"write each field with its name, as in {example}"):
        make()


def test_a_class_in_place_of_an_object_is_told():
    with pytest.raises(FieldError, match=r"is the class itself; write IntrinsicPlasticity\(\)"):
        Reservoir(units=3, rule=IntrinsicPlasticity)
    with pytest.raises(FieldError, match=r"should be a rule: {kind: Oja} in YAML, Oja\(\) in Py"):
        Reservoir(units=3, rule="Oja")
    with pytest.raises(FieldError, match="unknown kind 'oja'; did you mean 'Oja'"):
        Reservoir(units=3, rule="oja")
    with pytest.raises(GraphError, match=r"Ridge is a class: write Ridge\(\)"):
        Input() >> Ridge
    with pytest.raises(GraphError, match="got the class Ridge"):
        ng.Model(Ridge)


TEXTS = [np.random.default_rng(i).normal(size=(30, 3)) for i in range(4)]


def taught(lag=0, **fields):
    """Return a readout whose teacher comes through a scaler, and perhaps late."""
    out, up = Ridge(name="out", **fields), Input(name="t") >> Scaler(name="scaled")
    late = up >> delay(lag) if lag else up
    return (Input(name="u") >> Reservoir(units=5) >> out) & (late >> out["target"])


def test_a_teacher_of_another_width_is_refused_before_anything_is_learned():
    model = ng.Model(taught(units=2))
    with pytest.raises(GraphError, match=r"and its target 3 columns, from scaled \(3\);"):
        model.fit({"u": TEXTS, "t": TEXTS})
    assert ng.Model(taught(units=3)).fit({"u": TEXTS, "t": TEXTS}).report
    classes = ng.Model(taught(classes=["a", "b"]))
    with pytest.raises(GraphError, match="out: it has 2 outputs, and its target 3 columns"):
        classes.fit({"u": TEXTS, "t": TEXTS})


def test_texts_of_other_lengths_are_named():
    shorter = [TEXTS[0], TEXTS[1][:20], *TEXTS[2:]]
    with pytest.raises(DataError, match=r"t \(series 1\): the input has 20 rows, the input u 30"):
        ng.Model(taught()).fit({"u": TEXTS, "t": shorter})


def test_a_target_that_is_delayed_past_every_text_is_refused():
    with pytest.raises(DataError, match="out: its target comes 30 steps late, past the end of the"):
        ng.Model(taught(lag=30)).fit({"u": TEXTS, "t": TEXTS})
    longer = [*TEXTS, np.vstack(TEXTS[:2])]
    assert ng.Model(taught(lag=30)).fit({"u": longer, "t": longer}).report
    assert ng.Model(taught(lag=30)).fit({"u": np.vstack(TEXTS), "t": np.vstack(TEXTS)}).report


@pytest.mark.parametrize("call", [ng.Model.run, ng.Model.fit, ng.Model.partial_fit])
def test_a_size_that_a_loop_leaves_open_is_told_with_its_cure(call):
    pool = SelfSized(name="pool")
    model = ng.Model((Input() >> pool) & (pool >> delay(1) >> pool))
    message = "the size of pool is not known: it follows from what arrives there, its own output"
    with pytest.raises(NotFittedError, match=f"{message} among it; set units there"):
        call(model, X)


def test_a_loop_of_nodes_that_have_no_units_asks_for_one_that_has():
    squash = Tanh(name="squash")
    model = ng.Model((Input() >> squash) & (squash >> delay(1) >> squash))
    with pytest.raises(NotFittedError, match="set units of a node in that loop"):
        model.run(X)


@pytest.mark.parametrize("apart", [False, True])
def test_fit_refuses_a_loop_without_a_size_though_nobody_in_it_learns(apart):
    squash, u, scale = Tanh(name="squash"), Input(), Scaler(name="scale")
    loop = (u if apart else scale) >> squash
    model = ng.Model((u >> scale) & loop & (squash >> delay(1) >> squash))
    with pytest.raises(NotFittedError, match="the size of squash is not known: it follows"):
        model.fit(X)
    rest = ng.Model((u >> scale >> squash) & (squash >> delay(1) >> Reservoir(units=4)))
    assert rest.fit(X).run(X).shape == (40, 4)


def test_a_size_that_a_loop_leaves_open_behind_a_readout_is_not_laid_to_the_readout():
    out, scale = Ridge(name="out"), Scaler(name="scale")
    model = ng.Model((Input() >> out >> scale) & (scale >> delay(3) >> scale))
    with pytest.raises(NotFittedError, match="size of scale is not known: it follows from what"):
        model.fit(X, X)
