"""Tasks of YAML graphs: data, baselines, scores, reports, searches, and the command line."""

__all__ = ["cli", "search", "tasks"]
