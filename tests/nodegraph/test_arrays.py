"""Trees of arrays taken apart and put together again."""

from typing import Any, NamedTuple

import numpy as np
import pytest
from scipy import sparse

from nodegraph.arrays import changeable, pack, unpack
from nodegraph.errors import ModelFileError


class Inner(NamedTuple):
    W: Any
    step: Any


class Outer(NamedTuple):
    inner: Any
    rest: Any


TREE = Outer(Inner(np.arange(6.0).reshape(2, 3), 7), (None, "word", np.float32(0.5), True))


def test_arrays_get_a_name_and_the_rest_are_plain_values():
    arrays = {}
    packed = pack(TREE, "node", arrays)
    assert list(arrays) == ["node/inner/W"] and arrays["node/inner/W"] is TREE.inner.W
    assert packed["tuple"] == ["inner", "rest"]
    assert packed["parts"][0]["parts"] == [{"array": "node/inner/W", "order": "C"}, {"value": 7}]
    assert [part["value"] for part in packed["parts"][1]["parts"]] == [None, "word", 0.5, True]


def test_a_tree_comes_back_with_the_classes_of_its_template():
    arrays = {}
    found = unpack(pack(TREE, "node", arrays), arrays, TREE)
    assert type(found) is Outer and type(found.inner) is Inner
    assert np.array_equal(found.inner.W, TREE.inner.W)
    assert (found.inner.step, found.rest) == (7, (None, "word", 0.5, True))
    assert type(unpack(pack(TREE, "node", {}), arrays)) is tuple  # without it they are plain


@pytest.mark.parametrize("count", [np.zeros((), int), np.float32(0.5), np.zeros((), "f4")])
def test_sums_of_arrays_without_axes_come_back_as_their_template_is(count):
    for kept in (count, count + count.dtype.type(1)):  # the sum is a number of numpy
        found = unpack(pack((kept, 7), "n", arrays := {}), arrays, (count, 7))
        assert found[0] == kept and found[0].dtype == count.dtype and type(found[1]) is int


def test_a_tuple_that_grew_takes_the_class_of_its_first_part():
    arrays = {}
    grown = tuple(Inner(np.full(2, float(i)), i) for i in range(4))
    found = unpack(pack(grown, "m", arrays), arrays, grown[:1])
    assert [type(part) for part in found] == [Inner] * 4
    assert [part.W[0] for part in found] == [0.0, 1.0, 2.0, 3.0]


@pytest.mark.parametrize("order", ["C", "F"])
def test_the_order_of_an_array_is_kept(order):
    arrays = {}
    packed = pack(np.asarray(TREE.inner.W, order=order), "W", arrays)
    stored = {"W": np.ascontiguousarray(arrays["W"])}  # files are by rows
    found = unpack(packed, stored)
    assert found.flags[f"{order}_CONTIGUOUS"] and np.array_equal(found, TREE.inner.W)


def test_a_sparse_matrix_is_its_three_arrays():
    arrays = {}
    W = sparse.csr_array(np.array([[0.0, 2.0, 0.0], [1.0, 0.0, 3.0]]))
    packed = pack(W, "W", arrays)
    assert sorted(arrays) == ["W#data", "W#indices", "W#indptr"]
    assert list(arrays["W#data"]) == [2.0, 1.0, 3.0] and list(arrays["W#indptr"]) == [0, 1, 3]
    assert np.array_equal(unpack(packed, arrays).toarray(), W.toarray())


def test_what_no_file_can_hold_is_refused_by_its_path():
    with pytest.raises(ModelFileError, match=r"node\.inner\.W: a dict cannot be saved"):
        pack(Outer(Inner({}, 1), ()), "node", {})
    with pytest.raises(ModelFileError, match=r"W: a ndarray cannot be saved"):
        pack(np.array([None]), "W", {})


@pytest.mark.parametrize("packed", [{}, {"array": "gone", "order": "C"}, {"parts": [1]}, None])
def test_a_tree_that_does_not_fit_together_is_refused(packed):
    with pytest.raises(ModelFileError, match="does not fit together"):
        unpack(packed, {})


def test_arrays_that_change_are_those_of_nobody_else():
    a, W = np.arange(3.0), sparse.csr_array(np.eye(2))
    tree = (a, Inner(a[1:], 7), (np.broadcast_to(1.0, 2), W, W), None)
    one, inner, (even, left, right), nothing = changeable(tree)
    assert one is a and left is W and nothing is None and inner.step == 7
    for array in (one, inner.W, even, left.data, right.data):
        array[...] = 5
    assert a.tolist() == [5, 5, 5] and inner.W.tolist() == [5, 5] and even.tolist() == [5, 5]
    left.data[...] = 2
    assert right.data.tolist() == [5, 5] and tree[2][0].tolist() == [1, 1]
    apart = (np.zeros(2), Inner(np.ones(2), None))
    assert changeable(apart) is apart


def test_a_field_that_came_later_is_as_the_template_has_it_if_it_has_a_default():
    class Old(NamedTuple):
        scale: Any

    class New(NamedTuple):
        scale: Any
        centre: Any = 0.0

    class Other(NamedTuple):
        scale: Any
        centre: Any

    arrays = {}
    packed, template = pack(Old(np.arange(3.0)), "n", arrays), (np.zeros(3), np.full(3, 7.0))
    found = unpack(packed, arrays, New(*template))
    assert type(found) is New
    assert found.scale.tolist() == [0, 1, 2] and found.centre.tolist() == [7, 7, 7]
    assert type(unpack(packed, arrays, Other(*template))) is tuple
