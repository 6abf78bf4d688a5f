import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import DataError, NotFittedError
from nodes import ESN, Input, Reservoir


@pytest.fixture
def model():
    made = ng.Model(Input() >> Reservoir(units=3, name="r"), seed=1)
    made.run(np.ones((4, 1)))
    return made


def test_states_can_be_read_and_put_back(model):
    kept = model.state["r"]
    onward = model.run(np.ones((2, 1)))
    model.state["r"] = kept
    assert np.array_equal(model.run(np.ones((2, 1))), onward)


def test_before_any_data_there_is_nothing_to_read():
    with pytest.raises(NotFittedError, match="r has no params yet: sizes come with the first data"):
        ng.Model(Input() >> Reservoir(units=3, name="r")).params["r"]


def test_sizes_that_are_declared_are_there_at_once():
    model = ng.Model(Input(units=2) >> Reservoir(units=3, name="r"))
    assert model.params["r"].W_in.shape == (3, 2)


def test_what_does_not_fit_is_refused(model):
    state = model.state["r"]
    with pytest.raises(DataError, match=r"state\['r'\]\.x: expected shape \(3,\), got \(2,\)"):
        model.state["r"] = state._replace(x=np.zeros(2))
    with pytest.raises(DataError, match=r"write \._replace"):
        model.state["r"] = (1, 2, 3)
    with pytest.raises(DataError, match="cannot be deleted"):
        del model.params["r"]


@pytest.mark.parametrize(
    ("bias", "message"),
    [
        (["a"] * 3, "expected numbers, got <U1 values"),
        ([1j] * 3, "expected numbers, got complex128 values"),
        ([np.nan, 1.0, 2.0], "NaN is no number to go on with"),
        ([1.0, 2.0], r"expected shape \(3,\), got \(2,\)"),
    ],
)
def test_what_no_step_could_read_is_refused_where_it_is_assigned(model, bias, message):
    params = model.params["r"]
    with pytest.raises(DataError, match=rf"params\['r'\]\.bias: {message}"):
        model.params["r"] = params._replace(bias=bias)
    assert np.array_equal(model.params["r"].bias, params.bias)


def test_lists_and_whole_numbers_are_taken_as_the_floats_that_they_are(model):
    for bias in ([1, 2, 3], np.array([1, 2, 3])):
        model.params["r"] = model.params["r"]._replace(bias=bias)
        assert model.params["r"].bias.dtype == float
        assert model.params["r"].bias.tolist() == [1.0, 2.0, 3.0]


def test_arrays_change_by_assignment_alone(model):
    for array in (model.params["r"].bias, model.params["r"].W_in, model.state["r"].x):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1.0
    bias = np.ones(3)
    model.params["r"] = model.params["r"]._replace(bias=bias)
    before = model.reset().run(np.ones((2, 1)))
    bias[:] = 5.0
    assert np.array_equal(model.reset().run(np.ones((2, 1))), before)


def test_sparse_weights_cannot_be_written_to_either():
    sparse = ng.Model(Input(units=1) >> Reservoir(units=40, name="r"))
    with pytest.raises(ValueError, match="read-only"):
        sparse.params["r"].W.data[0] = 1.0


def test_they_list_their_names_and_shapes(model):
    assert list(model.params) == ["input", "r"] and len(model.params) == 2
    assert "r: W_in (3, 1), W (3, 3)" in repr(model.params)


def test_a_composite_with_one_part_of_that_kind_is_found_by_its_own_name():
    model = ng.Model(Input(units=1) >> ESN(units=3))
    assert model.params["esn.reservoir"].W.shape == (3, 3)
    with pytest.raises(DataError, match="no node is named so"):
        model.params["esn.nobody"]


def test_a_state_of_another_form_is_told_what_is_expected_and_what_was_given():
    model = ng.Model(Input(units=1) >> Reservoir(units=3, name="r"))
    said = r"state\['r'\]: expected a tuple of x, got 3; write \._replace"
    with pytest.raises(DataError, match=said):
        model.state["r"] = 3


@pytest.mark.parametrize("field", ["params", "state"])
@pytest.mark.parametrize("move", ["run", "step", "reset"])
def test_arrays_read_before_the_model_went_on_are_not_to_be_assigned(field, move):
    u = np.linspace(0, 1, 9)[:, None]
    model = ng.Model(Input(name="u") >> Reservoir(units=4, name="pool"), seed=1)
    model.run(u)
    for x in u[:3]:
        model.step(x)  # compiled from here on
    before = getattr(model, field)
    first = before["pool"]
    before["pool"] = first  # the model still stands there
    {"run": lambda: model.run(u), "step": lambda: model.step(u[3]), "reset": model.reset}[move]()
    stands = model.predict(u)
    with pytest.raises(DataError, match=rf"went on, .*: write model\.{field}\['pool'\] = \.\.\."):
        before["pool"] = first
    np.testing.assert_array_equal(model.predict(u), stands)
    getattr(model, field)["pool"] = first
    assert np.array_equal(model.predict(u), stands) == (field == "params")
