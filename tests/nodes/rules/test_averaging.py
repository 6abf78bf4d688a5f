import numpy as np
import pytest

from nodegraph.errors import DataError
from nodegraph.rule import Seen
from nodegraph.testing import check_rule
from nodegraph.testing.comparing import same_trees
from nodes import Impute
from nodes.rules import Averaging

X = np.random.default_rng(0).normal(1e6, 3, (90, 2))
X[:7, 0] = X[20:30] = np.nan
PARAMS = Impute.Params(np.zeros(2))


def gathered(*parts):
    memory = Averaging().begin(PARAMS)
    for part in parts:
        _, memory = Averaging().update(PARAMS, memory, Seen(part, None))
    return memory


def test_it_keeps_the_contract():
    check_rule(Averaging(), Impute())


def test_the_mean_is_that_of_the_values_there_are():
    found = Averaging().finish(PARAMS, gathered(X)).mean
    np.testing.assert_allclose(found, np.nanmean(X, axis=0), rtol=1e-15)


@pytest.mark.parametrize("cut", [1, 7, 8, 25, 89])
def test_chunks_show_in_no_bit_and_parts_merged_are_the_whole(cut):
    whole = gathered(X)
    same_trees(gathered(X[:cut], X[cut:]), whole, "chunks show")
    merged = Averaging().merge(gathered(X[:cut]), gathered(X[cut:]))
    one, other = (Averaging().finish(PARAMS, memory).mean for memory in (merged, whole))
    np.testing.assert_allclose(one, other, rtol=1e-14)


def test_a_signal_without_any_value_has_no_mean():
    with pytest.raises(DataError, match="column 1 has no value in the data"):
        Averaging().finish(PARAMS, gathered(np.array([[1.0, np.nan]])))
