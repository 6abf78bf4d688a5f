"""What looks wrong with a layer of random weights while it learns, and what to write instead."""

from __future__ import annotations

from typing import Any

import numpy as np

from nodegraph.arrays import Array, is_sparse
from nodegraph.data.metrics.spectral import spectral_radius
from nodegraph.data.symptoms import beyond, is_still, raw_input
from nodes.parts.activations import RANGES

__all__ = ["layer_doubts", "saturation"]

STEEPEST = {"sigmoid": 0.25}  # slopes of activations where they are not 1
LARGE = 2.0  # root mean square of inputs that a Scaler would bring down
SLOW = 1e-5  # leak rates below it, and states so far below what drives them, are dead
GROWN = 2.0  # from so many times the spectral radius on, a rule is said to have multiplied it


def layer_doubts(node: Any, x: Array, y: Array, params: Any) -> list[str]:
    """Return a sentence on each of raw input, saturated or dead states, and a grown W."""
    known = RANGES.get(getattr(node, "activation", ""))
    doubts = [raw_input(x, np.minimum(_largest(params.W_in), 1.0))] if known else []
    full = saturation(node, x, y, params)
    doubts += [full or _still(node, x, y, params), _grown(node, params)]
    return [words for words in doubts if words]


def saturation(node: Any, x: Array, y: Array, params: Any) -> str:
    """Return that more than half of the states are beyond .99 of their range, and the cure."""
    known = RANGES.get(getattr(node, "activation", ""))
    share = beyond(y, *known) if known else 0.0
    if share <= 0.5:
        return ""
    return (
        f"{100 * share:.0f} % of its states are beyond .99 of {node.activation}'s range: "
        f"{_cure(node, x, y, params)}"
    )


def _cure(node: Any, x: Array, y: Array, params: Any) -> str:
    """Return what to lower: the scaling of what drives the units most."""
    drives = {
        ("input_scaling", "W_in"): np.abs(params.W_in @ x.T).mean() if x.shape[1] else 0.0,
        ("bias_scaling", "bias"): np.abs(params.bias).mean(),
    }
    if hasattr(params, "W"):
        drives["spectral_radius", "W"] = np.abs(params.W @ y.T).mean()
    scaling, array = max(drives, key=lambda key: drives[key])
    given = getattr(node, array, None) is not None
    what = f"the sizes of {array}" if given else f"{scaling} ({getattr(node, scaling)})"
    fed = np.size(getattr(params, "W_fb", ())) > 0 and node.W_fb is None
    back = f" or feedback_scaling ({node.feedback_scaling})" if fed else ""
    large = array == "W_in" and np.linalg.norm(x / LARGE) > np.sqrt(x.size)
    return f"lower {what}{back}{', or put a Scaler in front' * bool(large)}"


def _still(node: Any, x: Array, y: Array, params: Any) -> str:
    """Return that nothing moves behind the first half of the rows, or hardly ever did, and why."""
    if not is_still(x, y):
        return _hardly(node, x, y, params)
    if np.ptp(x, axis=0).any():
        return f"its states do not move: raise input_scaling ({node.input_scaling})"
    if y.any():
        return "its states do not move, for its input does not: give it data that move"
    return (
        "its states do not move, for nothing drives it and it starts from zeros: write "
        'start="random", or bias_scaling=0.1'
    )


def _hardly(node: Any, x: Array, y: Array, params: Any) -> str:
    """Return that a tiny leak rate lets nearly nothing of the drive in."""
    leak = float(np.max(getattr(node, "leak_rate", 1.0)))
    drive = np.abs(params.W_in @ x.T).max(initial=0.0) if leak < SLOW and x.shape[1] else 0.0
    if np.abs(y).max(initial=0.0) >= SLOW * min(drive, 1.0):
        return ""
    return f"its states hardly move: raise leak_rate ({node.leak_rate})"


def _grown(node: Any, params: Any) -> str:
    """Return that a rule has multiplied the spectral radius, and the cure."""
    rule = getattr(node, "rule", None)
    if rule is None or "W" not in rule.modifies:
        return ""
    given = node.W is not None and "spectral_radius" not in node.model_fields_set
    before = spectral_radius(node.W) if given else node.spectral_radius
    now = spectral_radius(params.W)
    if now <= max(1.0 / STEEPEST.get(node.activation, 1.0), GROWN * before):
        return ""
    inner = getattr(rule, "rule", rule)
    return (
        f"{type(rule).__name__} has raised its spectral radius from {before:.3g} to {now:.3g}: "
        f"lower rate ({inner.rate}) or epochs"
    )


def _largest(W: Any) -> Array:
    """Return the size of the largest weight of each column."""
    size = abs(W)
    return np.asarray((size.max(axis=0).toarray() if is_sparse(W) else size.max(axis=0)).ravel())
