"""What is data and what is code; and threads that share a program."""

from threading import Thread

import numpy as np
import pytest

import nodegraph as ng
from nodegraph import maths as m
from nodegraph.compiling import machine_code
from nodegraph.engines.compiled.traced_steps import prepared
from nodegraph.testing import run_node


class Mixing(ng.Node):
    """It mixes what it was with what it hears."""

    units: int = 20
    share: float = 0.4
    shape: str = "tanh"

    def init(self, rng, n_in, n_out):
        return rng.standard_normal((self.units, self.units)), rng.standard_normal(
            (self.units, n_in)
        )

    def start(self, n_out):
        return (np.zeros(self.units),)

    def step(self, params, state, x):
        drive = m.activate(self.shape, m.matvec(params[0], state[0]) + m.matvec(params[1], x))
        v = (1 - self.share) * state[0] + self.share * drive
        return (v,), v * 1.0


def run(node, n_in=3):
    params = node.init(np.random.default_rng(0), n_in, node.units)
    return run_node(node, params, node.start(node.units), np.ones((7, n_in)))[1]


def met():
    return machine_code.stats["compiled"] + machine_code.stats["loaded"]


def test_other_numbers_in_fields_and_other_sizes_need_no_other_code():
    run(Mixing())
    before = met()
    run(Mixing(share=0.25))
    run(Mixing(units=33, share=0.75))
    run(Mixing(), n_in=5)
    assert met() == before
    run(Mixing(shape="gaussian"))
    assert met() == before + 1


def test_rows_of_another_width_are_refused():
    node = Mixing()
    ready = prepared(node, node.init(np.random.default_rng(0), 3, 20))
    with pytest.raises((ValueError, ng.errors.NodegraphError)):
        ready.run(node.start(20), np.ones((4, 5)))


def test_threads_share_a_prepared_node():
    node = Mixing()
    ready = prepared(node, node.init(np.random.default_rng(0), 3, 20))
    xs, found = np.random.default_rng(1).standard_normal((400, 3)), []
    wanted = ready.run(node.start(20), xs)[1]

    def work():
        found.extend(ready.run(node.start(20), xs)[1] for _ in range(20))

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 80
    assert all(np.array_equal(ys, wanted) for ys in found)
