import pytest

import nodegraph as ng
from nodes import LTC


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("potentials", ("potentials",)),
        (["potentials", "output"], ("output", "potentials")),
        (("output",), ("output",)),
    ],
)
def test_names_stand_in_the_order_of_the_node(given, kept):
    assert LTC(units=3, emits=given).emits == kept


@pytest.mark.parametrize("given", ["state", (), 3, ("output", "state")])
def test_other_names_are_refused_with_those_there_are(given):
    with pytest.raises(ng.errors.FieldError, match="one or more of output, potentials"):
        LTC(units=3, emits=given)
