"""Blocks of lines: what numpy reads at once, and what is looked at cell by cell."""

import numpy as np
import pytest

from nodegraph.files.table_files import load_table


@pytest.mark.parametrize("gap", ['""', "", "NA", '" "', '"NA"'])
@pytest.mark.parametrize("cells", [["10", "11", "12", "13"], ["1.5", "-2", "1e3", "4"]])
def test_a_column_alone_keeps_its_rows_whatever_stands_for_a_gap(tmp_path, gap, cells):
    """Lines without ends were joined: whole numbers around \"\" became one of all their digits."""
    rows = [*cells[:2], gap, *cells[2:]]
    expected = [*map(float, cells[:2]), np.nan, *map(float, cells[2:])]
    for head in ("c\n", ""):
        (tmp_path / "a.csv").write_text(head + "\n".join(rows) + "\n")
        found = load_table("a.csv", root=tmp_path).values[:, 0]
        np.testing.assert_array_equal(found, expected)
