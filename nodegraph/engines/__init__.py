"""Engines: functions that execute a plan over chunks of data."""

from nodegraph.engines.choice import Engine, choose

__all__ = ["Engine", "choose"]
