"""What strangers do with arrays, in plain numpy, that compiles."""

import numpy as np
import scipy.special
from strangers import N, S, compiles


@compiles
def solve_small(self, p, s, x):
    A = np.eye(N) * 3 + 0.1 * s.M
    v = np.linalg.solve(A, p.U @ x + s.v)
    return s._replace(v=v), v


@compiles
def polynomial_features(self, p, s, x):
    i, j = np.triu_indices(len(x))
    f = np.concatenate([[1.0], x, x[i] * x[j], x**3])
    v = np.resize(f, N) * 0.1 + 0.5 * s.v
    return s._replace(v=v), v


@compiles
def moving_statistics(self, p, s, x):
    M = np.vstack([s.M[1:], (p.U @ x)[None]])
    y = (M[-1] - M.mean(axis=0)) / (M.std(axis=0) + 1e-6)
    return s._replace(M=M), y


@compiles
def running_variance(self, p, s, x):
    k = s.k + 1
    d = p.U @ x - s.v
    v = s.v + d / k
    M = s.M.copy()
    M[0] += d * (p.U @ x - v)
    return S(v, M, k), np.sqrt(np.abs(M[0]) / k)


@compiles
def quantiser(self, p, s, x):
    y = np.round((p.U @ x + s.v) * 8) / 8
    return s._replace(v=p.U @ x + s.v - y), y


@compiles
def cumulative_sum(self, p, s, x):
    y = np.cumsum(p.U @ x) + s.v
    return s._replace(v=0.5 * y), y


@compiles
def mask(self, p, s, x):
    v = p.W @ s.v + p.U @ x
    v[v < 0] = 0
    return s._replace(v=v), v.copy()


@compiles
def mask_read(self, p, s, x):
    v = p.W @ s.v + p.U @ x
    y = v * 0 + v[v > 0].sum()
    return s._replace(v=v), y


@compiles
def rolled(self, p, s, x):
    v = np.roll(s.v, 1) + 0.1 * (p.U @ x)
    v[0] = x[0]
    return s._replace(v=v), v * 1


@compiles
def einsum_bilinear(self, p, s, x):
    y = np.einsum("ij,jk,k->i", p.W, s.M, p.U @ x) + np.einsum("i,ij,j->", s.v, p.W, s.v)
    return s._replace(v=np.tanh(y)), y


@compiles
def random_inside(self, p, s, x):
    v = s.v + np.random.default_rng(0).standard_normal(len(s.v)) * x[0]
    return s._replace(v=np.tanh(v)), v


@compiles
def in_place_out(self, p, s, x):
    v = s.v.copy()
    np.add(v, p.U @ x, out=v)
    v *= 0.5
    return s._replace(v=v), v * 1


@compiles
def growing_shape(self, p, s, x):
    v = np.append(s.v, x)[-N:]
    return s._replace(v=v), v * 1


@compiles
def scipy_call(self, p, s, x):
    v = scipy.special.expit(p.U @ x + s.v)
    return s._replace(v=v), v * 1


@compiles
def minmax_and_ptp(self, p, s, x):
    a = p.U @ x + s.v
    y = (a - np.min(a)) / (np.ptp(a) + 1e-6) + np.median(a)
    return s._replace(v=0.1 * y), y


@compiles
def products_and_differences(self, p, s, x):
    a = p.U @ x
    y = np.prod(1 + 0.1 * a) + np.diff(np.append(a, 0.0)) + np.var(a)
    return s, y + np.hypot(a, 1) + np.sinh(0.1 * a)


@compiles
def isclose_and_nan(self, p, s, x):
    y = np.nan_to_num(p.U @ x) + np.where(np.isclose(s.v, 0), 1.0, 0.0)
    return s, y


@compiles
def tensor_products(self, p, s, x):
    T = np.stack([p.W, s.M])  # (2, 6, 6)
    y = (T @ (p.U @ x)).sum(axis=0) + np.tensordot(T, s.v, axes=([2], [0]))[0]
    return s, y + np.inner(p.W, s.v) + np.vdot(s.v, s.v)


