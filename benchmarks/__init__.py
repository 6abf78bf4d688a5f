"""How right and how fast nodegraph is: one script a question."""

from benchmarks import one_thread as one_thread
