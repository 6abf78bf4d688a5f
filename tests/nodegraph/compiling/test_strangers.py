"""What becomes of steps as strangers write them, and what is said of those that do not compile."""

import re

import idioms_compiled  # noqa: F401 - each module adds its steps
import pytest
import steps_in_python  # noqa: F401
import systems_compiled  # noqa: F401
from strangers import EXPECTED, outcome

NEVER_ALIKE = ("random", "shuffled", "clock")


@pytest.mark.parametrize("name", EXPECTED)
def test_a_step_is_right_and_says_what_it_should(name):
    kind, expected, cure = EXPECTED[name]
    found, said = outcome(kind(), alike=not name.startswith(NEVER_ALIKE))
    assert (found, cure in said) == (expected, True), (found, said)
    if expected != "compiles":
        assert name in said
        assert re.search(r"steps_in_python\.py:\d+", said), said
        assert said.count(". ") <= 1
        assert "\n" not in said
