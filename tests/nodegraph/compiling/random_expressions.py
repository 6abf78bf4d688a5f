"""Expressions of many kinds, of which random steps are put together."""

import numpy as np

from nodegraph import maths as m


class Draft:
    """What a step in the making has to draw from."""

    def __init__(self, p, s, x, draw):
        self.p, self.draw = p, draw
        self.vectors = [s.a, s.b, m.matvec(p.U, x)]
        self.matrices = [s.M, p.W]
        self.ring, self.M, self.count = s.ring, s.M, s.count
        self.n, self.r = len(s.a), len(s.ring)

    def vector(self):
        return self.vectors[self.below(len(self.vectors))]

    def matrix(self):
        return self.matrices[self.below(len(self.matrices))]

    def number(self):
        return float(np.round(self.draw.uniform(-1, 1), 3))

    def below(self, n):
        return int(self.draw.integers(n))

    def often(self, share=0.5):
        return self.draw.random() < share


def held(v):
    return np.clip(v, -3, 3)


KINDS = []
kind = KINDS.append


@kind
def weighted_sum(d, v, w):
    return v + d.number() * w


@kind
def gate(d, v, w):
    return m.tanh(v) * w


@kind
def choice(d, v, w):
    return np.where(v > w, v, d.number())


@kind
def product(d, v, w):
    return m.matvec(d.p.W, v)


@kind
def there_and_back(d, v, w):
    return m.vecmat(m.matvec(d.p.V, v), d.p.V)


@kind
def turned_and_looked_up(d, v, w):
    return v[::-1] * 0.5 + w[d.p.places]


@kind
def joined(d, v, w):
    h = 1 + d.below(d.n - 1)
    return np.concatenate([v[h:], w[:h]])


@kind
def normed(d, v, w):
    return v / (1 + m.norm(w))


@kind
def soft(d, v, w):
    return m.softmax(v)


@kind
def matrix_moves(d, v, w):
    d.M = d.M * d.number() + m.outer(v, m.matvec(d.p.V, w)) * 0.1
    d.matrices.append(d.M)
    return m.total(d.M, axis=1)


@kind
def ring_written(d, v, w):
    d.ring = d.ring.copy()
    d.ring[d.count % d.r] = v
    return d.ring[(d.count - 1) % d.r]


@kind
def ring_looked_up(d, v, w):
    return d.ring[(d.count + d.p.places) % d.r, np.arange(d.n)]


@kind
def branch(d, v, w):
    return m.cond(m.total(v) > d.number(), lambda q: m.tanh(q) + w, v)


@kind
def one_written(d, v, w):
    new = v.copy()
    new[d.below(d.n)] = d.number()
    return new


@kind
def slice_written(d, v, w):
    new, h = v.copy(), 1 + d.below(d.n - 1)
    new[:h] = w[:h] * 2
    return new


@kind
def row_or_column(d, v, w):
    Q = d.matrix()
    return Q.T[0] if Q.shape[1] == d.n else Q[:, d.below(Q.shape[1])]


@kind
def ring_summed(d, v, w):
    d.ring = d.ring * d.number()
    return m.total(d.ring, axis=0)


@kind
def extremes(d, v, w):
    return np.maximum(v, w) - v.max() * 0.1


@kind
def loop(d, v, w):
    a, times, Q = d.number(), d.below(4), d.p.W
    return m.repeat(times, lambda u: held(m.tanh(m.matvec(Q, u)) + a * w + v), v)


@kind
def loop_of_two(d, v, w):
    back = d.often()

    def turn(c):
        return (c[1][::-1] if back else c[1]), held(c[0] * 0.5 + c[1] + w)

    new, other = m.repeat(1 + d.below(4), turn, (v, w))
    d.vectors.append(held(other))
    return new


@kind
def loop_over_ring(d, v, w):
    def turn(c):
        ring, u, i = c
        ring = ring.copy()
        ring[i % d.r] = m.tanh(ring[(i + 1) % d.r] + u)
        return ring, u * 0.5 + ring[(i + 2) % d.r], i + 1

    d.ring, new, _ = m.repeat(1 + d.below(5), turn, (d.ring, v, d.count))
    return new


