"""The page stands alone, shows every number, and runs nothing."""

import re
import subprocess
import sys
from base64 import b64decode
from html.parser import HTMLParser

import pytest

from nodegraph import plotting
from nodegraph.experiments.tasks.html_report import report, versions

ROWS = [{"model": "ESN", "nrmse": 0.251234}, {"model": "persistence", "nrmse": 0.31, "r2": None}]
VOID = {"meta", "img", "br"}


class Outline(HTMLParser):
    """Collect tags and words; refuse a page whose tags do not match."""

    def __init__(self, page):
        super().__init__()
        self.open, self.tags, self.words = [], [], []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.open += [tag] * (tag not in VOID)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


def page(**changes):
    figure = plotting.states([[0.0], [1.0]]).figure
    parts = {
        "title": "Sunspots",
        "svg": '<svg xmlns="http://www.w3.org/2000/svg"></svg>',
        "tables": {"Scores": ROWS},
        "figures": {"States": figure},
        "yaml": "seed: 42\n",
        "versions": {"numpy": "2.4"},
        "seed": 7,
        "notes": "Ten steps ahead.",
    }
    return report(**{**parts, **changes})


def test_every_part_is_on_the_page():
    outline = Outline(page())
    words = " ".join(outline.words)
    for part in ("Sunspots", "Ten steps", "Scores", "States", "seed: 42", "numpy", "2.4", "7"):
        assert part in words
    assert {"svg", "table", "img", "details"} <= {tag for tag, _ in outline.tags}


def test_scores_have_four_digits_and_missing_ones_a_dash():
    cells = re.findall(r"<td>(.*?)</td>", page())
    assert cells == ["ESN", "0.2512", "—", "persistence", "0.31", "—"]


def test_the_plot_is_inside_the_page_as_a_png():
    source = next(attrs["src"] for tag, attrs in Outline(page()).tags if tag == "img")
    head, data = source.split(",")
    assert head == "data:image/png;base64"
    assert b64decode(data).startswith(b"\x89PNG")


def test_axes_figures_and_bytes_are_all_welcome():
    ax = plotting.states([[0.0], [1.0]])
    sizes = {len(page(figures={"plot": one})) for one in (ax, ax.figure)}
    assert len(sizes) == 1
    assert "iVBORw0KGgo" in page(figures={"plot": b"\x89PNG\r\n\x1a\n"})


def test_the_page_asks_for_no_other_file():
    links = re.findall(r"""(?:src|href|url)\s*[=(]\s*["']?([^"'\s)]{5})""", page())
    assert set(links) == {"data:"}
    assert "default-src 'none'" in page()


@pytest.mark.parametrize("part", ["title", "yaml", "notes"])
def test_words_cannot_become_markup(part):
    outline = Outline(page(**{part: "<script>alert(1)</script>\x1b[31m"}))
    assert "script" not in {tag for tag, _ in outline.tags}
    assert "<script>alert(1)</script>[31m" in "".join(outline.words)


def test_names_in_tables_captions_and_versions_cannot_become_markup():
    bad = '"><script>x</script>'
    hostile = page(tables={bad: [{bad: bad}]}, figures={bad: b""}, versions={bad: bad})
    assert "script" not in {tag for tag, _ in Outline(hostile).tags}


def test_empty_parts_leave_no_empty_headings():
    bare = report("Nothing", "", {}, {})
    assert "<h2>" not in bare and "Nothing" in bare


def test_the_page_can_be_read_in_the_dark():
    assert "prefers-color-scheme: dark" in page()


def test_versions_say_what_is_installed_without_importing_it():
    code = (
        "import sys; from nodegraph.experiments.tasks.html_report import versions; "
        "found = versions();"
        "assert not {'ray', 'llvmlite', 'matplotlib'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert {"nodegraph", "numpy", "scipy", "llvmlite", "python", "platform"} <= set(versions())
