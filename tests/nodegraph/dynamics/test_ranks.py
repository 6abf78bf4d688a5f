import numpy as np
import pytest

import nodegraph as ng
from nodegraph.dynamics import generalisation_rank, kernel_rank
from nodegraph.dynamics.ranks import Rank
from nodegraph.errors import DataError
from nodes import Concat, Input, Reservoir


def model(**fields):
    return ng.Model(Input(units=1) >> Reservoir(units=30, name="r", **fields), seed=1)


def test_a_reservoir_that_forgets_at_once_has_the_rank_of_its_last_rows():
    node = Reservoir(W=np.zeros((4, 4)), W_in=np.eye(4, 1), activation="identity", name="r")
    forgetful = ng.Model(Input(units=1) >> node)
    assert kernel_rank(forgetful, 8).rank == 1
    node = Reservoir(W=np.eye(4, k=-1), W_in=np.eye(4, 1), activation="identity", name="r")
    line = ng.Model(Input(units=1) >> node)  # holds the last four rows
    assert kernel_rank(line, 8).rank == 4
    assert generalisation_rank(line, 8, shared=4).rank == 1
    assert generalisation_rank(line, 8, shared=2).rank == 3


def test_memory_lets_what_should_be_alike_apart():
    short, long = (generalisation_rank(model(spectral_radius=r)).rank for r in (0.2, 1.4))
    assert short < long <= 30
    assert kernel_rank(model(spectral_radius=0.9)).values[0] == 1.0


def test_streams_may_be_given_and_the_model_stays():
    driven = model()
    streams = [np.full((5, 1), k / 10) for k in range(3)]
    assert kernel_rank(driven, streams, outputs=["r"]).rank <= 3
    assert driven.time == 0


def test_bad_arguments_are_refused():
    with pytest.raises(DataError, match="shared: should be below steps"):
        generalisation_rank(model(), shared=50)
    with pytest.raises(DataError, match="how wide is input"):
        kernel_rank(ng.Model(Input() >> Reservoir(units=5)))
    two = [Input(units=1, name="a"), Input(units=1, name="b")] >> Reservoir(units=3)
    with pytest.raises(DataError, match="inputs are a, b; there should be one"):
        kernel_rank(ng.Model(two))
    with pytest.raises(DataError, match="no node has a state"):
        kernel_rank(ng.Model(Input(units=1) >> Concat()), 3)


def test_its_words_are_few():
    assert repr(Rank(2, np.array([1.0, 0.5, 1e-9]))) == "Rank(rank=2 of 3, least=1e-09)"
