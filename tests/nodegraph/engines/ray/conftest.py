"""Workers in this process, to which nothing comes but what can be sent."""

import io
import pickle
from itertools import chain, pairwise

import numpy as np
import pytest
from ray import cloudpickle

from nodegraph.engines import batches, gathering
from nodegraph.engines.ray.data_parallel import DataParallel
from nodegraph.engines.ray.engine import RayEngine
from nodegraph.engines.ray.gatherers import Gatherers
from nodegraph.engines.ray.mail import Outbox, Recipient
from nodegraph.engines.ray.partition import cut, pieces
from nodegraph.engines.ray.pipeline import Pipeline, PipelineOptions
from nodegraph.engines.ray.pool import InProcess, WorkerLost
from nodegraph.engines.ray.replicas import Replicas


class Pickler(cloudpickle.Pickler):
    """Sends arrays beside the bytes, as Ray does."""

    def __init__(self, file, frozen):
        super().__init__(file)
        self.frozen = frozen

    def persistent_id(self, part):
        if type(part) is np.ndarray and part.dtype != object:
            copy = part.copy(order="K")
            copy.setflags(write=False)
            self.frozen.append(copy)
            return len(self.frozen) - 1
        return None


class Unpickler(pickle.Unpickler):
    """Puts arrays back where they were."""

    def __init__(self, file, frozen):
        super().__init__(file)
        self.frozen = frozen

    def persistent_load(self, number):
        return self.frozen[number]


def sent(value):
    """Return what comes of `value` on another machine: equal, its arrays read-only."""
    frozen, file = [], io.BytesIO()
    Pickler(file, frozen).dump(value)
    file.seek(0)
    return Unpickler(file, frozen).load()


class Mortal(InProcess):
    """Workers that die when they are told to: at the calls of these numbers."""

    def __init__(self, deaths=(), after=False):
        super().__init__(sent)
        self.deaths, self.after, self.calls, self.died = set(deaths), after, 0, 0

    def start(self, groups):
        workers = super().start(groups)
        for worker in workers:
            worker.call = self.mortal(worker, worker.call)
        return workers

    def mortal(self, worker, call):
        def do(method, *args, returns=1):
            number, self.calls = self.calls, self.calls + 1
            if number not in self.deaths:
                return call(method, *args, returns=returns)
            self.died += 1
            if self.after:
                call(method, *args, returns=returns)
            worker.alive = False
            return call(method, *args, returns=returns)

        return do


class Posted(Mortal):
    """Workers that are spoken to as actors are, and kept for the next call."""

    def __init__(self, deaths=(), after=False):
        super().__init__(deaths, after)
        self.idle, self.letters = [], []

    def start(self, groups):
        return [self.idle.pop(0) if self.idle else self.new(names) for names in groups]

    def new(self, names):
        worker = InProcess.start(self, [names])[0]
        worker.worker = Recipient()
        outbox = Outbox()
        worker.call = self.mortal(worker, self.posted(outbox, worker.call))
        worker.settled = lambda light: self.settled(worker, outbox, light)
        return worker

    def settled(self, worker, outbox, light):
        worker.stays = light
        outbox.arrived()

    def posted(self, outbox, call):
        def do(method, *args, returns=1):
            form = outbox.form(method, args)
            if form is None:
                return []
            if form[0] == "begin":
                self.letters.append(form[1][0])
            return call(form[0], *form[1], returns=returns)

        return do

    def release(self, workers):
        self.idle += workers


class Split:
    """An engine that cuts plans at random and runs the parts in `Mortal` workers."""

    remote = True

    def __init__(self, seed=0, chunk=7, deaths=(), after=False, pool=Mortal, **options):
        self.rng, self.chunk = np.random.default_rng(seed), chunk
        self.pool, self.options = pool(deaths, after), PipelineOptions(**options)

    def groups(self, plan):
        names = [name for block in plan.blocks for name in block.names]
        ends = np.flatnonzero(self.rng.random(len(names)) < 0.6)
        cuts = [0, *(ends + 1), len(names)]
        return [names[a:b] for a, b in pairwise(cuts) if a < b]

    def execute(self, plan, slots, chunks, request):
        small = (piece for chunk in chunks for piece in pieces(chunk, self.chunk))
        first = next(small, None)
        if first is None:
            return
        small = chain([first], small)
        parts = cut(
            plan, self.groups(plan), request.wanted, [n for n in first.targets if n in slots]
        )
        belt = Pipeline(
            self.pool, plan, parts, slots, request, self.options, getattr(self, "watch", None)
        )
        yield from belt.through(small)


class Spread(Split):
    """One that also does tasks to groups of series, in as many workers as it is told."""

    def __init__(self, count, deaths=()):
        super().__init__(0, 7, deaths)
        self.count = count

    def team(self, task, workers):
        return Replicas(self.pool, (), task, workers or self.count)

    def map(self, task, groups, workers):
        yield from DataParallel(self.team(task, workers)).each(groups)

    def gather(self, task, leaves, workers, progress, keeper):
        return Gatherers(self.team(task, workers), task, leaves, progress, keeper).total()


@pytest.fixture(scope="module")
def small_leaves():
    """Groups of two series or so, leaves of three groups or so."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batches, "LEAST", 80)
        patch.setattr(batches, "MOST", 80)
        patch.setattr(gathering, "ENOUGH", 150)
        yield


@pytest.fixture(scope="session")
def spread():
    return Spread


@pytest.fixture(scope="session")
def split():
    return Split


@pytest.fixture(scope="session")
def posted():
    return Posted


@pytest.fixture(scope="session")
def lost():
    return WorkerLost


@pytest.fixture(scope="session")
def ray_engine():
    """One Ray for all tests of this worker: two actors at a time, snapshots often."""
    with RayEngine(workers=2, chunk=40, snapshot=0.2, timeout=60) as engine:
        yield engine


@pytest.fixture
def same_files(tmp_path):
    """Tell whether two models make the same file, byte by byte."""

    def same(*models):
        files = [tmp_path / f"{i}.safetensors" for i in range(len(models))]
        for file, model in zip(files, models, strict=True):
            model.save(file)
        return len({file.read_bytes() for file in files}) == 1

    return same
