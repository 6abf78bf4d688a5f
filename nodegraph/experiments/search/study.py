"""The trials of a search in a file, so that none is lost and a search can go on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from nodegraph.errors import SpecError
from nodegraph.host.paths import held

__all__ = ["MINE", "close_begun", "open_study", "sampler"]

MINE = "nodegraph"  # what a study is called in its file, and what its attributes begin with


def _optuna() -> Any:
    try:
        import optuna
    except ImportError:
        raise SpecError("search needs Optuna, which is not installed: pip install optuna") from None
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna


def sampler(seed: int, number: int) -> Any:
    """Return what draws the settings of trial `number`: of the seed and the trials before alone.

    So a search that goes on draws what it would have drawn without a break.
    """
    return _optuna().samplers.TPESampler(seed=(seed * 1_000_003 + number) % 2**32)


@contextmanager
def open_study(
    file: Path | None, facts: Mapping[str, Any], *, higher: bool, resume: bool
) -> Iterator[Any]:
    """Hold a study, in memory or in a file; trials that were cut short in it are closed.

    A study in the way of a new one is moved aside, never lost.

    Parameters
    ----------
    file : Path or None
    facts : mapping
        What must be the same for a search to go on.
    higher : bool
        Whether more is better.
    resume : bool
        Whether to go on with the study of the file, if there is one.

    Raises
    ------
    DataError
        If another search holds the file.
    SpecError
        If Optuna is not installed, or the file is no study, or one of another search.
    OSError
        If the file cannot be written.
    """
    optuna = _optuna()
    direction = "maximize" if higher else "minimize"
    if file is None:
        yield optuna.create_study(direction=direction)
        return
    with ExitStack() as holding:
        _make_way(file, resume, holding)
        study = _stored(optuna, file, direction)
        known = json.loads(json.dumps(facts))
        _check_same(file, study.user_attrs.get(MINE), known)
        study.set_user_attr(MINE, known)
        close_begun(study)
        yield study


def _make_way(file: Path, resume: bool, holding: ExitStack) -> None:
    """Hold the file of a study, a new one unless a search goes on there."""
    busy = f"{file}: another search writes there now; wait for its end, or name another folder"
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.exists():
        holding.enter_context(held(file, busy))
        if resume:
            return
        file.rename(_aside(file))
    file.touch()
    holding.enter_context(held(file, busy))


def _stored(optuna: Any, file: Path, direction: str) -> Any:
    try:
        journal = optuna.storages.journal
        lock = journal.JournalFileOpenLock(str(file))
        backend = journal.JournalFileBackend(str(file), lock_obj=lock)
        storage = optuna.storages.JournalStorage(backend)
        return optuna.create_study(
            storage=storage, study_name=MINE, direction=direction, load_if_exists=True
        )
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(file)) from error
    except (ValueError, KeyError, TypeError) as error:
        raise SpecError(f"{file}: is no study of a search: {error}; name another") from error


def close_begun(study: Any) -> None:
    """Let the study know that what was begun came to no end."""
    from optuna.trial import TrialState

    for trial in study.get_trials(deepcopy=False, states=[TrialState.RUNNING]):
        study.tell(trial.number, state=TrialState.FAIL)


def _check_same(file: Path, before: Any, now: Mapping[str, Any]) -> None:
    if before is None:
        return
    other = [key for key in {**now, **before} if before.get(key) != now.get(key)]
    if other:
        raise SpecError(
            f"{file}: holds trials of another search: {', '.join(other)} "
            f"{'differs' if len(other) == 1 else 'differ'}; name another with --study, or leave "
            "--resume out"
        )


def _aside(file: Path) -> Path:
    """Return the first free name for what lies at `file`."""
    number = 1
    while (free := file.with_name(f"{file.stem}-{number}{file.suffix}")).exists():
        number += 1
    return free
