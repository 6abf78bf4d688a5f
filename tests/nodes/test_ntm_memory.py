import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import DataError, FieldError
from nodegraph.testing import check_node
from nodes import Input, NTMMemory

WIDTHS = {"beta": 1, "gate": 1, "shift": 3, "gamma": 1, "erase": 4, "add": 4}


def test_contract():
    check_node(
        NTMMemory(slots=5, width=3, emits=("weights", "read")),
        ports={"shift": 3, "erase": 3, "add": 3},
    )


def tape(**fields):
    node = NTMMemory(**({"slots": 6, "width": 4, "name": "tape"} | fields))
    graph = Input(name="key") >> node
    for port in WIDTHS:
        graph = graph & (Input(name=port) >> node[port])
    return ng.Model(graph)


def controls(n, seed=0):
    rng = np.random.default_rng(seed)
    found = {port: rng.random((n, width)) for port, width in WIDTHS.items()}
    found |= {"key": rng.standard_normal((n, 4)), "add": rng.standard_normal((n, 4))}
    found["beta"] = 5 * found["beta"]
    found["gamma"] = 1 + 3 * found["gamma"]
    found["shift"] /= found["shift"].sum(axis=1, keepdims=True)
    return found


def still(n, **others):
    """Return controls that leave everything as it is, but for `others`."""
    found = {port: np.zeros((n, width)) for port, width in {"key": 4, **WIDTHS}.items()}
    found |= {"gamma": np.ones((n, 1)), "shift": np.tile([0.0, 1.0, 0.0], (n, 1))}
    return found | {name: np.array(value, float) for name, value in others.items()}


def by_hand(memory, given, shifts):
    M, w, rows = memory.copy(), np.eye(len(memory))[0], []
    for t in range(len(given["key"])):
        k, beta, gate, s, gamma, e, a = (
            given[n][t] for n in ("key", "beta", "gate", "shift", "gamma", "erase", "add")
        )
        cos = [k @ row / (np.linalg.norm(k) * np.linalg.norm(row) or 1) for row in M]
        c = np.exp(beta * np.array(cos))
        g = gate * c / c.sum() + (1 - gate) * w
        h = np.zeros_like(g)
        for i in range(len(M)):
            h[i] = sum(s[j] * g[(i - far) % len(M)] for j, far in enumerate(shifts))
        w = h**gamma / (h**gamma).sum()
        rows.append(np.concatenate([w @ M, w]))
        M = M * (1 - np.outer(w, e)) + np.outer(w, a)
    return np.array(rows), M


@pytest.mark.parametrize("shifts", [(-1, 0, 1), (0, 1, 2)])
def test_it_is_the_memory_of_the_paper(shifts):
    memory, given = np.random.default_rng(5).standard_normal((6, 4)), controls(30)
    model = tape(memory=memory, shifts=shifts, emits=("read", "weights"))
    rows, M = by_hand(memory, given, shifts)
    np.testing.assert_allclose(model.run(given), rows, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(model.state["tape"].M, M, rtol=1e-10, atol=1e-12)


def test_a_shift_turns_the_address_round_the_ring():
    y = tape(emits="weights").run(still(8, shift=np.tile([0, 0, 1], (8, 1))))
    assert np.array_equal(y, np.eye(6)[np.arange(1, 9) % 6])


def test_sharpening_without_bound_is_the_arg_max():
    memory = np.random.default_rng(1).standard_normal((6, 4))
    key = memory[3] + 0.1
    y = tape(memory=memory, emits="weights").run(
        still(1, key=[key], gate=[[1]], beta=[[1]], gamma=[[1e9]])
    )
    assert y.tolist() == np.eye(6)[[3]].tolist()


def test_what_was_written_is_found_by_its_content():
    v = np.random.default_rng(2).standard_normal((3, 4))
    there = still(3, add=v, erase=np.ones((3, 4)), shift=np.tile([0, 0, 1], (3, 1)))
    back = still(3, key=v, gate=np.ones((3, 1)), beta=np.full((3, 1), 1e4))
    y = tape().run({name: np.concatenate([there[name], back[name]]) for name in there})
    np.testing.assert_allclose(y[3:], v, atol=1e-12)


def test_slots_are_read_before_they_are_written_to():
    model = tape(memory=np.ones((6, 4)))
    y = model.run(still(2, add=np.full((2, 4), 7.0), erase=np.ones((2, 4))))
    assert y.tolist() == [[1.0] * 4, [7.0] * 4]


def test_shifts_count_by_their_shares():
    given = controls(10)
    twice = given | {"shift": 2 * given["shift"]}
    np.testing.assert_allclose(tape().run(given), tape().run(twice), rtol=1e-12)


@pytest.mark.parametrize(
    ("port", "value", "wanted"),
    [("gate", 1.5, "from 0 to 1"), ("gamma", 0.5, "1 or more"), ("beta", -1.0, "0 or more")],
)
def test_controls_out_of_their_limits_are_refused(port, value, wanted):
    with pytest.raises(
        DataError, match=f"tape: {port} should be {wanted}, got {value:g} at step 1"
    ):
        tape().run(still(2, **{port: [[1.0], [value]]}))


def test_ports_of_another_width_are_refused():
    with pytest.raises(FieldError, match="the port beta takes 1 signal, got 0"):
        ng.Model(Input() >> NTMMemory(slots=3, width=2)).run(np.ones((4, 2)))
    with pytest.raises(FieldError, match="the port shift takes 3 signals, got 2"):
        tape().run(still(2, shift=[[0, 1], [0, 1]]))
    with pytest.raises(FieldError, match=r"memory should have shape \(128, 20\)"):
        NTMMemory(memory=np.ones((3, 2)))


def test_shares_that_are_all_0_are_told():
    given = controls(6)
    given["shift"][3] = 0
    with pytest.raises(ng.errors.DivergenceError, match=r"at step 3 .* signals at the port shift"):
        tape().run(given)


def test_a_shift_stands_once():
    with pytest.raises(FieldError, match=r"should have each shift once \(got 1 twice\)"):
        NTMMemory(shifts=(1, 1))
