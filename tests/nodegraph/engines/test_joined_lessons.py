import numpy as np
import pytest

import nodegraph as ng
from nodegraph.engines import Engine, joined_lessons, local
from nodegraph.engines.side_by_side import execute_many
from nodes import PCA, Input, Lasso, LogisticRegression, Reservoir, Ridge, TaughtLayer
from nodes.rules import LeastSquares


class OneByOne:
    """An engine that knows one series at a time."""

    execute = staticmethod(local.execute)


SIDE_BY_SIDE = Engine(local.execute, execute_many)
READOUTS = {
    "sums": Ridge(name="out"),
    "rows turned": Ridge(name="out", solver="qr"),
    "dealt series": Ridge(name="out", ridge=(1e-6, 1e-2)),
    "intervals": Ridge(name="out", intervals=(0.05, 0.95)),
    "sparse": Lasso(name="out"),
    "classes": LogisticRegression(name="out", classes=("a", "b")),
    "nobody's target": PCA(name="out", units=3),
}


def ragged(seed=0, count=40):
    rng = np.random.default_rng(seed)
    xs = [rng.normal(size=(int(n), 2)) for n in rng.integers(4, 40, count)]
    ys = [np.roll(x[:, :1], 1, axis=0) for x in xs]
    for y in ys[::3]:
        y[5:9] = np.nan
    return xs, ys


def fitted(readout, engine):
    xs, ys = ragged()
    model = ng.Model(Input() >> Reservoir(name="pool", units=30) >> readout, engine=engine)
    if isinstance(readout, PCA):
        return model.fit(xs)
    if isinstance(readout, LogisticRegression):
        ys = ["b" if x[0, 0] > 0 else "a" for x in xs]
        return model.fit(xs, ys)
    return model.fit(xs, ys, warmup=3)


@pytest.mark.parametrize("numbers", [1, 500])
@pytest.mark.parametrize("which", READOUTS)
def test_what_is_learned_from_joined_series_has_the_bits_of_one_by_one(which, numbers, monkeypatch):
    monkeypatch.setattr(joined_lessons, "NUMBERS", numbers)
    monkeypatch.setattr(local, "NEAR", numbers)
    engines = ("local", SIDE_BY_SIDE, OneByOne())
    *together, apart = (fitted(READOUTS[which], engine) for engine in engines)
    for model in together:
        for one, other in zip(model.params["out"], apart.params["out"], strict=True):
            np.testing.assert_array_equal(one, other)
    more, ys = ragged(1, 5)
    if which == "sums":
        W, *others = (model.update(more, ys).params["out"].W_out for model in (apart, *together))
        for other in others:
            np.testing.assert_array_equal(W, other)


@pytest.mark.parametrize("engine", ["local", SIDE_BY_SIDE])
def test_rows_of_series_are_gathered_at_once(engine, monkeypatch):
    lengths, gather = [], LeastSquares.gather

    def counted(self, params, memory, lesson, ys):
        lengths.append(len(lesson.rows))
        return gather(self, params, memory, lesson, ys)

    monkeypatch.setattr(LeastSquares, "gather", counted)
    fitted(READOUTS["sums"], engine)
    first, *others = map(len, ragged()[0])
    assert lengths == ([first + sum(others)] if engine == "local" else [first, sum(others)])


def test_what_a_later_readout_hears_of_one_that_learns_is_silence_or_its_teacher():
    xs, ys = ragged()
    first, second = Ridge(name="first"), Ridge(name="second")
    models = [
        ng.Model(Input() >> Reservoir(name="pool", units=30) >> first >> second, engine=engine)
        for engine in ("local", OneByOne())
    ]
    one, other = (m.fit(xs, {"first": ys, "second": ys}, warmup=3) for m in models)
    for name in ("first", "second"):
        np.testing.assert_array_equal(one.params[name].W_out, other.params[name].W_out)


@pytest.mark.parametrize("engine", ["local", SIDE_BY_SIDE, OneByOne()])
@pytest.mark.parametrize(
    "readout", [Ridge(name="out", ridge="cv"), TaughtLayer(name="out", units=3, rounds=1)]
)
def test_a_series_that_teaches_nothing_changes_nothing_wherever_it_stands(readout, engine):
    rng = np.random.default_rng(0)
    xs = [rng.uniform(-1, 1, (n, 3)) for n in (32, 105, 19, 40, 50, 14)]
    ys = [x[:, :1] * x[:, 1:2] for x in xs]
    ys[-1][:] = np.nan

    def learned(order):
        model = ng.Model(Input() >> readout, seed=1, engine=engine)
        model.fit([xs[i] for i in order], [ys[i] for i in order])
        return model.params["out"], model.report[0]

    expected, told = learned([0, 1, 2, 3, 4])
    for order in ([5, 0, 1, 2, 3, 4], [0, 1, 5, 2, 3, 4]):
        found, said = learned(order)
        assert said == told
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_array_equal(one, other)
