"""From a trace to loops: storage, layout, dependence, order and fusion."""

__all__ = [
    "claims",
    "dependence",
    "fusion",
    "items",
    "layout",
    "outputs",
    "plan",
    "reads",
    "rematerialisation",
    "scheduling",
    "storage",
]
