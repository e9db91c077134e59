"""The whole layer over simulated servers: what the caller sees, what the servers are sent, and that both agree."""

import asyncio
import time
from collections.abc import Awaitable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from random import Random

import pytest

from cascade.backends.base import BackendHealth, ChatReply, Priority
from cascade.errors import (
    BackendError,
    BackendOverloaded,
    BackendRejected,
    BackendTimeout,
    BackendUnavailable,
    ConfigurationError,
)
from cascade.portal import Portal
from cascade.testing import After, FakeBackend
from cascade.traffic import Gate, TrafficEvent, TrafficSpec, TrafficStats
from cascade.traffic.cache import MemoryStore
from cascade.traffic.shared import in_process
from cascade.traffic.spec import (
    BreakerSpec,
    BudgetSpec,
    CacheSpec,
    HealthSpec,
    HedgeSpec,
    LimitSpec,
    QueueSpec,
    RetrySpec,
    RungSpec,
)
from traffic.kit import SimulatedServer, now, question, run


def gate(*servers: SimulatedServer, spec: TrafficSpec | None = None, **options: object) -> Gate:
    return Gate(servers, spec, clock=now, random=Random(1), **options)  # type: ignore[arg-type]


def stats_of(layer: Gate) -> TrafficStats:
    stats = layer.stats()
    assert stats is not None
    assert stats.asked == stats.answered + stats.failed + sum(stats.refused.values()) + stats.withdrawn
    assert stats.calls == stats.charged + stats.orphaned
    return stats


async def outcome(call: Awaitable[ChatReply]) -> ChatReply | BackendError:
    try:
        return await call
    except BackendError as error:
        return error


def reason(outcome: ChatReply | BackendError) -> str:
    return outcome.reason if isinstance(outcome, BackendOverloaded) else type(outcome).__name__


def test_a_question_is_asked_once_and_then_remembered() -> None:
    async def main() -> None:
        server = SimulatedServer()
        layer = gate(server)
        first, second = await layer.chat(question()), await layer.chat(question())
        assert (first.source, first.calls, first.output_tokens) == ("model", 1, 20)
        assert (second.source, second.calls, second.output_tokens) == ("cache", 0, 0)
        assert second.content == first.content
        assert (await layer.chat(question("多糖"))).source == "model"
        assert server.received == stats_of(layer).calls == 2
        await layer.aclose()
        assert server.closed

    run(main())


@pytest.mark.parametrize("content", ["not json", "{"])
def test_a_reply_that_is_no_answer_is_not_kept_for_others(content: str) -> None:
    async def main() -> None:
        server = SimulatedServer(content=content)
        layer = gate(server)
        assert [(await layer.chat(question())).source for _ in range(2)] == ["model", "model"]
        await layer.aclose()

    run(main())


def test_the_askers_own_judgement_decides_what_is_kept() -> None:
    async def main() -> None:
        layer = gate(SimulatedServer())
        strict = replace(question(), usable=lambda reply: False)
        assert [(await layer.chat(strict)).source for _ in range(2)] == ["model", "model"]
        await layer.aclose()

    run(main())


def test_identical_questions_in_flight_are_one_call() -> None:
    async def main() -> None:
        server = SimulatedServer()
        layer = gate(server)
        replies = await asyncio.gather(*(layer.chat(question()) for _ in range(20)))
        assert server.received == 1
        assert sum(reply.output_tokens or 0 for reply in replies) == 20
        assert sorted(reply.source for reply in replies) == ["coalesced"] * 19 + ["model"]
        assert stats_of(layer).coalesced == 19
        await layer.aclose()

    run(main())


def test_the_same_key_is_answered_and_charged_once_even_when_nothing_is_cached() -> None:
    async def main() -> None:
        server = SimulatedServer(content="not json")
        layer = gate(server, spec=TrafficSpec(cache=CacheSpec(max_bytes=0)))
        asked = [await layer.chat(question(caller="u", key="order-1")) for _ in range(3)]
        assert [reply.source for reply in asked] == ["model", "replayed", "replayed"]
        assert [reply.calls for reply in asked] == [1, 0, 0]
        assert (await layer.chat(question(caller="v", key="order-1"))).source == "model"
        assert (await layer.chat(question("别的", caller="u", key="order-1"))).source == "model"
        await layer.aclose()

    run(main())


