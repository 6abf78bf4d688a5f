"""Systems as strangers write them, in plain numpy, that compile."""

import numpy as np
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
def convolution(self, p, s, x):
    """Over the last 6 rows."""
    M = np.concatenate([s.M[1:], [p.U @ x]])
    y = (p.W[:, :, None] * M[:, None, :]).sum(axis=(0, 1)) + np.einsum("ij,ij->j", p.W, M)
    return s._replace(M=M), y


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
def ridge_by_normal_equations(self, p, s, x):
    A = s.M.T @ s.M + 0.5 * np.eye(N)
    w = np.linalg.solve(A, s.M.T @ (p.U @ x))
    return s._replace(v=w), s.M @ w


@compiles
def homeostasis(self, p, s, x):
    rate = 0.9 * s.v + 0.1 * np.maximum(p.U @ x, 0) ** 1.5
    gain = np.where(rate > 0.2, 0.99, np.where(rate < 0.05, 1.01, 1.0))
    M = s.M * gain[:, np.newaxis]
    M -= np.diag(np.diag(M))
    return s._replace(v=rate, M=M), M.sum(0)
