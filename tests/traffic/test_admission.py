"""The line before the hosts: who goes first, who is told no and when, and that no place is ever lost."""

import asyncio
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cascade.backends.base import ChatReply, Priority
from cascade.errors import BackendError, BackendOverloaded, BackendTimeout, BackendUnavailable
from cascade.traffic.admission import Admission, Ticket
from cascade.traffic.hosts import Host, HostPool, Lease
from cascade.traffic.spec import LimitSpec, QueueSpec, TrafficSpec
from traffic.kit import SimulatedServer, now, run

ONE_AT_A_TIME = TrafficSpec(limit=LimitSpec(ceiling=1))


def line(hosts: int = 1, spec: TrafficSpec = ONE_AT_A_TIME, **queue: float) -> tuple[Admission, HostPool]:
    pool = HostPool([Host(f"h{n}", SimulatedServer(), spec, now) for n in range(hosts)])
    return Admission(pool, QueueSpec.model_validate(queue), now, probe_interval_s=5), pool


def ticket(seconds: float = 100, priority: Priority = Priority.NORMAL) -> Ticket:
    return Ticket(priority, now() + seconds)


def served(admission: Admission, lease: Lease) -> None:
    lease.served(ChatReply("{}"))
    lease.close()
    admission.pump()


async def waiting(admission: Admission, ticket: Ticket, avoid: str = "") -> asyncio.Task[Lease]:
    task = asyncio.ensure_future(admission.acquire(ticket, frozenset({avoid} - {""})))
    await asyncio.sleep(0)
    return task


def test_the_urgent_first_and_among_equals_the_earlier_deadline() -> None:
    async def main() -> list[str]:
        admission, _ = line()
        lease = await admission.acquire(ticket())
        order: list[str] = []
        names = {
            "audit": ticket(10, Priority.AUDIT),
            "late": ticket(90),
            "early": ticket(50),
            "acting": ticket(99, Priority.ACTING),
        }
        tasks = {name: await waiting(admission, wanted) for name, wanted in names.items()}
        while tasks:
            served(admission, lease)
            await asyncio.sleep(0)
            name = next(name for name, task in tasks.items() if task.done())
            order.append(name)
            lease = tasks.pop(name).result()
        return order

    assert run(main()) == ["acting", "early", "late", "audit"]


def test_who_becomes_urgent_while_waiting_is_served_as_such() -> None:
    async def main() -> None:
        admission, _ = line()
        lease = await admission.acquire(ticket())
        first, second = ticket(50), ticket(60)
        one, two = await waiting(admission, first), await waiting(admission, second)
        second.priority = Priority.ACTING
        served(admission, lease)
        await asyncio.sleep(0)
        assert two.done()
        assert not one.done()
        one.cancel()

    run(main())


def test_what_cannot_be_met_is_refused_at_once_with_when_to_come_back() -> None:
    async def main() -> None:
        admission, _ = line(max_wait_s=60)
        for _ in range(4):
            lease = await admission.acquire(ticket())
            lease.began()
            await asyncio.sleep(2)
            served(admission, lease)
        await admission.acquire(ticket())
        await waiting(admission, ticket())
        began = now()
        with pytest.raises(BackendOverloaded) as refused:
            await admission.acquire(ticket(4))  # 4 s in line and 2 s of work
        assert now() == began
        assert refused.value.reason == "deadline"
        assert 1.9 <= (refused.value.retry_after_s or 0) <= 5
        assert not (await waiting(admission, ticket(30))).done()

    run(main())


