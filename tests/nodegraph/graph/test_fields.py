import copy
import pickle
import sys
from functools import cached_property

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nodegraph as ng
from nodegraph.errors import FieldError
from nodegraph.fields import Described
from nodegraph.graph.registry import kinds
from nodes import ESN, LIF, ForwardUnit, Input, Reservoir, Ridge, Scaler
from nodes.rules import IntrinsicPlasticity, Oja

SERIES = np.sin(np.arange(200) / 5)[:, None]
VALUES = [None, True, 1, 2, 3, 0.1, 0.5, 2.5, (0.2, 0.4), [[0.5]], "tanh", "relu", "mean", "state",
          "cv", "adam", Oja(), IntrinsicPlasticity()]  # fmt: skip


FIELDS = [{}, {"units": 3}, {"units": 4}, {"W_out": [[1.0]]}, {"columns": 0}, {"std": 0.1},
          {"width": 2}, {"node": {"kind": "Input"}, "copies": 2},
          {"rule": {"kind": "LeastSquares"}, "copies": 2}, {"node": {"kind": "Input"}},
          {"window": 3}, {"slots": 3}, {"patterns": 2},
          {"heads": 1, "keys": 2, "span": 3, "units": 2},
          {"cell": {"kind": "GRU", "units": 2, "rule": {"kind": "EProp"}}}]  # fmt: skip


def _made(kind):
    for fields in FIELDS:
        try:
            return kind(**fields)
        except (FieldError, TypeError):
            continue
    return None


ALL = [kind for kind in kinds().values() if issubclass(kind, Described)]
PARTS = [part for kind in ALL if (part := _made(kind)) is not None]


def _derived(part):
    """Return all that is worked out once and kept, by name."""
    names = {
        name
        for base in type(part).__mro__
        for name, value in vars(base).items()
        if isinstance(value, cached_property) and name != "_graph"
    }
    return {name: getattr(part, name) for name in names}


def _run(node):
    return ng.Model(Input() >> node, seed=1).run(SERIES)


@given(st.data())
def test_a_changed_copy_is_a_fresh_one_with_those_fields_or_refused_as_it_would_be(data):
    part = data.draw(st.sampled_from(PARTS))
    _derived(part)
    names = st.sampled_from([*type(part).model_fields, "no_such_field"])
    changes = data.draw(st.dictionaries(names, st.sampled_from(VALUES), max_size=3))
    fields = {name: getattr(part, name) for name in part.model_fields_set}
    try:
        fresh = type(part)(**fields | changes)
    except FieldError as error:
        with pytest.raises(FieldError) as found:
            part.model_copy(update=changes)
        assert str(found.value) == str(error)
        return
    changed = part.model_copy(update=changes)
    assert type(changed) is type(fresh) and repr(changed) == repr(fresh)
    assert repr(_derived(changed)) == repr(_derived(fresh))
    assert changed.model_fields_set == fresh.model_fields_set


def test_nearly_all_kinds_are_tried():
    assert {kind.__name__ for kind in ALL} - {type(part).__name__ for part in PARTS} == {
        "ForwardUnit",  # its kinds are there
        "ScikitLearn",  # needs a class of scikit-learn
        "Estimation",  # and so does its rule
    }


def test_a_copy_with_another_leak_rate_leaks_at_that_rate():
    for kind in (Reservoir, LIF):
        first = kind(units=20, leak_rate=0.5)
        _run(first)
        changed = first.model_copy(update={"leak_rate": 0.1})
        assert np.array_equal(_run(changed), _run(kind(units=20, leak_rate=0.1)))


def test_a_copy_with_another_rule_learns_by_that_rule():
    node = Reservoir(units=3)
    assert node.learner is None
    changed = node.model_copy(update={"rule": Oja()})
    assert changed.learner is changed.rule
    assert changed.model_copy(update={"rule": None}).learner is None


@pytest.mark.parametrize("changed", [copy.copy, copy.deepcopy, lambda n: n.model_copy(deep=True),
                                     lambda n: n.copy(), lambda n: pickle.loads(pickle.dumps(n)),
                                     lambda n: n.__replace__()])  # fmt: skip
def test_copies_of_every_kind_do_the_same_and_are_nodes_of_their_own(changed):
    node = Reservoir(units=20, leak_rate=0.3, rule=IntrinsicPlasticity())
    before = _run(node)
    other = changed(node)
    assert other != node and other.learner is other.rule
    assert np.array_equal(_run(other), before)
    assert len((Input() >> [node, other]).names) == 3


