from collections.abc import Callable
from enum import Enum
from typing import Annotated, ClassVar, Literal

import numpy as np
import pytest
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeFloat,
    ValidationError,
    field_validator,
)

import nodegraph as ng
from nodegraph.errors import FieldError
from nodegraph.graph.messages import complaints, describe, nearest, place
from nodegraph.graph.messages.complaints import follow
from nodegraph.graph.messages.phrases import shown
from nodes.rules import Oja

FOREIGN = {"sr": "spectral_radius", "lr": "leak_rate"}


class Level(Enum):
    LOW = "low"


class Rule(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    rate: float = 0.1


class Reservoir(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
    units: Annotated[int, Field(ge=1)]
    leak_rate: Annotated[float, Field(gt=0, le=1)] = 1.0
    spectral_radius: Annotated[float, Field(ge=0)] = 0.9
    activation: Literal["tanh", "relu"] = "tanh"
    sparse: bool = True
    ridge: NonNegativeFloat | list[float] = 1.0
    rule: Rule | None = None
    name: Annotated[str, Field(pattern="^[a-z]+$", max_length=5)] = "r"

    @field_validator("spectral_radius")
    @classmethod
    def _not_thirteen(cls, value: float) -> float:
        if value == 13:
            raise ValueError("is unlucky; write 12.9")
        return value


def told(**fields: object) -> str:
    with pytest.raises(ValidationError) as caught:
        Reservoir(**fields)  # type: ignore[arg-type]
    return describe(caught.value, "Reservoir", FOREIGN, Reservoir)


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({"leak_rate": 2}, "Reservoir.leak_rate: should be at most 1 (got 2)"),
        ({"leak_rate": 0}, "Reservoir.leak_rate: should be greater than 0 (got 0)"),
        ({"units": -5}, "Reservoir.units: should be at least 1 (got -5)"),
        ({"units": 1.5}, "Reservoir.units: should be a whole number (got 1.5)"),
        ({"units": True}, "Reservoir.units: should be a whole number (got True)"),
        ({"units": "3"}, "Reservoir.units: should be a whole number (got '3')"),
        ({"leak_rate": "a"}, "Reservoir.leak_rate: should be a number (got 'a')"),
        ({"leak_rate": float("nan")}, "Reservoir.leak_rate: should be a finite number (got nan)"),
        ({"sparse": "yes"}, "Reservoir.sparse: should be true or false (got 'yes')"),
        ({"sr": 1}, "Reservoir: unknown field 'sr'; write spectral_radius"),
        ({"unit": 1}, "Reservoir: unknown field 'unit'; did you mean units?"),
        ({"spectral_radius": 13}, "Reservoir.spectral_radius: is unlucky; write 12.9"),
        ({"rule": {"rat": 1}}, "Reservoir.rule: unknown field 'rat'; did you mean rate?"),
        ({"rule": 3}, "Reservoir.rule: should be a mapping of names to values (got 3)"),
        ({"ridge": "a"}, "Reservoir.ridge: should be a number or a list (got 'a')"),
        ({"ridge": -1}, "Reservoir.ridge: should be at least 0 (got -1)"),
        ({"ridge": [1.0, "a"]}, "Reservoir.ridge[1]: should be a number (got 'a')"),
        ({"name": "R"}, "Reservoir.name: should match ^[a-z]+$ (got 'R')"),
        ({"name": "rrrrrr"}, "Reservoir.name: should have at most 5 characters (got 'rrrrrr')"),
        (
            {"activation": "thanh"},
            "Reservoir.activation: should be 'tanh' or 'relu' (got 'thanh'); did you mean 'tanh'?",
        ),
    ],
)
def test_each_fault_is_one_line_with_place_demand_and_what_came(
    fields: dict[str, object], line: str
) -> None:
    assert told(**{"units": 3, **fields}) == line


def test_all_faults_are_told_at_once() -> None:
    assert told(leak_rate=2, lr=3).splitlines() == [
        "Reservoir.units: is required",
        "Reservoir.leak_rate: should be at most 1 (got 2)",
        "Reservoir: unknown field 'lr'; write leak_rate",
    ]


def test_an_unknown_field_like_no_other_lists_those_that_are_known() -> None:
    assert told(units=1, zzzz=1).endswith(
        "known are activation, leak_rate, name, ridge, rule, sparse, spectral_radius, units"
    )


def test_control_characters_in_names_are_not_printed_as_such() -> None:
    assert told(units=1, **{"\x1b[31m": 1}).isprintable()


