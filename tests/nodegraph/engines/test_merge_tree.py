from math import log

from hypothesis import example, given
from hypothesis import strategies as st

from nodegraph.engines.merge_tree import FAN, Bough, MergeTree


def merged(tree):
    """Merge all that can be; return the most boughs that there were."""
    most = len(list(tree))
    while pair := tree.pair():
        one, other = pair
        assert one.stop == other.first
        tree.add(one.with_next(other, f"({one.value} {other.value})"))
    return most


def by_hand(leaves):
    """Return the tree as a recursion: children of the largest power of FAN first, then the rest."""
    if len(leaves) == 1:
        return leaves[0]
    size = 1
    while size * FAN < len(leaves):
        size *= FAN
    children = [by_hand(leaves[i : i + size]) for i in range(0, len(leaves), size)]
    total = children[0]
    for child in children[1:]:
        total = f"({total} {child})"
    return total


@given(st.permutations(range(70)), st.integers(1, 70), st.integers(1, 70))
@example(list(range(70)), 21, 1)
@example(list(range(70)), 64, 1)
def test_the_order_in_which_leaves_come_does_not_show(order, count, between):
    order = [leaf for leaf in order if leaf < count]
    tree = MergeTree(count)
    for number, leaf in enumerate(order):
        tree.add(Bough(leaf, leaf + 1, 0, str(leaf)))
        assert sorted(tree.missing()) == sorted(order[number + 1 :])
        if number % between == 0:
            merged(tree)
    merged(tree)
    assert tree.total().value == by_hand([str(leaf) for leaf in range(count)])
    assert [bough.first for bough in tree] == [0]


@given(st.integers(1, 300), st.data())
def test_boughs_that_were_kept_go_on_to_the_same_tree(count, data):
    stop = data.draw(st.integers(0, count))
    tree = MergeTree(count, [Bough(i, i + 1, 0, str(i)) for i in range(stop)])
    merged(tree)
    again = MergeTree(count, list(tree))
    for leaf in again.missing():
        again.add(Bough(leaf, leaf + 1, 0, str(leaf)))
    merged(again)
    assert again.total().value == by_hand([str(leaf) for leaf in range(count)])


def test_few_sums_are_held_when_leaves_come_in_order():
    tree, most = MergeTree(1000), 0
    for leaf in range(1000):
        tree.add(Bough(leaf, leaf + 1, 0, str(leaf)))
        most = max(most, merged(tree))
    assert most <= log(1000, FAN) + 2


def test_nothing_is_all_there_is_before_the_last_leaf():
    tree = MergeTree(2, [Bough(0, 1, 0, "0")])
    assert tree.total() is None and tree.pair() is None
