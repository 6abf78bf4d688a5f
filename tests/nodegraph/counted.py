"""A node by which tests see how often rows have gone through."""

from collections import Counter

import nodegraph as ng

RUNS: Counter[str] = Counter()  # rows, by the name of the node


class Counted(ng.Node):
    """Gives out what it reads, and counts how many rows of it."""

    alike = True

    def init(self, rng, n_in, n_out):
        return ()

    def start(self, n_out):
        return ()

    def step(self, params, state, x):
        return state, x.copy()

    def run_block(self, params, state, xs):
        RUNS[self.name] += len(xs)
        return state, xs.copy()
