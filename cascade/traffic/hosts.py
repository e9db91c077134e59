"""The chat servers: which one is asked next, which are left alone, and what became of each call."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cascade.backends.base import BackendHealth, ChatBackend, ChatReply, ServerLoad
from cascade.errors import (
    BackendError,
    BackendReplyInvalid,
    BackendTimeout,
    BackendUnavailable,
)
from cascade.traffic.breaker import Breaker, Permit
from cascade.traffic.limit import AdaptiveLimit
from cascade.traffic.retry import host_is_wrong
from cascade.traffic.spec import TrafficSpec
from cascade.traffic.stats import HostStats

_GAIN = 0.2
_LEAST_RAMP = 0.1
_SLOW = 2.0
"""Times the latency of the unloaded host."""
_FRESH = 3.0
"""Intervals between probes for which what a server told of itself is believed."""
_BUSY_STATUSES = frozenset({429, 503})


class Host:
    """One chat server with its limit, its breaker and its health. For one thread."""

    def __init__(
        self, name: str, backend: ChatBackend, spec: TrafficSpec, clock: Callable[[], float]
    ) -> None:
        self.name = name
        self.backend = backend
        self.limit = AdaptiveLimit(spec.limit, clock)
        self.breaker = Breaker(spec.breaker, clock)
        self.latency_s: float | None = None
        self.spread_s = 0.0
        self._learned = 0
        self.in_flight = 0
        self.served = self.failed = self.cancelled = 0
        self._clock = clock
        self._health = spec.health
        self._ejected: str | None = None
        self._came_back = float("-inf")
        self._bad_probes = 0
        self._told: ServerLoad | None = None
        self._told_at = float("-inf")

    @property
    def is_up(self) -> bool:
        """False while the host is ejected; its breaker is another matter."""
        return self._ejected is None

    @property
    def is_doubtful(self) -> bool:
        """Whether its calls failed so often that its breaker is not closed, and no probe has told why."""
        return self.is_up and self.breaker.state != "closed"

    @property
    def share(self) -> int:
        """How many requests it may have at once now; 0 when it is left alone."""
        if not self.is_up or (self.breaker.room == 0 and self.breaker.state == "open"):
            return 0
        return max(1, int(self.limit.value * self._ramp()))

    @property
    def load(self) -> float:
        """What its load would be with one request more, as a part of its share."""
        return (self.in_flight + 1) / max(1, self.share)

    def has_room(self) -> bool:
        """Whether it may be given a request now."""
        return self.in_flight < self.share and self.breaker.room != 0

    def lease(self) -> Lease | None:
        """A place at this host, or ``None``. To be handed back by exactly one of the lease's endings."""
        permit = self.breaker.permit() if self.has_room() else None
        if permit is None:
            return None
        self.in_flight += 1
        return Lease(self, permit, self._clock(), self.in_flight)

    def probed(self, health: BackendHealth) -> bool:
        """Take note of a probe; true when the host was ejected or came back by it."""
        self._told, self._told_at = health.load, self._clock()
        if health.reachable and health.model_present is not False:
            self._bad_probes = 0
            return self._return()
        self._bad_probes += 1
        if health.reachable:
            return self.eject(
                f"the model is missing: {health.detail}" if health.detail else "the model is missing"
            )
        if self._bad_probes >= self._health.failures or self.breaker.state != "closed":
            return self.eject(health.detail or "the server is not reachable")
        return False

    def eject(self, why: str) -> bool:
        """Give it nothing until a probe finds it well. True when it was not ejected before."""
        was_up = self.is_up
        self._ejected = why
        return was_up

    def snapshot(self) -> HostStats:
        """The host now."""
        return HostStats(
            self.name,
            "up" if self.is_up else "ejected",
            self._ejected or "",
            self.breaker.state,
            self.limit.value,
            self.in_flight,
            self.latency_s,
            self.served,
            self.failed,
            self.cancelled,
            self._told if self._clock() - self._told_at <= _FRESH * self._health.interval_s else None,
        )

    def now(self) -> float:
        """The host's clock, in seconds."""
        return self._clock()

    def learn(self, latency_s: float) -> None:
        """Keep the usual latency and its mean deviation."""
        self._learned += 1
        if self.latency_s is None:
            self.latency_s, self.spread_s = latency_s, latency_s / 2
            return
        # The first calls count evenly: one that had to wait for the model to load must not stand for all.
        gain = max(_GAIN, 1 / self._learned)
        self.spread_s += gain * (abs(latency_s - self.latency_s) - self.spread_s)
        self.latency_s += gain * (latency_s - self.latency_s)

    def _return(self) -> bool:
        if self.is_up:
            return False
        self._ejected = None
        self._came_back = self._clock()
        self.limit.restart()
        return True

    def _ramp(self) -> float:
        if self._health.slow_start_s == 0:
            return 1.0
        since = (self._clock() - self._came_back) / self._health.slow_start_s
        return min(1.0, max(_LEAST_RAMP, since))


