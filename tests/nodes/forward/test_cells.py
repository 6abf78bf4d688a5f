import numpy as np
import pytest

import nodegraph as ng
from nodegraph.testing import run_node
from nodes import ForwardUnit

KINDS = ["attention", "forward_forward", "predictive_coding"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_cell_reads_an_input_first_and_states_as_often_as_asked(kind):
    node = ForwardUnit(kind=kind, units=1000, dim=5, fan_in=11, input_share=0.25)
    reads = node.wiring(np.random.default_rng(1), 3)
    assert reads.shape == (200, 11)
    assert reads[:, 0].max() < 3
    assert reads.max() < 3 + 1000
    assert np.mean(reads[:, 1:] < 3) == pytest.approx(0.25, abs=0.03)


@pytest.mark.parametrize("kind", KINDS)
def test_cells_that_read_inputs_alone_do_not_hear_each_other(kind):
    u = np.random.default_rng(0).standard_normal((80, 2))
    node = ForwardUnit(kind=kind, units=10, dim=5, fan_in=4, input_share=1.0)
    params = node.init(np.random.default_rng(1), 2, 10)
    other = params._replace(reads=np.concatenate([params.reads[:1], 1 - params.reads[1:]]))
    ys, changed = (run_node(node, p, node.start(10), u)[1] for p in (params, other))
    np.testing.assert_array_equal(ys[:, :5], changed[:, :5])
    assert np.any(ys[:, 5:] != changed[:, 5:])


@pytest.mark.parametrize("kind", KINDS)
def test_it_needs_an_input(kind):
    with pytest.raises(ng.errors.FieldError, match=f"{kind} learns from its input, but nothing"):
        ng.Model(ForwardUnit(units=3, kind=kind)).run(steps=4)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fields", [{"dim": 0}, {"input_share": 1.5}, {"horizon": 3}])
def test_nonsense_is_refused(kind, fields):
    with pytest.raises(ng.errors.FieldError, match=rf"ForwardUnit.*{next(iter(fields))}"):
        ForwardUnit(kind=kind, units=3, **fields)
