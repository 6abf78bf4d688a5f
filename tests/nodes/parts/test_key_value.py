import pytest

from nodegraph.errors import FieldError
from nodes.parts.key_value import check_key_value, check_one_signal


@pytest.mark.parametrize(
    ("widths", "message"),
    [
        ((3, 0, 2), "nothing is wired to the port key; write source >> node"),
        ((3, 3, 0), "nothing is wired to the port value"),
        ((3, 2, 2), "3 signals arrive as the query"),
    ],
)
def test_widths_that_do_not_go_together_are_refused(widths, message):
    with pytest.raises(FieldError, match=message):
        check_key_value(*widths)


def test_widths_that_go_together_are_taken():
    check_key_value(3, 3, 2)
    check_one_signal(beta=0, write=1)
    with pytest.raises(FieldError, match="2 signals arrive at the port beta"):
        check_one_signal(beta=2)
