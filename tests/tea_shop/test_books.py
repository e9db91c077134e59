"""Once and not twice: many threads, many workers, a network that repeats itself, on both databases."""

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from cascade import Cascade
from examples.tea_shop import outbox
from examples.tea_shop.database import Database
from examples.tea_shop.fake_remotes import FakeCredits, FakeShop, Faults
from examples.tea_shop.models import Base, Order, OutboxEntry, Voucher
from examples.tea_shop.remotes import ShopAnswer, ShopCommand
from tea_shop.kit import Counter, opened


def at_once(number: int, call: Callable[[int], object]) -> list[object]:
    """The same call from so many threads, let go together."""
    gate = threading.Barrier(number)

    def one(at: int) -> object:
        gate.wait(10)
        return call(at)

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(one, range(number)))


def test_one_key_from_many_threads_is_one_order(either: Counter) -> None:
    replies = at_once(8, lambda _: either.say("千问，帮我点杯奶茶，用免单卡", key="same"))
    assert len({str(reply) for reply in replies}) == 1
    assert len(either.orders()) == 1


def test_one_voucher_from_many_threads_is_used_by_one_order(either: Counter) -> None:
    either.arrive("a")
    drinks = ("奶茶", "珍珠奶茶", "茉莉奶绿", "杨枝甘露", "拿铁", "美式")
    at_once(6, lambda at: either.say(f"来一杯{drinks[at]}，用免单卡", key=f"k{at}", conversation=f"c{at}"))
    (order,) = either.orders()
    assert order.voucher_id is not None
    assert either.free_vouchers() == 0


def test_one_newcomer_from_many_threads_is_one_customer(either: Counter) -> None:
    either.arrive("friend")
    at_once(6, lambda _: either.arrive("a", invited_by="friend"))
    assert either.free_vouchers("a") == 1
    assert either.check().counts["invitations"] == 1


def test_the_constraints_alone_hold(either: Counter) -> None:
    either.say("千问，帮我点杯奶茶，用免单卡")
    (order,) = either.orders()

    def second(**changed: object) -> None:
        values = {column.name: getattr(order, column.name) for column in Order.__table__.columns}
        values |= {"id": "other", "key": "other", "serial": 2, **changed}
        either.database.write(lambda session: session.add(Order(**values)))

    with pytest.raises(IntegrityError):
        second()  # the voucher is used
    with pytest.raises(IntegrityError):
        second(key=order.key, voucher_id=None, discount_cents=0)  # the key is used
    with pytest.raises(IntegrityError):
        second(serial=order.serial, voucher_id=None, discount_cents=0)
    with pytest.raises(IntegrityError):
        second(voucher_id=None)  # a discount comes from a voucher
    with pytest.raises(IntegrityError):
        second(voucher_id="made-up")
    second(state="cancelled")  # an order that does not stand uses nothing
    assert len(either.orders()) == 2


def test_workers_side_by_side_claim_no_entry_twice(either: Counter) -> None:
    for at in range(12):
        either.say("千问，帮我点杯奶茶", f"customer {at}")
    now = either.now

    def claim(_: int) -> list[int]:
        return [parcel.id for parcel in either.database.write(lambda session: outbox.claim(session, now, 3))]

    claimed = [one for batch in at_once(6, claim) for one in batch]  # type: ignore[attr-defined]
    assert len(claimed) == len(set(claimed))
    assert len(claimed) >= 3


def test_one_orders_messages_are_delivered_in_their_order(either: Counter) -> None:
    either.say("千问，帮我点杯奶茶")
    either.say("换成大杯")
    either.say("取消订单")
    claimed = [either.database.write(lambda session: outbox.claim(session, either.now, 9)) for _ in range(2)]
    assert [len(batch) for batch in claimed] == [1, 0]
    assert claimed[0][0].payload["do"] == "place"
    either.now += 100
    either.deliver()
    assert either.check().problems == []
    assert either.check().counts["orders cancelled"] == 1


def test_several_processes_may_make_the_tables_at_once(either: Counter) -> None:
    Base.metadata.drop_all(either.database.engine)

    def create(_: int) -> None:
        database = Database(either.database.url.render_as_string(hide_password=False))
        database.create()
        database.close()

    at_once(4, create)
    assert either.say("千问，帮我点杯奶茶").kind == "placed"


def test_who_reads_does_not_wait_for_who_writes(either: Counter) -> None:
    either.say("千问，帮我点杯奶茶")

    def writing(session: Any) -> int:
        session.execute(update(Order).values(note="not yet"))
        return len(either.orders())

    assert either.database.write(writing) == 1


