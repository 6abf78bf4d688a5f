"""Engines: functions that execute a plan over chunks of data."""

from nodegraph.engines.choice import choose
from nodegraph.engines.contract import LOCAL, Engine

__all__ = ["LOCAL", "Engine", "choose"]
