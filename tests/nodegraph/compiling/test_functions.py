"""Each function of numpy that compiled steps know, on arrays of each type: what numpy makes."""

import numpy as np
import pytest
from stepping import compiled, plain, traced

CALLS = """
np.all(a) | np.all(a, axis=0) | np.any(a, axis=1) | a.any() | np.count_nonzero(a, axis=1)
np.sum(a) | a.sum(axis=(0, 1)) | np.sum(a, axis=1, keepdims=True) | np.add.reduce(a)
np.prod(a, axis=1)
a.max() | np.max(a, axis=(0,)) | a.min(axis=-1, keepdims=True) | np.ptp(a, axis=0)
np.maximum.reduce(a)
np.mean(a) | a.mean(axis=0) | np.mean(a, axis=1, keepdims=True) | np.std(a)
a.var(axis=1, ddof=1)
np.average(a) | np.average(a, axis=0, weights=[1, 2, 3]) | np.average(a, weights=a * a)
np.median(a) | np.median(a > -9) | np.median(a, axis=0) | np.median(a, axis=1)
np.percentile(a, 40, axis=0)
np.quantile(a, 0.3) | np.percentile(a, [10, 50]) | np.quantile(a[0], 1.0) | np.median(a[:, 0])
np.cumsum(a) | np.cumsum(a, axis=0) | a.cumsum(axis=-1) | np.cumprod(a[0]) | np.add.accumulate(a)
np.argmax(a) | np.argmin(a, axis=0) | a.argmax(axis=-1) | np.argmax(a, axis=1, keepdims=True)
np.sort(a[0]) | np.argsort(a[0], kind="stable") | np.sort(a, axis=None) | np.sort(a[:, 1])[::-1]
np.sort(a) | np.sort(a, axis=0) | np.argsort(a, axis=0, kind="stable") | np.sort(a[:, ::-1], 1)
np.argsort(a, kind="stable") | np.sort(a.reshape(3, 2, 2), axis=1) | a.argsort(0, kind="stable")
np.clip(a, 0, 1) | a.clip(-1, 0.5) | np.clip(a, None, a[0]) | np.clip(a, a_min=0, a_max=None)
np.round(a) | np.round(a, 1) | np.around(a * 100, -1) | np.nan_to_num(a)
np.nan_to_num(a, posinf=9.0)
np.where(a > 0, a, 0) | np.where(a > 0, 1, -1) | np.where(a, a, 2.5)
np.where([True, False, True, False], a, 0)
np.select([a > 1, a < 0], [a, -a], 7.0) | np.select([a > 1, a < 0], [a, 1])
np.isclose(a, a + 1e-9)
np.allclose(a, a) | np.array_equal(a, a + 0) | np.fmax(a, a[::-1]) | np.hypot(a, 1)
np.divmod(a, 2)[1]
a.T | np.transpose(a, (1, 0)) | a.transpose() | a.transpose(1, 0) | np.swapaxes(a, 0, -1)
np.moveaxis(a, 0, 1) | np.rollaxis(a, 1) | np.atleast_3d(a)
a.reshape(2, 6) | a.reshape(-1) | np.reshape(a, (2, -1)) | np.ravel(a) | a.flatten()
a.reshape((1, 3, 1, 4))
a[None] | np.expand_dims(a, 1) | np.expand_dims(a, (0, 2)) | np.squeeze(a[:1])
a[:, :1].squeeze(1)
np.atleast_1d(a[0, 0]) | np.atleast_2d(a[0]) | np.broadcast_to(a[0], (2, 4))
np.broadcast_to(a[0, 0], 3)
np.zeros_like(a) | np.ones_like(a[0], shape=(2, 2)) | np.full_like(a, 2) | np.zeros_like(a, float)
np.copy(a)
np.concatenate([a, a[:1]]) | np.concatenate([a, a], axis=None) | np.concatenate([a, a * 0.5], -1)
np.stack([a, a], 1) | np.stack([a[0], a[1]], axis=-1) | np.vstack([a[0], a]) | np.hstack([a, a])
np.hstack([a[0], a[1]])
np.column_stack([a[:, 0], a]) | np.append(a, a) | np.append(a[0], 1.5)
np.append(a, a[:1], axis=0)
np.split(a, 2, axis=1)[1] | np.array_split(a, [1], axis=1)[1] | np.flip(a) | np.flip(a, 1)
a[::-1, ::2]
np.roll(a, 2) | np.roll(a, -1, axis=1) | np.roll(a, (1, 1), axis=(0, 1)) | np.diff(a)
np.diff(a, axis=0)
np.tile(a, 2) | np.tile(a, (2, 1)) | np.repeat(a, 2) | np.repeat(a[0], [1, 2, 0, 3])
np.repeat(a, 2, axis=1)
np.take(a, [2, 0], axis=1) | np.take(a, [[0, -1]])
np.take_along_axis(a, np.array([[1], [0], [2]]), 1)
np.resize(a, (2, 5)) | np.pad(a, 1) | np.pad(a[0], (2, 1), mode="edge")
np.pad(a[0], 2, mode="wrap")
np.pad(a[0], (1, 2), constant_values=1) | np.pad(a, ((0, 1), (2, 0)), mode="reflect")
np.triu(a) | np.tril(a, 1) | np.triu(a[0]) | np.trace(a) | np.diag(a) | np.diag(a[0])
np.diagonal(a, -1) | np.diag(a, 2)
a[[0, 2]] | a[:, [1, 1]] | a[[0, 1], [2, -1]] | a[np.array([True, False, True])]
a[a.shape[0] - 1, ..., 1:]
a[a > 0].sum() | a[:, None, [0, 1]] | a[[[0], [1]], [0, 2]] | a[1, :, None]
a[0][np.array([[0, 1], [2, 3]])]
np.cross(a[0, :3], a[1, :3]) | np.outer(a[0], a[1]) | np.add.outer(a[0], a[1])
np.multiply.outer(a[0], a[:2])
np.linalg.norm(a) | np.linalg.norm(a[0]) | np.linalg.norm(a, axis=1) | np.linalg.norm(a[0], 1)
np.linalg.norm(a, np.inf, axis=0)
np.linalg.norm(a, axis=(0, 1)) | np.linalg.norm(a, "fro") | np.linalg.norm(a, 2, axis=1)
np.linalg.norm(a, axis=0, keepdims=True)
"""
ARRAYS = {
    "plain": np.array([[0.3, -1.2, 2.0, 0.7], [1.1, 0.0, -0.4, 3.5], [-2.5, 0.6, 0.9, -0.1]]),
    "odd": np.array(
        [[-0.0, np.inf, 0.7, 0.7], [2.0, -3.1, np.nan, 1.0], [0.5, 1.5, 2.5, -np.inf]], np.float32
    ),
    "i8": np.array([[3, -1, 2, 2], [0, 0, -4, 5], [-2, 7, 9, -1]]),
    "b1": np.array([[True, False, True, True], [False] * 4, [True, True, False, True]]),
}
NOT_COMPILED = {"np.around(a * 100, -1)": ["i8", "b1"], "np.round(a)": ["b1"]}  # plain steps do
PRODUCTS = """
a @ b | a @ v | v @ b | v @ v | b.T @ a.T | t @ v | t @ b | t @ t | v @ t | np.matmul(t, a.T[:4])
np.dot(a, b) | np.dot(v, t) | np.dot(a, 2.0) | a.dot(v) | np.dot(v, t) | np.dot(t, v)
np.vdot(a, a) | np.inner(a, v)
np.inner(t, a) | np.tensordot(t, b) | np.tensordot(a, b, 1) | np.tensordot(a, t, ([0], [0]))
np.tensordot(v, v, 0) | np.tensordot(t, b, axes=((-1, 1), (1, 0)))
np.linalg.solve(b, v) | np.linalg.solve(b, a.T) | np.linalg.inv(b) | np.linalg.solve(b[::-1], v)
"""
SUMS = """ij,jk->ik ij,ij-> ij,ij->i ii ii->i ij->ji ij-> i,j->ij ij,jk,kl->il ij,k->kij ij,jk,k->i
    i,ij,j ij,ij->ij ijk,kl->ijl uij,uj->ui uij,ujk->uik ijk,jk->i ij,kj i,i,i->i ij,j->""".split()


