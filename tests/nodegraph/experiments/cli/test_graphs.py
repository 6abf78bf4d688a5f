from pathlib import Path

from small_graph import SMALL, call, fails

ROOT = Path(__file__).parents[4]


def test_shipped_graphs_are_found_by_name_from_anywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "graphs").mkdir()
    (tmp_path / "graphs" / "__init__.py").write_text("raise SystemExit('not mine')")
    (tmp_path / "sunspots").mkdir()
    done = call("check", "sunspots")
    assert done.exit_code == 0, done.stderr
    assert "sunspots: seed 42" in done.stdout
    listed = call("graphs").stdout
    assert all(path.stem in listed for path in (ROOT / "graphs").glob("*.yaml"))
    assert "did you mean sunspots?" in fails("run", "sunspot")
    assert "write sunspots for the graph" in fails("draw", "sunspots.yaml")


def test_a_file_here_wins_over_a_shipped_graph(small, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("narma10.yaml", "lorenz"):
        (tmp_path / name).write_text(SMALL, encoding="utf-8")
        assert "small: seed 3" in call("check", name.removesuffix(".yaml")).stdout


def test_a_shipped_graph_is_copied_and_nothing_written_over(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    wanted = (ROOT / "graphs" / "sunspots.yaml").read_text(encoding="utf-8")
    for words, target in (
        ([], "sunspots.yaml"),
        (["mine"], "mine/sunspots.yaml"),
        (["own.yaml"], "own.yaml"),
    ):
        assert call("graphs", "sunspots", "--copy", *words).exit_code == 0
        assert (tmp_path / target).read_text(encoding="utf-8") == wanted
        (tmp_path / target).write_text("changed", encoding="utf-8")
        assert "is there already" in fails("graphs", "sunspots", "--copy", *words)
        assert (tmp_path / target).read_text(encoding="utf-8") == "changed"
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert "--copy file: file is a file; name" in fails("graphs", "sunspots", "--copy", "file")
    assert call("graphs", "sunspots").stdout.strip() == wanted.strip()
    assert "which one?" in fails("graphs", "--copy")
    assert "did you mean lorenz" in fails("graphs", "lorentz", "--copy")
