"""Which node gets which data."""

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.data.assembly import Door
from nodegraph.data.binding import bind, teaching_only
from nodegraph.errors import DataError
from nodegraph.graph.names import node_name
from nodes import NVAR, Input, LogisticRegression, Reservoir, RewardReadout, Ridge, Scaler

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
    assert found.n_steps == 6


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


class Column(np.ndarray):
    """What looks like a column of a table."""

    def to_frame(self):
        return self[:, None]


def test_columns_of_tables_as_long_as_their_series_have_the_cure_that_they_know():
    y = [Y[:, 0].view(Column)] * 2
    with pytest.raises(
        DataError, match=r"write \[a.to_frame\(\) for a in y\] for a target at every"
    ):
        bound([U, U], y)
    assert np.array_equal(
        bound([U, U], [a.to_frame() for a in y]).series[1].targets["out"], Y[:, :1]
    )


def test_a_dataset_of_xarray_that_names_no_nodes_is_no_table():
    dataset = type("Dataset", (dict,), {"data_vars": None})
    with pytest.raises(DataError, match=r"write x\[\['wind', 'sun'\]\]\.to_dataframe\(\) for one"):
        bound(dataset(wind=U, sun=U), None)
    assert np.array_equal(bound(dataset(u=U), None).series[0].data["u"], U)


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
        assert (found.own, found.again, found.n_steps) == (True, again, None)
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


X = np.random.default_rng(0).normal(size=(60, 2))
T = (X[:, :1] > 0).astype(float)
W = np.ones((60, 1))


def weighed():
    out = LogisticRegression(name="out")
    return (Input(name="u") >> out) & (Input(name="w") >> out["weight"])


def test_they_are_those_that_reach_no_output():
    assert teaching_only(ng.Model(weighed()).plan) == {"w"}
    both = weighed() & (Input(name="w2") >> NVAR(name="shown"))
    assert teaching_only(ng.Model(both).plan) == {"w"}
    act = RewardReadout(units=1, name="act")
    graph = (Input(name="u") >> act) & (Input(name="r") >> act["reward"])
    assert teaching_only(ng.Model(graph).plan) == {"r"}


def test_what_runs_does_without_and_gives_the_same():
    model = ng.Model(weighed()).fit({"u": X, "w": W}, T).reset()
    wanted = model.run({"u": X, "w": 3 * W})
    np.testing.assert_array_equal(model.reset().run(X), wanted)
    np.testing.assert_array_equal(model.reset().run({"u": X}), wanted)
    np.testing.assert_array_equal(model.run([X])[0], wanted)
    model.reset()
    np.testing.assert_array_equal([model.step(x) for x in X], wanted)
    np.testing.assert_array_equal([f["out"] for _, f in model.reset().steps(X)], wanted)


def test_what_learns_does_not():
    with pytest.raises(DataError, match="w has no data: give x"):
        ng.Model(weighed()).fit({"u": X}, T)


def test_a_loop_is_closed_over_the_input_that_is_left():
    s = np.sin(np.arange(200) / 5)[:, None] / 3 + 0.5
    model = ng.Model(weighed()).fit({"u": s[:-1], "w": W[:1].repeat(199, axis=0)}, s[1:])
    assert model.generate(5, prompt={"u": s}).shape == (5, 1)


def student():
    """Return a readout behind a reservoir whose teacher comes through a scaler."""
    pool = Reservoir(units=8, name="pool", input_scaling=0.3)
    out = Ridge(name="out")
    graph = Input(name="u") >> pool >> out
    return graph & (Input(name="t") >> Scaler(name="scaled") >> out["target"])


def test_a_stream_of_chunks_needs_no_teacher_either():
    model = ng.Model(student(), seed=1).fit({"u": X, "t": T})
    wanted = model.reset().run({"u": X, "t": T})
    for parts in (np.array_split(X, 4), [{"u": part} for part in np.array_split(X, 4)]):
        np.testing.assert_array_equal(model.reset().run(ng.Chunks(parts)), wanted)
        np.testing.assert_array_equal(model.reset().run(ng.Chunks(iter(parts))), wanted)


def test_who_asks_for_what_a_teacher_says_must_give_it():
    model = ng.Model(student(), seed=1).fit({"u": X, "t": T})
    with pytest.raises(DataError, match="t has no data"):
        model.run({"u": X}, outputs=["scaled"])
    found = model.run({"u": X, "t": T}, outputs=["scaled", "t"])
    np.testing.assert_allclose(found["scaled"], 2 * T - 1)
    assert model.run({"u": X}, outputs=["out", "pool"])["pool"].shape == (60, 8)


def test_its_dynamics_are_those_without_a_teacher():
    model = ng.Model(student(), seed=1).fit({"u": X, "t": T})
    jacobian = ng.dynamics.jacobian(model, X[:3]).matrix
    np.testing.assert_array_equal(
        jacobian, ng.dynamics.jacobian(model, {"u": X[:3], "t": T[:3]}).matrix
    )
