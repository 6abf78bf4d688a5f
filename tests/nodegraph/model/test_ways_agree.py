"""Random graphs of learners of every sort learn the same bits in whatever way they learn."""

from collections import Counter
from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.engines import local, loops
from nodegraph.graph import Edge, End, Graph
from nodegraph.model import checkpoints
from nodegraph.testing.comparing import same_trees
from nodes import (
    LMS,
    RLS,
    Identity,
    Input,
    Lasso,
    LogisticRegression,
    Reservoir,
    Ridge,
    Scaler,
    Tanh,
    TaughtAttention,
    TaughtLayer,
)
from nodes.rules import Hebb

# What is held is that ways agree: how the networks fare does not matter.
pytestmark = pytest.mark.filterwarnings("ignore::nodegraph.errors.NodegraphWarning")
SEEDS = range(16)
KINDS = [
    lambda n: Reservoir(name=n, units=6, connectivity=1.0, rule=Hebb(rate=1e-4)),
    lambda n: Reservoir(name=n, units=6, connectivity=1.0, leak_rate=0.5, every=2, phase=1),
    lambda n: Scaler(name=n),
    lambda n: Ridge(name=n, ridge=0.1),
    lambda n: Ridge(name=n, ridge="cv"),
    lambda n: Lasso(name=n, l1=1e-3, ridge=0.1),
    lambda n: RLS(name=n, alpha=0.1),
    lambda n: LMS(name=n, rate=0.02, every=3),
    lambda n: TaughtLayer(name=n, units=3, rounds=1),
    lambda n: TaughtAttention(name=n, units=3, heads=1, keys=2, span=4, passes=1, batch=20),
    lambda n: LogisticRegression(name=n, ridge=0.1),
]


class Small:
    """The local engine in chunks of so many rows; it is killed when it has done some of them."""

    def __init__(self, rows, left=10**9):
        self.size, self.left = rows, left

    def rows(self, plan, sizes):
        return self.size

    def execute(self, plan, slots, chunks, request):
        for outputs in local.execute(plan, slots, chunks, request):
            if not self.left:
                raise OSError("killed")
            self.left -= 1
            yield outputs


class Case:
    """A graph, what it learns from, and how."""

    def __init__(self, seed):
        self.rng = rng = np.random.default_rng(seed)
        self.graph = self._graph()
        self.n_steps = int(rng.choice([40, 300]))
        x = np.cumsum(rng.normal(size=(self.n_steps, 2)), axis=0) / 9
        self.x, self.y = x, {n: self._target(n, x) for n in ng.plan(self.graph).rules}
        self.y = {n: rows for n, rows in self.y.items() if rows is not None}
        dtype, numerics = rng.choice(["float64", "float32"]), rng.choice(["exact", "portable"])
        self.model_options = {"seed": 1, "dtype": str(dtype), "numerics": str(numerics)}
        self.options = {"warmup": int(rng.choice([0, 5, 13]))}
        self.cuts = [0, *sorted({5, 13, *rng.integers(1, self.n_steps, 3).tolist()}), self.n_steps]

    def _graph(self):
        rng, u = self.rng, Input(name="u")
        nodes, edges = [u], []
        for i, kind in enumerate(rng.choice(len(KINDS), int(rng.integers(2, 5)))):
            node = KINDS[kind](f"n{i}")
            source = nodes[int(rng.integers(len(nodes)))]
            edges += [Edge(source, node, int(rng.choice([0, 0, 0, 3])), "x")]
            nodes.append(node)
        if rng.random() < 0.4:
            bounded = Tanh(name="back")
            edges += [Edge(nodes[-1], bounded, 0, "x"), Edge(bounded, nodes[1], 2, "x")]
            nodes.append(bounded)
        return Graph(tuple(nodes), tuple(edges), (End(u),), (End(nodes[-1]),))

    def _target(self, name, x):
        rule = ng.plan(self.graph).rules[name]
        if not rule.supervised:
            return None
        if type(rule).__name__ == "CrossEntropy":
            return (x[:, :1] > 0).astype(float)
        rows = np.roll(x[:, :1], -1, axis=0) * np.array([1.0, 2.0])
        rows[self.rng.random(len(rows)) < 0.2] = np.nan
        rows[7:30] = np.nan
        return rows

    def parts(self, start, stop):
        return self.x[start:stop], {n: rows[start:stop] for n, rows in self.y.items()}

    def fit(self, graph=None, **options):
        model = ng.Model(self.graph if graph is None else graph, **self.model_options)
        return model.fit(self.x, self.y or None, **self.options, **options)

    def fit_list(self, **options):
        spans = [(8, 29), (0, 25), (2, 40), (10, 38), (9, 31)]  # the first has no target
        xs, ys = zip(*(self.parts(*span) for span in spans), strict=True)
        targets = {n: [y[n] for y in ys] for n in self.y}
        model = ng.Model(self.graph, **self.model_options)
        return model.fit(list(xs), targets or None, **self.options, **options)


@cache
def case(seed):
    """Return a case, and what is learned from one series."""
    one = Case(seed)
    return one, one.fit()


@pytest.fixture(autouse=True)
def _loops_in_python(monkeypatch):
    monkeypatch.setattr(loops, "FEWEST", 10**9)  # or each graph is a program of its own to compile


def check_same(one, other, parts=("params", "state", "past", "taught"), names=None):
    for name, slot in other._settle().slots.items():
        for part in parts if names is None or name in names else ():
            mine = getattr(one._settle().slots[name], part)
            same_trees((mine,), (getattr(slot, part),), f"{name}.{part}")


@pytest.mark.parametrize("seed", SEEDS)
def test_chunks_and_nodes_elsewhere_do_not_show(seed):
    one, model = case(seed)
    check_same(one.fit(engine=Small(int(one.rng.integers(1, 20)))), model)
    chunks = [one.parts(*span) if one.y else one.parts(*span)[0] for span in pairwise(one.cuts)]
    twins = Counter(repr(ports) for ports in model.plan.reads.values()).most_common(1)[0][1] > 1
    if not twins:  # readouts of one input learn as one from arrays, and alone from chunks
        found = ng.Model(one.graph, **one.model_options).fit(ng.Chunks(chunks), **one.options)
        check_same(found, model)
    order = one.rng.permutation(len(one.graph.nodes))
    moved = replace(one.graph, nodes=tuple(one.graph.nodes[i] for i in order))
    late, names = Identity(name="late"), set(model.plan.nodes)
    edges = (*moved.edges, Edge(moved["n1"], late, 1, "x"))
    heard = replace(moved, nodes=(late, *moved.nodes), edges=edges)
    check_same(one.fit(heard), model, ("params", "state"), names)


@pytest.mark.parametrize("seed", SEEDS)
def test_who_is_killed_goes_on_to_the_same_end(seed, tmp_path, monkeypatch):
    one, model = case(seed)
    monkeypatch.setattr(checkpoints, "EVERY", 0.0)
    file = tmp_path / "kept.safetensors"
    for left in one.rng.integers(0, 20, 2):
        try:
            one.fit(engine=Small(13, left), checkpoint=file, resume=True)
        except OSError:
            continue
    check_same(one.fit(engine=Small(13), checkpoint=file, resume=True), model)
    again = model.clone().fit(one.x, one.y or None, **one.options)
    check_same(again, model)


@pytest.mark.parametrize("seed", SEEDS)
def test_lists_learn_the_same_whatever_they_go_through(seed):
    one, _ = case(seed)
    listed = one.fit_list()
    check_same(one.fit_list(workers=2), listed)
    check_same(one.fit_list(engine=Small(int(one.rng.integers(1, 20)))), listed)
