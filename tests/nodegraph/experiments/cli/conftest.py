import sys
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parent)]

from small_graph import SMALL  # noqa: E402


@pytest.fixture
def small(tmp_path):
    file = tmp_path / "small.yaml"
    file.write_text(SMALL, encoding="utf-8")
    return file