def test_complaints_say_whether_key_or_value_is_wrong() -> None:
    with pytest.raises(ValidationError) as caught:
        Reservoir(units=0, unit=1)  # type: ignore[call-arg]
    found = complaints(caught.value, model=Reservoir)
    assert [(c.loc, c.on_key) for c in found] == [(("units",), False), (("unit",), True)]


def test_branches_of_unions_are_no_part_of_the_place() -> None:
    assert follow(Reservoir, ("ridge", "list[float]", 2), is_key=False).loc == ("ridge", 2)


class Odd(BaseModel):
    model_config = ConfigDict(strict=True)
    few: Annotated[list[int], Field(max_length=2)] = []
    many: Annotated[tuple[int, ...], Field(min_length=1)] = (1,)
    long: Annotated[str, Field(min_length=3)] = "abc"
    even: Annotated[int, Field(multiple_of=2)] = 2
    below: Annotated[float, Field(lt=0.5)] = 0.0
    nothing: None = None
    names: dict[str, int] = {}
    draw: Callable[[], float] | None = None
    level: Level = Level.LOW


@pytest.mark.parametrize(
    ("field", "value", "line"),
    [
        ("few", [1, 2, 3], "should have at most 2 items (got [1, 2, 3])"),
        ("few", "a", "should be a list (got 'a')"),
        ("many", (), "should have at least 1 item (got ())"),
        ("many", 1, "should be a list (got 1)"),
        ("long", "ab", "should have at least 3 characters (got 'ab')"),
        ("long", 1, "should be text (got 1)"),
        ("even", 3, "should be a multiple of 2 (got 3)"),
        ("below", 0.5, "should be less than 0.5 (got 0.5)"),
        ("nothing", 1, "should be nothing (null, None) (got 1)"),
        ("names", [1], "should be a mapping of names to values (got [1])"),
        ("draw", 1, "should be callable (got 1)"),
        ("level", "lo", "should be an instance of Level (got 'lo')"),
    ],
)
def test_rarer_faults_are_told_in_the_same_form(field: str, value: object, line: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Odd(**{field: value})  # type: ignore[arg-type]
    assert describe(caught.value, "Odd", model=Odd) == f"Odd.{field}: {line}"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("x" * 1000, None),
        ([1, 2], "[1, 2]"),
        ((), "()"),
        ({"a": 1}, "{'a': 1}"),
        (list(range(100)), "a list of 100 items"),
        ([[1]], "a list of 1 item"),
        (None, "None"),
        (lambda: 0, "an object of type function"),
    ],
)
def test_any_value_is_shown_in_few_printable_characters(value: object, words: str | None) -> None:
    assert shown(value) == words if words else len(shown(value)) < 80


def test_integers_too_long_for_python_to_print_are_shown_by_length() -> None:
    assert shown(10**5000) == "an integer of about 5001 digits"


def test_arrays_are_shown_by_shape() -> None:
    assert shown(np.zeros((3, 4))) == "an array of shape (3, 4)"


def test_the_nearest_word_ignores_case_and_gives_up_on_strangers() -> None:
    assert nearest("Leak_Rate", ["leak_rate"]) == "leak_rate"
    assert nearest("zzz", ["leak_rate"]) is None


def test_a_word_that_begins_alike_is_nearer_than_one_that_ends_alike() -> None:
    known = ["lyapunov_exponents", "power_spectrum", "echo_state_index"]
    assert nearest("lyapunov_spectrum", known) == "lyapunov_exponents"
    assert nearest("phase_spectrum", known) == "power_spectrum"


def test_a_place_is_written_as_set_takes_it() -> None:
    assert place(("nodes", "readout", "ridge", 2)) == "nodes.readout.ridge[2]"


def test_a_description_of_another_class_is_told_which_one_is_meant():
    class Fading(ng.Rule):
        """Changes nothing.

        Parameters
        ----------
        rate : float
        """

        online: ClassVar[bool] = True
        supervised: ClassVar[bool] = False
        modifies: ClassVar[tuple[str, ...]] = ()

        rate: float = 0.1

        def update(self, params, memory, seen):
            return params, memory

    class Layer(ng.Node):
        rule: Fading | None = None

        def step(self, params, state, x):
            return state, x

    with pytest.raises(FieldError, match=r"Layer.rule: should be of the class Fading \(got"):
        Layer(rule=Oja())
