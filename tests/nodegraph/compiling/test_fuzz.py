"""Random steps have the same bits compiled, in chunks, side by side and in plain Python.

More of them: ``python tests/nodegraph/compiling/test_fuzz.py SEED COUNT``.
"""

import sys

import numpy as np
import pytest
from random_steps import case

from nodegraph.arrays import leaves
from nodegraph.engines.compiled.traced_steps import prepared
from nodegraph.engines.compiled.untraced import Untraced
from nodegraph.engines.prepared import fold


def assert_same(found, expected):
    for (path, a), (_, b) in zip(leaves(found), leaves(expected), strict=True):
        np.testing.assert_array_equal(a, np.asarray(b, np.asarray(a).dtype), err_msg=path)


def run_three_ways(seed):
    node, params, state, xs = case(seed)
    ready = prepared(node, params)
    whole = ready.run(state, xs)
    assert not isinstance(ready._bind(state, xs.dtype, {"x": xs.shape[1]}), Untraced)
    assert_same(whole, fold(node, params, state, xs, {}))
    first = ready.run(state, xs[:3])
    after, ys = ready.run(first[0], xs[3:])
    assert_same((after, np.concatenate([first[1], ys])), whole)
    series = [xs[: 1 + i] for i in range(7)]
    for found, x in zip(
        zip(*ready.run_many([state] * 7, series), strict=True), series, strict=True
    ):
        assert_same(found, ready.run(state, x))


@pytest.mark.parametrize("seed", range(50))
def test_a_random_step_has_the_same_bits_in_all_ways(seed):
    run_three_ways(seed)


if __name__ == "__main__":
    import warnings

    warnings.simplefilter("error")
    start, count = map(int, sys.argv[1:])
    wrong = 0
    for seed in range(start, start + count):
        try:
            run_three_ways(seed)
        except Exception as error:
            wrong += 1
            said = " ".join(str(error).split())[:300]
            sys.stdout.write(f"seed {seed}: {type(error).__name__}: {said}\n")
            sys.stdout.flush()
    sys.stdout.write(f"{count} steps, {wrong} wrong\n")
