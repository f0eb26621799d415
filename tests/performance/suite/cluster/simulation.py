"""What a study costs on a cluster: a discrete-event simulation of how runs are really distributed.

`benchmark.running.workers` submits every image of a run at once; Dask's scheduler hands each worker of one thread one
image to compute and one to hold (worker-saturation 1.1), and lets idle workers take what others hold. A worker loads
the method for its first image of a run. One process writes the records, and the next run begins when it has the last.
"""

from __future__ import annotations

import heapq
import random
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.performance.suite.cluster.model import RECORDS, SCHEDULER, STATES, STORAGE, Costs, Image, Outcome

HELD = 2
"""Images that a worker has at most, the one that it computes included."""


def simulate(runs: Sequence[Sequence[Image]], workers: int, costs: Costs, seed: int = 0) -> Outcome:
    """Simulate runs one after the other.

    Parameters
    ----------
    runs
        The images of each run, in the order in which they are submitted.
    workers
        Number of workers, of one thread each.
    """
    return _Simulation(runs, workers, costs, random.Random(seed)).outcome()


class _Server:
    """What serves one request at a time, in the order of their arrival."""

    def __init__(self) -> None:
        self.free = self.busy = 0.0

    def serve(self, now: float, cost: float) -> float:
        """Return when a request that comes now is done."""
        self.free = max(now, self.free) + cost
        self.busy += cost
        return self.free


@dataclass(eq=False)
class _Worker:
    """A worker: its images, the first of which it computes, how many are on their way, and what it does since when."""

    held: deque[int] = field(default_factory=deque)
    coming: int = 0
    loaded: int | None = None
    state: str = "idle"
    since: float = 0.0
    life: int = 0


class _Rooms:
    """Workers that are there, by how many images they have or await, in the order in which they got there."""

    def __init__(self, workers: Sequence[_Worker]) -> None:
        self._by_count: tuple[dict[_Worker, None], ...] = tuple({} for _ in range(HELD + 1))
        self._of: dict[_Worker, int] = {}
        for worker in workers:
            self.note(worker)

    def note(self, worker: _Worker) -> None:
        """Put a worker where it belongs now."""
        before = self._of.pop(worker, None)
        if before is not None:
            del self._by_count[before][worker]
        if worker.state != "down":
            self._of[worker] = len(worker.held) + worker.coming
            self._by_count[self._of[worker]][worker] = None

    def emptiest(self) -> _Worker | None:
        """The worker with the fewest images, if any has room for one more."""
        return next((worker for room in self._by_count[:HELD] for worker in room), None)

    def idle(self) -> _Worker | None:
        """A worker without any image."""
        return next(iter(self._by_count[0]), None)

    def rich(self) -> _Worker | None:
        """A worker that holds an image which it does not compute."""
        return next((worker for worker in self._by_count[HELD] if len(worker.held) == HELD), None)


