"""A function as the step of a node: run in all ways, which must have the same bits."""

import numpy as np

import nodegraph as ng
from nodegraph.arrays import cast, leaves
from nodegraph.compiling.stages import planned
from nodegraph.engines.compiled.traced_steps import prepared
from nodegraph.engines.compiled.tracing import Writer, places
from nodegraph.engines.prepared import fold

XS = np.random.default_rng(7).standard_normal((12, 3))


class Small(ng.Node):
    units: int = 3


def node_of(step):
    """Return a node whose step is ``step(params, state, x)``."""

    def method(self, params, state, x):
        return step(params, state, x)

    return type(step.__name__, (Small,), {"step": method})()


def plan_and_code(step, state, params=()):
    """Return how a step is planned, and written as text."""
    node = node_of(step)
    writer = Writer(node, params, state, {"x": XS.shape[1]}, XS.dtype)
    return planned(writer, places(node), XS.dtype)


def buffers_of(plan):
    """Return the places of what lives for one step."""
    return [*{store for store in plan.memory.storage.values() if store.buffer}]


def assert_same(found, expected):
    for (path, a), (_, b) in zip(leaves(found), leaves(expected), strict=True):
        np.testing.assert_array_equal(a, b, err_msg=path)
        assert np.asarray(a).dtype == np.asarray(b).dtype


def run_in_all_ways(step, state, params=(), dtype=np.float64):
    """Return ``(state, ys)`` of plain Python; compiled, in chunks and side by side are alike."""
    params, state = cast(params, np.dtype(dtype)), cast(state, np.dtype(dtype))
    xs, node = XS.astype(dtype), node_of(step)
    ready = prepared(node, params)
    expected = fold(node, params, state, xs, {})
    assert_same(ready.run(state, xs), expected)
    assert ready.fits(state, xs.dtype, {"x": 3}, len(expected[1][0]))  # it ran compiled
    first, ys = ready.run(state, xs[:5])
    last, more = ready.run(first, xs[5:])
    assert_same((last, np.concatenate([ys, more])), expected)
    many = ready.run_many([state] * 7, [xs[:n] for n in (12, 1, 3, 12, 5, 2, 9)])
    for after, y in zip(*many, strict=True):
        assert_same((after, y), fold(node, params, state, xs[: len(y)], {}))
    return expected
