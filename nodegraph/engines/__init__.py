"""Engines: functions that execute a plan over chunks of data."""

from nodegraph.engines.engine import LOCAL, Engine, choose

__all__ = ["LOCAL", "Engine", "choose"]
