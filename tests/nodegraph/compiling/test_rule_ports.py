"""A rule with ports of its own learns inside a compiled loop."""

import numpy as np

import nodegraph as ng
from nodegraph.engines import loops
from nodes import ES2N, TD, Input


def test_td_learns_in_a_loop(monkeypatch):
    before = loops.fuse
    ran = []

    def strict(*args):
        ran.append(before(*args))
        return ran[-1]

    monkeypatch.setattr("nodegraph.engines.local.fuse", strict)
    u, r = Input(units=1, name="u"), Input(units=1, name="r")
    pool, value = ES2N(units=10, name="pool"), TD(rate=0.1, trace_decay=0.3, name="value")
    graph = (u >> pool >> value) & (r >> value["reward"]) & (value >> ng.delay(1) >> pool)
    data = {"u": np.sin(np.arange(200) / 3)[:, None], "r": np.cos(np.arange(200) / 7)[:, None]}
    model = ng.Model(graph, seed=1)
    ys = model.partial_fit(data)
    assert ran and all(ran)
    monkeypatch.setattr("nodegraph.engines.local.fuse", lambda *_: False)
    fresh = ng.Model(graph, seed=1)
    np.testing.assert_array_equal(ys, fresh.partial_fit(data))
    np.testing.assert_array_equal(fresh.params["value"].W_out, model.params["value"].W_out)
