"""Kept for a while and within a size; counted and capped; senseless kept out, wishes let through."""

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import orders

from cascade.backends.base import ChatReply, Message
from cascade.errors import BackendOverloaded
from cascade.traffic.budget import Budget, MemoryCounters
from cascade.traffic.cache import MemoryStore, size_of
from cascade.traffic.key import fingerprint
from cascade.traffic.screen import senseless
from cascade.traffic.spec import BudgetSpec
from traffic.kit import ManualClock, question


async def test_a_reply_is_kept_until_its_time_is_over() -> None:
    clock = ManualClock()
    store = MemoryStore(ttl_s=10, max_bytes=10_000, clock=clock)
    await store.put("k", ChatReply("{}"))
    clock.now += 9.9
    assert await store.get("k") == ChatReply("{}")
    assert await store.get("other") is None
    clock.now += 0.2
    assert await store.get("k") is None


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 3000)), max_size=60), st.integers(0, 8000))
def test_the_store_never_outgrows_its_size(puts: list[tuple[int, int]], max_bytes: int) -> None:
    store = MemoryStore(ttl_s=10, max_bytes=max_bytes, clock=ManualClock())

    async def fill() -> None:
        for key, length in puts:
            await store.put(str(key), ChatReply("糖" * length))

    asyncio.run(fill())
    assert sum(size_of(reply) for reply in store._replies.values()) <= max_bytes


def test_only_the_same_question_has_the_same_key() -> None:
    asked = question("少糖")
    same = replace(asked, timeout_s=1.0, caller="u", idempotency_key="i")
    assert fingerprint(asked, "m") == fingerprint(same, "m")
    others = [
        fingerprint(asked, "m2"),
        fingerprint(question("多糖"), "m"),
        fingerprint(replace(asked, scope="pack@2"), "m"),
        fingerprint(replace(asked, schema={"type": "array"}), "m"),
        fingerprint(replace(asked, temperature=0.1), "m"),
        fingerprint(replace(asked, seed=2), "m"),
        fingerprint(replace(asked, max_output_tokens=51), "m"),
        fingerprint(replace(asked, messages=(*asked.messages, Message("assistant", "{}"))), "m"),
        fingerprint(replace(asked, messages=(Message("user", "answer in JSON少糖"),)), "m"),
        fingerprint(replace(asked, messages=(Message("user", "\ud800"),)), "m"),
    ]
    assert len({fingerprint(asked, "m"), *others}) == len(others) + 1


async def test_a_caller_has_so_many_a_minute_and_is_told_when_to_come_back() -> None:
    clock = ManualClock()
    budget = Budget(BudgetSpec(caller_per_minute=6, caller_burst=2), MemoryCounters(clock))
    assert [await budget.take("u"), await budget.take("u")] == [True, True]
    with pytest.raises(BackendOverloaded) as refused:
        await budget.take("u")
    assert refused.value.reason == "caller_budget"
    assert refused.value.retry_after_s == pytest.approx(10)
    assert await budget.take("somebody else")
    assert not await budget.take(None)
    clock.now += 10
    assert await budget.take("u")
    await budget.give_back("u")
    assert await budget.take("u")


@given(
    st.lists(st.tuples(st.floats(0, 30), st.integers(1, 20)), max_size=40),
    st.integers(1, 50),
    st.integers(1, 9),
)
def test_no_caller_passes_its_rate(steps: list[tuple[float, int]], per_minute: int, burst: int) -> None:
    async def main() -> tuple[int, float]:
        clock = ManualClock()
        counters = MemoryCounters(clock)
        began, granted = clock.now, 0
        for seconds, many in steps:
            clock.now += seconds
            for _ in range(many):
                granted += await counters.take("u", per_minute, burst) == 0
        return granted, clock.now - began

    granted, took = asyncio.run(main())
    assert granted <= burst + took * per_minute / 60 + 1e-6


PRICED = BudgetSpec(tokens=1000, money=Decimal("0.01"), input_price=Decimal(2), output_price=Decimal(8))


async def test_calls_under_way_cannot_pass_a_cap_together() -> None:
    budget = Budget(replace_spec(tokens=200), MemoryCounters(ManualClock()))
    held = [await budget.hold(question()), await budget.hold(question())]
    with pytest.raises(BackendOverloaded) as refused:
        await budget.hold(question())
    assert refused.value.reason == "token_budget"
    assert not refused.value.retryable
    assert (await budget.spent()).tokens == sum(hold.tokens for hold in held) <= 200
    for hold in held:
        await budget.release(hold)
    assert (await budget.spent()).tokens == 0


def replace_spec(**changes: object) -> BudgetSpec:
    return BudgetSpec.model_validate({**PRICED.model_dump(), **changes})


async def test_what_it_did_cost_takes_the_place_of_what_it_might_have() -> None:
    budget = Budget(PRICED, MemoryCounters(ManualClock()))
    hold = await budget.hold(question())
    await budget.settle(hold, ChatReply("{}", input_tokens=40, output_tokens=10))
    spent = await budget.spent()
    assert (spent.tokens, spent.money) == (50, Decimal("0.000160"))


async def test_a_server_that_tells_no_counts_is_charged_what_was_held_back() -> None:
    budget = Budget(PRICED, MemoryCounters(ManualClock()))
    hold = await budget.hold(question())
    await budget.settle(hold, ChatReply("{}", input_tokens=None, output_tokens=10))
    assert (await budget.spent()).tokens == hold.tokens > 0


async def test_money_runs_out_before_tokens_do() -> None:
    budget = Budget(replace_spec(tokens=None, money=Decimal("0.0006")), MemoryCounters(ManualClock()))
    await budget.hold(question())
    with pytest.raises(BackendOverloaded) as refused:
        await budget.hold(question())
    assert refused.value.reason == "money_budget"


@pytest.mark.parametrize(
    "text",
    [
        "?!...",
        "啊啊啊啊啊啊啊啊",
        "哈哈哈哈哈哈哈哈哈呀",
        "xkcdqwrtpsdfgh",
        "8492374982374923749827349823",
        "奶茶" * 40,
        "给我一杯奶茶" * 30,
        "鐧惧害涓€涓嬩綘灏辩煡閬撳湪鍝噷",  # UTF-8 read as GBK
        "龗嬰蓅黡锺蚘镸韖妭猇訅",
    ],
)
def test_gibberish_and_padding_are_told(text: str) -> None:
    assert senseless(text)


@pytest.mark.parametrize(
    "text",
    [
        "适合减脂的奶茶",
        "喝",
        "2",
        "wo yao yi bei nai cha",
        "hello, can i get a latte",
        "一杯珍珠奶茶半糖,一杯珍珠奶茶全糖,一杯珍珠奶茶少糖去冰,一杯珍珠奶茶常温",
        "送到朝阳区建国路88号3号楼2单元1201,电话13800138000",
        "哈哈哈",
        "coco的奶茶要3分糖no ice thx",
        "佢哋啲嘢唔係咁嘅啩,畀返杯冻柠茶我",
        "唔该,取消我啱啱嗰张单",
        "啵啵鸡糍粑豌杂酱饸饹面",
        "螭龘饕餮馕",
    ],
)
def test_what_may_be_a_wish_passes(text: str) -> None:
    assert senseless(text) is None


@settings(max_examples=200, deadline=None)
@given(orders())
def test_no_order_is_called_senseless(text: str) -> None:
    assert senseless(text) is None
