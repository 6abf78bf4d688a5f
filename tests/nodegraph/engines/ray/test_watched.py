"""Learning curves that workers take: those of the local engine to the last bit."""

import numpy as np
import pytest

import nodegraph as ng
from nodegraph import delay
from nodegraph.data.series import Chunk
from nodegraph.engines.ray.partition import pieces
from nodegraph.host.progress import Silent
from nodes import LMS, RLS, ForwardUnit, Input, Reservoir, Ridge
from nodes.rules import IntrinsicPlasticity, Oja

RNG = np.random.default_rng(0)
U = RNG.uniform(-1, 1, (700, 2))
Y = U @ [[1.0], [-2.0]] + 0.5
Y[40:60] = np.nan


def wide():
    unit = ForwardUnit(units=5, horizon=2, name="unit")
    plastic = Reservoir(units=8, rule=IntrinsicPlasticity(epochs=2), noise=0.01, name="r")
    return Input() >> [unit, plastic, Reservoir(units=8, rule=Oja(), name="o")] >> RLS(name="out")


def loop():
    res, out = Reservoir(units=6, name="r"), LMS(rate=0.01, name="out")
    return (Input() >> res >> delay(5) >> out) & (res << out)


def same_curves(one, other):
    assert list(one) == list(other)
    for name, curve in one.items():
        assert list(curve) == list(other[name])
        for what, values in curve.items():
            np.testing.assert_array_equal(values, other[name][what], f"{name}.{what}")


@pytest.mark.parametrize("graph", [wide, loop])
@pytest.mark.parametrize("watch", [True, 1, 13, 100])
@pytest.mark.parametrize(("chunk", "deaths"), [(7, ()), (64, (9, 30, 41)), (1000, (12,))])
def test_curves_have_the_bits_of_local_through_deaths(split, graph, watch, chunk, deaths):
    n = 60 if watch == 1 else min(30 * chunk, 700)
    engine = split(3, chunk, deaths, watch != 13, window=3, chunks=2)
    here, there = (ng.Model(graph(), seed=1, engine=e) for e in ("local", engine))
    for model in (here, there):
        model.fit(U[:n], Y[:n], warmup=10, watch=watch)
    same_curves(here.curves, there.curves)
    how = {"watch": watch, "outputs": ["out"]}
    outs = [model.partial_fit(U[:n], Y[:n], **how)["out"] for model in (here, there)]
    np.testing.assert_array_equal(*outs)
    same_curves(here.curves, there.curves)
    assert engine.pool.died == len(deaths)
    assert np.isfinite(here.curves["out"]["error"]).any()


def test_series_after_series_and_stage_after_stage(split, spread):
    graph = Input() >> Reservoir(units=8, rule=Oja(), name="o") >> Ridge()
    xs, ys = [U[:100], U[100:350], U[350:]], [Y[:100], Y[100:350], Y[350:]]
    models = [ng.Model(graph, seed=1, engine=e) for e in ("local", split(2, 9), spread(2))]
    for model in models:
        model.fit(xs, ys, watch=60)
    assert models[0].curves["o"]["step"].tolist()[:3] == [60, 100, 160]
    for other in models[1:]:
        same_curves(models[0].curves, other.curves)


class Notes(Silent):
    def __init__(self):
        self.notes = []

    def note(self, text):
        self.notes.append(text)


def test_the_newest_points_are_told_on_the_way(split):
    told = []
    for engine in ("local", split(3, 50)):
        notes, model = Notes(), ng.Model(wide(), seed=1, engine=engine)
        model.partial_fit(U, Y, watch=100, progress=notes)
        told.append(notes.notes)
    assert told[0] == told[1]
    assert len(told[0]) == 7


def test_only_numbers_come_back_with_a_chunk(split):
    engine = split(3, 50)
    from nodegraph.engines.ray.worker import Receipt

    seen = []
    take = engine.pool.take
    engine.pool.take = lambda refs: seen.append(take(refs)) or seen[-1]
    ng.Model(wide(), seed=1, engine=engine).partial_fit(U, Y, watch=100)
    receipts = [part for found in seen for part in found if isinstance(part, Receipt)]
    points = [point for receipt in receipts for point in (*receipt.points, receipt.rest) if point]
    assert len(points) >= 14
    values = [v for p in points for found in p.found.values() for v in found.values()]
    assert all(isinstance(value, float) for value in values)


@pytest.mark.parametrize(
    ("span", "done", "every", "wanted"),
    [
        (None, 0, 0, [20]),
        (8, 0, 0, [8, 8, 4]),
        (None, 3, 7, [4, 7, 7, 2]),
        (3, 3, 7, [3, 1, 3, 3, 1, 3, 3, 1, 2]),
    ],
)
def test_pieces_end_at_points(span, done, every, wanted):
    rows = np.arange(20.0)[:, None]
    found = list(pieces(Chunk(20, {"x": rows}, {"y": rows}, 5), span, done, every))
    assert [piece.n_steps for piece in found] == wanted
    for key in ("data", "targets"):
        parts = [rows for piece in found for rows in getattr(piece, key).values()]
        np.testing.assert_array_equal(np.concatenate(parts), rows)
    learned = np.concatenate([np.arange(p.n_steps) >= p.learn_from for p in found])
    assert learned.tolist() == (np.arange(20) >= 5).tolist()
