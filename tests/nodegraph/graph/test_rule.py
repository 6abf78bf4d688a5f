"""What every rule has to say of itself."""

import pytest

import nodegraph as ng
from nodegraph.rule import Rule


@pytest.mark.parametrize("missing", ["online", "supervised", "modifies"])
def test_a_rule_that_does_not_say_how_it_learns_is_told_what_to_write(missing):
    said = {"online": True, "supervised": False, "modifies": ("W",)}
    del said[missing]
    kind = type("Mine", (Rule,), {**said, "update": lambda self, params, memory, seen: None})
    with pytest.raises(ng.errors.FieldError, match=f"Mine does not say {missing}; write"):
        kind()
