"""Run the study: ``python -m benchmarks.study [FILE [WORKERS]]``; what is in the file is kept."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.study.report import KEPT, main

if __name__ == "__main__":
    file, workers = (*sys.argv[1:3], *[None] * 2)[:2]
    print(main(Path(file) if file else KEPT, int(workers) if workers else None))
