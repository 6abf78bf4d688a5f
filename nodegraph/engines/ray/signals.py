"""Who hears of signals: whoever did before Ray was called."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from nodegraph.engines.checkpointer import ENDS

__all__ = ["own_signals"]


@contextmanager
def own_signals() -> Iterator[None]:
    """Put back the handlers of all signals that may end the work: ``ray.init`` sets its own.

    They are set anew even where Python knows of no change, since Ray also sets some below Python.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in ENDS}
    try:
        yield
    finally:
        for number, handler in before.items():
            if handler is not None:
                signal.signal(number, handler)
