import numpy as np
import pytest

import nodegraph as ng
from nodegraph.engines import choose
from nodegraph.engines.ray.resources import Resources
from nodegraph.errors import FieldError, GraphError
from nodegraph.testing.zoo import Sum
from nodes import Input, Reservoir


def test_the_word_ray_means_one_engine_and_starts_nothing():
    assert choose("ray").execute.__self__ is choose("ray").execute.__self__
    with pytest.raises(GraphError, match="write 'local' or 'ray'"):
        choose("rya")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"placement": "nodes"}, "placement: expected 'block' or 'node'"),
        ({"workers": 0}, "workers: expected a whole number of at least 1"),
        ({"chunk": 2.5}, "chunk: expected a whole number"),
        ({"restarts": None}, "restarts: expected a whole number"),
        ({"address": 3}, "address: expected .auto. or the address of a cluster, a text, got 3"),
        ({"sync": "no"}, "sync: expected True or False"),
        ({"stale": 2}, "stale: is for sync=False; write that, or leave it out"),
        ({"timeout": -1.0}, "timeout: expected seconds, above 0"),
        ({"num_cpus": -1}, r"engine.num_cpus: expected a number of at least 0"),
        ({"nodes": {"res": {"cpus": 2}}}, "engine.nodes.res: unknown key 'cpus'; there are"),
    ],
)
def test_bad_options_are_named(options, words):
    with pytest.raises(FieldError, match=words):
        ng.RayEngine(**options)


def test_chunks_are_about_as_long_as_four_megabytes_allow():
    engine, plan = ng.RayEngine(), ng.plan(Sum())
    name = plan.graph.outputs[0]
    assert engine.rows(plan, {name: 1000}) == 524
    assert engine.rows(plan, {name: 1}) == 4096
    assert ng.RayEngine(chunk=7).rows(plan, {name: 1000}) == 7


def test_a_worker_of_two_nodes_has_what_both_need():
    one, other = Resources(2, 0, (("a", 1.0),)), Resources(1, 1, (("a", 0.5), ("b", 2.0)))
    assert one.joined(other) == Resources(2, 1, (("a", 1.0), ("b", 2.0)))
    assert one.threads == 2 and Resources(0.25).threads == 1


def test_little_work_on_this_machine_is_done_here_and_said_so():
    x = np.random.default_rng(0).standard_normal((500, 1))
    graph = Input() >> [Reservoir(units=20), Reservoir(units=20)]
    engine = ng.RayEngine()
    found = ng.Model(graph, seed=1, engine=engine).run(x)
    wanted = ng.Model(graph, seed=1).run(x)
    assert all(np.array_equal(found[name], wanted[name]) for name in wanted)
    assert engine.pids() == [] and engine.watch.here == 1
    assert engine.slowest() == (
        "all was done in this process: it is less work than actors take to start"
    )
