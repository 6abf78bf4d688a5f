import numpy as np
import pytest

import nodegraph as ng
from nodes import LTC
from nodes.wirings import Given, auto_ncp, fully_connected, ncp, self_connected
from nodes.wirings.field import KINDS


@pytest.mark.parametrize(
    "wiring",
    [
        ncp(6, 4, 2, 3, 2, 3, 2, seed=7),
        auto_ncp(12, 3, 0.3),
        fully_connected(3, 2, self_connections=False),
        self_connected(3),
        Given(recurrent=[[0, 1], [1, 0]], sensory=[[1, 0]]),
    ],
)
def test_a_wiring_comes_back_from_its_kind_and_plain_values(wiring):
    plain = LTC(wiring=wiring).as_given()["wiring"]
    assert plain["kind"] == wiring.label and plain["kind"] in KINDS
    again = LTC(wiring=plain).wiring
    np.testing.assert_array_equal(again.signs(1).recurrent, wiring.signs(1).recurrent)
    assert again == wiring


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "a wiring needs a kind of ncp, auto_ncp, fully_connected, self_connected, given"),
        ({"kind": "ring"}, "got 'ring'"),
        ("ncp", r"should be a wiring, such as auto_ncp\(32, output_size=4\), or a networkx"),
        ({"kind": "auto_ncp", "units": 12}, "auto_ncp.output_size: is required"),
    ],
)
def test_what_is_no_wiring_is_refused(given, message):
    with pytest.raises(ng.errors.FieldError, match=message):
        LTC(wiring=given)
