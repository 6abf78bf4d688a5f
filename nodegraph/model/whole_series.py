"""Models that read a series from its end: it must be there whole, and no call goes on from one."""

from __future__ import annotations

from nodegraph.data.binding import BoundData
from nodegraph.errors import DataError, GraphError
from nodegraph.graph.plan import Plan

__all__ = ["check_steps", "check_whole", "refuse_parts"]


def refuse_parts(plan: Plan, method: str) -> None:
    """Refuse to go step by step through a series that is read from its end.

    Raises
    ------
    GraphError
        With the node, and what to write instead.
    """
    if plan.from_end:
        raise GraphError(
            f"{plan.from_end[0]} reads a series from its end, which {method} does not know; give "
            "whole series: fit([x], [y]), run([x])"
        )


def check_steps(plan: Plan, bound: BoundData) -> None:
    """Refuse what `Model.steps` cannot go through: several series, or what is read from its end."""
    refuse_parts(plan, "steps")
    if not bound.own:
        raise DataError("steps goes through one series; got a list of them")


def check_whole(plan: Plan, bound: BoundData, time: int = 0) -> None:
    """Refuse data that may go on where they are read from the end.

    Parameters
    ----------
    plan : Plan
    bound : BoundData
    time : int
        How far the model's own stream has gone.

    Raises
    ------
    DataError
        If they are a stream, or one series of a stream that has begun.
    """
    if not plan.from_end or not bound.own:
        return
    name = plan.from_end[0]
    if bound.form == "stream":
        raise DataError(
            f"{name} reads a series from its end, and chunks of a stream do not tell it; give "
            "whole series, as a list of arrays (T, d)"
        )
    if time:
        raise DataError(
            f"{name} reads a series from its end, so this one cannot go on where the model "
            f"stands, at step {time}; write run([x]) for a series of its own, or reset() first"
        )
