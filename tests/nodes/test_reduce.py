import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import nodegraph as ng
from nodegraph.testing import check_node
from nodes import Input, Reduce

KINDS = {"last": lambda x: x[-1], "mean": np.mean, "sum": np.sum, "max": np.max, "min": np.min}


@pytest.mark.parametrize("kind", KINDS)
def test_it_keeps_the_contract(kind):
    check_node(Reduce(kind=kind))


@pytest.mark.parametrize("kind", KINDS)
@given(x=arrays(float, st.tuples(st.integers(1, 9), st.just(2)), elements=st.floats(-9, 9)))
def test_each_row_is_the_summary_of_the_rows_so_far(kind, x):
    y = ng.Model(Reduce(kind=kind)).run(x)
    so_far = [KINDS[kind](x[: t + 1], **({} if kind == "last" else {"axis": 0}))
              for t in range(len(x))]  # fmt: skip
    np.testing.assert_allclose(y, so_far, rtol=1e-12, atol=1e-12)


def test_each_series_has_its_own_summary():
    one, two = np.array([[1.0], [3.0]]), np.array([[5.0], [6.0], [7.0]])
    ys = ng.Model(Input() >> Reduce(kind="mean")).run([one, two])
    assert [y[-1, 0] for y in ys] == [2.0, 6.0]


@pytest.mark.parametrize("kind", ["mean", "sum"])
def test_sums_of_a_single_precision_model_lose_nothing_over_a_long_series(kind):
    x = (0.1 + np.random.default_rng(0).uniform(0, 1e-3, (2_000_000, 1))).astype(np.float32)
    model = ng.Model(Reduce(kind=kind), dtype="float32")
    y = model.run(x)
    assert y.dtype == np.float32
    np.testing.assert_allclose(y[-1], KINDS[kind](x.astype(float)), rtol=1e-7)
    parts = ng.Model(Reduce(kind=kind), dtype="float32")
    ys = [parts.run(x[start : start + 30_001]) for start in range(0, len(x), 30_001)]
    np.testing.assert_array_equal(np.concatenate(ys), y)
    np.testing.assert_array_equal(parts.step(x[0]), model.step(x[0]))


def test_the_sum_so_far_is_saved_and_assigned_in_double_precision(tmp_path):
    model = ng.Model(Reduce(kind="sum", name="s"), dtype="float32")
    model.run(np.full((3, 1), 0.1))
    model.save(tmp_path / "m.safetensors")
    assert ng.load(tmp_path / "m.safetensors").state["s"].value == model.state["s"].value
    model.state["s"] = model.state["s"]._replace(value=np.array([0.1]))
    assert model.state["s"].value == 0.1


def test_the_mean_of_a_long_series_counts_every_step():
    model = ng.Model(Reduce(kind="mean"))
    for _ in range(3):
        y = model.run(np.ones((1000, 1)))
    np.testing.assert_array_equal(y, np.ones((1000, 1)))
