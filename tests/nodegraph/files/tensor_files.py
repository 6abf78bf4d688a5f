"""Files of arrays: some to be written, put together by hand, and what is said of bad ones."""

import json
from hashlib import sha256

import numpy as np
import pytest

from nodegraph.errors import ModelFileError
from nodegraph.files import tensor_file

GRAPH = {"graph": "u >> reservoir >> readout", "seed": "42"}


def some_arrays():
    rng = np.random.default_rng(0)
    return {
        "reservoir.W": rng.normal(size=(5, 5)),
        "reservoir.bias": rng.normal(size=5).astype(np.float32),
        "readout.step": np.array(17),
        "readout.mask": rng.random(7) < 0.5,
        "readout.empty": np.empty((0, 3), np.int16),
    }


def assert_same(found, wanted):
    assert found.keys() == wanted.keys()
    for name, array in wanted.items():
        assert found[name].dtype == array.dtype.newbyteorder("=")
        assert found[name].shape == array.shape
        assert found[name].tobytes() == array.astype(array.dtype.newbyteorder("=")).tobytes()


def split(data):
    length = int.from_bytes(data[:8], "little")
    return json.loads(data[8 : 8 + length]), data[8 + length :]


def join(header, body):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + body


def sealed(arrays, said, body):
    """Assemble a file by hand, with the checksums as the format defines them."""
    said = {"nodegraph.format": "1", "nodegraph.data_sha256": sha256(body).hexdigest(), **said}
    text = json.dumps([arrays, said], sort_keys=True)
    said["nodegraph.header_sha256"] = sha256(text.encode()).hexdigest()
    return join({"__metadata__": said, **arrays}, body)


def refusal(path, data):
    path.write_bytes(data)
    with pytest.raises(ModelFileError) as caught:
        tensor_file.read(path)
    assert str(caught.value).startswith(f"{path}: ")
    return str(caught.value)
