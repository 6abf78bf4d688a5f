"""States change where they lie, and nobody reads a new number for an old one."""

import numpy as np
import pytest
from all_ways import XS, buffers_of, plan_and_code, run_in_all_ways

from nodegraph import maths as m

A, B = np.array([1.0, -2.0, 0.5]), np.array([0.25, 3.0, -1.0])
RING = np.arange(12.0).reshape(4, 3)


def swap(params, state, x):
    a, b = state
    return (b.copy(), a.copy()), a - b


def turn(params, state, x):
    a, b, c = state
    return (b.copy(), c.copy(), a + x), a - c


def each_needs_the_other(params, state, x):
    a, b = state
    return (0.5 * a + b * x, 0.5 * b - a * x), a + b


def reversed_into_itself(params, state, x):
    (a,) = state
    return (a[::-1] + x,), a * 2


def shifted_up(params, state, x):
    (ring,) = state
    return (np.concatenate([x[None], ring[:-1]]),), ring[-1] + ring[0]


def shifted_in_place(params, state, x):
    new = state[0].copy()
    new[1:] = new[:-1]
    new[0] = x
    return (new,), new[-1] * 1.0


def written_then_read(params, state, x):
    new = state[0].copy()
    new[2] = x
    new[0] = new[2] + new[3]
    return (new,), new[0] + state[0][0]


def read_at_what_is_written(params, state, x):
    ring, k = state
    new = ring.copy()
    new[k % 4] = ring[(k + 1) % 4] + x
    return (new, k + 1), ring[k % 4] - new[k % 4]


def rows_one_from_another(params, state, x):
    new = state[0].copy()
    for i in range(1, 4):
        new[i] = new[i - 1] * 0.5 + new[i] + x
    return (new,), new[3] - state[0][3]


def transposed(params, state, x):
    (M,) = state
    return (M.T * 0.5 + m.outer(x, x),), M[0] + M[:, 1]


def one_is_the_other_as_it_was(params, state, x):
    now, before = state
    return (m.tanh(now + x), now.copy()), now - before


def written_if(params, state, x):
    def change(ring):
        ring = ring.copy()
        ring[1] = ring[0] + x
        return ring

    (ring,) = state
    new = m.cond(x[0] > 0, change, ring)
    return (new * 0.5,), new[1] - ring[1]


def swapped_if(params, state, x):
    a, b = state
    new_a, new_b = m.cond(x[0] > 0, lambda a, b: (b, a), a, b)
    return (new_a, new_b), a - new_b


def swapped_if_and_kept(params, state, x):
    a, b = state
    c, d = m.cond(x[0] > 0, lambda a, b: (b * 1.0, a + b), a, b)
    return (c - b, a), d + x


def one_for_both_if(params, state, x):
    a, b = state
    c, d = m.cond(x[0] > 0, lambda one, other: (other + x, one), a, a)
    return (c, d), b * 1.0


def ready_before_it_is_chosen(params, state, x):
    a, b = state
    made = m.tanh(a + x)
    c = m.cond(x[0] > 0, lambda _: made, b)
    return (c, made), c + made


def swapped_turn_by_turn(params, state, x):
    a, b = m.repeat(3, lambda both: (both[1], both[0] + x), state)
    c, d = m.repeat(2, lambda both: (both[0], both[0]), (b, b))
    return (b, a), c - d + a


def rows_in_turns(params, state, x):
    (ring,) = state

    def turn(carry):
        new, k = carry
        new = m.cond(x[1] > 0, lambda r: written(r, k, r[k - 1] + x), new)
        return new, k + 1

    new, _ = m.repeat(3, turn, (ring, 0))
    return (new,), ring[2] - new[2]


def written(array, k, row):
    array = array.copy()
    array[k] = row
    return array


def turned_round_and_written(params, state, x):
    ring = np.roll(state[0], 1, axis=0)
    ring[0] = x
    return (ring,), ring[1] - state[0][1]


HAZARDS = [
    (turned_round_and_written, (RING,)),
    (swapped_if, (A, B)),
    (swapped_if_and_kept, (A, B)),
    (one_for_both_if, (A, B)),
    (ready_before_it_is_chosen, (A, B)),
    (swapped_turn_by_turn, (A, B)),
    (rows_in_turns, (RING,)),
    (swap, (A, B)),
    (turn, (A, B, A * B)),
    (each_needs_the_other, (A, B)),
    (reversed_into_itself, (A,)),
    (shifted_up, (RING,)),
    (shifted_in_place, (RING,)),
    (written_then_read, (RING,)),
    (read_at_what_is_written, (RING, np.array(1))),
    (rows_one_from_another, (RING,)),
    (transposed, (RING[:3],)),
    (one_is_the_other_as_it_was, (A, B)),
    (written_if, (RING,)),
]
IDS = [step.__name__ for step, _ in HAZARDS]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(("step", "state"), HAZARDS, ids=IDS)
def test_old_numbers_are_read_before_new_ones_are_written(step, state, dtype):
    run_in_all_ways(step, state, dtype=dtype)


@pytest.mark.parametrize(("step", "state"), HAZARDS, ids=IDS)
def test_a_step_has_one_text_however_often_it_is_planned(step, state):
    assert len({plan_and_code(step, state)[1].text for _ in range(5)}) == 1


def test_two_arrays_swapped_an_even_number_of_times_are_what_they_were():
    (a, b), ys = run_in_all_ways(swap, (A, B))
    assert len(XS) % 2 == 0
    assert np.array_equal(a, A) and np.array_equal(b, B)
    assert np.array_equal(ys, np.where(np.arange(len(XS))[:, None] % 2, B - A, A - B))


def test_a_shift_register_holds_the_last_inputs_newest_first():
    (ring,), _ = run_in_all_ways(shifted_up, (RING,))
    assert np.array_equal(ring, XS[:-5:-1])


def test_a_state_that_only_needs_itself_changes_where_it_lies():
    def leak(params, state, x):
        (v,) = state
        return (v * 0.5 + x,), v * 2

    plan, code = plan_and_code(leak, (A,))
    assert not buffers_of(plan)
    assert not code.room


def test_a_row_is_written_into_a_ring_without_a_copy_of_it():
    def remember(params, state, x):
        ring, k = state
        new = ring.copy()
        new[k % 4] = x
        return (new, k + 1), ring[(k + 1) % 4] * 1.0

    plan, code = plan_and_code(remember, (RING, np.array(0)))
    assert not buffers_of(plan)
    assert not code.room


def test_a_swap_in_one_loop_costs_no_array():
    plan, code = plan_and_code(swap, (A, B))
    assert len(buffers_of(plan)) == 1
    assert not code.room