class Lease:
    """A place taken at a host, from before the call until after it.

    ``began`` starts its clock; ``served``, ``failed`` or ``cancelled`` tells how the call ended; ``close``
    gives the place back, whatever happened.
    """

    __slots__ = ("_at_start", "_closed", "_permit", "_settled", "_started", "host")

    def __init__(self, host: Host, permit: Permit, started: float, at_start: int) -> None:
        self.host = host
        self._permit = permit
        self._started = started
        self._at_start = at_start
        self._settled = False
        self._closed = False

    def began(self) -> None:
        """The call is being sent."""
        self._started = self.host.now()

    def served(self, reply: ChatReply) -> None:
        """The host answered."""
        latency_s = self._settle()
        host = self.host
        host.served += 1
        host.breaker.succeeded(self._permit, latency_s)
        queued_s = None if reply.queued_ns is None else reply.queued_ns / 1e9
        host.learn(latency_s)
        host.limit.replied(latency_s, queued_s, self._at_start)

    def failed(self, error: BackendError) -> None:
        """The call ended in an error; whether that is the host's fault is decided here."""
        took_s = self._settle()
        host = self.host
        host.failed += 1
        if host_is_wrong(error):
            host.breaker.forgotten(self._permit)
            host.eject(str(error))
            return
        if isinstance(error, BackendTimeout):
            self._timed_out(took_s)
            return
        if error.status in _BUSY_STATUSES:
            host.limit.overloaded(took_s)
        if isinstance(error, BackendUnavailable | BackendReplyInvalid):
            host.breaker.failed(self._permit)
        else:
            host.breaker.forgotten(self._permit)

    def _timed_out(self, took_s: float) -> None:
        """The deadline came first. Whether the host was slow, or the call late, shows in the time it was given."""
        host = self.host
        unloaded, usual = host.limit.baseline_s, host.latency_s
        if unloaded is not None and took_s <= _SLOW * unloaded:
            host.limit.cut_off(took_s)
            host.breaker.forgotten(self._permit)
        else:
            host.limit.overloaded(took_s)
            host.breaker.failed(self._permit, at_once=False)
        if took_s > (usual or 0.0):
            host.learn(
                took_s
            )  # it would have taken longer still: to learn from those in time alone is to hope

    def cancelled(self) -> None:
        """Nobody waits for the reply any more."""
        self._settle()
        self.host.cancelled += 1
        self.host.breaker.forgotten(self._permit)

    def close(self) -> None:
        """Give the place back. Idempotent; of a call that never was, nothing is learned."""
        if self._closed:
            return
        self._closed = True
        if not self._settled:
            self._settled = True
            self.host.breaker.forgotten(self._permit)
        self.host.in_flight -= 1

    def _settle(self) -> float:
        if self._settled:
            raise RuntimeError("a call ends once")
        self._settled = True
        return self.host.now() - self._started


class HostPool:
    """All hosts of a model. For one thread."""

    def __init__(self, hosts: Sequence[Host]) -> None:
        self.hosts = tuple(hosts)

    def lease(self, avoid: frozenset[str] = frozenset()) -> Lease | None:
        """A place at the least loaded host outside ``avoid``, or ``None`` when all are full or left alone.

        Among equals the usually quicker one is taken. A host to be avoided is taken when no other is up.
        """
        open_hosts = [host for host in self.hosts if host.share > 0]
        choice = [host for host in open_hosts if host.name not in avoid] or open_hosts
        roomy = [host for host in choice if host.has_room()]
        if not roomy:
            return None
        return min(roomy, key=lambda host: (host.load, host.latency_s or 0.0)).lease()

    def untried(self, tried: frozenset[str]) -> bool:
        """Whether a host that is up has not been tried."""
        return any(host.share > 0 and host.name not in tried for host in self.hosts)

    @property
    def share(self) -> int:
        """Requests that all hosts together may have at once now."""
        return sum(host.share for host in self.hosts)

    @property
    def has_idle_host(self) -> bool:
        """Whether a host has nothing at all to do."""
        return any(host.in_flight == 0 and host.has_room() for host in self.hosts)

    def service_s(self) -> tuple[float, float]:
        """Usual latency of a request over the hosts that serve, and its mean deviation; zeros when unknown."""
        known = [
            (host.latency_s, host.spread_s)
            for host in self.hosts
            if host.share and host.latency_s is not None
        ]
        if not known:
            return 0.0, 0.0
        return sum(mean for mean, _ in known) / len(known), max(spread for _, spread in known)

    def back_in_s(self, probe_interval_s: float) -> float:
        """Seconds until some host may serve again; 0 when one may now."""
        if self.share:
            return 0.0
        waits = [host.breaker.opens_in_s if host.is_up else probe_interval_s for host in self.hosts]
        return min(waits, default=probe_interval_s)


def no_host(pool: HostPool, back_in_s: float) -> BackendUnavailable:
    """The error of a pool without a host that serves."""
    why = "; ".join(f"{host.name}: {host.snapshot().detail or host.breaker.state}" for host in pool.hosts)
    return BackendUnavailable(f"no host serves now: {why}", retry_after_s=back_in_s)
