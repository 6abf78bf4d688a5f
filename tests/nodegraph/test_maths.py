"""Words say what numpy says, to rounding; and on plain arrays the bits that they have compiled."""

import numpy as np
import pytest
from scipy import sparse

import nodegraph as ng
from nodegraph import maths
from nodegraph.testing import run_node

RNG = np.random.default_rng(0)
W, v, w = RNG.normal(size=(7, 5)), RNG.normal(size=5), RNG.normal(size=7)
A = RNG.normal(size=(5, 5)) + 5 * np.eye(5)
P = (lambda M: M @ M.T)(RNG.normal(size=(5, 5)))
ROWS = np.tril_indices(5)
SPARSE = sparse.csr_array(np.where(np.abs(W) > 0.7, W, 0))

# word, arguments, what numpy says
CASES = {
    "tanh": ((v,), np.tanh(v)),
    "sigmoid": ((v,), 1 / (1 + np.exp(-v))),
    "exp": ((v,), np.exp(v)),
    "expm1": ((v,), np.expm1(v)),
    "log": ((np.abs(v),), np.log(np.abs(v))),
    "power": ((np.abs(v), 1.7), np.abs(v) ** 1.7),
    "softplus": ((v,), np.log1p(np.exp(v))),
    "softmax": ((v,), np.exp(v) / np.exp(v).sum()),
    "matvec": ((W, v), W @ v),
    "vecmat": ((w, W), w @ W),
    "dot": ((v, v), v @ v),
    "outer": ((w, v), np.outer(w, v)),
    "total": ((W,), W.sum()),
    "mean": ((W,), W.mean()),
    "norm": ((W,), np.sqrt((W * W).sum())),
    "where": ((v > 0, v, 0.5), np.where(v > 0, v, 0.5)),
    "solve": ((A, v), np.linalg.solve(A, v)),
    "sym_matvec": ((P[ROWS], v), P @ v),
    "sym_rank_one": ((P[ROWS], v, 0.3, 1.5), ((P + 0.3 * np.outer(v, v)) * 1.5)[ROWS]),
    "sym_diagonal": ((P[ROWS],), np.diag(P)),
    "put": ((v, 2, 9.0), np.array([v[0], v[1], 9.0, v[3], v[4]])),
}


def cast(value, dtype):
    floats = isinstance(value, np.ndarray) and value.dtype.kind == "f"
    return value.astype(dtype) if floats or sparse.issparse(value) else value


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", CASES)
def test_a_word_is_what_numpy_says_in_the_precision_of_its_arrays(name, dtype):
    arguments, wanted = CASES[name]
    found = getattr(maths, name)(*(cast(a, dtype) for a in arguments))
    tolerance = 1e-12 if dtype is np.float64 else 2e-5
    np.testing.assert_allclose(found, wanted, rtol=tolerance, atol=tolerance)
    assert found.dtype == dtype and np.shape(found) == wanted.shape


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", CASES)
def test_its_bits_are_those_of_a_compiled_step(name, dtype):
    given = [cast(a, dtype) for a in CASES[name][0]]
    others = {i: a for i, a in enumerate(given) if not isinstance(a, np.ndarray)}

    class One(ng.Node):
        def step(self, params, state, x):
            arrays = iter(params)
            found = [others[i] if i in others else next(arrays) for i in range(len(given))]
            y = getattr(maths, name)(*found)
            return state, y.reshape(-1) + 0 * x[0]

    arrays = tuple(a for i, a in enumerate(given) if i not in others)
    _, ys = run_node(One(), arrays, (), np.zeros((1, 1), dtype))
    np.testing.assert_array_equal(ys[0], np.ravel(getattr(maths, name)(*given)))


@pytest.mark.parametrize("weights", [W, SPARSE])
def test_spikes_arrive_as_a_product_has_them(weights):
    for share in (0.0, 0.3, 1.0):
        spikes = (np.random.default_rng(2).random(weights.shape[1]) < share).astype(float)
        np.testing.assert_array_equal(
            maths.arriving(weights, spikes), maths.matvec(weights, spikes)
        )


def test_sparse_weights_multiply():
    np.testing.assert_allclose(maths.matvec(SPARSE, v), SPARSE @ v, rtol=1e-13)


def test_sums_go_along_an_axis():
    np.testing.assert_allclose(maths.total(W, axis=1, keepdims=True), W.sum(1, keepdims=True))
    np.testing.assert_allclose(maths.mean(W, 0), W.mean(0))
    assert float(maths.total(np.zeros(0))) == 0


def test_numbers_of_python_are_words_too():
    assert maths.tanh(0.5) == pytest.approx(np.tanh(0.5), rel=1e-15)
    assert maths.exp(np.float32(1)).dtype == np.float32
    assert maths.exp(np.arange(3))[2] == pytest.approx(np.exp(2), rel=1e-15)


@pytest.mark.parametrize("name", ["identity", "relu", "leaky_relu", "elu", "gaussian", "softsign"])
def test_activations_go_by_name(name):
    from nodes.parts.activations import ACTIVATIONS

    np.testing.assert_allclose(maths.activate(name, v), ACTIVATIONS[name](v), rtol=1e-14)


def test_branches_and_loops_are_plain_python_on_plain_arrays():
    assert maths.cond(True, lambda a: a * 2, v)[0] == 2 * v[0]
    assert maths.cond(False, lambda a: a * 2, v) is v
    assert maths.repeat(3, lambda a: a * 2, v)[0] == 8 * v[0]


def test_packed_triangles_begin_as_unit_matrices():
    np.testing.assert_array_equal(maths.sym_matvec(maths.sym_eye(5), v), v)
    assert maths.sym_eye(5, 17).shape == (2, 15, 16)