class _Simulation:
    def __init__(self, runs: Sequence[Sequence[Image]], workers: int, costs: Costs, chance: random.Random) -> None:
        self.runs, self.costs, self.chance = runs, costs, chance
        self.workers = [_Worker() for _ in range(workers)]
        self.rooms = _Rooms(self.workers)
        self.servers = {name: _Server() for name in (SCHEDULER, STORAGE, RECORDS)}
        self.spent = dict.fromkeys(STATES, 0.0)
        self.records: Counter[tuple[int, int]] = Counter()
        self.useful = self.now = 0.0
        self.run, self.left = -1, 0
        self.waiting: deque[int] = deque()
        self.deadly: set[int] = set()
        self.events: list[tuple[float, int, Callable[[], None]]] = []
        self.count = 0

    def outcome(self) -> Outcome:
        """Let everything happen."""
        self._at(0.0, self._begin)
        if self.costs.losses_per_hour:
            for worker in self.workers:
                self._doom(worker)
        while self.events and self.run < len(self.runs):
            self.now, _, happen = heapq.heappop(self.events)
            happen()
        for worker in self.workers:
            self._turn(worker, "idle")
        busy = {name: server.busy for name, server in self.servers.items()}
        return Outcome(self.now, self.spent, busy, self.useful, self.records)

    def _at(self, when: float, happen: Callable[[], None]) -> None:
        self.count += 1
        heapq.heappush(self.events, (when, self.count, happen))

    def _of(self, image: int) -> Image:
        return self.runs[self.run][image]

    def _begin(self) -> None:
        """Submit the next run, or end."""
        self.run += 1
        if self.run == len(self.runs):
            return
        images = self.runs[self.run]
        self.left, self.deadly = len(images), {at for at, image in enumerate(images) if image.fatal}
        if not images:
            self._at(self.now, self._begin)
        for at in range(len(images)):
            self._at(self.now + self.costs.submit * (at + 1), lambda at=at: self._submitted(at))  # type: ignore[misc]

    def _submitted(self, image: int) -> None:
        self.waiting.append(image)
        self._hand_out()

    def _hand_out(self) -> None:
        """Give waiting images to the workers that have fewest, and let idle workers take what others hold."""
        while self.waiting and (worker := self.rooms.emptiest()):
            self._send(worker, self.waiting.popleft(), self._scheduled())
        while (thief := self.rooms.idle()) and (victim := self.rooms.rich()):
            image = victim.held.pop()
            self.rooms.note(victim)
            self._send(thief, image, self.now + self.costs.steal)

    def _scheduled(self) -> float:
        return self.servers[SCHEDULER].serve(self.now, self.costs.schedule / 2)

    def _send(self, worker: _Worker, image: int, when: float) -> None:
        worker.coming += 1
        self.rooms.note(worker)
        life = worker.life
        self._at(when + self.costs.delay, lambda: self._arrived(worker, image, life))

    def _arrived(self, worker: _Worker, image: int, life: int) -> None:
        if worker.life != life:
            # The worker was lost meanwhile.
            self.waiting.appendleft(image)
            self._hand_out()
            return
        worker.coming -= 1
        worker.held.append(image)
        self.rooms.note(worker)
        if len(worker.held) == 1:
            self._start(worker)

    def _start(self, worker: _Worker) -> None:
        job = self._of(worker.held[0]).job
        if worker.loaded == job:
            self._read(worker)
            return
        worker.loaded = job
        self._do(worker, "load", self.now + self.costs.load, lambda: self._read(worker))

    def _read(self, worker: _Worker) -> None:
        done = self.servers[STORAGE].serve(self.now, self.costs.transfer / 2)
        self._do(worker, "storage", done, lambda: self._compute(worker))

    def _compute(self, worker: _Worker) -> None:
        image = worker.held[0]
        done = self.now + self._of(image).service
        end = self._lose if image in self.deadly else self._write
        self._do(worker, "compute", done, lambda: end(worker))

    def _write(self, worker: _Worker) -> None:
        done = self.servers[STORAGE].serve(self.now, self.costs.transfer / 2)
        self._do(worker, "storage", done, lambda: self._finish(worker))

    def _finish(self, worker: _Worker) -> None:
        image = worker.held.popleft()
        self._turn(worker, "idle")
        self.rooms.note(worker)
        self._at(self.now + self.costs.delay, lambda: self._ended(image))
        if worker.held:
            self._start(worker)

    def _ended(self, image: int) -> None:
        """The scheduler hears of an image's end: it hands out the next, and the record is written."""
        told = self._scheduled()
        self._hand_out()
        self._at(told, lambda: self._at(self.servers[RECORDS].serve(self.now, self.costs.record), recorded))

        def recorded() -> None:
            self.records[self.run, image] += 1
            self.useful += self._of(image).service
            self.left -= 1
            if not self.left:
                last = self.run == len(self.runs) - 1
                self._at(self.now + (0.0 if last else self.costs.between), self._begin)

    def _lose(self, worker: _Worker) -> None:
        """A worker ends; what it had goes back to the scheduler, and it is replaced."""
        self.deadly -= set(list(worker.held)[:1])
        back, worker.held, worker.coming = list(worker.held), deque(), 0
        worker.life, worker.loaded = worker.life + 1, None
        self._do(worker, "down", self.now + self.costs.restart, lambda: self._return(worker))
        self.rooms.note(worker)
        self.waiting.extendleft(reversed(back))
        self._hand_out()

    def _return(self, worker: _Worker) -> None:
        self._turn(worker, "idle")
        self.rooms.note(worker)
        self._hand_out()

    def _doom(self, worker: _Worker) -> None:
        when = self.now + self.chance.expovariate(self.costs.losses_per_hour / 3600)

        def end() -> None:
            if worker.state != "down":
                self._lose(worker)
            self._doom(worker)

        self._at(when, end)

    def _do(self, worker: _Worker, state: str, until: float, then: Callable[[], None]) -> None:
        """Let a worker do something until a time, unless it is lost before."""
        self._turn(worker, state)
        life = worker.life
        self._at(until, lambda: then() if worker.life == life else None)

    def _turn(self, worker: _Worker, state: str) -> None:
        self.spent[worker.state] += self.now - worker.since
        worker.state, worker.since = state, self.now
