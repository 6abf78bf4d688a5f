import os
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nodegraph as ng
from nodegraph.data.series import Series
from nodegraph.engines.ray.file_rows import FileRows, opened, sendable
from nodegraph.errors import EngineError
from nodes import Input, Reservoir, Ridge

pytestmark = pytest.mark.usefixtures("small_leaves")
RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "h.npy"
    np.save(path, RNG.standard_normal((40, 3, 50, 8)).astype(np.float16))
    return path


@given(start=st.integers(0, 49), stop=st.integers(0, 50), step=st.integers(-3, 3).filter(bool),
       layer=st.integers(0, 2), text=st.integers(0, 39), column=st.integers(0, 7))  # fmt: skip
def test_rows_of_a_file_are_the_same_on_the_other_side(
    file, start, stop, step, layer, text, column
):
    whole = np.load(file, mmap_mode="r")
    for rows in (whole[text, layer][start:stop:step], whole[text, layer, :, column:],
                 np.asarray(whole[text])[layer].T, whole[::step, layer, start]):  # fmt: skip
        where = pickle.loads(pickle.dumps(FileRows.of(rows)))
        np.testing.assert_array_equal(where.rows(), rows)
        assert where.rows().dtype == rows.dtype and not where.rows().flags.writeable


def test_what_stands_in_no_file_as_it_is_is_sent(file, tmp_path):
    whole = np.load(file, mmap_mode="r")
    assert FileRows.of(np.array(whole[0, 0])) is None
    assert FileRows.of(whole[0, 0] + 1) is None
    assert FileRows.of(np.load(file, mmap_mode="c")[0, 0]) is None  # may have been written to
    np.save(tmp_path / "gone.npy", np.ones((3, 2)))
    gone = np.load(tmp_path / "gone.npy", mmap_mode="r")
    (tmp_path / "gone.npy").unlink()
    assert FileRows.of(gone) is None


def test_another_file_of_that_name_is_refused(tmp_path):
    path = tmp_path / "h.npy"
    np.save(path, np.ones((3, 2)))
    where = FileRows.of(np.load(path, mmap_mode="r"))
    np.save(path, np.zeros((3, 2)))
    os.utime(path, ns=(0, 0))
    with pytest.raises(EngineError, match=r"h\.npy: the file of the data is not here, or was cha"):
        where.rows()


def test_only_numbered_series_are_looked_at(file):
    rows = np.load(file, mmap_mode="r")[0, 0]
    group = [(3, Series({"u": rows}, {"out": np.ones((50, 1))}, 50))]
    (number, sent), = sendable(group, lambda where: True)  # fmt: skip
    assert number == 3 and isinstance(sent.data["u"], FileRows)
    np.testing.assert_array_equal(opened([(3, sent)])[0][1].data["u"], rows)
    assert sendable(group, lambda where: False)[0][1].data["u"] is rows
    assert sendable("trial", lambda where: True) == "trial"


@pytest.mark.parametrize("is_there", [True, False])
def test_rows_of_files_that_workers_see_are_not_sent(spread, file, is_there):
    whole = np.load(file, mmap_mode="r")
    xs, ys = list(whole[:, 0]), list(whole[:, 1, :, :2])
    engine, sent = spread(2), []
    watch(engine.pool, sent, is_there)
    models = [ng.Model(Input() >> Reservoir(units=9) >> Ridge(), seed=1, engine=e)
              for e in ("local", engine)]  # fmt: skip
    here, there = (model.fit(xs, ys).run(xs) for model in models)
    assert all(np.array_equal(a, b) for a, b in zip(here, there, strict=True))
    assert all(np.size(rows) > 100 or isinstance(rows, FileRows) for rows in sent)
    assert {isinstance(rows, FileRows) for rows in sent} == {is_there}


def watch(pool, sent, is_there):
    """Note what series are made of as they are sent."""
    start = pool.start

    def started(groups):
        workers = start(groups)
        for worker in workers:
            worker.call = noted(worker.call)
            worker.worker.has = lambda file: is_there
        return workers

    def noted(call):
        def do(method, *args, **options):
            for group in args if method in ("do", "gather") else ():
                if isinstance(group, list):
                    sent.extend(rows for _, one in group for rows in one.data.values())
            return call(method, *args, **options)

        return do

    pool.start = started
