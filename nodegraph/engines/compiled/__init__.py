"""Nodes and rules as compiled programs: their steps and updates traced, checked, and run."""

__all__ = [
    "courses",
    "explaining",
    "first_steps",
    "traced_steps",
    "traced_updates",
    "tracing",
    "untraced",
]
