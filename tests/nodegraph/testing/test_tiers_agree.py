"""Both tiers of code of every kind of node and of rule, and Python, leave the same bits."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent / "bits_of_every_kind.py"


def bits(tier, dtype):
    done = subprocess.run(
        [sys.executable, str(SCRIPT), dtype],
        env=os.environ | {"NODEGRAPH_COMPILE": tier},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_every_kind_has_the_same_bits_in_both_tiers_and_in_python(dtype):
    found = bits("baseline", dtype)
    assert len(found) > 40
    assert bits("optimized", dtype) == found
    assert bits("0", dtype) == found
