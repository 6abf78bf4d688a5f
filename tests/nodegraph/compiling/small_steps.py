"""Nodes of one line each, for laws that hold whatever a step does.

Run as a script it prints a digest of what they give out, to compare processors.
"""

import hashlib
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse

import nodegraph as ng
from nodegraph import maths
from nodegraph.arrays import cast, leaves
from nodegraph.engines.compiled.traced_steps import prepared

N = 11


class Params(NamedTuple):
    """Weights."""

    W: Any
    V: Any
    S: Any


class State(NamedTuple):
    """One vector, one matrix, a counter and a flag for each unit."""

    v: Any
    M: Any
    n: Any
    on: Any


class Small(ng.Node):
    """A node with the state that `STEPS` work on."""

    kind: str
    units: int = N

    def init(self, rng, n_in, n_out):
        S = scipy.sparse.random_array((N, N), density=0.4, rng=rng).tocsr()
        return Params(rng.standard_normal((N, N)) / 3, rng.standard_normal((N, n_in)), S)

    def start(self, n_out):
        grid = np.arange(N * N, dtype=float).reshape(N, N) / N
        return State(np.linspace(-1, 1, N), grid, np.zeros(N, int), np.zeros(N, bool))

    def step(self, params, state, x):
        return STEPS[self.kind](params, state, x)


def dense(p, s, x):
    v = maths.tanh(maths.matvec(p.W, s.v) + maths.matvec(p.V, x))
    return s._replace(v=v), v


def sparse(p, s, x):
    v = maths.sigmoid(maths.matvec(p.S, s.v) + maths.matvec(p.V, x))
    return s._replace(v=v), v


def backwards(p, s, x):
    v = s.v * 0.5 + maths.vecmat(s.v, p.W) * maths.total(x)
    return s._replace(v=v), v


def norms(p, s, x):
    v = maths.softmax(s.v + maths.matvec(p.V, x))
    return s._replace(v=v / (1 + maths.norm(v))), v * maths.mean(v)


def fast_weights(p, s, x):
    key = maths.matvec(p.V, x)
    M = 0.9 * s.M + maths.outer(key, s.v) / N
    v = maths.tanh(maths.matvec(M, s.v))
    return s._replace(v=v, M=M), v


def attention(p, s, x):
    weights = maths.softmax(maths.matvec(s.M, maths.matvec(p.V, x)))
    v = maths.vecmat(weights, s.M) / N
    M = np.roll(s.M, 1, axis=0)
    return s._replace(v=v, M=np.concatenate([v[None], M[1:]])), v


def rows(p, s, x):
    v = np.sort(s.M[2] * x[1]) + s.M.min(axis=1) - s.M.max(axis=0) + s.v * x[0]
    return s._replace(M=(s.M + v) * 0.5, v=v * 0.1), v


def spikes(p, s, x):
    v = 0.9 * s.v + maths.matvec(p.V, x)
    on = v > 0.5
    n = np.where(on, 3, np.maximum(s.n - 1, 0))
    return s._replace(v=np.where(on, 0.0, v), n=n, on=on), (n + s.on * v).astype(x.dtype)


def ring(p, s, x):
    M = maths.put(s.M, s.n[0] % N, s.v)
    v = maths.tanh(M[(s.n[0] + 4) % N] + maths.matvec(p.V, x))
    return s._replace(v=v, M=M, n=s.n + 1), v


def looked_up(p, s, x):
    best = np.argsort(s.v + maths.matvec(p.V, x))
    v = s.v[best] * 0.5 + s.M[best, s.n % N]
    return s._replace(v=maths.tanh(v), n=s.n + best), v


def branch(p, s, x):
    M, v = maths.cond(maths.total(x) > 0, lambda M, v: (M * 0.5, v + M[0]), s.M, maths.tanh(s.v))
    return s._replace(M=M + 1, v=v), v


def loop(p, s, x):
    drive = maths.matvec(p.V, x)

    def turn(carry):
        k, v = carry
        return k + 1, v + (maths.tanh(maths.matvec(p.W, v) + drive) - v) / (k + 2)

    _, v = maths.repeat(4, turn, (x[0] * 0, s.v))
    return s._replace(v=v), v


def elementary(p, s, x):
    drive = maths.matvec(p.V, x)
    v = maths.exp(-np.abs(drive)) + maths.log(1.5 + s.v * s.v) * maths.softplus(drive)
    return s._replace(v=np.sqrt(np.abs(v)) - 1), v


def triangle(p, s, x):
    T = maths.sym_rank_one(s.M.reshape(-1)[: N * (N + 1) // 2], s.v, -0.1, 1.01)
    y = maths.sym_matvec(T, s.v)
    return s._replace(v=maths.tanh(y + maths.matvec(p.V, x))), y


STEPS = {
    f.__name__: f
    for f in (
        dense, sparse, backwards, norms, fast_weights, attention, rows, spikes, ring, looked_up,
        branch, loop, elementary, triangle,
    )
}  # fmt: skip


def made(kind, dtype):
    """Return a node, its params and its first state."""
    node = Small(kind=kind)
    dtype = np.dtype(dtype)
    params = cast(node.init(np.random.default_rng(0), 3, N), dtype)
    return node, params, cast(node.start(N), dtype)


def drawn(n_steps, dtype, seed=1):
    """Return one series of three inputs."""
    return np.random.default_rng(seed).standard_normal((n_steps, 3)).astype(dtype)


def digests():
    """Yield name and digest of what nodes give out, some of them in batches and in float32 too."""
    for kind in STEPS:
        node, params, state = made(kind, np.float64)
        after, ys = prepared(node, params).run(state, drawn(30, np.float64))
        yield kind, digest([ys, *(leaf for _, leaf in leaves(after))])
    for kind in ("dense", "sparse", "norms"):
        node, params, state = made(kind, np.float32)
        ready, xs = prepared(node, params), drawn(30, np.float32)
        yield f"{kind} float32", digest(ready.run(state, xs)[1:])
        yield f"{kind} in a batch", digest(ready.run_many([state] * 8, [xs] * 8)[1])


def digest(arrays):
    """Return a digest of the bits of arrays."""
    return hashlib.sha256(b"".join(np.ascontiguousarray(a).tobytes() for a in arrays)).hexdigest()


if __name__ == "__main__":
    for name, bits in digests():
        print(name, bits)
