"""Who must come before whom, where an order that is wrong would show in the numbers."""

import numpy as np

import nodegraph as ng
from nodes import Input


class Counts(ng.Node):
    units: int = 3

    def start(self, n_out):
        return (np.zeros(n_out),)

    def step(self, params, state, x):
        places = np.array([0, 0, 1])
        counts = state[0].copy()
        counts[places] += x
        return (counts,), counts + x


def test_of_places_that_are_named_twice_the_last_has_the_word():
    xs = np.random.default_rng(0).normal(size=(20, 3))
    counts = np.zeros(3)
    for x, y in zip(xs, ng.Model(Input() >> Counts()).run(xs), strict=True):
        counts[[0, 0, 1]] += x
        assert np.array_equal(y, counts + x)
