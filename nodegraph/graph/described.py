"""Frozen, strict, finite descriptions: pydantic models that are refused where they are written."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from inspect import Parameter, Signature
from reprlib import repr as shortened
from typing import Annotated, Any, ClassVar, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError, model_validator
from pydantic_core import PydanticSerializationError

from nodegraph.arrays import is_sparse
from nodegraph.errors import ContractError, FieldError
from nodegraph.graph.messages import complaints, describe

__all__ = ["Described", "plain_value"]

FOREIGN_NAMES = {
    "sr": "spectral_radius",
    "lr": "leak_rate",
    "leak": "leak_rate",
    "alpha_leak": "leak_rate",
    "rc_connectivity": "connectivity",
    "density": "connectivity",
    "sparsity": "connectivity",
    "fb_connectivity": "feedback_connectivity",
    "fb_scaling": "feedback_scaling",
    "bias_scale": "bias_scaling",
    "input_scale": "input_scaling",
    "noise_rc": "noise",
    "n_units": "units",
    "n_reservoir": "units",
    "unit": "units",
    "Win": "W_in",
    "Wfb": "W_fb",
    "Wout": "W_out",
    "b": "bias",
    "learning_rate": "rate",
}


def _default(field: Any) -> Any:
    if field.is_required():
        return Parameter.empty
    return field.default if field.default_factory is None else ...


class Described(BaseModel):
    """A frozen description made of checked fields; a bad field is refused where it is written.

    Raises
    ------
    FieldError
        If a field is unknown, of a wrong type or out of range; every bad field has a line.
    """

    def __new__(cls, *_: Any, **__: Any) -> Self:
        """Refuse a class that lacks what it has to say."""
        if missing := getattr(cls, "__abstractmethods__", None):
            raise ContractError(
                f"{cls.__name__} is abstract: write a class of your own, class Mine("
                f"{cls.__name__}), with {', '.join(sorted(missing))}, or take one from nodes"
            )
        return super().__new__(cls)

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        arbitrary_types_allowed=True,
        populate_by_name=True,
    )
    foreign_names: ClassVar[Mapping[str, str]] = FOREIGN_NAMES
    label: ClassVar[str] = ""  # what it is called if not by the name of the class

    def __init__(self, /, *values: Any, **fields: Any) -> None:
        if values:
            said = type(self).__name__
            example = _named(type(self), values[0])
            raise FieldError(f"{said}: write each field with its name, as in {said}({example})")
        try:
            super().__init__(**fields)
        except ValidationError as error:
            known = {
                short: name
                for short, name in self.foreign_names.items()
                if name in type(self).model_fields
            }
            kind = type(self)
            raise FieldError(
                describe(error, kind.label or kind.__name__, known, kind),
                tuple(complaints(error, known, kind)),
            ) from error

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        """Show names and defaults as the signature; the documentation says what they may be."""
        shown = [
            Parameter(name, Parameter.KEYWORD_ONLY, default=_default(field))
            for name, field in cls.model_fields.items()
        ]
        cls.__signature__ = Signature(shown)

    def __setattr__(self, name: str, value: Any) -> None:
        try:
            super().__setattr__(name, value)
        except ValidationError:
            raise self._is_frozen(f'update={{"{name}": {shortened(value)}}}') from None

    def __delattr__(self, name: str) -> None:
        raise self._is_frozen("update={...}")

    def _is_frozen(self, change: str) -> FieldError:
        said = type(self).label or type(self).__name__
        return FieldError(
            f"{said} is frozen: a description does not change; make a changed copy, "
            f"model_copy({change}), and put that into a graph of its own"
        )

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, fields: Any) -> Any:
        if not isinstance(fields, dict):
            return fields
        return {name: plain_value(value) for name, value in fields.items()}

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return a new description with the fields in `update` changed, checked as any other.

        Raises
        ------
        FieldError
            If a field is unknown, of a wrong type or out of range.

        Examples
        --------
        >>> from nodes import Reservoir
        >>> Reservoir(units=100, leak_rate=0.5).model_copy(update={"leak_rate": 0.1}).leak_rate
        0.1
        """
        fields = {name: getattr(self, name) for name in self.model_fields_set}
        return type(self)(**((deepcopy(fields) if deep else fields) | dict(update or {})))

    def copy(  # type: ignore[override]
        self, *, update: Mapping[str, Any] | None = None, deep: bool = False
    ) -> Self:
        """Return what `model_copy` does."""
        return self.model_copy(update=update, deep=deep)

    def __copy__(self) -> Self:
        return self.model_copy()

    def __replace__(self, **changes: Any) -> Self:
        return self.model_copy(update=changes)

    @classmethod
    def model_construct(cls, _fields_set: set[str] | None = None, **values: Any) -> Self:
        """Return ``cls(**values)``: there is no way around the checks."""
        return cls(**values)

    def idle(self) -> dict[str, str]:
        """Return the fields that have no effect beside the others, each with why.

        Override it to say so, as in ``{"sigma": "activation is sigmoid"}``: one of them that is
        given is refused, its default is not.
        """
        return {}

    def shared(self, kind: type[Described]) -> dict[str, Any]:
        """Return the fields that `kind` has as well, but for those without effect."""
        idle = self.idle()
        known = type(self).model_fields.keys() & kind.model_fields.keys()
        return {
            name: getattr(self, name) for name in kind.model_fields if name in known - idle.keys()
        }

    def as_given(self) -> dict[str, Any]:
        """Return the fields that were given, as plain values."""
        written = {name: field.alias or name for name, field in type(self).model_fields.items()}
        return {written[name]: value for name, value in self.model_dump(exclude_unset=True).items()}

    @model_validator(mode="after")
    def _all_that_is_given_has_an_effect(self) -> Described:
        odd = {name: why for name, why in self.idle().items() if name in self.model_fields_set}
        if odd:
            reasons = {why: [n for n in odd if odd[n] == why] for why in odd.values()}
            raise ValueError(
                "; ".join(
                    f"{' and '.join(names)} would have no effect, for {why}: leave "
                    f"{'it' if len(names) == 1 else 'them'} out"
                    for why, names in reasons.items()
                )
            )
        return self

    def model_dump(self, **options: Any) -> dict[str, Any]:
        """Return the fields as plain values; arrays, which have no truth value, stay arrays.

        Raises
        ------
        SpecError
            If a part of it would be read back as another class.
        """
        fields = {name: getattr(self, name) for name in type(self).model_fields}
        arrays = {n: v for n, v in fields.items() if isinstance(v, np.ndarray) or is_sparse(v)}
        left_out = set(options.pop("exclude", None) or ())
        try:
            plain = super().model_dump(**options, exclude=left_out | set(arrays))
        except PydanticSerializationError as error:
            raise (error.__cause__ or error) from None
        return plain | {name: v for name, v in arrays.items() if name not in left_out}

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return False
        fields = type(self).model_fields
        return all(_same(getattr(self, name), getattr(other, name)) for name in fields)

    def __hash__(self) -> int:
        return hash(type(self))


def _named(kind: type[Described], value: Any) -> str:
    """Return `value` as that of a field that could have it: units, or the first of the class."""
    written = ["units"] + [
        name for base in kind.__mro__ for name in vars(base).get("__annotations__", ())
    ]
    fields = [name for name in dict.fromkeys(written) if name in kind.model_fields]
    for name in fields:
        field = kind.model_fields[name]
        try:
            if isinstance(value, bool | int | float | str):
                kind_of: Any = Annotated[(field.annotation, name, *field.metadata)]
                TypeAdapter(kind_of).validate_python(value, strict=True)
                return f"{name}={value!r}"
        except (ValidationError, FieldError):
            continue
    return f"{fields[0]}=..." if fields else ""


def plain_value(value: Any) -> Any:
    """Return numpy scalars as Python's own, lists and flat arrays as tuples."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, list):
        return tuple(plain_value(item) for item in value)
    return value


def _same(one: Any, other: Any) -> bool:
    if is_sparse(one) and is_sparse(other):
        return bool(one.shape == other.shape and (one != other).nnz == 0)
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        return bool(np.array_equal(one, other))
    return bool(one == other)
