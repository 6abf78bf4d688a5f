"""Workers that sum up parts of the data, and merge the sums among themselves in a fixed tree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nodegraph.arrays import copy_tree
from nodegraph.data.series import Series
from nodegraph.engines.checkpointer import heed
from nodegraph.engines.gathering import GatherTask, Keeper, Leaf, Sums, count_groups
from nodegraph.engines.merge_tree import Bough, MergeTree
from nodegraph.engines.ray.hands import Call, Hand, Move
from nodegraph.engines.ray.leaf_queue import LeafQueue
from nodegraph.engines.ray.pool import WorkerLost
from nodegraph.engines.ray.replicas import Replicas
from nodegraph.engines.ray.sums_folder import SumsFolder
from nodegraph.errors import EngineError
from nodegraph.host.progress import Progress

__all__ = ["Gatherers"]

AHEAD = 2  # groups that each worker has been given


class Gatherers:
    """Workers whose sums stay where they are until they are merged; one answer comes back.

    Which sums are merged, and in which order, is that of `MergeTree`: it does not depend on them.
    A sum that is lost with its worker is read from the last checkpoint, or gathered again.

    Parameters
    ----------
    team : Replicas
    task : GatherTask
    data : sequence of Leaf
    progress : Progress
    keeper : Keeper
    """

    def __init__(
        self,
        team: Replicas,
        task: GatherTask,
        data: Sequence[Leaf],
        progress: Progress,
        keeper: Keeper,
    ):
        self._team, self._task, self._data = team, task, data
        self._progress, self._keeper = progress, keeper
        self._begun = {bough.first: bough for bough in keeper.boughs if bough.groups}
        self._committed = [bough for bough in keeper.boughs if not bough.groups]
        self._homeless = list(self._committed)  # those that no worker has
        self._tree = MergeTree(len(data))  # of boughs whose value is the hand that has them
        missing = MergeTree(len(data), self._committed).missing()
        self._count = max(1, min(team.count, len(missing)))
        self._todo = LeafQueue(missing, self._count)
        self._hands: list[Hand] = []
        self._moves: list[Move] = []
        self._told = set[tuple[int, int]]()  # groups that progress was told of
        self._unkept = False  # whether more was gathered than is kept
        self._writing: list[Bough] = []
        self._folder = SumsFolder(keeper.place)
        self._failures = 0

    def total(self) -> Sums:
        """Return the sums of all the data.

        Raises
        ------
        EngineError
            If workers are lost again and again without progress.
        """
        team = self._team
        try:
            answer = self._attempts()
        except WorkerLost as lost:
            team.stop()
            raise EngineError(f"workers cannot be kept alive: {lost}") from lost
        except BaseException:
            team.stop()
            raise
        team.release()
        return answer

    def _attempts(self) -> Sums:
        self._team.start(self._count)
        lost: WorkerLost | None = None
        while True:
            try:
                if lost is None:
                    self._hands = [Hand(worker) for worker in self._team.workers]
                    self._folder.probe(self._team.pool, self._team.workers)
                else:
                    self._recover(lost)
                while not self._is_done():
                    self._step()
                return self._answer()
            except WorkerLost as error:
                self._fail(error)
                lost = error

    def _is_done(self) -> bool:
        busy = self._moves or any(hand.calls for hand in self._hands)
        return self._tree.total() is not None and not busy

    def _answer(self) -> Sums:
        """Return what all gathered together, which one worker has."""
        total = self._tree.total()
        if total is None:
            return {}
        return self._fetched(total)

    def _step(self) -> None:
        """Give work to all, and take what is done."""
        self._place()
        for hand in self._hands:
            while hand.groups < AHEAD and self._give(hand):
                pass
        if not (self._keeper.due and self._unkept and not self._writing):
            self._merge()
        elif not self._moves:
            self._keep()
        self._move()
        heed()
        self._settle()

    def _place(self) -> None:
        """Hand out sums that were kept."""
        while self._homeless:
            bough = self._homeless[-1]
            hand = min(self._hands, key=lambda hand: len(hand.calls))
            hand.ask("hold", bough.first, self._sendable(bough))
            self._tree.add(bough._replace(value=hand))
            self._homeless.pop()

    def _sendable(self, bough: Bough) -> Any:
        return bough.value if self._folder.is_shared else self._task.here(bough.value)

    def _give(self, hand: Hand) -> bool:
        """Give a worker the next group of series; tell whether there was one."""
        if hand.leaf < 0:
            leaf = self._todo.next(id(hand))
            if leaf is None:
                return False
            hand.leaf, hand.group = leaf, 0
            if leaf in self._begun:
                hand.group = self._begun[leaf].groups
                hand.ask("hold", leaf, self._sendable(self._begun[leaf]), leaf=leaf)
        groups = self._data[hand.leaf]
        group = self._team.sendable(groups[hand.group])
        hand.ask("gather", hand.leaf, group, leaf=hand.leaf, group=hand.group)
        hand.group += 1
        if hand.group == len(groups):
            hand.leaf = -1
        return True

    def _merge(self) -> None:
        """Merge what can be merged: at once where it is, or by a move to where the first one is."""
        while pair := self._tree.pair():
            one, other = pair
            if one.value is other.value:
                self._tree.add(one.with_next(other, one.value))
                one.value.ask("join", one.first, other.first)
            else:
                self._moves.append(Move(one, other, list(self._task.who.names)))

    def _move(self) -> None:
        """Ask for the next part of each sum on its way."""
        for move in self._moves:
            if move.ref is None and not any(call.move is move for call in move.one.value.calls):
                (move.ref,) = move.other.value.worker.call("give", move.other.first, move.names[0])

    def _settle(self) -> None:
        """Take what has come, as soon as anything has."""
        waiting: dict[Any, Hand | Move] = {h.calls[0].ref: h for h in self._hands if h.calls}
        waiting |= {move.ref: move for move in self._moves if move.ref is not None}
        for ref in self._team.pool.some(list(waiting)) if waiting else ():
            who = waiting[ref]
            if isinstance(who, Move):
                self._hand_over(who)
            else:
                self._take(who)
        self._team.watch.depth = sum(hand.groups for hand in self._hands)

    def _hand_over(self, move: Move) -> None:
        """Let a part of a sum be merged where the other one is; it does not pass by here."""
        name, ref, move.ref = move.names.pop(0), move.ref, None
        move.begun = True
        move.one.value.ask("take_in", move.one.first, name, ref, move=move)

    def _take(self, hand: Hand) -> None:
        """Take an answer of a worker."""
        call = hand.calls[0]
        self._team.take(hand.worker, [call.ref])
        hand.calls.popleft()
        if call.what == "gather":
            self._gathered(hand, call)
        elif call.what == "write":
            self._commit()
        elif call.move is not None and not call.move.names:
            move = call.move
            self._moves.remove(move)
            self._tree.add(move.one.with_next(move.other, hand))
            move.other.value.ask("drop", move.other.first)

    def _gathered(self, hand: Hand, call: Call) -> None:
        """Take note of a group that is done."""
        self._failures, self._unkept = 0, True
        self._team.watch.came(1)
        group = self._data[call.leaf][call.group]
        if (call.leaf, call.group) not in self._told:
            self._told.add((call.leaf, call.group))
            self._progress.advance(sum(s.n_steps for _, s in group if isinstance(s, Series)))
        if call.group + 1 == len(self._data[call.leaf]):
            self._tree.add(Bough(call.leaf, call.leaf + 1, 0, hand))

    def _keep(self) -> None:
        """Let all sums be kept: by those who have them, or here."""
        self._unkept = False
        if not self._folder.is_shared:
            boughs = [bough._replace(value=self._fetched(bough)) for bough in self._tree]
            self._committed = boughs
            self._keeper.hear(boughs, count_groups(self._data, boughs))
            return
        there = {(one.first, one.stop): one for one in self._committed}
        for bough in self._tree:
            known = there.get((bough.first, bough.stop))
            path = self._folder.file(bough) if known is None else known.value
            self._writing.append(bough._replace(value=path))
            if known is None:
                bough.value.ask("write", bough.first, path)
        self._commit()

    def _fetched(self, bough: Bough) -> Sums:
        """Return what a worker has, part by part; it outlives the worker."""
        hand, found = bough.value, {}
        for name in self._task.who.names:
            (part,) = self._team.take(hand.worker, hand.worker.call("give", bough.first, name))
            found[name] = copy_tree(part)
        return found

    def _commit(self) -> None:
        """Name the files as soon as all are written."""
        if any(call.what == "write" for hand in self._hands for call in hand.calls):
            return
        boughs, self._writing = self._writing, []
        self._committed = boughs
        self._keeper.hear(boughs, count_groups(self._data, boughs))

    def _fail(self, lost: WorkerLost) -> None:
        """Count workers that were lost without progress.

        Raises
        ------
        EngineError
            If they are too many.
        """
        self._failures += 1
        if self._failures <= self._team.restarts:
            return
        at = [at for hand in self._hands if hand.worker is lost.worker for at in hand.at()]
        what = f" {self._task.about(self._data[at[0][0]][at[0][1]])}" if at else ""
        raise EngineError(
            f"workers were lost {self._failures} times{what}: {lost}; if memory ran out, use "
            "shorter series or fewer workers"
        ) from lost

    def _recover(self, lost: WorkerLost) -> None:
        """Put others in the place of those that died; what they had is read or gathered again."""
        self._team.replace(lost)
        here, before = self._team.workers, self._hands
        known = {id(hand.worker): hand for hand in before}
        self._hands = [known.get(id(worker)) or Hand(worker) for worker in here]
        gone = [hand for hand in before if hand not in self._hands]
        self._writing = []
        self._todo.put_back({leaf for hand in gone for leaf in hand.leaves()}, map(id, gone))
        broken = [*self._broken(gone), *(b for b in self._tree if b.value in gone)]
        for bough in broken:
            self._redo(bough)
        for bough in broken:
            if bough.value not in gone:
                bough.value.ask("drop", bough.first)

    def _broken(self, gone: Sequence[Hand]) -> list[Bough]:
        """End moves that lost one end; return the sums that are lost with it."""
        broken, moves = [], self._moves
        self._moves = []
        for move in moves:
            if move.one.value not in gone and move.other.value not in gone:
                self._moves.append(move)
                continue
            move.one.value.forget(move)
            for bough, is_whole in ((move.one, not move.begun), (move.other, True)):
                if bough.value not in gone and is_whole:
                    self._tree.add(bough)
                else:
                    broken.append(bough)
        return broken

    def _redo(self, bough: Bough) -> None:
        """Have what a sum held read from the last checkpoint, or gathered again."""
        if bough in list(self._tree):
            self._tree.remove(bough)
        kept = [b for b in self._committed if bough.first <= b.first and b.stop <= bough.stop]
        self._homeless += kept
        there = {leaf for one in kept for leaf in range(one.first, one.stop)}
        self._todo.put_back(set(range(bough.first, bough.stop)) - there)
