import collections.abc

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.data import chunks
from nodegraph.errors import ArgumentError, DataError
from nodegraph.testing.comparing import same_trees
from nodes import Input, Reservoir, Ridge, Scaler

X = np.random.default_rng(0).normal(size=(90, 2))
PARTS = np.array_split(X, 4)


def model():
    return ng.Model(Input() >> Reservoir(units=7) >> Ridge(name="out"), seed=1)


class Texts(collections.abc.Sequence):
    def __len__(self):
        return len(PARTS)

    def __getitem__(self, i):
        return PARTS[i]


def test_chunks_are_one_series_whatever_they_come_in():
    wanted = model().fit(X, X)
    for form in (PARTS, Texts(), iter(PARTS)):
        found = model().fit(ng.Chunks([*zip(form, PARTS, strict=True)]))
        same_trees(found.params["out"], wanted.params["out"], "other weights")
    np.testing.assert_array_equal(found.run(ng.Chunks(Texts())), wanted.run(X))


def test_chunks_start_anew_where_data_are_gone_through_again():
    graph = Input() >> Scaler() >> Ridge(name="out")
    pairs = [*zip(PARTS, PARTS, strict=True)]
    same_trees(
        ng.Model(graph).fit(ng.Chunks(pairs)).params["out"],
        ng.Model(graph).fit(X, X).params["out"],
        "other weights",
    )
    with pytest.raises(DataError, match="an iterator gives them once"):
        ng.Model(graph).fit(ng.Chunks(iter(pairs)))


def test_items_with_numbers_must_say_which_they_are():
    for call in (lambda: model().run(Texts()), lambda: model().fit(Texts(), Texts())):
        with pytest.raises(DataError, match=r"a Texts may be series .* ng.Series\(x\) where each"):
            call()
    assert len(ng.Model(Input() >> Reservoir(units=7), seed=1).run(ng.Series(Texts()))) == 4


def test_an_iterator_is_told_of_once(caplog):
    chunks._tell.cache_clear()
    plain = ng.Model(Input() >> Reservoir(units=7), seed=1)
    for _ in range(2):
        plain.run(iter(PARTS))
    assert [line for line in caplog.messages if "ng.Series(x) for independent series" in line] == [
        caplog.messages[-1]
    ]


def test_what_is_no_iterable_of_arrays_is_refused():
    for source in (3, {"input": PARTS}, "x"):
        with pytest.raises(DataError, match="Chunks: expected an iterable of arrays"):
            ng.Chunks(source)


@pytest.mark.parametrize("kind", [ng.Chunks, ng.Series])
def test_wrong_calls_say_what_is_taken(kind):
    with pytest.raises(ArgumentError, match="takes source by position"):
        kind([], 3)
    with pytest.raises(ArgumentError, match="no argument 'texts'; known are source"):
        kind(texts=[])