def test_cancelling_the_caller_cancels_the_call_at_the_server() -> None:
    async def main() -> None:
        server = SimulatedServer(service_s=5)
        layer = gate(server)
        asking = asyncio.ensure_future(layer.chat(question()))
        await asyncio.sleep(1)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        await asyncio.sleep(0)
        assert (server.received, server.cancelled, server.served) == (1, 1, 0)
        stats = stats_of(layer)
        assert (stats.withdrawn, stats.orphaned) == (1, 1)
        await layer.aclose()

    run(main())


def test_who_leaves_while_the_reply_is_kept_is_in_the_books_with_its_tokens() -> None:
    class SlowStore(MemoryStore):
        async def put(self, key: str, reply: ChatReply) -> None:
            await asyncio.sleep(5)
            await super().put(key, reply)

    async def main() -> None:
        layer = gate(SimulatedServer())
        state = in_process(layer.spec, now)
        slow = SlowStore(ttl_s=60, max_bytes=10_000, clock=now)
        layer._make_state = lambda: replace(state, replays=slow)
        told: list[tuple[int, ChatReply | None]] = []
        layer.on_orphaned = lambda calls, reply: told.append((calls, reply))
        asking = asyncio.ensure_future(layer.chat(question(caller="u", key="k")))
        await asyncio.sleep(3)  # answered after one second, on its way into the store since then
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        assert [(calls, reply and reply.output_tokens) for calls, reply in told] == [(1, 20)]
        stats = stats_of(layer)
        assert (stats.withdrawn, stats.orphaned, stats.charged) == (1, 1, 0)
        await layer.aclose()

    run(main())


def test_a_server_that_never_answers_costs_the_deadline_and_no_more() -> None:
    async def main() -> None:
        layer = gate(SimulatedServer(service_s=1000))
        ended = await outcome(layer.chat(question(timeout_s=3)))
        assert isinstance(ended, BackendTimeout)
        assert now() <= 3.1
        assert stats_of(layer).hosts[0].failed == 1
        await layer.aclose()

    run(main())


def test_servers_that_stall_open_their_breaker_and_the_crowd_is_told_at_once() -> None:
    async def main() -> None:
        spec = TrafficSpec(breaker=BreakerSpec(min_calls=4, open_s=5))
        layer = gate(SimulatedServer(service_s=1000), spec=spec)
        for number in range(4):
            await outcome(layer.chat(question(str(number), timeout_s=1)))
        began = now()
        ended = await outcome(layer.chat(question("five", timeout_s=1)))
        assert isinstance(ended, BackendUnavailable)
        assert ended.retry_after_s == pytest.approx(5, abs=0.1)
        assert now() == began
        await layer.aclose()

    run(main())


def test_what_may_pass_is_tried_again_elsewhere() -> None:
    async def main() -> None:
        broken = SimulatedServer(faults=[BackendUnavailable("reset")] * 3)
        well = SimulatedServer()
        layer = gate(broken, well)
        reply = await layer.chat(question())
        assert (reply.source, reply.calls) == ("model", 2)
        assert (broken.received, well.received) == (1, 1)
        assert stats_of(layer).retries == 1
        await layer.aclose()

    run(main())


def test_a_retry_waits_as_long_as_the_only_server_asked() -> None:
    async def main() -> None:
        busy = BackendUnavailable("busy", status=503, retry_after_s=2.0)
        layer = gate(SimulatedServer(faults=[busy]))
        assert (await layer.chat(question())).calls == 2
        assert 3.0 <= now() <= 3.2
        ended = await outcome(gate(SimulatedServer(faults=[busy])).chat(question(timeout_s=1.5)))
        assert isinstance(ended, BackendUnavailable)
        await layer.aclose()

    run(main())


def test_a_wrong_request_is_not_sent_again() -> None:
    async def main() -> None:
        servers = [SimulatedServer(faults=[BackendRejected("bad schema", status=500)] * 9) for _ in range(2)]
        layer = gate(*servers)
        assert isinstance(await outcome(layer.chat(question())), BackendRejected)
        assert sum(server.received for server in servers) == 1
        await layer.aclose()

    run(main())


