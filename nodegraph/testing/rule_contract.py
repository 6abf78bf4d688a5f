"""The contract of a learning rule, as one function that every rule's test calls first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial, reduce
from itertools import pairwise
from typing import Any

import numpy as np

from nodegraph.arrays import Array, cast, copy_tree, leaves, pack, unpack
from nodegraph.engines import first_use
from nodegraph.engines.compiled.courses import Learned, learn_by_step
from nodegraph.engines.compiled.traced_updates import course
from nodegraph.engines.compiled.tracing import Teaching, Writer
from nodegraph.errors import ContractError
from nodegraph.graph.lesson import Lesson
from nodegraph.graph.node import Node
from nodegraph.graph.protocols import Deals, Passes, begun_like
from nodegraph.graph.rule import Rule, block_of, merges
from nodegraph.testing.comparing import close_trees, dense, require, same_trees
from nodegraph.testing.compiled_contract import check_it_is_compiled
from nodegraph.testing.driving import run_node, teach
from nodegraph.testing.node_contract import check_fields, driven

__all__ = ["check_rule"]


def check_rule(
    rule: Rule,
    node: Node,
    n_in: int = 3,
    n_out: int | None = None,
    n_steps: int = 60,
    ports: Mapping[str, int] | None = None,
    target: Array | None = None,
) -> None:
    """Fail unless `rule` keeps the contract of `Rule` while it teaches `node`.

    It is frozen and documented; it changes only the arrays that it `modifies`; an online `update`
    can be compiled, unless the class says ``traced = False``; rows that are not to be learned from
    change nothing, and the node then gives out what it does when it runs; what engines learn is a
    fold of `update`; neither chunks show nor whether a loop calls it step by step, to the bit;
    arguments are left as they are; parts that are merged are the whole, wherever it is cut and
    whichever of them are merged first: all with noise, of a node that draws some. A rule of several
    passes goes through all of them each time, and through each once more from what a checkpoint
    keeps: it ends in the same bits.

    Parameters
    ----------
    rule : Rule
    node : Node
        A node that it can teach.
    n_in, n_out : int
        Widths of input and output.
    n_steps : int
        Length of the random series.
    ports : mapping, optional
        How many signals arrive at which ports of the node; else one at each that the rule needs,
        and 2 as the target of a head of the node's own.
    target : ndarray, optional
        (n_steps, n_out), for a rule that does not take any numbers as targets.
    """
    check_fields(rule)
    rule = rule.of(node)
    require(rule.refusal(node) is None, f"{rule.refusal(node)}")
    for dtype in (np.dtype(np.float64), np.dtype(np.float32)):
        trial = _Trial(rule, node, n_in, n_out, n_steps, dtype, ports or {}, target)
        trial.check_update()
        trial.check_it_is_compiled()
        trial.check_rows_left_out()
        trial.check_chunks_do_not_show()
        trial.check_steps_of_loops()
        trial.check_arguments_are_left_alone()
        if dtype.itemsize == 8:
            trial.check_modifies()
            trial.check_learn_is_a_fold_of_update()
            trial.check_a_pass_goes_on_from_what_is_kept()
            if merges(rule, trial.params):
                trial.check_parts_merged_are_the_whole()


def _fold(rule: Rule, node: Node, params: Any, state: Any, memory: Any, lesson: Lesson) -> Learned:
    if rule.online:
        return learn_by_step(rule, node, params, state, memory, lesson)
    heard = _heard(node, lesson.inputs)
    state, ys = run_node(node, params, state, heard.pop("x"), **heard)
    params, memory = rule.update(params, memory, block_of(lesson, ys))
    return Learned(params, state, memory, ys)


def _heard(node: Node, inputs: Mapping[str, Array]) -> dict[str, Array]:
    """Return what the node hears of what arrives; the rest is for its rule alone."""
    return {port: rows for port, rows in inputs.items() if port in (*node.step_ports, "noise")}


class _Trial:
    """A rule with a node and arrays."""

    def __init__(
        self,
        rule: Rule,
        node: Node,
        n_in: int,
        n_out: int | None,
        n_steps: int,
        dtype: np.dtype[Any],
        ports: Mapping[str, int],
        target: Array | None = None,
    ):
        self.rule, self.node, self.dtype, self.n_in = rule, node, dtype, n_in
        head = {"target": 2} if node.own_head else {}
        widths = dict.fromkeys(rule.needs, 1) | head | dict(ports)
        asked = {p: n for p, n in widths.items() if p in node.takes["size"]}
        self.n_out = node.declared_size or n_out or node.size(n_in, **asked)
        rng = np.random.default_rng(3)

        def drawn(n: int) -> Array:
            return rng.standard_normal((n_steps, n)).astype(dtype)

        self.xs = drawn(n_in)
        taught = widths.pop("target") if node.own_head else self.n_out
        self.target = drawn(taught) if rule.supervised else None
        if target is not None:
            self.target = target.astype(dtype)
        self.own = {port: drawn(n) for port, n in widths.items()}
        noise = node.draw_noise(np.random.default_rng(5), n_steps, self.n_out)
        self.own |= {} if noise is None else {"noise": noise.astype(dtype)}
        heard = {**widths, "target": taught}
        extra = {port: n for port, n in heard.items() if port in node.takes["init"]}
        self.params = cast(node.init(np.random.default_rng(4), n_in, self.n_out, **extra), dtype)

    def start(self) -> Any:
        extra = {"n_in": self.n_in} if "n_in" in self.node.takes["start"] else {}
        return cast(self.node.start(self.n_out, **extra), self.dtype, self.node.double)

    def lesson(self, start: int = 0, stop: int | None = None, rows: Any = None) -> Lesson:
        xs = self.xs[start:stop]
        target = None if self.target is None else self.target[start:stop]
        chosen = np.ones(len(xs), bool) if rows is None else rows[start:stop]
        own = {port: signal[start:stop] for port, signal in self.own.items()}
        return Lesson({"x": xs, **own}, target, chosen)

    def learn(self, lesson: Lesson, how: Any = teach) -> Any:
        return self.passes(lambda *at: how(self.rule, self.node, *at, lesson))

    @cached_property
    def whole(self) -> Any:
        """What the lesson leaves that is learned at once: params, and all after the last pass."""
        return self.learn(self.lesson())

    def passes(self, once: Callable[..., Learned]) -> Any:
        """Return the params after all passes, and what there is after the last of them.

        `once` lives through the data: it takes params, the state at the start, and the memory.
        """
        params = copy_tree(self.params)
        memory, more = self.rule.begin(params), True
        while more:
            after = once(params, self.start(), memory)
            params, (memory, more) = after.params, self.after_pass(after.memory)
        return self.rule.finish(params, memory), after

    def after_pass(self, memory: Any) -> tuple[Any, bool]:
        return self.rule.after_pass(memory) if isinstance(self.rule, Passes) else (memory, False)

    def check_update(self) -> None:
        """Look at what a model looks at once."""
        looked = first_use.FirstUse(
            "node", self.node, self.params, self.start(), self.n_out, self.xs.dtype
        )
        try:
            looked.update(self.rule, self.rule.begin(self.params), self.lesson())
        except ContractError as error:
            raise AssertionError(f"{error}") from error

    def check_it_is_compiled(self) -> None:
        """Fail with what stands in the way of an online rule that says no more than `update`."""
        if not self.rule.online:
            return
        widths = {"x": self.n_in, **{port: rows.shape[1] for port, rows in self.own.items()}}
        memory = self.rule.begin(self.params)
        teaching = Teaching(self.rule, memory, self.target is not None)
        writer = Writer(self.node, self.params, self.start(), widths, self.dtype, teaching)
        check_it_is_compiled(writer)

    def check_steps_of_loops(self) -> None:
        """Compare the lesson that loops call with a sweep, if there is one."""
        params, ports = copy_tree(self.params), {"x": self.xs, **self.own}
        memory = self.rule.begin(params)
        widths = {port: rows.shape[1] for port, rows in ports.items()}
        taught = course(self.rule, self.node)
        code = taught.step_code(params, self.start(), memory, self.dtype, widths)
        if code is None:
            return
        if self.target is not None:
            ports["target"] = self.target
        ys, state = driven(self.node, code, ports, self.n_out, self.rule)
        whole, after = self.whole
        same_trees(ys, after.ys, "loops and sweeps give other outputs")
        same_trees(state, after.state, "loops and sweeps leave different states")
        learned = self.rule.finish(params, memory)
        same_trees(learned, whole, "loops and sweeps leave different params")

    def check_modifies(self) -> None:
        params, _ = self.whole
        before, after = dict(leaves(self.params)), dict(leaves(params))
        changed = {
            p.split(".")[0]
            for p in after
            if not np.array_equal(dense(after[p]), dense(before[p]), equal_nan=True)
        }
        silent = changed - set(self.rule.moving)
        require(not silent, f"{type(self.rule).__name__} changes {silent} unsaid")
        require(changed, f"{type(self.rule).__name__} changes nothing")
        odd = {p for p, leaf in after.items() if not np.isfinite(dense(leaf)).all()}
        require(not odd, f"{type(self.rule).__name__} makes NaN or inf of {', '.join(sorted(odd))}")

    def check_rows_left_out(self) -> None:
        none = np.zeros(len(self.xs), bool)
        params, memory = copy_tree(self.params), self.rule.begin(self.params)
        after = teach(self.rule, self.node, params, self.start(), memory, self.lesson(rows=none))
        same_trees(after.params, self.params, "rows that are left out are learned from")
        _, ys = run_node(
            self.node, self.params, self.start(), self.xs, **_heard(self.node, self.own)
        )
        same_trees(after.ys, ys, "a node gives other outputs as it learns")

    def check_learn_is_a_fold_of_update(self) -> None:
        params, after = self.whole
        folded, other = self.learn(self.lesson(), _fold)
        close_trees(params, folded, "lessons and update disagree", rtol=1e-7)
        close_trees(after.ys, other.ys, "lessons and update give other outputs", rtol=1e-7)

    def check_chunks_do_not_show(self) -> None:
        whole, _ = self.whole
        for size in (1, 7, 64):
            taught = course(self.rule, self.node)
            found, _ = self.passes(partial(self.in_chunks, taught, size))
            same_trees(found, whole, f"chunks of {size} learn something else{self.cure}")

    @property
    def cure(self) -> str:
        """How an offline rule gathers rows so that chunks do not show."""
        if self.rule.online:
            return ""
        return (
            "; count rows by len(seen.x), and sum them one after the other, as "
            "np.cumsum(np.concatenate([memory.sums[None], rows]), axis=0)[-1] does"
        )

    def in_chunks(self, taught: Any, size: int, params: Any, state: Any, memory: Any) -> Learned:
        """Live through the series so many steps at a time."""
        for start in range(0, len(self.xs), size):
            lesson = self.lesson(start, start + size)
            params, state, memory, ys = taught.learn(params, state, memory, lesson)
        return Learned(params, state, memory, ys)

    def check_a_pass_goes_on_from_what_is_kept(self) -> None:
        """Go through each pass with the memory as it comes back from a file."""
        if not isinstance(self.rule, Passes):
            return

        def once(params: Any, state: Any, memory: Any) -> Learned:
            arrays: dict[str, Array] = {}
            packed = pack(memory, "memory", arrays)
            kept = unpack(
                packed,
                {k: a.copy() for k, a in arrays.items()},
                begun_like(self.rule, params, None),
            )
            return teach(self.rule, self.node, params, state, kept, self.lesson())

        found, _ = self.passes(once)
        same_trees(found, self.whole[0], "a pass that goes on learns other params")

    def check_arguments_are_left_alone(self) -> None:
        before = copy_tree((self.xs, self.target, self.params))
        again, _ = self.learn(self.lesson())
        same_trees((self.xs, self.target, self.params), before, "a lesson was changed")
        same_trees(again, self.whole[0], "a lesson that is learned again leaves other params")

    def check_parts_merged_are_the_whole(self) -> None:
        n, (whole, _) = len(self.xs), self.whole
        # what it leaves out, and so may choose, follows the parts
        parts_show = isinstance(self.rule, Deals) and self.rule.deals
        for cuts in ([0, n, n], [0, 1, n], [0, n - 1, n], [0, n // 3, n // 2, n]):
            for last_first in (False, True):
                found = self.merged(cuts, last_first)
                if parts_show:
                    continue
                close_trees(found, whole, f"parts cut at {cuts} and merged differ", rtol=1e-5)

    def merged(self, cuts: Sequence[int], last_first: bool) -> Any:
        """Return what is learned from parts that are seen apart and merged, in every pass."""
        memory, more = None, True
        while more:
            memories = [self.gathered(memory, *part) for part in pairwise(cuts)]
            before = copy_tree(tuple(memories))
            if last_first:
                found = reduce(lambda late, early: self.rule.merge(early, late), memories[::-1])
            else:
                found = reduce(self.rule.merge, memories)
            same_trees(tuple(memories), before, "merge changed what it was given")
            memory, more = self.after_pass(found)
        return self.rule.finish(copy_tree(self.params), memory)

    def gathered(self, memory: Any, start: int, stop: int) -> Any:
        """Return what a part is gathered to, in the pass that `memory` is of."""
        params = copy_tree(self.params)
        memory = begun_like(self.rule, params, memory)
        if start == stop:
            return memory
        lesson, state = self.lesson(start, stop), self.standing_at(start)
        return teach(self.rule, self.node, params, state, memory, lesson).memory

    def standing_at(self, row: int) -> Any:
        """Return the state in which the node reads that row of the series."""
        if not row:
            return self.start()
        own = _heard(self.node, {port: rows[:row] for port, rows in self.own.items()})
        return run_node(self.node, self.params, self.start(), self.xs[:row], **own)[0]
