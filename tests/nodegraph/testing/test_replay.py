"""The replay law over every registered kind."""

import numpy as np
import pytest
from every_kind import (
    BOUNDED,
    COMPETING,
    NODES,
    PLASTIC,
    U,
    Y,
    every_learner_and_node,
    front,
    in_a_loop,
    made,
    needs_of,
    targets_of,
)

import nodegraph as ng
from nodegraph import delay
from nodegraph.testing import check_replay
from nodegraph.testing.recording import Recorder
from nodes import LMS, RLS, Input, Reservoir, Ridge

# The law holds of sick networks too: these are wired without regard to how they fare.
pytestmark = pytest.mark.filterwarnings("ignore::nodegraph.errors.DataWarning")


@pytest.mark.parametrize("name", NODES)
def test_a_node_alone_does_what_it_did_in_a_graph_with_a_loop(name):
    graph = in_a_loop(made(name))
    model = ng.Model(graph, seed=4)
    if model.plan.rules:
        targets = targets_of(model)
        model.fit(U, targets or None, forcing=False)
    recorder = Recorder()
    model.run(U, engine=recorder)
    assert "it" in recorder.tapes
    check_replay(model, recorder.tapes)


def test_slow_features_alone_do_what_they_did_in_a_graph():
    u, around, it = Input(), Reservoir(units=2), made("SlowFeatures")
    graph = (u >> [it, around] >> Reservoir(units=2)) & (around >> delay(1) >> it)
    late = (u >> delay(1) >> it["previous"]) & (around >> delay(2) >> it["previous"])
    model, recorder = ng.Model(graph & late, seed=4).fit(U), Recorder()
    model.run(U, engine=recorder)
    check_replay(model, recorder.tapes)


@pytest.mark.parametrize("name", [n for n in NODES if (rule := made(n).learner) and rule.online])
def test_a_node_alone_learns_what_it_learned_in_a_graph_with_a_loop(name):
    model = ng.Model(in_a_loop(made(name)), seed=4)
    supervised = [n for n, rule in model.plan.rules.items() if rule.supervised]
    recorder = Recorder()
    model.partial_fit(U, dict.fromkeys(supervised, Y) or None, engine=recorder)
    assert recorder.tapes["it"].learns
    check_replay(model, recorder.tapes)


def random_loops(parts, rng):
    """Wire `parts` at random, each through a bounded node, with loops of several delays."""
    u = Input(name="u")
    around = [Reservoir(units=2, name=f"around_{part.name}") for part in parts]
    graph = u
    for i, part in enumerate(parts):
        first = front(part)
        graph = graph & (u >> first) & (part >> around[i])
        graph = graph if first is part else graph & (first >> part)
        for j, other in enumerate(around):
            if rng.random() < 0.6:
                lag = int(rng.choice([1, 2, 5])) if j >= i else int(rng.choice([0, 1, 3]))
                graph = graph & (other >> delay(lag) >> first if lag else other >> first)
        graph = graph & needs_of(part, around[int(rng.integers(len(parts)))], lag=1)
    return graph


@pytest.mark.parametrize("group", range(6))
@pytest.mark.parametrize("seed", range(2))
def test_in_random_graphs_with_loops_every_node_and_rule_keeps_the_law(seed, group):
    rng = np.random.default_rng(seed)
    everyone = every_learner_and_node()
    parts = [everyone[i] for i in rng.permutation(len(everyone))[group::6]]
    model = ng.Model(random_loops(parts, rng), seed=seed)
    targets = targets_of(model)
    if model.plan.rules:
        model.fit(U, targets or None, forcing=False)
    online = {n: Y for n, rule in model.plan.rules.items() if rule.supervised and rule.online}
    recorder = Recorder()
    if any(rule.online for rule in model.plan.rules.values()):
        model.partial_fit(U, online or None, engine=recorder)
    else:
        model.run(U, engine=recorder)
    assert {part.name for part in parts} <= set(recorder.tapes)
    check_replay(model, recorder.tapes)


@pytest.mark.parametrize("rule", PLASTIC, ids=lambda rule: type(rule).__name__)
def test_a_plastic_reservoir_alone_learns_what_it_learned_in_a_loop(rule):
    r, out = Reservoir(units=8, rule=rule, leak_rate=0.5, name="r"), RLS(name="out", alpha=1.0)
    model = ng.Model((Input() >> r >> out) & (r << out), seed=4)
    recorder = Recorder()
    model.partial_fit(U, Y, engine=recorder)
    check_replay(model, recorder.tapes)


def test_units_that_compete_learn_alone_what_they_learned_in_a_loop():
    model = ng.Model(in_a_loop(COMPETING), seed=4)
    recorder = Recorder()
    model.partial_fit(U, engine=recorder)
    assert recorder.tapes["competing"].learns
    check_replay(model, recorder.tapes)


@pytest.mark.parametrize("readout", [Ridge, RLS, LMS, BOUNDED])
def test_a_readout_alone_learns_what_it_learned_in_a_loop(readout):
    r, out = Reservoir(units=8, name="r"), readout(name="out")
    model = ng.Model((Input() >> r >> out) & (r << out), seed=4)
    recorder = Recorder()
    model.fit(U, Y, warmup=7, engine=recorder)
    check_replay(model, {"r": recorder.tapes["r"]})
    assert recorder.tapes["out"].learns
    check_replay(model, {"out": recorder.tapes["out"]})
