"""Which node gets which data."""

import numpy as np
import pytest

from nodegraph.data.assembly import Door
from nodegraph.data.binding import bind, total_steps
from nodegraph.errors import DataError
from nodegraph.graph.names import node_name

U = np.arange(12.0).reshape(6, 2)
Y = -U[:, :1]


def bound(x, y=None, inputs=("u",), learners=("out",), **options):
    return bind(x, y, Door(inputs, learners, [*inputs, "r", *learners]), **options)


def test_arrays_go_to_the_only_input_and_to_every_learner():
    found = bound(U, Y, learners=("one", "two"))
    (series,) = found.series
    assert found.own and (found.data, found.targets) == ({"u": 2}, {"one": 1, "two": 1})
    assert np.array_equal(series.data["u"], U)
    assert np.array_equal(series.targets["one"], Y) and np.array_equal(series.targets["two"], Y)
    assert total_steps(found) == 6


def test_a_list_is_as_many_series_as_it_has_items():
    found = bound([U, U[:2]], [Y, Y[:2]])
    assert not found.own and [s.n_steps for s in found.series] == [6, 2]
    assert np.array_equal(found.series[1].targets["out"], Y[:2])


@pytest.mark.parametrize("labels", [[5, 7], np.array([5, 7]), np.array([[5], [7]]), [[5], [7]]])
def test_a_label_is_the_target_of_the_last_step_alone(labels):
    found = bound([U, U[:2]], labels)
    target = found.series[0].targets["out"]
    assert np.isnan(target[:-1]).all() and target[-1] == 5
    assert np.array_equal(found.series[1].targets["out"], [[np.nan], [7]], equal_nan=True)


def test_flat_targets_as_long_as_their_series_are_no_labels():
    for y in ([Y[:, 0], Y[:2, 0]], [Y[:, 0], Y[:, 0]]):
        with pytest.raises(DataError, match=r"each as long as its series; write \[a.reshape"):
            bound([U[: len(part)] for part in y], y)
    with pytest.raises(
        DataError, match=r"every step, y\[:, :, None\], or one row .* y\[:, None, :\]"
    ):
        bound(np.stack([U, U]), np.ones((2, 6)))
    row = bound([U, U], np.ones((2, 6))[:, None, :])
    assert np.isnan(row.series[0].targets["out"][:-1]).all() and row.once == {"out"}


def test_a_name_is_that_of_a_node_or_of_the_only_part_of_a_composite():
    assert node_name("u", ["u", "esn.readout"], "input") == "u"
    assert node_name("esn", ["u", "esn.readout"], "target") == "esn.readout"
    with pytest.raises(DataError, match="target for 'rin': no node is named so; did you mean 'ri"):
        node_name("rin", ["u", "ring"], "target")
    with pytest.raises(DataError, match="input for 'zzz': no node is named so; there are u, r"):
        node_name("zzz", ["u", "r"], "input")


def test_chunks_are_one_stream_and_can_be_gone_through_again_if_they_come_from_a_list():
    class Again:
        def __iter__(self):
            return iter([(U[:4], Y[:4]), (U[4:], Y[4:])])

    for x, again in ((Again(), True), (iter(Again()), False)):
        found = bound(x)
        assert (found.own, found.again, total_steps(found)) == (True, again, None)
        (stream,) = found.series
        for _ in range(1 + again):
            chunks = list(stream.chunks(3, 0, np.dtype("f8")))
            assert np.array_equal(np.vstack([c.data["u"] for c in chunks]), U)
            assert np.array_equal(np.vstack([c.targets["out"] for c in chunks]), Y)


def test_a_graph_without_inputs_is_told_how_long_to_run():
    (series,) = bound(None, inputs=(), steps=9).series
    assert (series.n_steps, series.data) == (9, {})
    with pytest.raises(DataError, match="steps: expected a whole number of at least 1, got 0"):
        bound(None, inputs=(), steps=0)


@pytest.mark.parametrize(
    ("x", "y", "options", "message"),
    [
        (U, Y[:4], {}, "out: the target has 4 rows, the input 6; each step needs one row of both$"),
        (U, None, {"inputs": ()}, r"an edge reaches every node; write Input\(\) >>"),
        (U, Y, {"learners": ()}, "a target was given, but no node learns from one"),
        (
            U,
            None,
            {"inputs": ("a", "b")},
            r"has 2 inputs: give a dict, {'a': ..., 'b': ...}, of one series or of a list",
        ),
        ({"a": U, "b": [U]}, None, {"inputs": ("a", "b")}, "some inputs are one series and some a"),
        ({"a": [U], "b": [U, U]}, None, {"inputs": ("a", "b")}, "1 series for a, 2 series for b"),
        ([U, U], [1, 2, 3], {}, "target of out: 3 rows for 2 series; give one for each"),
        ([U, U], np.ones((5, 1)), {}, "5 rows for 2 series; give .* a list of arrays of shape"),
        ([U, U[:, :1]], None, {}, r"u \(series 1\): 1 columns, but series 0 has 2"),
        (iter([]), None, {}, "the iterator of chunks is empty"),
        (iter([U, U[:, :1]]), None, {}, r"chunk 1 has columns \({'u': 1}, {}\), the chunks before"),
    ],
)
def test_data_that_do_not_fit_are_refused(x, y, options, message):
    with pytest.raises(DataError, match=message):
        found = bound(x, y, **options)
        list(found.series[0].chunks(100, 0, np.dtype("f8")))
