"""Steps as strangers write them, in plain numpy, that compile."""

import numpy as np
import scipy.special
from strangers import N, S, compiles


@compiles
def gru(self, p, s, x):
    drive = p.U @ x
    z = 1 / (1 + np.exp(-(drive + p.W @ s.v)))
    r = 1 / (1 + np.exp(-(drive - p.W @ s.v)))
    h = np.tanh(drive + p.W @ (r * s.v))
    v = (1 - z) * s.v + z * h
    return s._replace(v=v), v


@compiles
def attention(self, p, s, x):
    M = np.roll(s.M, 1, axis=0)
    M[0] = p.U @ x
    q, K, V = p.W @ M[0], M @ p.W.T, M
    a = K @ q / np.sqrt(len(q))
    a = np.exp(a - a.max())
    a /= a.sum()
    y = a @ V
    return s._replace(M=M), y


@compiles
def hopfield(self, p, s, x):
    v = s.v
    for _ in range(5):
        v = np.sign(p.W @ v + 0.1 * (p.U @ x))
    return s._replace(v=v), v


@compiles
def kalman(self, p, s, x):
    """With one measurement after the other: no inverse."""
    m, P = p.W @ s.v, p.W @ (s.M @ s.M.T) @ p.W.T + 0.1 * np.eye(N)
    for i in range(len(x)):
        h = p.U[:, i]
        Ph = P @ h
        gain = Ph / (h @ Ph + 0.5)
        m = m + gain * (x[i] - h @ m)
        P = P - np.outer(gain, Ph)
    M = np.clip(P, -5, 5)
    return s._replace(v=m, M=M), m


@compiles
def kalman_inverse(self, p, s, x):
    m, P = p.W @ s.v, np.eye(N) + s.M @ s.M.T
    H = p.U.T
    gain = P @ H.T @ np.linalg.inv(H @ P @ H.T + np.eye(len(x)))
    m = m + gain @ (x - H @ m)
    return s._replace(v=m), m


@compiles
def solve_small(self, p, s, x):
    A = np.eye(N) * 3 + 0.1 * s.M
    v = np.linalg.solve(A, p.U @ x + s.v)
    return s._replace(v=v), v


@compiles
def k_winners(self, p, s, x):
    a = p.W @ s.v + p.U @ x
    cut = np.sort(a)[-3]
    v = np.where(a >= cut, a, 0)
    return s._replace(v=v), v


@compiles
def winner(self, p, s, x):
    a = p.W @ s.v + p.U @ x
    i = np.argmax(a)
    v = np.zeros_like(a)
    v[i] = 1
    return s._replace(v=v + 0.1 * a), v


@compiles
def spikes_with_counters(self, p, s, x):
    rest = s.k - 1
    volts = s.v * 0.9 + p.U @ x
    spikes = (volts > 1) & (rest <= 0)
    volts = np.where(spikes, 0, volts)
    k = np.where(spikes.any(), 3, np.maximum(rest, 0))
    return S(volts, s.M, k), spikes.astype(x.dtype)


@compiles
def delay_line(self, p, s, x):
    M, n = s.M.copy(), len(s.M)
    M[s.k % n] = p.U @ x
    y = M[(s.k + 1) % n]
    return S(s.v, M, s.k + 1), y + 0


@compiles
def fast_weights(self, p, s, x):
    v = np.tanh(p.W @ s.v + p.U @ x + s.M @ s.v)
    M = 0.95 * s.M + 0.05 * np.outer(v, v)
    return s._replace(v=v, M=M), v


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
def convolution(self, p, s, x):
    """Over the last 6 rows."""
    M = np.concatenate([s.M[1:], [p.U @ x]])
    y = (p.W[:, :, None] * M[:, None, :]).sum(axis=(0, 1)) + np.einsum("ij,ij->j", p.W, M)
    return s._replace(M=M), y


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
def softmax_over_heads(self, p, s, x):
    M = np.concatenate([s.M[1:], (p.U @ x)[None]])
    Q, K = (p.W @ M[-1]).reshape(2, 3), (M @ p.W.T).reshape(N, 2, 3)
    scores = np.einsum("hd,thd->ht", Q, K) / np.sqrt(3)
    scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = scores / scores.sum(axis=-1, keepdims=True)
    y = np.einsum("ht,thd->hd", weights, M.reshape(N, 2, 3)).reshape(-1)
    return s._replace(M=M), y


