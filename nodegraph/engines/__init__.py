"""Engines: functions that execute a plan over chunks of data."""

from nodegraph.engines.choice import Execute, choose

__all__ = ["Execute", "choose"]