def test_a_host_without_the_model_is_left_out_until_a_probe_finds_it() -> None:
    async def main() -> None:
        missing = BackendHealth(True, False, detail="no such model")
        bare = SimulatedServer(faults=[BackendRejected("no model", status=404)] * 99, healthy=missing)
        told: list[TrafficEvent] = []
        spec = TrafficSpec(health=HealthSpec(interval_s=2, slow_start_s=4), retry=RetrySpec(budget_burst=50))
        layer = gate(bare, SimulatedServer(slots=8), spec=spec, on_event=told.append)
        for number in range(10):
            assert (await layer.chat(question(str(number)))).source == "model"
        assert bare.received == 1
        bare.faults, bare.healthy = [], BackendHealth(True, True)
        await asyncio.sleep(3)
        await asyncio.gather(*(layer.chat(question(f"b{number}")) for number in range(10)))
        assert bare.served > 0
        assert [event.kind for event in told if event.kind != "rung"] == ["host_back"]
        await layer.aclose()

    run(main())


def test_probes_eject_a_host_that_cannot_be_reached_and_bring_it_back_slowly() -> None:
    async def main() -> None:
        one, two = SimulatedServer(slots=4, service_s=0.5), SimulatedServer(slots=4, service_s=0.5)
        spec = TrafficSpec(
            health=HealthSpec(interval_s=1, failures=2, slow_start_s=10), limit=LimitSpec(floor=4, ceiling=4)
        )
        layer = gate(one, two, spec=spec)
        await layer.chat(question("first"))
        one.healthy = BackendHealth(False, detail="refused")
        await asyncio.sleep(3)
        assert [host.state for host in stats_of(layer).hosts] == ["ejected", "up"]
        before = one.received
        await asyncio.gather(*(layer.chat(question(f"a{n}")) for n in range(8)))
        assert one.received == before
        one.healthy = BackendHealth(True, True)
        await asyncio.sleep(2)
        await asyncio.gather(*(layer.chat(question(f"b{n}")) for n in range(8)))
        assert one.peak <= 2
        await asyncio.sleep(10)
        await asyncio.gather(*(layer.chat(question(f"c{n}")) for n in range(8)))
        assert one.peak == 4
        await layer.aclose()

    run(main())


def test_a_dead_host_is_found_out_by_probes_and_costs_few_requests() -> None:
    async def main() -> None:
        dead, well = SimulatedServer(service_s=0.2), SimulatedServer(service_s=0.2, slots=4)
        layer = gate(dead, well, spec=TrafficSpec(rungs=RungSpec(automatic=False)))
        for number in range(20):
            await layer.chat(question(str(number)))
        dead.faults, dead.healthy = (
            [BackendUnavailable("refused")] * 999,
            BackendHealth(False, detail="refused"),
        )
        for number in range(100):
            assert (await layer.chat(question(f"then {number}"))).source == "model"
        assert stats_of(layer).hosts[0].state == "ejected"
        assert stats_of(layer).hosts[0].failed <= 4
        await layer.aclose()

    run(main())


def test_the_less_loaded_host_is_asked() -> None:
    async def main() -> None:
        small, large = SimulatedServer(slots=1), SimulatedServer(slots=8)
        layer = gate(small, large, spec=TrafficSpec(queue=QueueSpec(max_wait_s=60)))
        for burst in range(30):
            await asyncio.gather(*(layer.chat(question(f"{burst}.{n}", timeout_s=60)) for n in range(9)))
        assert large.served > 3 * small.served
        await layer.aclose()

    run(main())


def test_a_call_that_takes_unusually_long_is_hedged_and_the_loser_cancelled() -> None:
    async def main() -> None:
        one, two = SimulatedServer(slots=4), SimulatedServer(slots=4)
        spec = TrafficSpec(hedge=HedgeSpec(after_factor=2, min_s=0.1))
        layer = gate(one, two, spec=spec)
        for number in range(4):
            await layer.chat(question(str(number)))
        one.service_s = 30.0
        two.service_s = 0.2
        began = now()
        replies = [await layer.chat(question(f"late{number}")) for number in range(3)]
        assert now() - began < 3 * 2.5
        assert sum(reply.calls for reply in replies) == one.received + two.received - 4
        assert stats_of(layer).hedges == one.cancelled > 0
        await layer.aclose()

    run(main())


def test_who_leaves_before_a_hedged_call_has_begun_takes_no_place_along() -> None:
    async def main() -> None:
        servers = [SimulatedServer(), SimulatedServer()]
        layer = gate(*servers, spec=TrafficSpec(hedge=HedgeSpec(after_factor=2, min_s=0.1)))
        await layer.chat(question("first"))
        for turns in range(12):  # of the loop, until the caller is gone again
            asking = asyncio.ensure_future(layer.chat(question(f"then {turns}")))
            for _ in range(turns):
                await asyncio.sleep(0)
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
            await asyncio.sleep(1)
            stats = stats_of(layer)
            assert [host.in_flight for host in stats.hosts] == [0, 0]
            assert stats.calls == sum(server.received for server in servers)
        await layer.aclose()

    run(main())