def test_a_copy_of_a_composite_expands_anew():
    esn = ESN(units=10)
    fit = ng.Model(esn, seed=1).fit(SERIES[:-1], SERIES[1:])
    changed = esn.model_copy(update={"units": 12})
    assert [node.declared_size for node in changed.as_graph().nodes] == [12, None]
    twin = copy.copy(esn)
    assert not set(twin.as_graph().nodes) & set(esn.as_graph().nodes)
    again = ng.Model(twin, seed=1).fit(SERIES[:-1], SERIES[1:])
    assert np.array_equal(again.run(SERIES), fit.run(SERIES))
    deep = copy.deepcopy(esn)
    assert {whole[0] for _, whole in deep.as_graph().owners} == {deep}


def test_a_copied_model_writes_its_composites_as_one_word():
    model = ng.Model(Input() >> ESN(units=10), seed=1)
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert ng.to_yaml(other) == ng.to_yaml(model)


def test_a_rule_is_copied_with_checks():
    assert Oja(rate=0.1).model_copy(update={"rate": 0.2}) == Oja(rate=0.2)
    with pytest.raises(FieldError, match="rate"):
        Oja().model_copy(update={"rate": -1.0})


@pytest.mark.skipif(sys.version_info < (3, 13), reason="copy.replace came with 3.13")
def test_replace_of_the_standard_library_is_checked():
    assert copy.replace(Reservoir(units=3), units=4).units == 4
    with pytest.raises(FieldError, match="should be at most 1"):
        copy.replace(Reservoir(units=3), leak_rate=7)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Reservoir(units=3).model_copy(update={"leak_rate": 7}),
        lambda: Reservoir(units=3).copy(update={"leak_rate": 7}),
        lambda: Reservoir.model_construct(leak_rate=7),
        lambda: ESN(units=3).model_copy(update={"leak_rate": 7}),
    ],
)
def test_no_way_of_making_a_node_goes_round_the_checks(make):
    with pytest.raises(FieldError, match=r"leak_rate: should be at most 1 \(got 7\)"):
        make()


def test_an_unknown_field_of_a_copy_is_refused_with_the_nearest():
    with pytest.raises(FieldError, match="unknown field 'sr'; write spectral_radius"):
        Reservoir(units=3).model_copy(update={"sr": 0.9})
    with pytest.raises(FieldError, match=r"ForwardUnit.kind: should be 'attention'"):
        ForwardUnit(kind="attention").model_copy(update={"kind": "dendritic"})


def test_a_field_is_not_assigned_and_the_error_says_how_to_change_it():
    node = Reservoir(units=3)
    with pytest.raises(FieldError, match=r'frozen.*model_copy\(update=\{"leak_rate": 0.1\}\)'):
        node.leak_rate = 0.1
    with pytest.raises(FieldError, match="frozen"):
        del node.units
    with pytest.raises(FieldError, match="frozen"):
        Oja().rate = 0.5
    with pytest.raises(ValueError, match="read-only"):
        node.leak[...] = 0.1
    assert node.leak_rate == 1.0 == float(node.leak)


def test_given_arrays_and_learners_of_readouts_follow_the_copy():
    readout = Ridge(W_out=[[2.0]], bias=[0.0])
    assert readout.learner is None and readout.ports == ("x",)
    learning = readout.model_copy(update={"W_out": None, "bias": None})
    assert learning.learner is not None and learning.ports == ("x", "weight", "target")
    assert ng.Model(readout.model_copy(update={"W_out": [[3.0]]})).run([[1.0]])[0, 0] == 3.0
    assert Scaler(kind="range").model_copy(update={"low": 0.0}).low == 0.0


def test_a_networkx_graph_is_a_matrix_of_weights():
    counted = nx.DiGraph([(2, 0, {"weight": 1.0}), (0, 1, {"weight": 3.0})])
    np.testing.assert_array_equal(
        Reservoir(W=counted).W.toarray(), [[0, 0, 1], [3, 0, 0], [0, 0, 0]]
    )
    graph = nx.DiGraph()
    graph.add_weighted_edges_from([("a", "b", 0.5), ("b", "a", -0.25), ("b", "c", 2.0)])
    W = Reservoir(W=graph).W  # from column to row, in the order of the graph's nodes
    np.testing.assert_array_equal(W.toarray(), [[0, -0.25, 0], [0.5, 0, 0], [0, 2, 0]])
    ring = Reservoir(W=nx.cycle_graph(5), spectral_radius=0.9)
    states = ng.Model(Input() >> ring, seed=1).run(SERIES)
    assert states.shape == (200, 5)
    alone = ng.Model(Input() >> Reservoir(W=nx.empty_graph(5)), seed=1).run(SERIES)
    assert alone.shape == (200, 5)  # no edges
    with pytest.raises(FieldError, match="W: should be a graph with nodes"):
        Reservoir(W=nx.DiGraph())


@pytest.mark.parametrize("W", [np.eye(2) * 1j, [[1j, 0], [0, 1]]])
def test_complex_numbers_are_no_weights(W):
    with pytest.raises(FieldError, match="W: should be an array of numbers"):
        Reservoir(W=W)
