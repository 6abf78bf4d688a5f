"""What a study keeps of a search that is ended, and what cannot keep one."""

import sys

import numpy as np
import pytest

from nodegraph.errors import DataError, SpecError
from nodegraph.experiments.search import search, searching

GRAPH = """\
nodegraph: 1
nodes: {u: {kind: Input}, r: {kind: Reservoir, units: 5}, out: {kind: Ridge}}
edges: [u >> r >> out]
task:
  data: {file: x.npy}
  target: {forecast: 1}
  split: {train: 80}
  metrics: [nrmse]
"""
RANGES = {"nodes.r.leak_rate": "0.1:1"}


@pytest.fixture
def graph(tmp_path):
    np.save(tmp_path / "x.npy", np.sin(np.arange(120) / 4)[:, None])
    (tmp_path / "g.yaml").write_text(GRAPH)
    return tmp_path / "g.yaml"


@pytest.mark.parametrize("place", ["_new_trials", "_note"])
def test_an_interruption_between_trials_loses_none(graph, tmp_path, monkeypatch, place):
    study, count, whole = tmp_path / "s.journal", [], getattr(searching, place)

    def interrupted(*given):
        count.append(1)
        if len(count) > 3:
            raise KeyboardInterrupt
        return whole(*given)

    with monkeypatch.context() as patch:
        patch.setattr(searching, place, interrupted)
        found = search(graph, RANGES, trials=5, study=study)
    assert found.interrupted and len(found.trials) == 3
    again = search(graph, RANGES, trials=5, study=study, resume=True)
    assert again == search(graph, RANGES, trials=5)


def test_trials_that_learned_from_other_numbers_are_no_part_of_a_search(graph, tmp_path):
    study, rows = tmp_path / "s.journal", np.sin(np.arange(120) / 4)[:, None]
    search(graph, RANGES, trials=1, study=study)
    rows[79] += 1e-12  # learned from: among the first 80 rows
    np.save(tmp_path / "x.npy", rows)
    (tmp_path / "other").mkdir()
    rows[79], rows[90] = np.sin(79 / 4), 5.0  # no trial looks at it
    np.save(tmp_path / "other" / "x.npy", rows)
    with pytest.raises(SpecError, match="another search: data differs"):
        search(graph, RANGES, trials=2, study=study, resume=True)
    again = search(graph, RANGES, trials=2, study=study, resume=True, data=tmp_path / "other")
    assert len(again.trials) == 2


def test_recordings_of_other_classes_are_other_data(tmp_path):
    rng = np.random.default_rng(0)
    rows = [f"r{i},{'ab'[i % 2]},{x:.4f}" for i in range(16) for x in rng.normal(size=12)]
    table = tmp_path / "g.csv"
    (tmp_path / "g.yaml").write_text(
        GRAPH.replace("{file: x.npy}", "{file: g.csv, series: r, label: c}")
        .replace("{kind: Ridge}", "{kind: Ridge, classes: [a, b]}")
        .replace("  target: {forecast: 1}\n", "")
        .replace("80", "12")
        .replace("nrmse", "accuracy")
    )
    study = tmp_path / "s.journal"
    table.write_text("\n".join(["r,c,x", *rows]))
    search(tmp_path / "g.yaml", RANGES, trials=1, study=study)
    assert len(search(tmp_path / "g.yaml", RANGES, trials=2, study=study, resume=True).trials) == 2
    swapped = [row.translate(str.maketrans("ab", "ba")) for row in rows]
    table.write_text("\n".join(["r,c,x", *swapped]))
    with pytest.raises(SpecError, match="another search: data differs"):
        search(tmp_path / "g.yaml", RANGES, trials=3, study=study, resume=True)


def test_a_study_that_cannot_be_written_names_its_file(graph, tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder") as caught:
        search(graph, RANGES, trials=1, study=tmp_path / "folder", resume=True)
    assert caught.value.filename == str(tmp_path / "folder")


@pytest.mark.skipif(sys.platform == "win32", reason="nothing is held there")
@pytest.mark.parametrize("resume", [False, True])
def test_a_second_search_into_a_study_is_refused_and_harms_none(graph, tmp_path, resume):
    study, refused = tmp_path / "s.journal", []

    def watch(attempt):
        with pytest.raises(DataError, match="another search writes there now") as caught:
            search(graph, RANGES, trials=1, study=study, resume=resume)
        refused.append(str(caught.value).startswith(str(study)))

    found = search(graph, RANGES, trials=3, study=study, watch=watch)
    assert refused == [True] * 3 and found == search(graph, RANGES, trials=3)
    assert search(graph, RANGES, trials=3, study=study, resume=True) == found
    assert [path.name for path in tmp_path.glob("s*")] == ["s.journal"]
