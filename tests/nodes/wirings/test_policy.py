import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nodegraph as ng
from nodes.wirings import auto_ncp, ncp


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 9999), n_in=st.integers(3, 8))
def test_fans_are_as_they_were_asked_for(seed, n_in):
    signs = ncp(12, 6, 2, 4, 5, 6, 4, seed=seed).signs(n_in)
    there = signs.recurrent != 0
    motor, command, inter = slice(0, 2), slice(2, 8), slice(8, 20)
    assert set((signs.sensory != 0).sum(axis=1)) == {4}
    assert set(there[inter, command].sum(axis=1)) == {5}
    assert set(there[command, motor].sum(axis=0)) == {4}
    assert 1 <= there[command, command].sum() <= 6
    assert there.sum() == 12 * 5 + 2 * 4 + there[command, command].sum()  # no other synapse
    assert (signs.sensory != 0)[:, inter].sum() == 4 * n_in


def test_few_inputs_reach_all_inter_neurons_all_the_same():
    signs = ncp(12, 6, 2, 4, 5, 6, 4).signs(1)
    assert (signs.sensory[:, 8:] != 0).sum() == 12


def test_command_neurons_that_drive_no_motor_neuron_are_given_one():
    there = ncp(4, 6, 1, 2, 6, 0, 2).signs(2).recurrent != 0
    assert there[1:7, 0].all()


def test_signs_are_as_likely_as_each_other():
    signs = ncp(60, 40, 10, 30, 20, 40, 20).signs(8)
    drawn = signs.recurrent[signs.recurrent != 0]
    assert abs(drawn.mean()) < 0.1


def test_the_automatic_one_has_the_counts_of_the_reference():
    policy = auto_ncp(32, 4, sparsity_level=0.5).policy
    assert (policy.command_neurons, policy.inter_neurons) == (11, 17)  # 0.4 of 28 is 11.2
    fans = policy.sensory_fanout, policy.inter_fanout, policy.motor_fanin
    assert fans == (8, 5, 5) and policy.recurrent_command_synapses == 11
    assert auto_ncp(32, 4).layer(3) == "motor" and auto_ncp(32, 4).layer(31) == "inter"
    assert np.array_equal(auto_ncp(32, 4).signs(2).recurrent, policy.signs(2).recurrent)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: ncp(3, 6, 2, 4, 5, 6, 4),
            r"sensory_fanout: should be at most inter_neurons \(3\)",
        ),
        (lambda: ncp(9, 6, 2, 4, 7, 6, 4), r"inter_fanout: should be at most command_neurons"),
        (lambda: ncp(9, 6, 2, 4, 5, 6, 7), r"motor_fanin: should be at most command_neurons \(6\)"),
        (lambda: auto_ncp(10, 8), r"output_size: should be at most units - 3 \(7\), got 8"),
        (lambda: auto_ncp(10, 2, 0.95), "sparsity_level: should be at most 0.9"),
    ],
)
def test_nonsense_is_refused(make, message):
    with pytest.raises(ng.errors.FieldError, match=message):
        make()
