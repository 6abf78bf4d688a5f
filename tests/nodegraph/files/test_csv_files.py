import numpy as np

from nodegraph.files.table_files import load_table


def test_an_empty_line_between_rows_is_a_gap_and_at_the_edges_nothing(tmp_path):
    for text, expected in (
        ("\nx\n\n1\n2\n\n3\n\n\n", [[1], [2], [np.nan], [3]]),
        ("a,b\n1,2\n,\n3,4\n", [[1, 2], [np.nan, np.nan], [3, 4]]),
        ("1\n# note\n2\n", [[1], [2]]),
    ):
        (tmp_path / "t.csv").write_text(text)
        table = load_table("t.csv", root=tmp_path)
        np.testing.assert_array_equal(table.values, expected)