def test_budgets_refuse_and_an_unasked_question_is_not_counted() -> None:
    async def main() -> None:
        spec = TrafficSpec(budget=BudgetSpec(caller_per_minute=1, caller_burst=1, tokens=300))
        layer = gate(SimulatedServer(), spec=spec)
        layer.hold("llm_free")
        assert reason(await outcome(layer.chat(question(caller="u")))) == "llm_free"
        layer.hold("normal")
        await asyncio.sleep(0)
        assert reason(await outcome(layer.chat(question(caller="u")))) == "ChatReply"
        assert reason(await outcome(layer.chat(question("另一杯", caller="u")))) == "caller_budget"
        await layer.chat(question("再一杯"))
        await layer.chat(question("还一杯"))
        await layer.chat(question("又一杯"))
        assert reason(await outcome(layer.chat(question("最后一杯")))) == "token_budget"
        assert stats_of(layer).refused == {"llm_free": 1, "caller_budget": 1, "token_budget": 1}
        await layer.aclose()

    run(main())


def test_gibberish_is_refused_without_a_call() -> None:
    async def main() -> None:
        server = SimulatedServer()
        layer = gate(server)
        ended = await outcome(layer.chat(question("啊" * 50)))
        assert reason(ended) == "senseless"
        assert isinstance(ended, BackendError)
        assert not ended.retryable
        assert server.received == 0
        await layer.aclose()

    run(main())


def test_a_campaign_without_the_model_asks_nobody() -> None:
    async def main() -> None:
        server = SimulatedServer()
        layer = gate(server, spec=TrafficSpec(rungs=RungSpec(start="llm_free")))
        assert layer.rung == "llm_free"
        assert reason(await outcome(layer.chat(question(priority=Priority.ACTING)))) == "llm_free"
        assert server.received == 0
        await layer.aclose()

    run(main())


def test_draining_lets_calls_end_and_refuses_new_ones() -> None:
    async def main() -> None:
        server = SimulatedServer()
        layer = gate(server)
        asking = asyncio.ensure_future(layer.chat(question()))
        await asyncio.sleep(0.5)
        draining = asyncio.ensure_future(layer.drain(5))
        await asyncio.sleep(0)
        assert reason(await outcome(layer.chat(question("new")))) == "closing"
        assert await draining
        assert (await asking).source == "model"
        await layer.aclose()

    run(main())


def test_closing_without_draining_cancels_and_everybody_is_told() -> None:
    async def main() -> None:
        server = SimulatedServer(service_s=100)
        layer = gate(server)
        asking = [asyncio.ensure_future(outcome(layer.chat(question(str(n))))) for n in range(5)]
        await asyncio.sleep(1)
        assert not await layer.drain(1)
        await layer.aclose()
        assert {reason(ended) for ended in await asyncio.gather(*asking)} == {"closing"}
        assert server.cancelled == server.received > 0
        stats_of(layer)

    run(main())


def test_a_layer_needs_hosts_of_different_names() -> None:
    with pytest.raises(ConfigurationError, match="needs a backend"):
        Gate([])
    with pytest.raises(ConfigurationError, match="one name each"):
        Gate([FakeBackend(["{}"]), FakeBackend(["{}"])], names=("a", "a"))


def test_a_layer_serves_one_loop_at_a_time() -> None:
    layer = Gate([FakeBackend(["{}"])])

    async def ask() -> str:
        return (await layer.chat(question())).source

    async def ask_from_two() -> None:
        await ask()
        with pytest.raises(ConfigurationError, match="one event loop"):
            await asyncio.to_thread(asyncio.run, ask())

    asyncio.run(ask_from_two())
    assert asyncio.run(ask()) == "model"  # the first loop is gone, and what it remembered with it


def test_a_listener_that_fails_breaks_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def listen(event: TrafficEvent) -> None:
        raise OSError(event.kind)

    async def main() -> None:
        layer = gate(SimulatedServer(), on_event=listen)
        assert (await layer.chat(question())).source == "model"
        layer.hold("red")
        await asyncio.sleep(0)
        assert layer.rung == "red"
        await layer.aclose()

    run(main())
    assert "the listener of traffic events failed" in caplog.text