class Dies(Exception):
    """The worker is gone."""


def test_a_worker_that_dies_between_delivery_and_note_loses_and_doubles_nothing(either: Counter) -> None:
    either.say("千问，帮我点杯奶茶")

    class Deadly(FakeShop):
        def deliver(
            self, command: ShopCommand, answered: Callable[[ShopAnswer], None], timeout_s: float
        ) -> None:
            super().deliver(command, lambda _: None, timeout_s)
            raise Dies

    with pytest.raises(Dies):
        either.worker(Deadly(either.book)).run_once()
    assert either.check().pending == 1
    either.worker().run_once()  # the lease still runs
    assert either.check().pending == 1
    either.now += outbox.LEASE_S + 1
    either.deliver()
    found = either.check()
    assert (found.problems, found.pending) == ([], 0)
    assert found.counts["requests it knew already by their key"] == 1
    assert either.orders()[0].shop_number == "T0001"


def test_an_order_that_the_shop_refuses_gives_its_voucher_back(either: Counter) -> None:
    either.say("千问，帮我点杯奶茶，用免单卡")
    either.say("换成大杯")
    either.deliver(either.worker(FakeShop(either.book, Faults(sold_out=1.0))))
    assert either.orders()[0].state == "refused"
    assert either.free_vouchers() == 1
    assert either.check().problems == []


def test_an_answer_that_comes_twice_counts_once(either: Counter) -> None:
    either.arrive("friend")
    either.arrive("a", invited_by="friend")
    either.say("千问，帮我点杯奶茶")
    either.deliver(either.worker(FakeShop(either.book, Faults(twice=1.0))))
    assert either.free_vouchers("friend") == 2
    assert either.check().problems == []


def test_a_failed_delivery_says_why_and_comes_later(either: Counter) -> None:
    either.say("千问，帮我点杯奶茶")
    worker = either.worker(FakeShop(either.book, Faults(fail=1.0)))
    assert worker.run_once() == 1
    assert worker.run_once() == 0
    (problem,) = either.database.read(lambda session: session.scalars(select(OutboxEntry.problem)).all())
    assert "refuses" in problem
    either.now += 1
    assert worker.run_once() == 1


SAYINGS = (
    "千问，帮我点杯奶茶",
    "来两杯珍珠奶茶，用免单卡",
    "千问，帮我点一杯少糖少冰、适合备考的奶茶",
    "帮我点二十杯奶茶",
    "换成大杯",
    "取消订单",
    "好的",
    "不用了",
    "领一张优惠券",
    "再来一杯",
    "有哪些奶茶",
)
steps = st.lists(
    st.tuples(
        st.sampled_from(SAYINGS),
        st.sampled_from("abc"),
        st.sampled_from([0.0, 1.0, 130.0, 800.0]),
        st.booleans(),
        st.booleans(),
    ),
    max_size=25,
)


@settings(max_examples=20, deadline=None)
@given(steps=steps, seed=st.integers(0, 2**16))
def test_whatever_is_said_and_however_it_is_delivered_the_books_agree(
    cascade: Cascade[Any], steps: list[tuple[str, str, float, bool, bool]], seed: int
) -> None:
    with (
        TemporaryDirectory() as folder,
        opened(f"sqlite:///{folder}/shop.db", Path(folder), cascade) as counter,
    ):
        faults, rng = Faults(0.3, 0.3, 0.2, 0.1), random.Random(seed)

        def no_sleep(_: float) -> None:
            return None

        worker = counter.worker(
            FakeShop(counter.book, faults, rng=rng, sleep=no_sleep),
            FakeCredits(counter.book, faults, rng=rng, sleep=no_sleep),
        )
        for at, (said, name, later, twice, deliver) in enumerate(steps):
            counter.now += later
            counter.arrive(name, invited_by="a")
            first = counter.say(said, name, key=f"key {at}")
            if twice:
                assert counter.say(said, name, key=f"key {at}") == first
            if deliver:
                worker.run_once()
                assert counter.check().problems == []
        counter.deliver(worker)
        found = counter.check()
        assert (found.problems, found.pending) == ([], 0)


def test_a_voucher_is_given_once_a_reason(either: Counter) -> None:
    either.arrive("a")
    (voucher,) = either.database.read(
        lambda session: session.execute(select(Voucher.customer_id)).scalars().all()
    )
    twin = {
        "customer_id": voucher,
        "kind": "free_card",
        "reason": "welcome",
        "value_cents": 1,
        "granted_at": 0.0,
    }
    with pytest.raises(IntegrityError):
        either.database.write(lambda session: session.add(Voucher(id="twin", **twin)))
