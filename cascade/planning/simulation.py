"""A discrete-event simulation of hosts that share one line, and of a crowd that loses its patience.

Every sending of a request is told apart from the user who sent it: a user who hangs up or is refused may send again,
and waits from the first time. What a request takes is drawn once for each user, so that two runs of equal seed differ
by what was changed between them.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from heapq import heappop, heappush
from math import inf

import numpy as np
from numpy.typing import NDArray

from cascade.errors import ConfigurationError
from cascade.planning.crowd import PATIENT, UNBOUNDED, Admission, Crowd
from cascade.planning.distributions import Floats
from cascade.planning.hosts import Fleet
from cascade.planning.servers import Server

_DONE, _LEAVE, _EXPIRE, _ASK = range(4)  # at one moment: what frees a slot comes before what wants one
_QUEUED, _SERVED, _DESERTED, _OVER = range(4)


@dataclass(frozen=True, slots=True)
class Run:
    """What came of a simulation. Times are seconds from its start.

    ``requests == answered + shed + left + in_flight``, always. A request of a user who left while it was served without
    being cancelled counts as left.
    """

    asked_s: Floats = field(repr=False)
    """When each user asked first."""
    answered_s: Floats = field(repr=False)
    """When each user was answered; infinite for those who never were."""
    waited_s: Floats = field(repr=False)
    """Seconds in line of each request that got a slot, in the order in which they got it."""
    requests: int
    answered: int
    shed: int
    left: int
    in_flight: int
    ended_s: float
    """When the last event happened: with nothing left in flight, when all was drained."""
    busy_s: float
    """Host-seconds with at least one request in service."""

    @property
    def users(self) -> int:
        """How many asked at least once."""
        return len(self.asked_s)

    @property
    def latency_s(self) -> Floats:
        """Seconds from the first asking to the answer, for each user; infinite for who got none."""
        return self.answered_s - self.asked_s

    def quantile_s(self, share: float) -> float:
        """The latency that ``share`` of the users do not exceed; infinite if too few were answered, 0 without users."""
        if not self.users:
            return 0.0
        return float(np.quantile(self.latency_s, share, method="inverted_cdf"))

    @property
    def mean_latency_s(self) -> float | None:
        """Over those who were answered; ``None`` when nobody was."""
        answered = self.latency_s[np.isfinite(self.answered_s)]
        return float(answered.mean()) if len(answered) else None

    @property
    def mean_wait_s(self) -> float | None:
        """Mean of ``waited_s``; ``None`` when no request got a slot."""
        return float(self.waited_s.mean()) if len(self.waited_s) else None


def simulate(
    asked_s: Floats,
    server: Server,
    *,
    hosts: int,
    seed: int,
    admission: Admission = UNBOUNDED,
    crowd: Crowd = PATIENT,
    work_s: Floats | None = None,
    until_s: float = inf,
) -> Run:
    """Send requests at ``asked_s`` (seconds, in order) to ``hosts`` alike, behind one line, first come first served.

    A free slot on the host with the fewest requests is taken first; those who stand in line burden the hosts in turn
    with their intake. ``work_s`` gives each user's seconds of work where it is known; otherwise it is drawn.
    Equal arguments give equal runs. It stops at ``until_s`` with whatever is in flight, or when all is over.
    """
    if hosts < 1:
        raise ConfigurationError(f"at least one host serves, not {hosts}")
    if np.any(np.diff(asked_s) < 0) or (work_s is not None and len(work_s) != len(asked_s)):
        raise ConfigurationError("moments of asking are in order, and each has its work")
    simulation = _Simulation(asked_s, server, hosts, seed, admission=admission, crowd=crowd, work_s=work_s)
    simulation.run(until_s)
    return simulation.result()


class _Simulation:
    def __init__(
        self,
        asked_s: Floats,
        server: Server,
        hosts: int,
        seed: int,
        *,
        admission: Admission,
        crowd: Crowd,
        work_s: Floats | None,
    ) -> None:
        work, overhead, patience, self._luck, self._pauses = (
            np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(5)
        )
        users = len(asked_s)
        self._crowd = crowd
        self._asked = asked_s
        self._work: list[float] = (server.work.sample(work, users) if work_s is None else work_s).tolist()
        self._overhead: list[float] = server.overhead.sample(overhead, users).tolist()
        self._patience: list[float] | None = None
        if crowd.patience is not None:
            self._patience = crowd.patience.sample(patience, users).tolist()
        self._max_wait = inf if admission.max_wait_s is None else admission.max_wait_s
        bound = admission.queue_per_host
        self._queue_bound = inf if bound is None else bound * hosts
        self._intake_s = server.intake_s
        busy = min(hosts, max(1, users * crowd.max_asks))  # hosts beyond that would never see a request
        self._fleet = Fleet(busy, server.slots, server.slowdown.table(server.slots))
        self._events: list[tuple[float, int, int, int]] = []
        self._queue: deque[int] = deque()
        self._queued = 0
        self._now = 0.0
        # one entry a request
        self._user: list[int] = []
        self._state: list[int] = []
        self._since: list[float] = []
        self._host: list[int] = []
        # one entry a user
        self._asks: list[int] = [0] * users
        self._answered_s: list[float] = [inf] * users
        self._waited: list[float] = []
        self._answered = self._shed = self._left = 0

    def run(self, until_s: float) -> None:
        events, entry = self._events, np.asarray(self._asked) + np.asarray(self._overhead)
        handlers = (self._done, self._leave, self._expire, self._ask)
        order: list[int] = np.argsort(entry, kind="stable").tolist()
        moments: list[float] = entry[order].tolist()
        moments.append(inf)
        position = 0
        while True:
            arrival = moments[position]
            if events and events[0][0] <= arrival:
                moment, kind, subject, version = heappop(events)
                if moment > until_s:
                    break
                if kind == _DONE and not self._fleet.is_current(subject, version):
                    continue
                if kind in (_LEAVE, _EXPIRE) and not self._still_waits(kind, subject):
                    continue
                self._now = moment
                handlers[kind](subject)
            elif arrival <= until_s and arrival < inf:
                self._now = arrival
                self._ask(order[position])
                position += 1
            else:
                break

    def result(self) -> Run:
        requests = len(self._user)
        answered_s: NDArray[np.float64] = np.array(self._answered_s)
        return Run(
            asked_s=np.asarray(self._asked, dtype=float),
            answered_s=answered_s,
            waited_s=np.array(self._waited),
            requests=requests,
            answered=self._answered,
            shed=self._shed,
            left=self._left,
            in_flight=requests - self._answered - self._shed - self._left,
            ended_s=self._now,
            busy_s=self._fleet.busy_s,
        )

    def _ask(self, user: int) -> None:
        """A request comes to the line: served, queued or shed."""
        request = len(self._user)
        self._user.append(user)
        self._asks[user] += 1
        self._state.append(_QUEUED)
        self._since.append(self._now)
        self._host.append(-1)
        host = self._fleet.free_host()
        if host is None:
            if self._queued >= self._queue_bound:
                self._refuse(request)
                return
            self._take_in(request % self._fleet.size)
            self._queue.append(request)
            self._queued += 1
            if self._max_wait < inf:
                heappush(self._events, (self._now + self._max_wait, _EXPIRE, request, 0))
        else:
            self._take_in(host)
            self._start(request, host)
        if self._patience is not None:
            leaves = self._now - self._overhead[user] + self._patience[user]
            heappush(self._events, (max(leaves, self._now), _LEAVE, request, 0))

    def _take_in(self, host: int) -> None:
        if self._intake_s and self._fleet.disturb(host, self._intake_s, self._now):
            self._expect(host)

    def _start(self, request: int, host: int) -> None:
        self._state[request] = _SERVED
        self._host[request] = host
        self._waited.append(self._now - self._since[request])
        self._fleet.start(host, request, self._work[self._user[request]], self._now)
        self._expect(host)

    def _done(self, host: int) -> None:
        request = self._fleet.finish(host, self._now)
        if self._state[request] == _SERVED:
            self._answered += 1
            self._answered_s[self._user[request]] = self._now
        self._state[request] = _OVER
        self._serve_next(host)

    def _leave(self, request: int) -> None:
        """The user hangs up."""
        served, cancels = self._state[request] == _SERVED, self._crowd.hangup_cancels
        self._left += 1
        if not cancels:
            self._state[request] = _DESERTED  # its turn comes, or it runs on
        else:
            self._state[request] = _OVER
            if served:
                host = self._host[request]
                self._fleet.cancel(host, request, self._now)
                self._serve_next(host)
            else:
                self._queued -= 1
        self._maybe_repeat(request)

    def _expire(self, request: int) -> None:
        """The line gives a request up."""
        self._queued -= 1
        deserted = self._state[request] == _DESERTED
        self._state[request] = _OVER
        if not deserted:
            self._shed += 1
            self._maybe_repeat(request)

    def _refuse(self, request: int) -> None:
        self._state[request] = _OVER
        self._shed += 1
        self._maybe_repeat(request)

    def _maybe_repeat(self, request: int) -> None:
        user, crowd = self._user[request], self._crowd
        if self._asks[user] < crowd.max_asks and self._luck.random() < crowd.repeats:
            pause = float(crowd.pause.sample(self._pauses, 1)[0])
            heappush(self._events, (self._now + pause + self._overhead[user], _ASK, user, 0))

    def _serve_next(self, host: int) -> None:
        """Give the slot that has become free to the first in line who still waits."""
        queue, state = self._queue, self._state
        while queue:
            request = queue.popleft()
            if state[request] == _QUEUED:
                self._queued -= 1
                self._start(request, host)
                return
            if state[request] == _DESERTED and self._host[request] < 0:
                self._queued -= 1
                self._serve_deserted(request, host)
                return
        self._expect(host)

    def _serve_deserted(self, request: int, host: int) -> None:
        self._host[request] = host
        self._fleet.start(host, request, self._work[self._user[request]], self._now)
        self._expect(host)

    def _expect(self, host: int) -> None:
        due = self._fleet.next_done(host)
        if due is not None:
            heappush(self._events, (due[0], _DONE, host, due[1]))

    def _still_waits(self, kind: int, request: int) -> bool:
        state = self._state[request]
        if kind == _EXPIRE:
            return self._host[request] < 0 and state in (_QUEUED, _DESERTED)
        return state in (_QUEUED, _SERVED)
