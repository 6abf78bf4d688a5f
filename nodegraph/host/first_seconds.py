"""The first seconds of the command, while all is imported: Ctrl-C ends them without a traceback."""

from __future__ import annotations

import os
import signal
import sys

__all__ = ["end_at_once", "end_by_exception"]


def end_at_once() -> None:
    """Let Ctrl-C end this process as it ends others, if it is the command that begins."""
    if _is_command() and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def end_by_exception() -> None:
    """Let Ctrl-C raise KeyboardInterrupt again, now that somebody puts it into words."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _is_command() -> bool:
    """Tell whether this is ``nodegraph ...`` or ``python -m nodegraph ...``."""
    words, name = sys.orig_argv, os.path.basename(sys.argv[0])
    if name == "-m":
        return words[words.index("-m") + 1 :][:1] == ["nodegraph"]
    return os.path.splitext(name)[0] == "nodegraph"
