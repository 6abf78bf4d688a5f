"""Random steps, put together of expressions of many kinds, for what has to hold of every step."""

from typing import Any, NamedTuple

import numpy as np
from random_expressions import KINDS, Draft, held

import nodegraph as ng


class Params(NamedTuple):
    W: Any  # (n, n)
    V: Any  # (k, n)
    U: Any  # (n, n_in)
    places: Any  # (n,) int


class State(NamedTuple):
    a: Any  # (n,)
    b: Any  # (n,)
    ring: Any  # (r, n)
    M: Any  # (n, k)
    count: Any  # ()


def random_step(seed):
    """Return a step, the same each time that it is traced or run."""

    def step(p, s, x):
        d = Draft(p, s, x, np.random.default_rng(seed))
        for _ in range(3 + d.below(11)):
            v, w = d.vector(), d.vector()
            new = KINDS[d.below(len(KINDS))](d, v, w)
            d.vectors.append(held(new).astype(s.a.dtype))
        a, b, y = d.vector(), d.vector(), d.vector()
        if d.often(0.2):
            a, b = s.b, s.a
        ring = held(d.ring) if d.often() else d.ring
        return State(a.copy(), b.copy(), ring, held(d.M), s.count + 1), y.copy()

    return step


class Random(ng.Node):
    """A node with a random step."""

    units: int = 3
    seed: int = 0

    def step(self, params, state, x):
        return random_step(self.seed)(params, state, x)


def case(seed):
    """Return a node, params, a state and a series."""
    rng = np.random.default_rng(seed)
    n, k, r = rng.choice([2, 3, 5, 8, 17, 40]), rng.choice([1, 2, 4, 9]), rng.choice([1, 2, 5])
    n_in = rng.choice([0, 1, 3, 20])
    dtype = np.float64 if rng.random() < 0.7 else np.float32

    def drawn(*shape):
        return np.asarray(rng.standard_normal(shape), dtype)

    params = Params(
        drawn(n, n) / dtype(n**0.5), drawn(k, n) / dtype(n**0.5), drawn(n, n_in),
        rng.integers(-n, n, n),
    )  # fmt: skip
    state = State(drawn(n), drawn(n), drawn(r, n), drawn(n, k), np.array(rng.integers(5)))
    return Random(units=int(n), seed=seed), params, state, drawn(7, n_in)
