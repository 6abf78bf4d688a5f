import numpy as np
import pytest

import nodegraph as ng
from nodegraph.rule import Lesson
from nodegraph.testing import check_node, check_rule, finite_differences, run_node, teach
from nodes import HMLSTM
from nodes.rules import TBPTT, EProp
from nodes.wirings import auto_ncp

N, D = 3, 2
X = np.random.default_rng(0).standard_normal((40, D))


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def by_hand(p, xs, told):
    """Return h of two levels, the first boundary being told."""
    h, c, z, rows = np.zeros((2, N)), np.zeros((2, N)), 0, []
    for x, ends in zip(xs, told, strict=True):
        ups, before = (p.W_in @ x, None), h.copy()
        for level in range(2):
            entered = level == 0 or ends
            flush = level == 0 and z
            if not (entered or flush):
                continue
            up = ups[0] if level == 0 else p.W_up[0] @ h[0]
            a = p.W[level] @ before[level] + p.bias[level] + up
            a = a + p.W_down[0] @ before[1] if flush else a
            i, f, g, o = np.split(a, 4)
            c[level] = sigmoid(f) * c[level] * (not flush) + sigmoid(i) * np.tanh(g)
            h[level] = sigmoid(o) * np.tanh(c[level])
        z = ends
        rows.append(h.reshape(-1).copy())
    return np.array(rows)


def test_it_keeps_the_contract():
    check_node(HMLSTM(units=2, levels=3, rule=None))
    cell = HMLSTM(units=2, rule=TBPTT(steps=4, batch=4))
    check_rule(cell.rule, cell)


def test_told_boundaries_copy_update_and_flush():
    cell = HMLSTM(units=N, boundaries="told", bias_scaling=0.5)
    p = cell.init(np.random.default_rng(1), D, 2 * N, boundary=1)
    told = np.random.default_rng(2).random((len(X), 1)) < 0.4
    _, ys = run_node(cell, p, cell.start(2 * N, D), X, boundary=told.astype(float))
    np.testing.assert_allclose(ys, by_hand(p, X, told[:, 0]), atol=1e-13)
    copied = ~told[1:, 0]
    np.testing.assert_array_equal(ys[1:][copied, N:], ys[:-1][copied, N:])


def test_a_boundary_is_felt_where_the_input_is_unusual():
    xs = np.zeros((400, 1))
    xs[::20] = 5.0
    cell = HMLSTM(units=N)
    p = cell.init(np.random.default_rng(1), 1, 2 * N)
    _, ys = run_node(cell, p, cell.start(2 * N, 1), xs)
    moved = np.flatnonzero((np.diff(ys[:, N:], axis=0) != 0).any(axis=1)) + 1
    np.testing.assert_array_equal(moved, np.arange(20, 400, 20))


def test_the_gradient_of_a_window_is_that_of_finite_differences():
    cell = HMLSTM(units=2, levels=2, rule=TBPTT(steps=8, batch=100), peak=0.5)
    rng, xs = np.random.default_rng(3), X[:8]
    p = cell.init(rng, D, 4)
    p = p._replace(V=rng.standard_normal(p.V.shape))
    memory, lesson = cell.learner.begin(p), Lesson({"x": xs}, None, np.ones(8, bool))
    sums = teach(cell.learner, cell, p, cell.start(4, D), memory, lesson).memory.sums

    def loss(p):
        h = np.vstack([np.zeros(4), run_node(cell, p, cell.start(4, D), xs)[1][:-1]])
        return ((xs - h @ p.V.T - p.offset) ** 2).sum() / 2

    for name in ("W", "W_up", "W_down"):
        expected = finite_differences(loss, p, name)
        np.testing.assert_allclose(getattr(sums, name)[0], expected, atol=1e-7, err_msg=name)
    assert np.abs(sums.W_up[0]).max() > 0


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"levels": 1}, "levels: should be at least 2; of one level write LSTM"),
        ({"rule": EProp()}, r"EProp knows units of one level; write TBPTT\(\)"),
    ],
)
def test_bad_fields_are_told(fields, said):
    with pytest.raises(ng.errors.FieldError, match=said):
        HMLSTM(units=3, **fields)


def test_a_boundary_port_that_is_needed_and_not_wired_is_told():
    with pytest.raises(ng.errors.FieldError, match="nothing is wired to the port boundary; write"):
        ng.Model(HMLSTM(units=3, boundaries="told")).run(X)


WIRED = HMLSTM(wiring=auto_ncp(6, 2), rule=TBPTT(steps=4, batch=8, decay=0.0))


def heard(signs):
    return np.tile(abs(signs).T, (4, 1)) > 0


def test_it_hears_what_it_is_wired_to():
    p, signs = WIRED.init(np.random.default_rng(0), D, 12), auto_ncp(6, 2).signs(D)
    counterparts = signs.recurrent + np.eye(6) * (np.diag(signs.recurrent) == 0)
    np.testing.assert_array_equal(p.W_in != 0, heard(signs.sensory))
    for level in range(2):
        np.testing.assert_array_equal(np.sign(p.W[level]), np.tile(signs.recurrent.T, (4, 1)))
    for W in (*p.W_up, *p.W_down):
        np.testing.assert_array_equal(np.sign(W), np.tile(counterparts.T, (4, 1)))
    assert HMLSTM(wiring=auto_ncp(6, 2)).width == 12


def test_learning_adds_no_synapse():
    model = ng.Model(WIRED.model_copy(update={"name": "cell"}), seed=1)
    drawn = [model.run(X[:1]), model.params["cell"]][1]
    learned = model.fit(np.tile(X, (10, 1))).params["cell"]
    for name in ("W_in", "W", "W_up", "W_down"):
        before, after = getattr(drawn, name), getattr(learned, name)
        np.testing.assert_array_equal(after[before == 0], 0)
        assert (after != before)[before != 0].mean() > 0.5


def test_a_wired_one_keeps_the_contract():
    check_node(WIRED)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "units is missing: write units=50, or give a wiring"),
        ({"units": 3, "wiring": auto_ncp(6, 2)}, "wiring: it has 6 neurons, not 3"),
    ],
)
def test_sizes_agree(fields, message):
    with pytest.raises(ng.errors.FieldError, match=message):
        HMLSTM(**fields)