def test_a_full_line_sheds_the_least_urgent_and_refuses_its_equals() -> None:
    async def main() -> None:
        admission, _ = line(size=2)
        await admission.acquire(ticket())
        audit, normal = (
            await waiting(admission, ticket(50, Priority.AUDIT)),
            await waiting(admission, ticket()),
        )
        with pytest.raises(BackendOverloaded, match="in line already"):
            await admission.acquire(ticket(50, Priority.AUDIT))
        acting = await waiting(admission, ticket(50, Priority.ACTING))
        (shed,) = await asyncio.gather(audit, return_exceptions=True)
        assert isinstance(shed, BackendOverloaded)
        assert shed.reason == "shed"
        assert (admission.length, normal.done(), acting.done()) == (2, False, False)
        admission.close()
        ends = await asyncio.gather(normal, acting, return_exceptions=True)
        assert [end.reason for end in ends if isinstance(end, BackendOverloaded)] == ["closing"] * 2

    run(main())


def test_one_who_avoids_the_free_host_does_not_keep_the_others_from_it() -> None:
    async def main() -> None:
        admission, _ = line(hosts=2)
        leases = [await admission.acquire(ticket()) for _ in range(2)]
        free = leases[0].host.name
        picky = await waiting(admission, ticket(10), avoid=free)
        easy = await waiting(admission, ticket(50))
        served(admission, leases[0])
        await asyncio.sleep(0)
        assert (picky.done(), easy.done()) == (False, True)
        served(admission, leases[1])
        assert (await picky).host.name != free

    run(main())


def test_when_no_host_serves_everybody_is_told_until_one_is_back() -> None:
    async def main() -> None:
        admission, pool = line(max_wait_s=3)
        pool.hosts[0].eject("unplugged")
        with pytest.raises(BackendUnavailable, match="unplugged") as refused:
            await admission.acquire(ticket())
        assert refused.value.retry_after_s == 5

    run(main())


def test_nobody_stands_in_line_for_ever() -> None:
    async def main() -> None:
        admission, _ = line(max_wait_s=2)
        await admission.acquire(ticket())
        asking = await waiting(admission, ticket())
        with pytest.raises(BackendOverloaded) as refused:
            await asking
        assert refused.value.reason == "queue_full"
        assert 2 <= now() <= 3.1

    run(main())


ASKER = st.tuples(
    st.floats(0, 4),
    st.floats(0.1, 8),
    st.sampled_from(Priority),
    st.none() | st.floats(0, 4),
    st.floats(0.01, 2),
)


@settings(max_examples=100, deadline=None)
@given(st.lists(ASKER, max_size=25), st.integers(1, 3), st.integers(0, 6), st.integers())
def test_no_place_is_lost_or_given_twice(
    askers: list[tuple[float, float, Priority, float | None, float]], hosts: int, size: int, seed: int
) -> None:
    """Whoever comes, waits, leaves, is served or fails: in the end every host is empty and the line too."""
    spec = TrafficSpec(limit=LimitSpec(floor=1, ceiling=3))

    async def main() -> None:
        admission, pool = line(hosts, spec, size=size)
        random = Random(seed)

        async def ask(at: float, patience: float, priority: Priority, works: float) -> None:
            await asyncio.sleep(at)
            try:
                lease = await admission.acquire(ticket(patience, priority))
            except BackendError:
                return
            assert lease.host.in_flight <= spec.limit.ceiling
            lease.began()
            try:
                await asyncio.sleep(works)
                how = random.choice(("served", "timeout", "reset", "nothing"))
                if how == "served":
                    lease.served(ChatReply("{}", queued_ns=0))
                elif how != "nothing":
                    lease.failed(BackendTimeout("slow") if how == "timeout" else BackendUnavailable("reset"))
            except asyncio.CancelledError:
                lease.cancelled()
                raise
            finally:
                lease.close()
                admission.pump()

        tasks = []
        for at, patience, priority, leaves, works in askers:
            tasks.append(asyncio.ensure_future(ask(at, patience, priority, works)))
            if leaves is not None:
                asyncio.get_running_loop().call_later(at + leaves, tasks[-1].cancel)
        await asyncio.gather(*tasks, return_exceptions=True)
        assert [host.in_flight for host in pool.hosts] == [0] * hosts
        assert admission.length == 0

    run(main())
