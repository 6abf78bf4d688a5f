"""Run the study, or a part of it; what is in the file is kept and not made again."""

from __future__ import annotations

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path

from benchmarks.study.models import MODELS
from benchmarks.study.report import KEPT, main
from benchmarks.study.tasks import TASKS

ALL = f"tasks: {'; '.join(TASKS)}\npopulations: {'; '.join(MODELS)}"

if __name__ == "__main__":
    parser = ArgumentParser(
        "python -m benchmarks.study",
        description=f"{__doc__} All of it takes hours.",
        epilog=ALL,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", nargs="?", type=Path, default=KEPT, help=f"else {KEPT}")
    parser.add_argument("workers", nargs="?", type=int, help="processes; else one a core")
    parser.add_argument("--task", metavar="WORDS", default="", help="only tasks with these words")
    parser.add_argument(
        "--population", metavar="NAME", action="append", choices=MODELS, help="only this, or these"
    )
    given = parser.parse_args()
    tasks = [task for task in TASKS if given.task in task]
    if not tasks:
        parser.error(f"no task has the words {given.task!r}\n{ALL}")
    print(main(given.file, given.workers, tasks, given.population or [*MODELS]))
