"""What a host says of itself when it is probed is told with its other figures, and forgotten when it is old."""

from cascade.backends.base import BackendHealth, ServerLoad
from cascade.testing import FakeBackend
from cascade.traffic.hosts import Host
from cascade.traffic.spec import TrafficSpec

LOAD = ServerLoad(gpu_bytes=6_000_000_000)


def test_what_was_told_is_kept_until_it_is_old() -> None:
    now = [0.0]
    spec = TrafficSpec()
    host = Host("gpu-1", FakeBackend(["{}"]), spec, lambda: now[0])
    assert host.snapshot().told is None
    host.probed(BackendHealth(True, True, load=LOAD))
    assert host.snapshot().told == LOAD
    now[0] += 3 * spec.health.interval_s
    assert host.snapshot().told == LOAD
    now[0] += 1.0
    assert host.snapshot().told is None


def test_a_host_that_is_gone_tells_nothing() -> None:
    host = Host("gpu-1", FakeBackend(["{}"]), TrafficSpec(), lambda: 0.0)
    host.probed(BackendHealth(True, True, load=LOAD))
    host.probed(BackendHealth(False, detail="refused"))
    assert host.snapshot().told is None