def named(calls, names):
    texts = [text.strip() for line in calls.strip().splitlines() for text in line.split(" | ")]
    return {text: eval(f"lambda {names}: {text}", {"np": np}) for text in texts}


def known(calls, kind, *arrays):
    """Return the functions that numpy has for these arrays and that are to be compiled."""
    found = {}
    for text, function in calls.items():
        try:
            expected = plain(function, *arrays)
        except TypeError:  # of bools
            continue
        assert bool(traced(function, *arrays)) == (kind in NOT_COMPILED.get(text, [])), text
        found |= {text: (function, expected)} if kind not in NOT_COMPILED.get(text, []) else {}
    return found


def check(calls, kind, few, *arrays):
    made = known(calls, kind, *arrays)
    found = compiled({text: function for text, (function, _) in made.items()}, *arrays)
    for text, (_, expected) in made.items():
        assert found[text].dtype == expected.dtype, text
        near = few * np.finfo(expected.dtype).eps if expected.dtype.kind == "f" else 0
        np.testing.assert_allclose(found[text], expected, near, near, err_msg=text)


@pytest.mark.parametrize("kind", ARRAYS)
def test_functions_are_numpy_s(kind):
    check(named(CALLS, "a"), kind, 16, ARRAYS[kind])


MEANS = """
np.mean(a) | a.mean(axis=0) | np.std(a) | a.var(axis=1) | np.linalg.norm(a, axis=1) | np.median(a)
np.average(a, weights=a) | np.average(a, axis=0, weights=[1, 2, 3]) | np.linalg.norm(a[0])
"""


