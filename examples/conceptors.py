"""Conceptors: patterns that are morphed in one reservoir, and tasks that are not forgotten.

Above: two sines are learned, then a share moves from the one to the other while the reservoir runs
alone. Below: one readout learns six patterns one after the other, from the data of each alone. What
is new is learned either from all directions of the states, or from those that the conceptors of the
tasks before leave free (H. Jaeger, J. Machine Learning Research 18, 2017).
"""

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import nodegraph as ng
from nodegraph import delay
from nodes import Conceptor, Input, Reservoir, Ridge
from nodes.parts.conceptors import conceptor, disjunction, negation

UNITS, STEPS, WARMUP, TASKS = 100, 700, 200, 6


def sines():
    """Return a model that holds sines of 12 and of 8 steps."""
    rng, t = np.random.default_rng(2), np.arange(STEPS + 1)
    W = rng.standard_normal((UNITS, UNITS)) * (rng.random((UNITS, UNITS)) < 0.1)
    W *= 1.5 / abs(np.linalg.eigvals(W)).max()
    r = Reservoir(W=0 * W, W_fb=W, input_scaling=1.5, bias_scaling=0.2, input_connectivity=1.0)
    c, out = Conceptor(patterns=2, aperture=10.0), Ridge(ridge=1e-4, name="out")
    graph = (Input(name="u") >> r >> c >> out) & (c >> delay(1) >> r["feedback"])
    model = ng.Model(graph & (Input(name="active") >> c["active"]), seed=3)
    waves = [np.sin(2 * np.pi * t / period)[:, None] for period in (12.3, 8.2)]
    active = [np.tile(np.eye(2)[j], (STEPS, 1)) for j in range(2)]
    data = {"u": [wave[:-1] for wave in waves], "active": active}
    return model.fit(data, [wave[1:] for wave in waves], warmup=WARMUP), waves[0]


def morphed(share):
    """Return what the reservoir gives alone, `share` of the second sine in it at each step."""
    model, wave = sines()
    active = np.stack([1 - share, share], axis=1)
    prompt = {"u": wave[:100], "active": np.tile([1.0, 0.0], (100, 1))}
    y = model.reset().generate(len(share), prompt=prompt, x={"active": active}, loop={"u": "out"})
    return y[:, 0]


def tasks():
    """Return the states of a reservoir under six periodic patterns, and what comes next in each."""
    rng = np.random.default_rng(0)
    waves = [np.resize(rng.uniform(-1, 1, 3 + k), STEPS + 1)[:, None] for k in range(TASKS)]
    pool = Reservoir(units=UNITS, spectral_radius=1.2, input_scaling=1.0, bias_scaling=0.3)
    model = ng.Model(Input() >> pool, seed=1)
    states = [model.reset().run(wave[:-1])[WARMUP:] for wave in waves]
    return states, [wave[1 + WARMUP :] for wave in waves]


def one_after_the_other(protected):
    """Return the error at each task (columns) after each was learned (rows)."""
    states, targets = tasks()
    W_out, used, errors = np.zeros((1, UNITS)), np.zeros((UNITS, UNITS)), []
    for x, y in zip(states, targets, strict=True):
        free = negation(used) if protected else np.eye(UNITS)
        more = ng.Model(Input() >> Ridge(ridge=1e-6, fit_bias=False, name="more"))
        more.fit(x @ free, y - x @ W_out.T)
        W_out = W_out + more.params["more"].W_out @ free
        used = disjunction(used, conceptor(x.T @ x / len(x), aperture=10.0))
        pairs = zip(states, targets, strict=True)
        errors.append([ng.metrics.nrmse(truth, seen @ W_out.T) for seen, truth in pairs])
    return np.array(errors)


share = np.clip((np.arange(400) - 100) / 200, 0, 1)
y = morphed(share)
crossings = np.flatnonzero((y[:-1] < 0) & (y[1:] >= 0))
periods = [np.diff(crossings[part]).mean() for part in (crossings < 100, crossings > 300)]
forgets, keeps = (one_after_the_other(protected) for protected in (False, True))

figure, (above, below) = plt.subplots(2, layout="constrained")
above.plot(y, lw=0.8, label="reservoir alone")
above.plot(share, label="share of the second sine")
above.legend(loc="lower left")
below.semilogy([row[: i + 1].max() for i, row in enumerate(forgets)], "o-", label="without")
below.semilogy([row[: i + 1].max() for i, row in enumerate(keeps)], "o-", label="with conceptors")
below.set(xlabel="tasks learned before", ylabel="NRMSE, worst so far")
below.legend()
picture = Path(tempfile.gettempdir(), "conceptors.png")
figure.savefig(picture)

kept = forgets[-1, :-1].mean() / keeps[-1, :-1].mean()
print(f"Alone it swings in {periods[0]:.1f} steps, then in {periods[1]:.1f}.")
print(
    f"After {TASKS} tasks the error at the first {TASKS - 1} is {forgets[-1, :-1].mean():.2g} "
    f"without conceptors, {keeps[-1, :-1].mean():.2g} with them; {picture}"
)
