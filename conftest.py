"""Settings of every test run: fixed examples, no windows, files kept whole, Ray tests together."""

import gc
import os
import signal
from collections.abc import Iterator

import hypothesis
import pytest

os.environ.setdefault("MPLBACKEND", "Agg")
gc.disable()  # what is made until all tests are collected stays: it is not looked through

# Nobody hears them where tests were started with `&` or nohup; children would not, either.
signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP"):
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

hypothesis.settings.register_profile(
    "house",
    derandomize=True,
    max_examples=int(os.environ.get("EXAMPLES", 40)),  # more at night: EXAMPLES=1000
    deadline=None,
    print_blob=False,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("house")


if not hasattr(signal, "SIGALRM"):  # Windows
    collect_ignore = ["tests/nodegraph/engines/ray"]

PATIENCE = 240  # seconds that a test with Ray may take


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """End a test with Ray that hangs."""
    if not item.get_closest_marker("ray") or not hasattr(signal, "SIGALRM"):
        return (yield)

    def stop(*_: object) -> None:
        raise TimeoutError(f"{item.name} took more than {PATIENCE} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(PATIENCE)
    try:
        return (yield)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop() -> None:
    """Leave what was collected, half a million objects, out of each collection of garbage."""
    gc.collect()
    gc.freeze()
    gc.enable()


@pytest.hookimpl(tryfirst=True)  # before xdist looks for groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give a worker whole files, so that it prepares once what they share, and begin with Ray.

    The Ray tests, which wait more than they compute, go to one worker and those with clusters of
    their own to another; in a single process they come last.
    """
    for item in items:
        group = item.nodeid.partition("::")[0]
        if item.get_closest_marker("ray"):
            group = "clusters" if item.path.name == "test_cluster.py" else "ray"
        item.add_marker(pytest.mark.xdist_group(group))
    first = "PYTEST_XDIST_WORKER" in os.environ
    items.sort(key=lambda item: (item.get_closest_marker("ray") is not None) != first)