@compiles
def stdp(self, p, s, x):
    volts = 0.9 * s.v + p.U @ x
    fired = volts > 0.5
    before = 0.95 * s.M[0] + fired
    M = s.M.copy()
    M[0] = before
    M[1:][:, fired.sum() % N] += 0.01
    M[1:] += 0.05 * np.outer(fired[1:], before) - 0.02 * np.outer(before[1:], fired)
    np.clip(M, -2, 2)
    return S(np.where(fired, 0.0, volts), np.clip(M, -2, 2), s.k), M[1:].sum(axis=0)


@compiles
def spike_counter(self, p, s, x):
    v = s.v + p.U @ x
    spikes = v > 1
    v[spikes] -= 1
    k = s.k + np.count_nonzero(spikes)
    return S(v, s.M, k), spikes * (k / (1 + k))


@compiles
def lstm_by_split(self, p, s, x):
    gates = np.concatenate([p.W @ s.v + p.U @ x, s.M @ s.v])
    i, f, o, g = np.split(gates, 4)
    c = 1 / (1 + np.exp(-f)) * s.v[:3] + 1 / (1 + np.exp(-i)) * np.tanh(g)
    h = 1 / (1 + np.exp(-o)) * np.tanh(c)
    return s._replace(v=np.concatenate([c, h])), np.hstack((h, c))


@compiles
def runge_kutta(self, p, s, x):
    def flow(v):
        return -v + np.tanh(p.W @ v + p.U @ x)

    h = 0.1
    a = flow(s.v)
    b = flow(s.v + h / 2 * a)
    c = flow(s.v + h / 2 * b)
    d = flow(s.v + h * c)
    v = s.v + h / 6 * (a + 2 * b + 2 * c + d)
    return s._replace(v=v), v + 0


@compiles
def kuramoto(self, p, s, x):
    pull = np.sin(s.v[None, :] - s.v[:, None]).mean(axis=1)
    v = np.mod(s.v + 0.1 * (1 + pull + p.U @ x), 2 * np.pi)
    return s._replace(v=v), np.cos(v)


@compiles
def layer_norm(self, p, s, x):
    a = p.W @ s.v + p.U @ x
    y = (a - a.mean()) / np.sqrt(a.var() + 1e-5)
    return s._replace(v=np.maximum(y, 0.1 * y)), y


@compiles
def self_organising_map(self, p, s, x):
    here = p.U @ x
    i = ((s.M - here) ** 2).sum(axis=1).argmin()
    near = np.exp(-((np.arange(N) - i) ** 2) / 2)
    M = s.M + 0.1 * near[:, None] * (here - s.M)
    M[i] += 0.05 * (here - M[i])
    return s._replace(M=M), near + M[i, 0]


@compiles
def delta_rule_in_the_state(self, p, s, x):
    guess = s.M @ s.v
    error = p.U @ x - guess
    M = s.M + 0.05 * np.outer(error, s.v) / (1e-3 + s.v @ s.v)
    return s._replace(M=M, v=np.tanh(p.U @ x)), error


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
def ridge_by_normal_equations(self, p, s, x):
    A = s.M.T @ s.M + 0.5 * np.eye(N)
    w = np.linalg.solve(A, s.M.T @ (p.U @ x))
    return s._replace(v=w), s.M @ w


@compiles
def known_mask(self, p, s, x):
    even = np.arange(N) % 2 == 0
    v = p.W @ s.v + p.U @ x
    v[even] = np.tanh(v[even])
    v[~even] *= 0.5
    return s._replace(v=v), np.concatenate([v[even], v[~even]])


@compiles
def homeostasis(self, p, s, x):
    rate = 0.9 * s.v + 0.1 * np.maximum(p.U @ x, 0) ** 1.5
    gain = np.where(rate > 0.2, 0.99, np.where(rate < 0.05, 1.01, 1.0))
    M = s.M * gain[:, np.newaxis]
    M -= np.diag(np.diag(M))
    return s._replace(v=rate, M=M), M.sum(0)


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
