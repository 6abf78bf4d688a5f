import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))  # the files beside it hold what all of these need

from raylets import Raylets
from runs import Run


@pytest.fixture(scope="session")
def cluster():
    if not sys.platform.startswith("linux"):
        pytest.skip("two raylets on one machine need 127.0.0.2 and /proc: this is not Linux")
    raylets = Raylets()
    try:
        yield raylets.up()
    finally:
        raylets.close()


@pytest.fixture
def raylets(cluster):
    """Two machines that are up."""
    return cluster.up()


@pytest.fixture(scope="session")
def here(tmp_path_factory):
    """What the local engine makes of it."""
    run = Run(tmp_path_factory.mktemp("local"), "--engine", "local")
    assert run.end() == 0, run.err
    return run.arrays()


@pytest.fixture
def joined(raylets, tmp_path):
    """Start a run on the two machines."""

    def start(*words, changes=()):
        return Run(tmp_path, "--address", raylets.address, *words, env=raylets.env, changes=changes)

    return start


@pytest.fixture
def goes_on(tmp_path, here):
    """Let the next run go on, locally, to the bits of one that was not disturbed."""

    def check():
        from runs import same_bits

        again = Run(tmp_path, "--engine", "local")
        assert again.end() == 0, again.err
        assert "note: learning goes on from step" in again.err
        same_bits(here, again.arrays())

    return check
