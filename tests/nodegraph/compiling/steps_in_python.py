"""Steps as strangers write them that run through Python, with what is said; or are refused."""

import math
import random
import time

import numpy as np
import scipy.special
from strangers import GENERATOR, N, S, falls_back, is_refused


@falls_back("another library needs numbers")
def memory_read(self, p, s, x):
    key = p.U @ x
    sim = (s.M @ key) / (np.linalg.norm(s.M, axis=1) * np.linalg.norm(key) + 1e-8)
    w = scipy.special.softmax(5 * sim)
    return s, w @ s.M


@falls_back("two arrays")
def complex_numbers(self, p, s, x):
    z = s.v * np.exp(1j * 0.1) + p.U @ x
    return s._replace(v=z.real), z.real


@falls_back("where(condition, a, b)")
def python_if(self, p, s, x):
    v = p.W @ s.v + p.U @ x
    if v.sum() > 0:
        v = np.tanh(v)
    return s._replace(v=v), v * 1


@falls_back("leave it out")
def to_float(self, p, s, x):
    gain = float(x[0])
    return s, s.v * gain


@falls_back("np.stack")
def list_of_numbers(self, p, s, x):
    v = np.array([np.tanh(a) for a in p.U @ x])
    return s._replace(v=v), v * 1


@falls_back("write into a copy")
def writes_into_the_state(self, p, s, x):
    s.M[0] = p.U @ x
    return s, s.M[0] + 0


@falls_back("repeat(n, body, carry)")
def while_loop(self, p, s, x):
    v = p.U @ x
    while np.abs(v).max() > 1:
        v = v / 2
    return s._replace(v=v), v * 1


@falls_back("belongs into the state")
def attribute_kept(self, p, s, x):
    object.__setattr__(self, "last", p.U @ x)
    return s, self.last + s.v


@falls_back("np.maximum")
def python_max(self, p, s, x):
    y = s.v * max(x[0], 0.0)
    return s, y


@falls_back("port noise")
def random_outside(self, p, s, x):
    return s, s.v + GENERATOR.standard_normal(N) * x[0]


@falls_back("port noise")
def random_global(self, p, s, x):
    return s, s.v + np.random.standard_normal(N) * x[0]  # noqa: NPY002


@falls_back("port noise")
def random_of_array(self, p, s, x):
    return s, np.random.normal(s.v, 1.0)  # noqa: NPY002


@falls_back("write into a copy")
def state_written_in_place(self, p, s, x):
    v = s.v
    v += p.U @ x
    return s._replace(v=v), v * 1.0


@falls_back("matrix of the transform")
def fourier(self, p, s, x):
    return s, np.abs(np.fft.fft(p.U @ x + s.v))


@falls_back("work it out in init")
def eigen(self, p, s, x):
    return s, np.linalg.eigvalsh(s.M + s.M.T) + s.v


@falls_back("its length is not known")
def nonzero(self, p, s, x):
    return s, s.v + len(np.nonzero(s.v > 0)[0])


@falls_back("look at ys there")
def np_interp(self, p, s, x):
    return s, np.interp(p.U @ x, [-1.0, 0.0, 1.0], [0.0, 0.2, 1.0])


@falls_back("write np.argsort")
def argpartition(self, p, s, x):
    best = np.argpartition(p.U @ x, 2)[:2]
    return s, s.v + best.max()


@falls_back("(edges < x).sum()")
def searchsorted(self, p, s, x):
    return s, s.v + np.searchsorted([-1.0, 0.0, 1.0], x[0])


@falls_back("for whole arrays")
def vectorised_function(self, p, s, x):
    return s, np.vectorize(lambda a: a if a > 0 else 0.0)(p.U @ x)


@falls_back("np.exp for math.exp")
def math_module(self, p, s, x):
    return s, s.v * math.exp(-abs(x[0]))


@falls_back(".astype(int)")
def caught_error(self, p, s, x):
    try:
        k = int(x[0] * 10)
    except Exception:
        k = 0
    return s, s.v + k


@falls_back("is a number already")
def asked_for_a_method(self, p, s, x):
    first = x[0].item() if hasattr(x[0], "item") else 0.0
    return s, s.v + first


@falls_back("the most often")
def range_of_a_counter(self, p, s, x):
    v = s.v
    for _ in range(int(s.k) % 3):
        v = v * 0.5
    return S(v, s.M, s.k + 1), v + 0


@falls_back("np.zeros_like")
def written_into_zeros(self, p, s, x):
    y = np.zeros(N)
    for i in range(N):
        y[i] = p.U[i] @ x
    return s, y


@falls_back("where(condition, a, b)")
def both_conditions(self, p, s, x):
    v = p.U @ x
    return s, v if v[0] > 0 and v[1] > 0 else v * 0.5


@falls_back("np.stack")
def sums_a_list(self, p, s, x):
    return s, np.sum([p.U @ x, s.v], axis=0)


@falls_back("belongs into the state")
def clock(self, p, s, x):
    return s, s.v + 0 * x[0] + time.perf_counter()


@falls_back("port noise")
def random_of_python(self, p, s, x):
    return s, s.v * x[0] + random.random()


@falls_back("belongs into the state")
def counter_on_self(self, p, s, x):
    object.__setattr__(self, "count", getattr(self, "count", 0) + 1)
    return s, s.v * x[0]


@falls_back("belongs into the state")
def memory_on_self(self, p, s, x):
    last = getattr(self, "last", np.zeros(N))
    object.__setattr__(self, "last", p.U @ x)
    return s, s.v + last


@falls_back("belongs into the state")
def list_on_self(self, p, s, x):
    past = getattr(self, "past", [])
    object.__setattr__(self, "past", [*past, p.U @ x])
    return s, s.v + sum(past)


@falls_back("port noise")
def shuffled(self, p, s, x):
    return s, np.random.permutation(p.U @ x)  # noqa: NPY002


@falls_back("write it out")
def clipped_in_place(self, p, s, x):
    v = p.U @ x
    np.clip(v, -1, 1, out=v)
    return s, v


@falls_back(".astype(int)")
def numbers_that_overflow(self, p, s, x):
    spikes = (p.U @ x > 0).astype(np.uint8)
    return s, (spikes * np.uint8(200) + spikes * np.uint8(200)).astype(float)


@falls_back("sine and cosine")
def complex_phase(self, p, s, x):
    return s, np.arctan2(p.U @ x, s.v)


@is_refused("another kind of v")
def shape_changes(self, p, s, x):
    return s._replace(v=np.append(s.v, 1.0)), p.U @ x


@is_refused("y.astype(x.dtype)")
def float32_mix(self, p, s, x):
    y = (p.U @ x).astype(np.float32)
    return s, y


@is_refused("y.astype(x.dtype)")
def output_of_whole_numbers(self, p, s, x):
    return s, (p.U @ x > 0).astype(int)


@is_refused("expected one axis")
def output_with_two_axes(self, p, s, x):
    return s, s.M


@is_refused("expected an array")
def output_as_a_list(self, p, s, x):
    return s, [x[0]] * N


@falls_back("keep the array in Params")
def place_in_a_plain_array(self, p, s, x):
    return s, np.eye(N)[np.argmax(p.U @ x)]


@falls_back("np.zeros_like")
def writes_behind_another_statement(self, p, s, x):
    y = np.zeros(N); y[0] = x[0]  # fmt: skip  # noqa: E702
    return s, y