def test_sums_of_whole_numbers_that_become_real_do_not_end_at_64_bits():
    nanoseconds = 1_700_000_000_000_000_000 + np.arange(12).reshape(3, 4) * 10**16
    assert nanoseconds.sum() < 2 * int(nanoseconds.max())  # they would
    check(named(MEANS, "a"), "i8", 16, nanoseconds)


@pytest.mark.parametrize("dtype", ["f4", "i8"])
def test_products_and_systems_are_numpy_s(dtype):
    rng = np.random.default_rng(1)
    shapes = (3, 4), (4, 4), (4,), (3, 4, 4)
    a, b, v, t = (np.round(4 * rng.standard_normal(s)).astype(dtype) for s in shapes)
    calls = named(PRODUCTS, "a, b, v, t")
    check(calls, dtype, 400, a, b + 9 * np.eye(4, dtype=dtype), v, t)


@pytest.mark.parametrize("dtype", ["f8", "i8"])
def test_sums_of_products_are_numpy_s(dtype):
    rng = np.random.default_rng(2)
    arrays = [np.round(9 * rng.standard_normal((4,) * rank)).astype(dtype) for rank in (1, 2, 3)]

    def of(how):
        ranks = [len(letters) for letters in how.split("->")[0].split(",")]
        return lambda *arrays: np.einsum(how, *(arrays[rank - 1] for rank in ranks))

    check({how: of(how) for how in SUMS}, dtype, 16, *arrays)


@pytest.mark.parametrize(
    "call, cure",
    [
        ("np.where(a > 0)", "where(mask, a, b)"),
        ("np.searchsorted(a[0], 1)", "(edges < x).sum()"),
        ("np.sum(a, where=a > 0)", "where"),
        ("np.linalg.eigvals(a[:, :3])", "work it out in init"),
        ("np.fft.rfft(a)", "the matrix of the transform"),
        ("np.add(a, 1, dtype=np.float32)", "write it out"),
        ("np.add.at(a, 0, 1)", "axis=0"),
        ("a.astype(np.int32)", ".astype(int)"),
        ("a + 1j", "two arrays"),
        ("np.linalg.norm(a, 2)", "write it out"),
        ("np.median(a, axis=(0, 1))", "a.reshape"),
        ("np.sort(np.tile(a, 300))", "up to 1024 numbers along an axis"),
        ("a.tolist()", "iterating"),
        ("a.reshape(12, order='F')", "order='C'"),
        ("range(a[0, 0])", "repeat the most often"),
        ("(a > 0) @ (a[0] > 0)", ".astype(int)"),
    ],
)
def test_what_is_not_known_says_what_to_write(call, cure):
    (function,) = named(call, "a").values()
    assert cure in traced(function, ARRAYS["plain"])


@pytest.mark.parametrize(
    "call",
    ["a.sum(axis=2)", "a[5]", "a[:, [7]]", "a[0.5]", "a.reshape(5, 5)", "a + a[0, :3]", "a @ a",
     "np.broadcast_to(a, (3, 3))", "np.squeeze(a, 0)", "np.transpose(a, (0, 0))", "a[0, 0, 0]",
     "np.concatenate([a, a[:, :2]])", "np.max(a[:0])", "np.take(a, 99)", "a[a[0, 0]]"],
)  # fmt: skip
def test_what_numpy_refuses_is_refused(call):
    (function,) = named(call, "a").values()
    for run in (plain, traced):
        with pytest.raises((ValueError, IndexError, TypeError)):
            run(function, ARRAYS["plain"])
