"""Series and chunks: what users hand over, checked, and which node gets which of it."""

__all__ = [
    "assembly",
    "binding",
    "cells",
    "containers",
    "datasets",
    "dealing",
    "horizon",
    "metrics",
    "ranges",
    "series",
    "symptoms",
    "tables",
    "targets",
]