@compiles
def dictionary(self, p, s, x):
    parts = {"a": p.W @ s.v, "b": p.U @ x}
    y = sum(parts.values()) + max(abs(v) for v in [0.1, 0.2])
    return s._replace(v=np.tanh(y)), y


@compiles
def for_rows(self, p, s, x):
    y = np.zeros(N)
    for row in p.W:
        y += row * np.maximum(row @ s.v, 0)
    return s._replace(v=np.tanh(y + p.U @ x)), y


@compiles
def views_see_writes(self, p, s, x):
    M = s.M.copy()
    row, turned = M[1], M.T
    row += p.U @ x
    M[2] *= 0.5
    M[0] = row
    M[:2, 1] += 1
    a = p.W @ s.v
    b = a
    b += 1
    return s._replace(v=np.tanh(a), M=np.clip(M, -3, 3)), row + turned[1] + a


@compiles
def one_hot_and_counts(self, p, s, x):
    k = (s.k + (x > 0).sum()) % N
    hot = (np.arange(N) == k).astype(float)
    order = np.argsort(p.U @ x)
    y = hot[order] + np.cumsum(hot) + (order == k) + np.argmin(s.v) + np.sort(-s.v)
    return s._replace(v=0.5 * y, k=k), y


@compiles
def medians_of_a_window(self, p, s, x):
    M = np.vstack([s.M[1:], p.U @ x])
    middle, first = np.median(M, axis=0), np.argsort(M, axis=0, kind="stable")[0]
    return s._replace(M=M), middle + np.sort(M, axis=1)[:, -1] + first


@compiles
def top_k_places(self, p, s, x):
    a = p.W @ s.v + p.U @ x
    best = np.argsort(-np.abs(a))[:3]
    v = np.zeros_like(a)
    v[best] = a[best]
    v[best[0]] *= 2
    return s._replace(v=v), v + best[0]


@compiles
def percentile_clip(self, p, s, x):
    a = p.W @ s.v + p.U @ x
    low, high = np.percentile(a, [10, 90])
    v = np.clip(a, low, high)
    return s._replace(v=v), v / (high - low)


@compiles
def nan_guard(self, p, s, x):
    v = np.log(s.v) + p.U @ x
    v[np.isnan(v)] = 0
    v[~np.isfinite(v)] = -1
    return s._replace(v=np.abs(v) / 2), v


@compiles
def known_mask(self, p, s, x):
    even = np.arange(N) % 2 == 0
    v = p.W @ s.v + p.U @ x
    v[even] = np.tanh(v[even])
    v[~even] *= 0.5
    return s._replace(v=v), np.concatenate([v[even], v[~even]])


@compiles
def counts_in_bins(self, p, s, x):
    edges = np.linspace(-2, 2, N)
    counts = (edges <= (p.U @ x)[:, None]).sum(axis=0)
    k = (s.k + counts.argmax()) % 7
    return s._replace(k=k), counts / N + k


@compiles
def schedule_by_a_counter(self, p, s, x):
    rate = 1.0 / (1 + s.k // 3)
    v = (1 - rate) * s.v + rate * (p.U @ x)
    v = np.where(s.k % 4 == 3, v[::-1], v)
    return S(v, s.M, s.k + 1), v


@compiles
def constant_changed_between(self, p, s, x):
    gain = np.ones(N)
    a = gain * x[0]
    gain[2] = 5.0
    return s, a + gain * s.v


@compiles
def inverse_of_bits(self, p, s, x):
    k = ~s.k & 7
    return s._replace(k=k), s.v * k


@compiles
def logs_and_angles(self, p, s, x):
    a = np.abs(p.U @ x) * 1e-12
    return s, np.log1p(a) * 1e12 + np.floor(np.log10(1000.0 + 0 * a)) + np.sinh(a + 800)


@compiles
def matrix_transposed_and_reshaped(self, p, s, x):
    M = s.M.T.reshape(3, 12).ravel().reshape(N, N) + x[0]
    return s._replace(M=M * 0.5), M[0]


@compiles
def state_reshaped(self, p, s, x):
    M = np.roll(s.M, 5).reshape(4, 9).T.reshape(N, N)
    return s._replace(M=M), M[:, 1] + x[0]
