import numpy as np
import pytest

import nodegraph as ng
from nodegraph import delay
from nodegraph.errors import FieldError
from nodegraph.testing import check_node
from nodes import Conceptor, Input, Reservoir, Ridge

T = 900


def test_contract():
    check_node(Conceptor(patterns=2))


def test_as_many_signals_as_patterns_are_active():
    c = Conceptor(patterns=3)
    with pytest.raises(FieldError, match="active takes 3 signals, one for each pattern, got 2"):
        ng.Model((Input(name="x") >> c) & (Input(name="a") >> c["active"])).run(
            {"x": np.ones((4, 2)), "a": np.ones((4, 2))}
        )


def waves():
    """Return two sines of irrational period and two patterns of period 5."""
    t, rng = np.arange(T + 1), np.random.default_rng(1)
    fives = [np.tile(rng.uniform(-1, 1, 5), T // 5 + 2)[: T + 1] for _ in range(2)]
    return [np.sin(2 * np.pi * t / 8.83), np.sin(2 * np.pi * t / 9.83), *fives]


@pytest.fixture(scope="module")
def stored():
    """Return a reservoir that learned four patterns, and what drove it."""
    rng, n = np.random.default_rng(2), 100
    W = rng.standard_normal((n, n)) * (rng.random((n, n)) < 0.1)
    W *= 1.5 / abs(np.linalg.eigvals(W)).max()
    u, active = Input(name="u"), Input(name="active")
    r = Reservoir(
        W=np.zeros((n, n)), W_fb=W, input_scaling=1.5, bias_scaling=0.2, input_connectivity=1.0,
        name="r",
    )  # fmt: skip
    c, out = Conceptor(patterns=4, aperture=10.0, name="c"), Ridge(ridge=1e-4, name="out")
    graph = (u >> r >> c >> out) & (c >> delay(1) >> r["feedback"]) & (active >> c["active"])
    model = ng.Model(graph, seed=3)
    patterns = [p[:, None] for p in waves()]
    shares = [np.tile(np.eye(4)[j], (T, 1)) for j in range(4)]
    model.fit({"u": [p[:-1] for p in patterns], "active": shares}, [p[1:] for p in patterns],
              warmup=200)  # fmt: skip
    return model, patterns


@pytest.mark.parametrize("j", range(4))
def test_each_of_four_patterns_is_recalled(stored, j):
    """In closed loop, from 100 steps of prompt, with its conceptor and no other."""
    model, patterns = stored
    p = patterns[j]
    steps, begin = 300, 100
    y = model.reset().generate(
        steps,
        prompt={"u": p[:begin], "active": np.tile(np.eye(4)[j], (begin, 1))},
        x={"active": np.tile(np.eye(4)[j], (steps, 1))},
        loop={"u": "out"},
    )
    assert ng.metrics.nrmse(p[begin : begin + steps], y) < 0.01
