"""Series and chunks: what users hand over, checked, and which node gets which of it."""

__all__ = ["assembly", "binding", "containers", "datasets", "metrics", "series", "targets"]
