import numpy as np
import pytest

from nodegraph.errors import FieldError
from nodes import PCA, SlowFeatures, Whitening
from nodes.parts.projection import Projection, check_units


@pytest.mark.parametrize("node", [PCA(units=2), SlowFeatures(units=2), Whitening()])
def test_it_gives_directions_of_the_centred_input(node):
    assert isinstance(node, Projection) and not node.ready
    rng = np.random.default_rng(0)
    params = node.init(rng, 2, 2)._replace(W=rng.normal(size=(2, 2)), mean=np.array([1.0, -2.0]))
    x = rng.normal(size=2)
    np.testing.assert_allclose(node.step(params, (), x)[1], params.W @ (x - [1, -2]), rtol=1e-13)


def test_there_are_no_more_directions_than_inputs():
    check_units(3, 3)
    with pytest.raises(FieldError, match="units: 2 inputs have no 3 directions"):
        check_units(3, 2)
