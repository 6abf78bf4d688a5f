"""What learning units are worth, beside echo state networks of the same size or cost."""

from benchmarks.study.report import main

__all__ = ["main"]
