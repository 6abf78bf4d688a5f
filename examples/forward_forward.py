"""Tell digits apart with two layers that learn by goodness and never exchange a gradient."""

import numpy as np
from sklearn.datasets import load_digits

import nodegraph as ng
from nodes import Dense, Input
from nodes.rules import ForwardForward

EPOCHS, LEARNED, LABELS = 60, 1300, 10
rng = np.random.default_rng(0)
images, labels = load_digits(return_X_y=True)
order = rng.permutation(len(images))
images, labels = images[order] / 16, labels[order]
images -= images[:LEARNED].mean(axis=0)


def with_label(x, label):
    """Return images with a label each, one-hot behind the pixels."""
    return np.hstack([x, np.eye(LABELS)[label]])


def layer(name):
    """Return a layer that learns what is real from what is not."""
    rule = ForwardForward(rate=2e-3, batch=64)
    return Dense(units=200, activation="relu", normalise=True, rule=rule, name=name)


data, sign = Input(name="data"), Input(name="sign")
low, high = layer("low"), layer("high")
graph = (data >> low >> high) & (sign >> low["sign"]) & (sign >> high["sign"])
model = ng.Model(graph, seed=0, dtype="float32")

for _ in range(EPOCHS):  # the right label makes a positive row, a wrong one a negative row
    now = rng.permutation(LEARNED)
    x, right = images[now], labels[now]
    wrong = (right + rng.integers(1, LABELS, LEARNED)) % LABELS
    rows = np.stack([with_label(x, right), with_label(x, wrong)], axis=1).reshape(2 * LEARNED, -1)
    model.partial_fit({"data": rows, "sign": np.tile([[1.0], [-1.0]], (LEARNED, 1))})


def goodness(x, label):
    """Return the mean square of both layers' answers to images with this label."""
    rows = with_label(x, np.full(len(x), label))
    answers = model.run({"data": rows, "sign": np.zeros((len(x), 1))}, outputs=["low", "high"])
    return sum((y**2).mean(axis=1) for y in answers.values())


scores = np.stack([goodness(images[LEARNED:], label) for label in range(LABELS)], axis=1)
accuracy = ng.metrics.accuracy(np.eye(LABELS)[labels[LEARNED:]], scores)
print(f"{len(scores)} digits never seen: {100 * accuracy:.1f} % right")
