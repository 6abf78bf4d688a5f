"""Threads that move one model: nothing of what any of them did is lost."""

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import BusyError, DataError
from nodes import LMS, Input, Reservoir, Ridge

U = np.sin(np.arange(300) / 5)[:, None]
X, Y = U[:-1], U[1:]


def make(readout=None):
    return ng.Model(Input(name="u") >> Reservoir(units=20) >> (readout or Ridge()), seed=1)


def in_threads(call, times, threads=4):
    with ThreadPoolExecutor(threads) as pool:
        for one in [pool.submit(call) for _ in range(times)]:
            one.result()


def elsewhere(call):
    """Return what `call` does in another thread, which is waited for."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(call).result()


class Read:
    """Two series, of which somebody hears before each is read."""

    def __init__(self, told):
        self.told = told

    def __len__(self):
        return 2

    def __getitem__(self, i):
        if i > 1:
            raise IndexError
        self.told()
        return X, Y


@pytest.mark.parametrize("rows", [1, 100])
def test_each_call_of_every_thread_learns(rows):
    taught, alone = (ng.Model(Input(name="u") >> LMS(rate=0.01), seed=1) for _ in range(2))
    x, y = np.full((rows, 1), 0.5), np.full((rows, 1), 0.7)
    in_threads(lambda: taught.partial_fit(x, y), 60)
    for _ in range(60):
        alone.partial_fit(x, y)
    assert taught.time == alone.time == 60 * rows
    np.testing.assert_array_equal(taught.params["lms"].W_out, alone.params["lms"].W_out)


@pytest.mark.parametrize("move", ["step", "run", "rows", "generate"])
def test_each_call_of_every_thread_moves_the_stream(move):
    model = make().fit(X, Y, warmup=20)
    calls = {
        "step": lambda: model.step([0.3]),
        "run": lambda: model.run(np.full((70, 1), 0.3)),
        "rows": lambda: model.run(np.full((2, 1), 0.3)),
        "generate": lambda: model.generate(3),
    }
    each = {"step": 1, "run": 70, "rows": 2, "generate": 3}[move]
    in_threads(calls[move], 200)
    assert model.time == len(X) + 200 * each
    if move in ("step", "run"):
        alone = make().fit(X, Y, warmup=20)
        alone.run(np.full((200 * each, 1), 0.3))
        np.testing.assert_array_equal(model.run(X[:5]), alone.run(X[:5]))


def test_who_would_move_a_model_that_learns_for_long_is_refused():
    model, refused = make(), []

    def move():
        with pytest.raises(BusyError, match="another thread is moving this model, and") as caught:
            model.step([0.1])
        refused.append(caught.value)

    def told():
        if not refused:
            elsewhere(move)

    model.fit(ng.Series(Read(told)), warmup=20)
    expected = make().fit([X, X], [Y, Y], warmup=20)
    assert refused
    np.testing.assert_array_equal(model.predict(X), expected.predict(X))


def test_a_model_that_was_moved_while_its_data_were_read_goes_on_from_there():
    model, alone = (make().fit(X, Y, warmup=20) for _ in range(2))

    def parts():
        elsewhere(lambda: model.run(X[:30]))
        yield X[30:40]

    with pytest.raises(BusyError, match="this model was moved while its data were read"):
        model.run(ng.Chunks(parts()))
    alone.run(X[:30])
    np.testing.assert_array_equal(model.run(X[30:]), alone.run(X[30:]))


@pytest.mark.parametrize(
    "made", [copy.copy, copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))]
)
def test_a_copy_is_moved_while_the_first_one_learns(made):
    model = make().fit(X, Y, warmup=20)
    expected, found = made(model).run(X), []

    def told():
        found.append(elsewhere(lambda: made(model).run(X)))

    model.fit(ng.Series(Read(told)), warmup=20)
    assert len(found) >= 2
    assert all(np.array_equal(one, expected) for one in found)


def test_a_call_that_failed_leaves_the_model_to_others():
    model, expected = (make().fit(X, Y, warmup=20) for _ in range(2))
    for call in (
        lambda: model.run(X * np.nan),
        lambda: model.step([0.0, 1.0]),
        lambda: model.update(X, Y[:3]),
        lambda: model.generate(2, prompt=X * np.nan),
    ):
        with pytest.raises(DataError):
            elsewhere(call)
    np.testing.assert_array_equal(model.run(X), expected.run(X))
