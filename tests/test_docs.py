"""The documentation says what happens: its Python runs, its output and its graphs are real.

Blocks of one file share their names and run in order, in a folder that holds a copy of `graphs/`.
A ``text`` or ``output`` block right after a ``python`` block is what that block prints; ``...``
stands for anything. A block marked ``python needs=PACKAGE`` runs where that package is installed.
"""

import contextlib
import inspect
import io
import os
import re
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from doctest import ELLIPSIS, Example, OutputChecker
from importlib.util import find_spec
from pathlib import Path

import pytest
import typer

import nodegraph
from nodegraph.cli import app

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(
    r"^```(?P<info>[^`\n]*)\n(?P<text>.*?)^```[ \t]*$(?P<gap>\s*)", re.MULTILINE | re.DOTALL
)


@dataclass
class Block:
    """A fenced block: where it starts, what its fence says, and the output right after it."""

    line: int
    info: list[str]
    text: str
    output: str | None = None

    @property
    def language(self) -> str:
        return self.info[0] if self.info else ""

    @property
    def wanted_packages(self) -> list[str]:
        return [word.removeprefix("needs=") for word in self.info if word.startswith("needs=")]


def blocks(page: str) -> Iterator[Block]:
    """Yield the blocks of a page; a block of output belongs to the block before it."""
    before, end = None, -1
    for fence in FENCE.finditer(page):
        block = Block(page.count("\n", 0, fence.start()) + 2, fence["info"].split(), fence["text"])
        if block.language in ("text", "output") and before and fence.start() == end:
            before.output = block.text
        else:
            yield from [before] if before else []
            before = block
        end = fence.end()
    yield from [before] if before else []


def run(block: Block, names: dict[str, object], page: str) -> None:
    """Run a block at its own line numbers and compare what it prints."""
    printed = io.StringIO()
    code = compile("\n" * (block.line - 1) + block.text, page, "exec")
    with contextlib.redirect_stdout(printed):
        with warnings.catch_warnings():
            if block.wanted_packages:  # their warnings are not ours to mend
                warnings.simplefilter("ignore")
            exec(code, names)
    if block.output is not None:
        compare(block.output, printed.getvalue(), f"{page}:{block.line}")


def compare(want: str, got: str, where: str) -> None:
    want, got = (
        "\n".join(line.rstrip() for line in text.rstrip().splitlines()) + "\n"
        for text in (want, got)
    )
    checker = OutputChecker()
    if not checker.check_output(want, got, ELLIPSIS):
        pytest.fail(f"{where}:\n{checker.output_difference(Example('', want), got, ELLIPSIS)}")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    shutil.copytree(ROOT / "graphs", tmp_path / "graphs")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_the_code_of_a_page_runs_and_prints_what_the_page_shows(path, folder):
    names: dict[str, object] = {"__name__": "__main__"}
    for block in blocks(path.read_text(encoding="utf-8")):
        if block.language == "python" and all(map(find_spec, block.wanted_packages)):
            run(block, names, str(path.relative_to(ROOT)))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_the_whole_graphs_of_a_page_can_be_read(path, folder):
    for block in blocks(path.read_text(encoding="utf-8")):
        if block.language == "yaml" and block.text.startswith("nodegraph:"):
            graph = folder / f"{path.stem}_{block.line}.yaml"
            graph.write_text(block.text, encoding="utf-8")
            nodegraph.read_yaml(graph)


PAGE = """
```python
x = 2
```

```python needs=no_such_package
import no_such_package
```

```python
print(x / 3)
```
```text
0.66...
```
prose

```text
art
```
"""


def test_blocks_carry_their_line_and_the_output_right_behind_them():
    found = [(b.line, b.info, b.output) for b in blocks(PAGE)]
    assert found == [
        (3, ["python"], None),
        (7, ["python", "needs=no_such_package"], None),
        (11, ["python"], "0.66...\n"),
        (19, ["text"], None),
    ]


def test_blocks_share_their_names():
    first, _, third, _ = blocks(PAGE)
    names: dict[str, object] = {}
    run(first, names, "page.md")
    run(third, names, "page.md")
    assert names["x"] == 2


def test_another_output_than_the_page_shows_fails_with_its_place():
    block = Block(7, ["python"], "print(0.5)\n", "0.25\n")
    with pytest.raises(pytest.fail.Exception, match=r"page\.md:7(?s:.*)0\.25(?s:.*)0\.5"):
        run(block, {}, "page.md")


def test_the_readme_shows_what_the_demo_prints(folder):
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = re.search(r"```console\n\$ (nodegraph run .*)\n((?:.*\n)*?)```", page)
    command = [sys.executable, "-m", *shown[1].split()]
    environment = {**os.environ, "COLUMNS": "100", "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    compare(shown[2], done.stdout, "README.md")


COMMAND = re.compile(r"nodegraph ([a-z]+)\b((?:\\\n|[^`\n|;>])*)")
OPTION = re.compile(r"(?<![\w=-])--?[A-Za-z][\w-]*")


def test_commands_have_the_options_that_pages_give_them():
    commands = typer.main.get_command(app).commands
    known = {name: {o for p in c.params for o in p.opts} for name, c in commands.items()}
    text = "\n".join(path.read_text(encoding="utf-8") for path in PAGES)
    shown = [
        (name, option)
        for name, words in COMMAND.findall(text)
        if name in known
        for option in OPTION.findall(words)
    ]
    assert len(shown) > 35 and {"run", "search", "slurm"} <= dict(shown).keys()
    assert [(name, option) for name, option in shown if option not in known[name]] == []


def test_all_options_of_the_ray_engine_stand_on_its_page():
    page = (ROOT / "docs" / "cluster.md").read_text(encoding="utf-8")
    options = [name for name in inspect.signature(nodegraph.RayEngine).parameters if name != "self"]
    assert len(options) > 15
    assert [name for name in options if not re.search(rf"\b{name}\b", page)] == []
