import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import FieldError
from nodegraph.testing import check_node
from nodes import Input, KeyedStore

RNG = np.random.default_rng(0)
N = 25
DATA = {name: RNG.standard_normal((N, d)) for name, d in (("q", 3), ("k", 3), ("v", 2))}
DATA["write"] = RNG.choice([0.0, 1.0], (N, 1))


def store(**fields):
    node = KeyedStore(name="store", **fields)
    graph = (Input(name="q") >> node) & (Input(name="k") >> node["key"])
    return graph & (Input(name="v") >> node["value"]) & (Input(name="write") >> node["write"])


@pytest.mark.parametrize("sharpness", [None, 4.0])
def test_contract(sharpness):
    check_node(KeyedStore(slots=5, sharpness=sharpness), ports={"key": 3, "write": 1})
    check_node(KeyedStore(slots=5, sharpness=sharpness), ports={"key": 3, "write": 0})


@pytest.mark.parametrize("sharpness", [None, 4.0])
@pytest.mark.parametrize("slots", [1, 4, 30])
def test_it_looks_up_the_last_pairs_that_were_written(slots, sharpness):
    y, pairs = ng.Model(store(slots=slots, sharpness=sharpness)).run(DATA), []
    for t in range(N):
        expected = np.zeros(2)
        if pairs:
            cos = np.array([k @ DATA["q"][t] / np.linalg.norm(k) for k, _ in pairs])
            cos = cos / np.linalg.norm(DATA["q"][t])
            a = np.exp((sharpness or 1e12) * (cos - cos.max()))
            expected = a / a.sum() @ np.array([v for _, v in pairs])
        np.testing.assert_allclose(y[t], expected, rtol=1e-9, atol=1e-12)
        if DATA["write"][t]:
            pairs = [*pairs, (DATA["k"][t], DATA["v"][t])][-slots:]


def test_the_newest_of_equals_counts_and_nothing_is_0():
    keys, values = np.ones((6, 1)), np.arange(1.0, 7)[:, None]
    write = np.array([[0, 1, 1, 1, 0, 0]]).T
    y = ng.Model(store(slots=2)).run({"q": keys, "k": keys, "v": values, "write": write})
    assert y[:, 0].tolist() == [0, 0, 2, 3, 4, 4]


def test_ports_that_do_not_go_together_are_refused():
    with pytest.raises(FieldError, match="2 signals arrive at the port write; it takes one"):
        ng.Model(store(slots=2)).run({**DATA, "write": np.ones((N, 2))})
