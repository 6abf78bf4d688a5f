"""One node by itself, as engines run it and let it learn."""

from __future__ import annotations

from typing import Any

from nodegraph.arrays import Array
from nodegraph.engines.compiled.courses import Learned
from nodegraph.engines.compiled.traced_steps import prepared
from nodegraph.engines.compiled.traced_updates import course
from nodegraph.graph.lesson import Lesson
from nodegraph.graph.node import Node
from nodegraph.graph.rule import Rule

__all__ = ["run_node", "teach"]


def run_node(node: Node, params: Any, state: Any, xs: Array, **ports: Array) -> tuple[Any, Array]:
    """Return ``(state, ys)`` after ``len(xs)`` steps.

    Parameters
    ----------
    node : Node
    params, state
        As the node's `init` and `start` make them.
    xs : ndarray, shape (n_steps, n_in)
    **ports : ndarray, shape (n_steps, n)
        What arrives at the other ports, and ``noise``.
    """
    return prepared(node, params).run(state, xs, **ports)


def teach(rule: Rule, node: Node, params: Any, state: Any, memory: Any, lesson: Lesson) -> Learned:
    """Return params, state, memory and outputs after `node` has lived through a lesson.

    Parameters
    ----------
    rule : Rule
    node : Node
    params, state
        As the node's `init` and `start` make them; params may be changed in place.
    memory
        As the rule's `begin` makes it; it may be changed in place.
    lesson : Lesson
    """
    return course(rule, node).learn(params, state, memory, lesson)