def test_threads_and_loops_meet_and_a_cancelled_leader_fails_nobody() -> None:
    backend = FakeBackend([After(0.3, {"intent": "decline"})])
    layer, portal = Gate([backend]), Portal()
    leader = portal.submit(lambda: layer.chat(question()))
    while not backend.requests:
        time.sleep(0.001)
    with ThreadPoolExecutor(16) as pool:
        asked = [pool.submit(portal.run, lambda: layer.chat(question())) for _ in range(16)]
        time.sleep(0.1)
        leader.cancel()
        replies = [future.result(5) for future in asked]

    async def ask() -> ChatReply:
        return await portal.arun(lambda: layer.chat(question()))

    assert asyncio.run(ask()).source == "cache"
    stats = stats_of(layer)
    portal.close(layer.aclose)
    assert len(backend.requests) == 1
    assert backend.cancelled == 0
    assert sum(reply.calls for reply in replies) == 1
    assert (stats.withdrawn, stats.orphaned) == (1, 0)


@pytest.mark.parametrize("times", [1, 3, 10])
def test_overload_is_a_dull_day(times: int) -> None:
    """Open loop at one, three and ten times capacity, for two simulated minutes on two hosts."""
    seconds, service, slots = 120.0, 0.8, 2
    capacity = 2 * slots / service

    async def main() -> None:
        servers = [SimulatedServer(service_s=service, slots=slots, jitter=0.4) for _ in range(2)]
        spec = TrafficSpec(rungs=RungSpec(automatic=False), queue=QueueSpec(max_wait_s=2))
        layer = gate(*servers, spec=spec)
        random = Random(times)
        late: list[float] = []
        good: list[float] = []

        async def ask(number: int) -> None:
            began = now()
            ended = await outcome(layer.chat(question(f"q{number}", timeout_s=6)))
            late.append(now() - began - 6)
            if isinstance(ended, ChatReply):
                good.append(now())

        asking = []
        number = 0
        while now() < seconds:
            await asyncio.sleep(random.expovariate(capacity * times))
            asking.append(asyncio.ensure_future(ask(number)))
            number += 1
        await asyncio.gather(*asking)
        warm = [at for at in good if at > 20]
        goodput = len(warm) / (max(warm) - 20)
        offered = min(1.0, times * 0.9) * capacity
        assert goodput >= 0.9 * offered if times == 1 else goodput >= 0.95 * capacity
        assert max(late) <= 0.1
        stats = stats_of(layer)
        assert stats.calls == sum(server.received for server in servers)
        assert stats.retries <= spec.retry.budget_burst + spec.retry.budget_ratio * stats.asked
        assert sum(server.cancelled for server in servers) <= 0.02 * stats.calls
        await layer.aclose()

    run(main())


def test_acting_questions_come_through_and_audits_are_shed_first() -> None:
    async def main() -> dict[Priority, float]:
        server = SimulatedServer(service_s=0.5)
        spec = TrafficSpec(rungs=RungSpec(automatic=False), queue=QueueSpec(max_wait_s=2, size=8))
        layer = gate(server, spec=spec)
        ends: dict[Priority, list[bool]] = {priority: [] for priority in Priority}

        async def ask(number: int, priority: Priority) -> None:
            ended = await outcome(layer.chat(question(f"{priority}{number}", timeout_s=5, priority=priority)))
            ends[priority].append(isinstance(ended, ChatReply))

        asking = []
        for number in range(200):
            await asyncio.sleep(0.2)
            asking += [
                asyncio.ensure_future(ask(number, priority)) for priority in (Priority.AUDIT, Priority.NORMAL)
            ]
            if number % 3 == 0:
                asking.append(asyncio.ensure_future(ask(number, Priority.ACTING)))
        await asyncio.gather(*asking)
        await layer.aclose()
        return {Priority(priority): sum(good) / len(good) for priority, good in ends.items()}

    share = run(main())
    assert share[Priority.ACTING] > 0.95
    assert share[Priority.AUDIT] < 0.05
    assert share[Priority.AUDIT] < share[Priority.NORMAL] < share[Priority.ACTING]


