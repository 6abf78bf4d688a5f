"""The sections of a task that say where data come from: data sets, tables, recordings."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    NonNegativeInt,
    PositiveInt,
    model_validator,
)

__all__ = [
    "ColumnList",
    "DatasetSource",
    "FileSource",
    "LabelledFile",
    "LabelledFolder",
    "Reading",
    "Section",
    "SomeColumns",
    "Text",
    "as_tuple",
]


def as_tuple(value: Any) -> Any:
    """Return a list as a tuple, and all else as it is."""
    return tuple(value) if isinstance(value, list) else value


def _listed(value: Any) -> Any:
    return (value,) if isinstance(value, (str, int, float)) else as_tuple(value)


def _unique(names: bool | tuple[str, ...] | None) -> bool | tuple[str, ...] | None:
    listed = names if isinstance(names, tuple) else ()
    if twice := [name for name in listed if listed.count(name) > 1]:
        raise ValueError(f"should have each name once (got {twice[0]} twice)")
    return names


Text = Annotated[str, Field(min_length=1, max_length=200)]
Column = Annotated[str, Field(min_length=1)] | NonNegativeInt
ColumnList = Annotated[tuple[Column, ...], BeforeValidator(_listed)]
ColumnNames = Annotated[tuple[Text, ...], Field(min_length=1), BeforeValidator(as_tuple)]
SomeColumns = Annotated[tuple[Column, ...], Field(min_length=1), BeforeValidator(_listed)]


class Section(BaseModel):
    """A part of the YAML: frozen, strict, finite, without unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class DatasetSource(Section):
    """A series made or shipped by `nodegraph.datasets`; further keys are its options.

    Parameters
    ----------
    dataset : str
        Name of the dataset, such as ``mackey_glass``.
    """

    model_config = ConfigDict(extra="allow")

    dataset: Text

    @property
    def options(self) -> dict[str, Any]:
        """Options for the dataset, such as ``steps``."""
        return dict(self.model_extra or {})


class Reading(Section):
    """How a table in a file is read.

    Parameters
    ----------
    columns : list of str or int, optional
        Which columns, by name or by number from 0; else all.
    key : str, optional
        Which array of a .npz file.
    names : bool or list of str, optional
        Whether the first row of a text gives names, or the names; else it is found out.
    separator : {",", ";", "|", "tab", "blanks"}, optional
        What parts the cells of a text; else it is found out.
    decimal : {".", ","}, optional
        What stands before the decimals of a text; else it is found out.
    missing : list of str or float, optional
        Words, or numbers such as -999, that stand for a missing number, beside the usual ones.
    encoding : str, optional
        How letters are written in a text, such as ``latin-1``; UTF-8 without it.
    """

    columns: SomeColumns | None = None
    key: Text | None = None
    names: Annotated[bool | ColumnNames | None, AfterValidator(_unique)] = None
    separator: Literal[",", ";", "|", "tab", "blanks", "\t", " "] | None = None
    decimal: Literal[".", ","] | None = None
    missing: (
        Annotated[tuple[str | float, ...], Field(min_length=1), BeforeValidator(_listed)] | None
    ) = None
    encoding: Text | None = None

    @property
    def options(self) -> dict[str, Any]:
        """What `nodegraph.files.table_files.load_table` takes beside the file."""
        given = self.model_dump(include={*Reading.model_fields}, exclude_none=True)
        if self.separator is not None:
            given["separator"] = {"tab": "\t", "blanks": " "}.get(self.separator, self.separator)
        return given


class FileSource(Reading):
    """A table in a file beside the YAML; further keys say how it is read.

    Parameters
    ----------
    file : str
        Path of a text (.csv, .tsv, .txt, .dat, also .gz), .npy, .npz or .parquet file in the folder
        of the YAML or below it.
    time : str or int, optional
        The column that calls the rows and is no number, such as ``date``.
    series : int or str, optional
        How many rows each of many independent series has; or the column that names the series of
        a row; or ``arrays``, where each array of a .npz file is a series. An array of three axes
        (series, steps, columns) needs none.
    """

    file: Text
    time: Column | None = None
    series: PositiveInt | Text | None = None

    @property
    def options(self) -> dict[str, Any]:
        """What `nodegraph.files.table_files.load_table` takes beside the file."""
        more = {"time": self.time, "series": self.series}
        return super().options | {key: value for key, value in more.items() if value is not None}


class LabelledFile(Reading):
    """Recordings of classes in one table: a column says to which recording a row belongs.

    Parameters
    ----------
    file : str
        Path of a table, as for other data.
    series : str or int
        The column that names the recording; its rows are taken in the order of the file.
    label : str or int
        The column that names the class, the same in all rows of a recording.
    test : str, optional
        Another such file, whose recordings are scored; else some are held back, by class.
    targets : {"one_hot", "repeat"}, optional
        Whether the class is taught at the last row of each recording or at every row; by default
        as `Model.fit` does with labels: at every row where a readout that names classes hears
        each row, else at the last.
    """

    file: Text
    series: Column
    label: Column
    test: Text | None = None
    targets: Literal["one_hot", "repeat"] | None = None

    @model_validator(mode="after")
    def _two_columns(self) -> LabelledFile:
        if self.label == self.series:
            raise ValueError(f"label and series should be two columns (got {self.label} for both)")
        return self


class LabelledFolder(Reading):
    """Recordings of classes in a folder: for each class a folder, in it a file a recording.

    Parameters
    ----------
    folder : str
        Path of the folder, beside the YAML or below.
    test : str, optional
        Another such folder, whose recordings are scored; else some are held back, by class.
    targets : {"one_hot", "repeat"}, optional
        Whether the class is taught at the last row of each recording or at every row; by default
        as `Model.fit` does with labels: at every row where a readout that names classes hears
        each row, else at the last.
    """

    folder: Text
    test: Text | None = None
    targets: Literal["one_hot", "repeat"] | None = None
