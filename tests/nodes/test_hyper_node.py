import re

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import GraphError
from nodegraph.testing import check_node
from nodes import NVAR, HyperNode, Input, Reservoir, Ridge

T = np.arange(500)


def test_contract():
    check_node(HyperNode(of="readout", units=3))


def wave(frequency, phase=0.0):
    return np.sin(frequency * T + phase)[:, None]


def told(frequency, phase):
    return np.array([[np.cos(phase), np.sin(phase), 5 * (frequency - 0.3)]])


def test_it_tells_readouts_for_contexts_that_nobody_learned():
    """A wave of any frequency is to be shifted by a phase; each context has its own readout."""
    reservoir, readout = Reservoir(units=40, name="r"), Ridge(units=1, ridge=1e-3, name="readout")
    alone = Input(name="u") >> reservoir >> readout
    rng, contexts, learned = np.random.default_rng(0), [], []
    for _ in range(80):
        frequency, phase = rng.uniform(0.2, 0.4), rng.uniform(0, 2 * np.pi)
        model = ng.Model(alone, seed=1).fit(wave(frequency), wave(frequency, phase), warmup=100)
        contexts.append(told(frequency, phase)[0])
        learned.append(np.append(model.params["readout"].W_out, model.params["readout"].bias))
    learned = np.array(learned)

    hyper = HyperNode(of="readout", ridge=1e-4, name="hyper")
    terms = NVAR(delay=1, order=3, name="terms")
    graph = (Input(name="u") >> reservoir >> readout) & (
        Input(name="context") >> terms >> hyper >> readout["W_out"]
    )
    model = ng.Model(graph, seed=1)
    still = np.zeros((len(contexts), 1))
    model.fit({"context": np.array(contexts), "u": still}, learned[:, :-1])
    scores = []
    for _ in range(10):
        frequency, phase = rng.uniform(0.21, 0.39), rng.uniform(0, 2 * np.pi)
        context = np.repeat(told(frequency, phase), len(T), axis=0)
        y = model.reset().run({"u": wave(frequency), "context": context})
        scores.append(ng.metrics.r2(wave(frequency, phase)[100:], y[100:]))
    assert np.median(scores) >= 0.9


def test_there_is_a_node_that_it_is_of():
    with pytest.raises(GraphError, match="hyper: of='nowhere', but the graph has c, hyper"):
        ng.Model(Input(name="c") >> HyperNode(of="nowhere", name="hyper"))


def test_it_is_of_one_node():
    hyper, other = HyperNode(of="readout", name="hyper"), Ridge(units=1, name="other")
    graph = (Input(name="c") >> hyper >> other["W_out"]) & (Input(name="u") >> other)
    with pytest.raises(GraphError, match="gives out parameters of readout, but is wired to other"):
        ng.Model(graph)


@pytest.mark.parametrize("port", ["x", "weight"])
def test_parameters_are_no_signals(port):
    hyper, readout = HyperNode(of="readout", name="hyper"), Ridge(units=1, name="readout")
    graph = (Input(name="c") >> hyper >> readout[port]) & (Input(name="u") >> readout)
    said = (
        f"hyper gives out parameters of readout, but readout takes it as a signal, at its port "
        f"{port}; write hyper >> readout['W_out'], or leave of='readout' out"
    )
    with pytest.raises(GraphError, match=re.escape(said)):
        ng.Model(graph)


def test_parameters_arrive_somewhere():
    hyper, readout = HyperNode(of="readout", name="hyper"), Ridge(units=1, name="readout")
    graph = (Input(name="c") >> hyper) & (Input(name="u") >> readout)
    with pytest.raises(GraphError, match=r"of='readout', but no edge leads there; write hyper >>"):
        ng.Model(graph)