def test_under_lasting_overload_the_rung_climbs_and_comes_back() -> None:
    async def main() -> None:
        told: list[TrafficEvent] = []
        spec = TrafficSpec(rungs=RungSpec(amber_wait_s=0.5, red_wait_s=1.5, calm_s=5))
        layer = gate(SimulatedServer(), spec=spec, on_event=told.append)
        asking = []
        for number in range(300):
            await asyncio.sleep(0.1)
            asking.append(asyncio.ensure_future(outcome(layer.chat(question(str(number), timeout_s=8)))))
        seen = {reason(ended) for ended in await asyncio.gather(*asking)}
        assert "rung_red" in seen
        await asyncio.sleep(60)
        assert layer.rung == "normal"
        rungs = [event.subject for event in told if event.kind == "rung"]
        assert rungs[-1] == "normal"
        assert "red" in rungs
        await layer.aclose()

    run(main())


@pytest.mark.parametrize("tells", [True, False])
@pytest.mark.parametrize(("slots", "deadline", "least"), [(2, 4.0, 0.9), (8, 3.0, 0.9), (2, 2.0, 0.75)])
def test_tight_deadlines_under_overload_waste_little_of_the_servers(
    slots: int, deadline: float, least: float, tells: bool
) -> None:
    """Ten times what the slots serve, the deadline a few service times away, whether the server tells its line
    or not.
    """
    service, seconds = 1.0, 100.0

    async def main() -> float:
        server = SimulatedServer(service_s=service, slots=slots, jitter=0.5, tells_queue=tells)
        layer = gate(server, spec=TrafficSpec(rungs=RungSpec(automatic=False)))
        random = Random(5)
        good: list[float] = []
        asking: list[asyncio.Task[None]] = []

        async def ask(number: int) -> None:
            ended = await outcome(layer.chat(question(f"q{number}", timeout_s=deadline)))
            if isinstance(ended, ChatReply):
                good.append(now())

        while now() < seconds:
            await asyncio.sleep(random.expovariate(10 * slots / service))
            asking.append(asyncio.ensure_future(ask(len(asking))))
        await asyncio.gather(*asking)
        await layer.aclose()
        return sum(20 < at <= seconds for at in good) / (seconds - 20)

    assert run(main()) >= least * slots / service


def test_an_estimate_that_is_too_high_is_put_right() -> None:
    """A host that was slow for a while must not be refused for ever because of it."""

    async def main() -> None:
        server = SimulatedServer(service_s=5.0)
        layer = gate(server, spec=TrafficSpec(rungs=RungSpec(automatic=False)))
        for number in range(10):
            await outcome(layer.chat(question(f"slow {number}", timeout_s=20)))
        server.service_s = 0.5
        seen = [reason(await outcome(layer.chat(question(f"now {n}", timeout_s=2)))) for n in range(30)]
        assert seen == ["ChatReply"] * 30
        await layer.aclose()

    run(main())


def test_a_first_call_that_waited_for_the_model_to_load_does_not_stand_for_all() -> None:
    async def main() -> None:
        server = SimulatedServer(service_s=8.0)
        layer = gate(server)
        await layer.chat(question("first", timeout_s=20))
        server.service_s = 0.5
        for number in range(4):
            await layer.chat(question(f"then {number}"))
        assert (stats_of(layer).hosts[0].latency_s or 0.0) == pytest.approx((8.0 + 4 * 0.5) / 5)
        await layer.aclose()

    run(main())


def test_a_place_goes_to_who_can_still_be_served_in_time() -> None:
    """The earliest deadline waits first in line; when it can no longer be met, it must not cost the next one's."""

    async def main() -> None:
        server = SimulatedServer(service_s=2.0)
        spec = TrafficSpec(
            rungs=RungSpec(automatic=False), limit=LimitSpec(ceiling=1), queue=QueueSpec(max_wait_s=60)
        )
        layer = gate(server, spec=spec)
        for number in range(8):
            await layer.chat(question(f"learn {number}"))
        server.service_s = 3.0  # slower than ever: what was let into the line comes out of it too late
        first = asyncio.ensure_future(outcome(layer.chat(question("now", timeout_s=20))))
        await asyncio.sleep(0.1)
        tight = asyncio.ensure_future(outcome(layer.chat(question("tight", timeout_s=4.8))))
        easy = asyncio.ensure_future(outcome(layer.chat(question("easy", timeout_s=20))))
        ends = [reason(ended) for ended in await asyncio.gather(first, tight, easy)]
        assert ends == ["ChatReply", "deadline", "ChatReply"]
        assert server.cancelled == 0
        await layer.aclose()

    run(main())
