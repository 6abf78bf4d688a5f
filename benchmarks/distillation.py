"""How near the distilled features of "hedgehog" come to softmax, by their number."""

from __future__ import annotations

from typing import Any

import numpy as np

import nodegraph as ng
from benchmarks.tables import markdown
from nodegraph.arrays import Array
from nodes import Input, LinearAttention
from nodes.parts.feature_maps import features

__all__ = ["distilled", "keys", "main", "nearness"]

KEYS, STEPS, DRAWS = 16, 16_000, 20  # keys of a query, steps of learning, and tests of 40 queries


def keys(rng: np.random.Generator, n: int, d: int, spread: float) -> Array:
    """Return directions whose products, over sqrt(d), have this spread."""
    x = rng.standard_normal((n, d))
    return np.sqrt(spread * d) * x / np.linalg.norm(x, axis=1, keepdims=True)


def distilled(d: int, m: int, spread: float, steps: int = STEPS) -> Any:
    """Return the weights of `m` rows (d: those that begin as the identity) after `steps` steps."""
    rng, more = np.random.default_rng(2), {} if m == d else {"features": m}
    memory = LinearAttention(kernel="hedgehog", name="memory", **more)
    graph = (Input(name="q") >> memory) & (Input(name="k") >> memory["key"])
    model = ng.Model(graph & (Input(name="v") >> memory["value"]), seed=1)
    q, k = keys(rng, steps, d, spread), keys(rng, steps, d, spread)
    model.partial_fit({"q": q, "k": k, "v": k[:, :1]})
    return model.params["memory"]


def nearness(kernel: Any, of: Any, d: int, spread: float) -> tuple[float, float, float]:
    """Return softmax's mean entropy, that of features over it, and how they rise with q . k.

    The last is the rank correlation of the attention of a query with its products, on average.
    """
    rng, found = np.random.default_rng(3), []
    scale = d**-0.25 if kernel == "based" else 1.0
    for _ in range(DRAWS):
        q, k = keys(rng, 40, d, spread), keys(rng, KEYS, d, spread)
        scores = q @ k.T / np.sqrt(d)
        exact = np.exp(scores - scores.max(axis=1, keepdims=True))
        s = features(kernel, of, scale * q) @ features(kernel, of, scale * k).T
        p, a = (rows / rows.sum(axis=1, keepdims=True) for rows in (s, exact))
        pairs = zip(p, scores, strict=True)
        rises = [np.corrcoef(one.argsort().argsort(), other.argsort().argsort())[0, 1]
                 for one, other in pairs]  # fmt: skip
        found.append([-(r * np.log(r)).sum(axis=1).mean() for r in (a, p)] + [np.mean(rises)])
    exact, own, rises = np.mean(found, axis=0)
    return float(exact), float(own / exact), float(rises)


def main() -> str:
    """Return the table as Markdown."""
    rows = []
    for d, spread, sizes in (
        (4, 1.0, (4, 32)),
        (4, 2.25, (4, 32)),
        (16, 1.0, (16, 32, 64, 256)),
        (16, 1.5, (16, 64, 256, 1024)),
        (16, 2.25, (16, 64, 256, 1024)),
    ):
        kinds = [(f"hedgehog, W of ({m}, {d})", "hedgehog", distilled(d, m, spread)) for m in sizes]
        for what, kernel, of in [*kinds, ("based", "based", None), ("elu", "elu", None)]:
            exact, share, rises = nearness(kernel, of, d, spread)
            rows.append([d, spread, exact, what, share, rises])
    head = ["d", "spread of q . k / sqrt d", "softmax, nats", "features", "entropy", "rank"]
    return markdown("Entropy of attention to 16 keys, over that of softmax", head, rows)
