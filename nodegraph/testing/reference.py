"""A naive interpreter of graphs: one step at a time, whole history kept, nothing clever."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from nodegraph.arrays import Array
from nodegraph.graph import Graph
from nodegraph.graph.rule import Seen
from nodegraph.model import Model

__all__ = ["interpret"]


def interpret(
    model: Model,
    data: Mapping[str, Array],
    n_steps: int,
    targets: Mapping[str, Array] | None = None,
    loop: Mapping[str, str] | None = None,
) -> tuple[dict[str, Array], dict[str, Any]]:
    """Return the outputs of every node and the params at the end, from the zero state.

    Parameters
    ----------
    model : Model
        Built, so that it has params; it is not changed.
    data : dict of ndarray (n_steps, n)
        By node name.
    targets : dict of ndarray (n_steps, n_out), optional
        If given, every online rule learns at each step.
    loop : dict, optional
        Input nodes that read an output one step later, as `Model.generate` has it behind the
        prompt.
    """
    graph, built = model.graph, model._settle()
    nodes = model.plan.nodes  # with parameters that arrive as ports
    size = {name: built.slots[name].past.shape[1] for name in nodes}
    params = {name: built.slots[name].params for name in nodes}
    state = {
        name: built.initializer.start(name, size[name], built.slots[name].ports["x"])
        for name in nodes
    }
    learning = targets is not None
    memory = {n: r.begin(params[n]) for n, r in model.plan.rules.items() if learning and r.online}
    history: dict[str, list[Array]] = {name: [] for name in nodes}
    order = _order(graph)

    def past(name: str, t: int) -> Array:
        return history[name][t] if t >= 0 else np.zeros(size[name], model.dtype)

    for t in range(n_steps):
        for name in order:
            node, arriving = nodes[name], {"x": [data[name][t]] if name in data else []}
            if loop and name in loop:
                arriving["x"].append(past(loop[name], t - 1))
            for edge in graph.edges:
                if graph.names[edge.target] == name:
                    value = past(graph.names[edge.source], t - edge.delay)
                    arriving.setdefault(edge.port, []).append(value)
            ports = {p: np.concatenate([np.zeros(0), *a]) for p, a in arriving.items()}
            target = ports.pop("target", (targets or {}).get(name, [None] * n_steps)[t])
            x = ports.pop("x")
            if (t - node.phase) % node.every:
                history[name].append(past(name, t - 1))
                continue
            before = state[name]
            heard = {port: rows for port, rows in ports.items() if port in node.step_ports}
            state[name], y = node.step(params[name], before, x, **heard)
            history[name].append(y)
            if name in memory and (target is None or np.isfinite(target).all()):
                seen = Seen(x, y, state[name], target, ports, before=before)
                rule = model.plan.rules[name]
                params[name], memory[name] = rule.update(params[name], memory[name], seen)
    return {name: np.array(rows) for name, rows in history.items()}, params


def _order(graph: Graph) -> list[str]:
    """Return the names such that none stands before one that it reads without delay."""
    waits = {
        name: {graph.names[e.source] for e in graph.edges if e.target is node and not e.delay}
        for node, name in graph.names.items()
    }
    order: list[str] = []
    while len(order) < len(waits):
        order += [n for n in waits if n not in order and waits[n] <= set(order)][:1]
    return order
