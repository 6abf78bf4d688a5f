"""A readout on a clock that is fed back: between ticks its teacher is held, as its output is."""

import numpy as np
import pytest
from ridge_by_hand import numpy_ridge

import nodegraph as ng
from nodegraph import delay
from nodegraph.errors import GraphError
from nodes import Identity, Input, Reservoir, Ridge

RNG = np.random.default_rng(3)
X = RNG.standard_normal((300, 2))
Y = np.roll(X[:, :1], 1, axis=0) + 0.3


def looped(every, phase, back, wired=False):
    """A reservoir that hears its readout of some steps before, which learns at ticks alone."""
    pool = Reservoir(name="pool", units=6, connectivity=1.0)
    out = Ridge(name="out", ridge=0.1, every=every, phase=phase)
    graph = (Input(name="u") >> pool >> out) & (out >> delay(back) >> pool["feedback"])
    return graph & (Input(name="y") >> delay(2) >> out["target"]) if wired else graph


def held(rows, every, phase):
    """Return at each step the row of the last tick; zeros before the first."""
    ticks = np.arange(len(rows)) - (np.arange(len(rows)) - phase) % every
    return np.where((ticks >= 0)[:, None], rows[np.maximum(ticks, 0)], 0.0)


def states(model, x, fed, back):
    W, W_in, W_fb = (np.array(getattr(model.params["pool"], n)) for n in ("W", "W_in", "W_fb"))
    state, found = np.zeros(6), []
    late = np.vstack([np.zeros((back, 1)), fed])
    for row, teacher in zip(x, late[: len(x)], strict=True):
        found.append(state := np.tanh(W @ state + W_in @ row + W_fb @ teacher))
    return np.array(found)


def data(wired, rows):
    return ({"u": X[rows], "y": Y[rows]},) if wired else (X[rows], Y[rows])


def taught(model, wired, how):
    """Return the model that has learned from all rows, given in one of several ways."""
    if how == "whole":
        return model.fit(*data(wired, slice(None)))
    if how == "update":
        return model.fit(*data(wired, slice(0, 101))).update(*data(wired, slice(101, None)))
    cuts = [70, 140, 210] if how == "chunks" else [1, 2, 3, 4, 6, 9, 10]
    parts = [data(wired, rows) for rows in np.split(np.arange(300), cuts)]
    parts = [part[0] for part in parts] if wired else parts
    return model.fit(iter(parts) if how == "stream" else ng.Chunks(parts))


@pytest.mark.filterwarnings("ignore:.*one series:nodegraph.errors.DataWarning")
@pytest.mark.parametrize("how", ["whole", "update", "chunks", "small chunks"])
@pytest.mark.parametrize("wired", [False, True])
@pytest.mark.parametrize(("every", "phase", "back"), [(3, 1, 1), (4, 0, 2), (5, 4, 7)])
def test_between_ticks_the_target_of_the_last_one_is_fed_back(every, phase, back, wired, how):
    model = taught(ng.Model(looped(every, phase, back, wired), seed=1), wired, how)
    wanted = np.vstack([np.zeros((2, 1)), Y])[:300] if wired else Y
    rows = states(model, X, held(wanted, every, phase), back)
    W, bias = numpy_ridge(rows[phase::every], wanted[phase::every], 0.1)
    np.testing.assert_allclose(model.params["out"].W_out, W, atol=1e-11)
    np.testing.assert_allclose(model.params["out"].bias, bias, atol=1e-11)


@pytest.mark.parametrize("wired", [False, True])
@pytest.mark.parametrize("workers", [1, 2])
def test_each_of_many_series_holds_its_own_teacher(workers, wired):
    starts = [0, 40, 85, 100, 120, 170, 200, 230]
    cuts = [np.arange(a, b) for a, b in zip(starts, [*starts[1:], 300], strict=True)]
    xs, ys = [X[i] for i in cuts], [Y[i] for i in cuts]
    model = ng.Model(looped(3, 1, 2, wired), seed=1)
    given = ({"u": xs, "y": ys},) if wired else (xs, ys)
    model.fit(*given, workers=workers)
    rows, goals = [], []
    for i in cuts:
        wanted = np.vstack([np.zeros((2, 1)), Y[i]])[: len(i)] if wired else Y[i]
        rows.append(states(model, X[i], held(wanted, 3, 1), 2)[1::3])
        goals.append(wanted[1::3])
    W, _ = numpy_ridge(np.vstack(rows), np.vstack(goals), 0.1)
    np.testing.assert_allclose(model.params["out"].W_out, W, atol=1e-11)


def test_a_reader_downstream_hears_a_held_teacher_where_every_edge_carries_it():
    near = Ridge(name="near", ridge=0.1, every=3)
    far = Ridge(name="far", ridge=0.1)
    model = ng.Model(Input(name="u") >> near >> far)
    model.fit(X, {"near": Y, "far": X[:, 1:]}, forcing="all")
    W, _ = numpy_ridge(held(Y, 3, 0), X[:, 1:], 0.1)
    np.testing.assert_allclose(model.params["far"].W_out, W, atol=1e-11)


def test_a_target_that_is_missing_at_a_tick_leaves_the_one_before():
    gaps = Y.copy()
    gaps[30] = np.nan
    model = ng.Model(looped(3, 0, 1), seed=1).fit(X, gaps)
    fed = held(np.where(np.isnan(gaps), Y[29], gaps), 3, 0)
    rows = states(model, X, fed, 1)
    kept = [t for t in range(0, 300, 3) if t != 30]
    W, _ = numpy_ridge(rows[kept], Y[kept], 0.1)
    np.testing.assert_allclose(model.params["out"].W_out, W, atol=1e-11)


def test_a_held_teacher_that_the_loop_itself_makes_is_refused():
    first, second = Reservoir(name="first", units=4), Reservoir(name="second", units=4)
    out, mirror = Ridge(name="out", every=2), Identity(name="mirror")
    graph = (Input(name="u") >> first >> out) & (out >> delay(1) >> second >> mirror)
    graph = graph & (mirror >> out["target"]) & (mirror >> delay(1) >> first["feedback"])
    with pytest.raises(GraphError, match="mirror teaches a learner on a clock"):
        ng.Model(graph).fit(X)
