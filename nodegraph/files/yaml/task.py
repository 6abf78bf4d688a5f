"""The ``task:`` of a YAML graph: data, target, split, scores."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    NonNegativeInt,
    PositiveInt,
    Tag,
    model_validator,
)

from nodegraph.files.yaml.sources import (
    ColumnList,
    DatasetSource,
    FileSource,
    LabelledFile,
    LabelledFolder,
    Section,
    SomeColumns,
    Text,
    as_tuple,
)

__all__ = [
    "ColumnTarget",
    "FileTarget",
    "ForecastTarget",
    "GenerateTarget",
    "Split",
    "Target",
    "Task",
    "Validation",
    "steps_ahead",
]


class ForecastTarget(Section):
    """The data themselves, some steps later.

    Parameters
    ----------
    forecast : int
        How many steps ahead, at least 1.
    columns : list of str or int, optional
        Which columns of the data to forecast; else all.
    """

    forecast: PositiveInt
    columns: SomeColumns | None = None


class ColumnTarget(Section):
    """Other columns of the data, at the same step or later.

    Parameters
    ----------
    column : str, int or list of them
        By name or by number from 0.
    ahead : int
        How many steps later; the last rows have no target then.
    """

    column: SomeColumns
    ahead: NonNegativeInt = 0


class FileTarget(FileSource):
    """A table in another file, a row for each row of the data.

    Parameters
    ----------
    ahead : int
        How many steps later the target of a row stands there; the last rows have none then.
    """

    ahead: NonNegativeInt = 0


class GenerateTarget(Section):
    """The data one step later while learning; then the model runs alone.

    Parameters
    ----------
    generate : int
        How many steps it runs alone.
    prompt : int
        How many rows drive it before; 0 goes on from the end of learning.
    windows : int
        How often, from starts evenly spread over the rows behind those learned from.
    loop : mapping of node to node, optional
        Which node's output becomes which node's input, ``{input: readout}``, where there is more
        than one of either; inputs that are not named keep getting the data.
    """

    generate: PositiveInt
    prompt: NonNegativeInt = 100
    windows: PositiveInt = 1
    loop: Annotated[dict[Text, Text], Field(min_length=1)] | None = None


def steps_ahead(target: Target | None) -> int:
    """Return how many steps later a target stands than what it is learned from."""
    if isinstance(target, ForecastTarget):
        return target.forecast
    return target.ahead if isinstance(target, ColumnTarget | FileTarget) else 0


def _first_required(kind: type[Section]) -> str:
    return next(key for key, field in kind.model_fields.items() if field.is_required())


def _choice(**kinds: type[Section]) -> Any:
    """Return what tells sections apart by the first key that only one of them has."""

    def kind_of(value: Any) -> str | None:
        if isinstance(value, Section):
            return type(value).__name__
        given = value if isinstance(value, dict) else {}
        return next((kind.__name__ for word, kind in kinds.items() if word in given), None)

    keys = dict.fromkeys(map(_first_required, kinds.values()))
    forms = " or ".join(f"{{{key}: ...}}" for key in keys)
    return Discriminator(
        kind_of, custom_error_type="which", custom_error_message=f"should be {forms}"
    )


Data = Annotated[
    Annotated[DatasetSource, Tag("DatasetSource")]
    | Annotated[LabelledFolder, Tag("LabelledFolder")]
    | Annotated[LabelledFile, Tag("LabelledFile")]
    | Annotated[FileSource, Tag("FileSource")],
    _choice(
        dataset=DatasetSource,
        folder=LabelledFolder,
        label=LabelledFile,
        file=FileSource,
    ),
]
Aligned = Annotated[
    Annotated[ForecastTarget, Tag("ForecastTarget")]
    | Annotated[ColumnTarget, Tag("ColumnTarget")]
    | Annotated[FileTarget, Tag("FileTarget")],
    _choice(forecast=ForecastTarget, column=ColumnTarget, file=FileTarget),
]
Target = Annotated[
    Annotated[ForecastTarget, Tag("ForecastTarget")]
    | Annotated[ColumnTarget, Tag("ColumnTarget")]
    | Annotated[FileTarget, Tag("FileTarget")]
    | Annotated[GenerateTarget, Tag("GenerateTarget")],
    _choice(forecast=ForecastTarget, column=ColumnTarget, file=FileTarget, generate=GenerateTarget),
]


class Split(Section):
    """Which rows are learned from, and which are held back.

    Of independent series, whole ones are counted: `train` of those that there are to learn from, in
    their order; of series with a class each in the share of each class. With `test`, so many of
    the others are held back and scored in place of test series of their own. Recordings without
    such are held back by a third.

    Parameters
    ----------
    train : int, optional
        Rows to learn from; else two thirds of them. Series: else all that are not held back.
    warmup : int
        The first rows of these (of each series) that only drive the states.
    test : int, optional
        Rows to score, right behind; else all the rest. A model that generates does so within them.
    """

    train: PositiveInt | None = None
    warmup: NonNegativeInt = 0
    test: PositiveInt | None = None


class Validation(Section):
    """How closed loops are scored within the rows that are learned from.

    Parameters
    ----------
    kind : "recycle" or "walk_forward"
        Whether one model that learned from all of them starts anew at places among them, or a model
        for each fold learns from the first rows and goes on right behind them.
    folds : int
        How many places, evenly spread.
    choose : "ridge", optional
        Lets a readout that was given several strengths take the one whose closed loops score best
        by the first metric, in place of the one that tells best, a step ahead, what is left out.
    """

    kind: Literal["recycle", "walk_forward"]
    folds: PositiveInt = 5
    choose: Literal["ridge"] | None = None


Options = dict[str, str | int | float | bool]
Metric = Text | Annotated[dict[str, Options], Field(min_length=1, max_length=1)]


def _each_once(words: tuple[Any, ...]) -> tuple[Any, ...]:
    named = [word if isinstance(word, str) else next(iter(word)) for word in words]
    if twice := [word for i, word in enumerate(named) if word in named[:i]]:
        raise ValueError(f"{twice[0]} stands there twice; leave one out")
    return words


def _some_metric(metrics: tuple[Any, ...]) -> tuple[Any, ...]:
    if not metrics:
        raise ValueError("should name at least one, such as [nrmse]; leave the key out for that")
    return metrics


Metrics = Annotated[
    tuple[Metric, ...],
    BeforeValidator(as_tuple),
    AfterValidator(_each_once),
    AfterValidator(_some_metric),
]
Baselines = Annotated[
    tuple[Literal["persistence", "linear", "mean"], ...],
    BeforeValidator(as_tuple),
    AfterValidator(_each_once),
]


def _may_be_series(data: Any) -> bool:
    """Tell whether only the file says if it holds one series or many."""
    return bool(data.file.lower().endswith((".npy", ".npz")))


class Task(Section):
    """What a graph is to learn, and how well it did is told.

    Parameters
    ----------
    data : mapping
        ``{dataset: name, ...}`` or ``{file: path, ...}``; for recordings with a class each
        ``{folder: path}`` or ``{file: path, series: column, label: column}``.
    input : list of str or int, or mapping of node to such, optional
        Columns that go in, all but those of a column target if left out; ``[]`` is none, for a
        graph that runs alone.
    target : mapping, optional
        ``{forecast: 10}``, ``{column: y}``, ``{file: y.csv, ahead: 3}`` or ``{generate: 300}``; a
        dataset with its own targets or labels needs none.
    targets : mapping of node to target, optional
        In place of `target`, where there are several supervised nodes.
    split : mapping
        ``{train: 4000, warmup: 200, test: 1000}``.
    online : bool
        Whether to learn step by step, as `Model.partial_fit` does, in place of `Model.fit`. What is
        scored is said afterwards, without learning more.
    forcing : bool or "all"
        As in `Model.fit`.
    metrics : list
        Names of metrics, or ``{name: {option: value}}``.
    baselines : list
        What to show beside: ``persistence``, ``linear``, ``mean``.
    validate : mapping, optional
        ``{kind: recycle, folds: 5}`` or ``{kind: walk_forward, folds: 5}``: closed loops are also
        scored on the rows that are learned from; searches then go by that. With ``choose: ridge`` a
        readout with several strengths takes the best of them.
    """

    data: Data
    input: ColumnList | dict[str, SomeColumns] | None = None
    target: Target | None = None
    targets: Annotated[dict[str, Aligned], Field(min_length=1)] | None = None
    split: Split = Split()
    online: bool = False
    forcing: bool | Literal["all"] = True
    metrics: Metrics = ("nrmse",)
    baselines: Baselines = ()
    validation: Validation | None = Field(None, alias="validate")

    @property
    def scores(self) -> dict[str, Options]:
        """Options of each metric, by its name."""
        found: dict[str, Options] = {}
        for metric in self.metrics:
            found.update({metric: {}} if isinstance(metric, str) else metric)
        return found

    @model_validator(mode="after")
    def _something_is_left_to_learn_from(self) -> Task:
        split, table = self.split, isinstance(self.data, FileSource) and self.data.series is None
        rows = isinstance(self.data, DatasetSource) or (table and not _may_be_series(self.data))
        if rows and split.train is not None and split.warmup >= split.train:
            raise ValueError(
                f"split: warmup should be below train ({split.train}), or nothing is learned from "
                f"(got {split.warmup})"
            )
        return self

    @model_validator(mode="after")
    def _one_way_of_saying_what_to_learn(self) -> Task:
        if self.target is not None and self.targets is not None:
            raise ValueError("target and targets exclude each other; leave one out")
        if isinstance(self.data, FileSource) and self.target is None and self.targets is None:
            raise ValueError("target is required: {forecast: 1}, {column: y}, {file: y.csv} ...")
        return self
