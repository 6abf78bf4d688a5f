import sys
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parent)]

from tensor_files import GRAPH, some_arrays  # noqa: E402

from nodegraph.files import tensor_file  # noqa: E402


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.safetensors"


@pytest.fixture
def saved(path):
    tensor_file.write(path, some_arrays(), GRAPH)
    return path
