import nodes
from nodes.families import FAMILIES


def test_each_kind_is_of_one_sort():
    named = [name for members in FAMILIES.values() for name in members]
    assert len(named) == len(set(named))
    assert set(named) <= set(nodes.__all__)
