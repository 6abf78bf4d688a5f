"""The figures of docs/memory.md that the graphs of memory reach, in small forms of them."""

from pathlib import Path

import numpy as np
import pytest

import nodegraph as ng
from nodegraph.datasets import context_switching, parity
from nodegraph.experiments.tasks.experiment import run_spec

FOLDER = Path(__file__).parents[2] / "graphs"
FEW = ["task.data.series=60", "task.split.train=40", "task.baselines=[mean]"]
STORIES = ["task.data.series=300", "task.split.train=220", "task.baselines=[mean]"]


def learned(name, *changes):
    return run_spec(ng.read_yaml(FOLDER / f"{name}.yaml", list(changes)))


def figure(name, *changes):
    """Return the score of a graph."""
    (value,) = learned(name, *changes).scores[0].values.values()
    return value


def test_bits_are_copied_at_any_length():
    assert figure("copying_machine", *FEW) <= 1e-6


def test_values_of_16_keys_are_recalled():
    assert figure("associative_recall", *FEW) >= 0.9


def test_keys_that_come_again_take_a_memory_that_overwrites():
    assert figure("mqar", *FEW) >= 0.75
    assert figure("mqar", *FEW, "nodes.memory.update=sum", "nodes.memory.normalise=false") <= 0.45


@pytest.mark.parametrize(("task", "hops"), [(1, 1), (2, 2), (3, 2), (15, 2)])
def test_questions_take_as_many_hops_as_facts(task, hops):
    asked = [*STORIES, f"task.data.task={task}"]
    assert figure("questions", *asked, f"nodes.memory.hops={hops}") >= 0.95
    if hops > 1:
        assert figure("questions", *asked, "nodes.memory.hops=1") <= 0.6


def test_parity_is_told_in_a_turn_for_each_bit_from_the_first_1_on():
    result = learned("parity", *FEW, "nodes.ponder.halt=true")
    assert result.scores[0].values["accuracy"] == 1
    u, y = parity(series=100, seed=7)
    said = result.model.run([*u], outputs=["ponder", "readout"])
    turns = np.array(said["ponder"])[:, 0, -20:] @ np.arange(1, 21)
    ones = u[:, 0] == 1
    bits = np.where(ones.any(axis=1), 8 - ones.argmax(axis=1), 1)
    assert np.ptp(bits) == 7
    np.testing.assert_allclose(turns, bits + 1, atol=0.01)
    assert (np.array(said["readout"]).argmax(axis=2) == y.argmax(axis=2)).all()


def test_numbers_are_sorted_by_pointers():
    assert figure("pointer_sort", *FEW) == 1
    assert figure("pointer_sort", *FEW, "task.data.length=3", "task.data.levels=16") == 1


def test_readouts_are_told_for_contexts_that_nobody_learned_from():
    small = [
        "task.data.series=100",
        "task.data.steps=150",
        "task.split.train=80",
        "task.baselines=[mean]",
    ]
    result = learned("context_switching", *small)
    assert result.scores[0].values["r2"] >= 0.95
    u, y = context_switching(series=10, steps=150, seed=5)
    data = {"wave": u[:, :, :1], "context": u[:, :, 1:4]}  # nothing of the target
    said = np.array(result.model.run({name: [*rows] for name, rows in data.items()}))
    scores = [ng.metrics.r2(a[50:], b[50:]) for a, b in zip(y, said, strict=True)]
    assert min(scores) >= 0.9
