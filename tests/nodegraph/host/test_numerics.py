import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.errors import FieldError
from nodegraph.host import numerics
from nodes import RLS, Input, Lasso, Reservoir, Ridge, TaughtAttention, TaughtLayer
from nodes.rules.least_squares import LeastSquares

ROOT = Path(__file__).parents[3]
MODES = ["exact", "portable", "fast"]
X = np.random.default_rng(0).normal(size=(700, 2))
Y = np.tanh(np.roll(X[:, :1], 2, axis=0) + X[:, 1:])

# Weights are given, since drawn ones are scaled by an eigenvalue that LAPACK finds.
PORTABLE = """
import hashlib, numpy as np, nodegraph as ng
from nodes import Input, Reservoir, Ridge, RLS
rng = np.random.default_rng(0)
W, W_in = rng.uniform(-0.2, 0.2, (40, 40)), rng.uniform(-1, 1, (40, 2))
x = rng.uniform(-1, 1, (600, 2))
r, out = Reservoir(name="r", W=W, W_in=W_in, leak_rate=0.3), Ridge(name="out", ridge=1e-6)
model = ng.Model((Input() >> r >> out) & (r << out), numerics="portable")
model.fit(x, np.roll(x, 1, axis=0))
few = ng.Model(Input() >> r >> out, numerics="portable").fit(x[:30], x[:30])
triangle = Ridge(name="out", ridge=[1e-22, 1e-9], solver="qr")
exact = ng.Model(Input() >> r >> triangle, numerics="portable")
exact.fit(x, np.roll(x, 1, axis=0))
online = ng.Model(Input() >> r >> RLS(name="out"), numerics="portable")
parts = [model.params["out"].W_out, model.params["out"].bias, model.run(x), model.generate(20)]
parts += [few.params["out"].W_out, online.partial_fit(x, x), online.params["out"].W_out]
parts += [exact.params["out"].W_out]
digest = hashlib.sha256()
for part in parts:
    digest.update(np.ascontiguousarray(part).tobytes())
print(digest.hexdigest())
"""


def graph():
    return Input() >> Reservoir(name="r", units=60, leak_rate=0.3) >> Ridge(name="out")


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_modes_agree_as_far_as_they_promise(dtype):
    found = [ng.Model(graph(), dtype=dtype, numerics=mode).fit(X, Y).run(X) for mode in MODES]
    for other in found[1:]:
        np.testing.assert_allclose(other, found[0], atol=1e-9 if dtype == "float64" else 1e-4)


@pytest.mark.parametrize(
    "readout",
    [
        Lasso(name="out", l1=1e-3, ridge=0.1),
        Ridge(name="out", ridge=0.1, intervals=(0.1, 0.9)),
        TaughtLayer(name="out", units=3, rounds=1),
        TaughtAttention(name="out", units=3, heads=1, keys=2, span=2, batch=5, window=5),
    ],
    ids=lambda readout: type(readout).__name__,
)
@pytest.mark.parametrize("rows", [25, 60])
def test_single_precision_learns_in_all_modes(readout, rows):
    pool = Reservoir(name="r", units=30)
    models = [
        ng.Model(Input() >> pool >> readout, dtype=dtype, numerics=mode).fit(X[:rows], Y[:rows])
        for mode, dtype in [("exact", "float64"), *((mode, "float32") for mode in MODES)]
    ]
    expected, *found = (model.reset().run(X[:rows]) for model in models)
    for other in found:
        assert other.dtype == np.float32
        np.testing.assert_allclose(other, expected, atol=2e-2 * np.abs(expected).max())


@pytest.mark.parametrize("mode", MODES)
def test_a_model_keeps_its_mode_in_workers_and_in_its_file(mode, tmp_path, monkeypatch):
    seen = set()
    gather = LeastSquares.gather

    def listening(self, *args):
        seen.add(numerics.numerics())
        return gather(self, *args)

    monkeypatch.setattr(LeastSquares, "gather", listening)
    series, targets = [X[:50]] * 40, [Y[:50]] * 40
    model = ng.Model(graph(), numerics=mode).fit(series, targets, workers=2)
    assert seen == {mode} and numerics.numerics() == "exact"
    model.save(tmp_path / "m.safetensors")
    assert ng.Model.load(tmp_path / "m.safetensors").numerics == mode


def test_in_the_portable_mode_no_blas_solves(monkeypatch):
    model = ng.Model(graph(), numerics="portable").fit(X, Y)
    assert model.report[0]["solver"] == "portable cholesky"
    exact = Input() >> Reservoir(name="r", units=60) >> Ridge(solver="qr")
    assert ng.Model(exact, numerics="portable").fit(X, Y).report[0]["solver"] == "portable qr"
    few = ng.Model(graph(), numerics="portable").fit(X[:40], Y[:40])
    assert few.report[0]["solver"] == "dual portable cholesky"


@pytest.mark.parametrize("mode", ["exact", "portable"])
def test_workers_and_chunks_do_not_show(mode):
    series = [X[:300], X[300:420], X[420:]] * 30
    targets = [Y[:300], Y[300:420], Y[420:]] * 30
    models = [
        ng.Model(graph(), numerics=mode).fit(series, targets, workers=workers) for workers in (1, 3)
    ]
    np.testing.assert_array_equal(*(model.params["out"].W_out for model in models))
    whole = ng.Model(graph(), numerics=mode).fit(X, Y)
    parts = ng.Model(graph(), numerics=mode)
    parts.fit(iter([(X[:33], Y[:33]), (X[33:], Y[33:])]))
    np.testing.assert_array_equal(whole.params["out"].W_out, parts.params["out"].W_out)


def test_an_unknown_mode_is_refused():
    with pytest.raises(FieldError, match="numerics: expected one of exact, portable, fast"):
        ng.Model(graph(), numerics="quick")


def test_portable_results_have_the_same_bits_on_an_old_processor():
    old = {
        "NODEGRAPH_CPU": "nehalem",
        "OPENBLAS_CORETYPE": "Nehalem",
        "NPY_DISABLE_CPU_FEATURES": "AVX2 FMA3 AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL "
        "AVX512_ICL AVX512_SPR",
    }
    prints = []
    for extra in ({}, old):
        env = {**os.environ, **extra, "PYTHONWARNINGS": "ignore"}
        done = subprocess.run(
            [sys.executable, "-c", PORTABLE], cwd=ROOT, env=env, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        prints.append(done.stdout.split()[-1])
    assert prints[0] == prints[1]


def test_online_learners_do_not_depend_on_the_mode():
    results = [
        ng.Model(Input() >> Reservoir(name="r", units=20) >> RLS(), numerics=mode).partial_fit(X, Y)
        for mode in MODES
    ]
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_array_equal(results[0], results[2])


@pytest.mark.parametrize("threads", [None, 1, 3])
def test_each_part_is_done_once_in_the_mode_of_who_asks(threads):
    done = []
    with numerics.using("portable"), numerics.lent_threads(threads):
        numerics.do_each(lambda part: done.append((part, numerics.numerics())), range(20))
    assert sorted(done) == [(part, "portable") for part in range(20)]


def test_threads_are_lent_to_this_one_alone_and_taken_back():
    names = []

    def name(_):
        names.append(threading.current_thread().name)

    with numerics.lent_threads(2):
        numerics.do_each(name, [0])
    numerics.do_each(name, [0])
    assert names[0] != names[1] == threading.current_thread().name


def test_errors_of_parts_arrive():
    with numerics.lent_threads(2), pytest.raises(ZeroDivisionError):
        numerics.do_each(lambda part: 1 / part, [1, 0])