@kind
def loops_in_loops(d, v, w):
    a = d.number()

    def turn(c):
        u, Q = c
        u = m.cond(m.total(u) > a, lambda u: m.repeat(2, lambda u: u * 0.5 + w, u), u)
        inner = m.repeat(2, lambda q: m.tanh(q + m.matvec(Q, m.matvec(d.p.V, q))), u)
        return held(inner), Q * 0.9

    new, d.M = m.repeat(1 + d.below(3), turn, (v, d.M))
    return new


@kind
def loop_in_branch(d, v, w):
    a = d.number()
    return m.cond(m.total(v) > a, lambda q: m.repeat(3, lambda q: m.tanh(q + w), q), v)


@kind
def rolled_and_accumulated(d, v, w):
    return np.roll(v, d.below(7) - 3) + np.cumsum(w) * 0.1


@kind
def winner(d, v, w):
    return np.where(np.arange(d.n) == np.argmax(v), v, w) + np.argmin(w)


@kind
def in_order(d, v, w):
    return np.sort(v) if d.often() else w[np.argsort(v, kind="stable")]


@kind
def masked(d, v, w):
    new = v.copy()
    if d.often():
        new[new > d.number()] = d.number()
    else:
        new[w > 0] *= d.number()
    return new


@kind
def views_of_a_copy(d, v, w):
    Q = d.p.W.copy()
    row, turned = Q[0], Q.T
    row += v
    Q[1] *= d.number()
    Q[:, 0] = w
    return row + turned[1] + m.matvec(Q, v)


@kind
def stacked(d, v, w):
    rows = m.total(np.stack([v, w, v * w]), axis=0)
    return m.matvec(d.p.W, rows) - np.max(np.abs(v)) + np.diff(np.append(w, 0.5))


@kind
def triangles(d, v, w):
    T = m.sym_eye(3, len(v)).astype(v.dtype) * (2 + v[0])
    T = m.sym_rank_one(T, np.stack([v, w, v + w], axis=1), w, 0.5)
    return m.total(m.sym_matvec(T, np.stack([w, v, w], axis=1)), axis=1)


@kind
def changed_in_place(d, v, w):
    new = v.copy()
    new -= w
    new[1:] += new[:-1] * d.number()
    return np.tile(new, 2)[1 : d.n + 1]


@kind
def reshaped(d, v, w):
    return (v.reshape(1, -1) * np.ones((2, 1), v.dtype)).reshape(-1)[: d.n]


@kind
def written_in_branch(d, v, w):
    i, Q = d.below(d.n), d.M

    def change(Q):
        Q = Q.copy()
        Q[i] = Q[0] * 0.5 + v[i]
        return Q

    d.M = m.cond(w[0] > d.number(), change, Q)
    return v + m.total(Q, axis=1) - m.total(d.M, axis=1)


@kind
def shift_register(d, v, w):
    last = d.ring[-1]
    d.ring = np.concatenate([v[None], d.ring[:-1]])
    return last * 0.5 + d.ring[0]


@kind
def whole_numbers(d, v, w):
    i = (np.floor(v * 4).astype(int) // 3 + d.p.places) % d.n
    return w[i] + (i & 1) * 0.5


@kind
def column_written(d, v, w):
    Q, j = d.M.copy(), d.below(d.M.shape[1])
    Q[:, j] += w
    Q[d.count % d.n, j] = v[0]
    d.M = held(Q)
    return Q[::-1, j] + m.vecmat(w, Q)[j]


@kind
def kept_axis(d, v, w):
    Q = d.matrix()
    return m.total(Q - m.mean(Q, axis=1, keepdims=True) * v[:, None], axis=1)


@kind
def turned_write(d, v, w):
    new = v.copy()
    new[::-1][: d.n // 2] = w[d.n - d.n // 2 :]
    new[::2] -= 0.25
    return new


@kind
def scattered(d, v, w):
    new = v.copy()
    new[np.arange(d.n)[::-1]] = w * d.number()
    return new


@kind
def any_and_all(d, v, w):
    return np.where((v > 0).any() & ~(w > 1).all(), v, w) * (v != w).sum() / d.n
