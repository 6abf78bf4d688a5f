"""The machine underneath: cores, memory, paths, plug-ins, progress, and how exactly it repeats."""

__all__ = [
    "first_seconds",
    "machine",
    "memory_budget",
    "moved",
    "numerics",
    "paths",
    "plugins",
    "progress",
]
