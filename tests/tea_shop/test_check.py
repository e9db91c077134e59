"""The checker finds what it is there to find: each wrong made by hand is named."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from examples.tea_shop import check, invitations
from examples.tea_shop.database import Database
from examples.tea_shop.fake_remotes import FakeShop, Faults
from tea_shop.kit import Counter


@pytest.fixture
def day(counter: Counter) -> Counter:
    """A day on which all went well: an order with a voucher, a cancelled one, an invitation."""
    counter.arrive("friend")
    counter.arrive("a", invited_by="friend")
    counter.say("千问，帮我点杯奶茶，用免单卡")
    counter.say("来一杯热拿铁", "friend")
    counter.say("取消订单", "friend")
    counter.deliver()
    return counter


def in_database(*statements: str) -> Callable[[Counter], None]:
    """Change what is written, past all constraints."""

    def tamper(day: Counter) -> None:
        with day.database.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            connection.exec_driver_sql("PRAGMA ignore_check_constraints=ON")
            for statement in statements:
                connection.execute(text(statement))
            connection.commit()
            connection.invalidate()

    return tamper


def in_book(statement: str) -> Callable[[Counter], None]:
    def tamper(day: Counter) -> None:
        with sqlite3.connect(day.book_path) as book:
            book.execute(statement)
        book.close()

    return tamper


LIVE = "state = 'accepted'"
COPY = "INSERT INTO orders SELECT {} FROM orders WHERE state = 'accepted'"
COLUMNS = (
    "customer_id, {key}, 9, state, version, lines, fulfilment, note, total_cents, discount_cents, voucher_id,"
    " shop_number, placed_at"
)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        (in_book("DELETE FROM booked WHERE state = 'making'"), "orders that the shop does not have"),
        (
            in_book(
                'INSERT INTO booked ("order", number, version, state, body)'
                " SELECT 'x', 99, 1, state, body FROM booked WHERE state = 'making'"
            ),
            "orders at the shop that we do not have",
        ),
        (in_book("UPDATE booked SET state = 'making'"), "orders that stand otherwise at the shop"),
        (in_book("DELETE FROM credits"), "credits lost"),
        (in_book("INSERT INTO credits VALUES ('credit:nobody', 7, 'x', 1)"), "credits that nobody earned"),
        (in_book("UPDATE credits SET customer = 'x'"), "credits for the wrong person"),
        (in_database("DELETE FROM turns"), "orders without the turn that asked for them"),
        (
            in_database(f"UPDATE orders SET state = 'cancelled' WHERE {LIVE}"),
            "vouchers used at the shop without an order of ours",
        ),
        (
            in_database(f"UPDATE orders SET voucher_id = NULL WHERE {LIVE}"),
            "discounts without a voucher of the customer's",
        ),
        (
            in_database("DELETE FROM vouchers WHERE reason LIKE 'invite:%'"),
            "credits that did not reach the customer",
        ),
        (
            in_database(
                "DROP INDEX one_live_order_a_voucher", COPY.format("'x', " + COLUMNS.format(key="'k'"))
            ),
            "vouchers used by two orders",
        ),
    ],
)
def test_each_wrong_is_named(day: Counter, wrong: Callable[[Counter], None], named: str) -> None:
    assert day.check().problems == []
    wrong(day)
    assert any(problem.startswith(named) for problem in day.check().problems), day.check().problems


def run(day: Counter, monkeypatch: pytest.MonkeyPatch, *more: str) -> int:
    url = day.database.url.render_as_string()
    monkeypatch.setattr("sys.argv", ["check", url, "--book", str(day.book_path), *more])
    return check.main()


def test_the_command_tells_by_its_exit_code(
    day: Counter, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(day, monkeypatch) == 0
    assert "orders twice under one key" in capsys.readouterr().out
    day.say("来一杯美式", "friend")
    assert run(day, monkeypatch) == 2
    in_book("DELETE FROM credits")(day)
    assert run(day, monkeypatch) == 1
    assert "PROBLEM credits lost" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ({"key": "never", "reply": {"kind": "told", "order": None}}, "answers that were not kept"),
        (
            {"key": "never", "reply": {"kind": "placed", "order": "lost"}},
            "orders that customers were told of and are not there",
        ),
    ],
)
def test_what_customers_were_told_must_be_so(
    day: Counter, tmp_path: Path, line: dict[str, Any], named: str
) -> None:
    journal = tmp_path / "journal.jsonl"
    journal.write_text(json.dumps({"customer": "x", "click": "", **line}) + "\n", encoding="utf-8")
    found = check.check(day.database, day.book_path, journal)
    assert any(problem.startswith(named) for problem in found.problems)


def test_a_missing_book_is_not_an_empty_one(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'new.db'}")
    database.create()
    with pytest.raises(FileNotFoundError):
        check.check(database, tmp_path / "none.db")
    database.close()


@pytest.mark.parametrize("refused", [True, False])
def test_a_double_click_may_order_again_what_the_shop_refused(
    day: Counter, tmp_path: Path, refused: bool
) -> None:
    text = "来一杯热拿铁"
    day.arrive("b")
    first = day.say(text, "b")
    if refused:
        day.deliver(day.worker(FakeShop(day.book, Faults(sold_out=1.0))))
    day.now += 0.0 if refused else 1000.0  # long after, nobody asks whether it is meant
    second = day.say(text, "b")
    day.deliver()
    assert (first.kind, second.kind) == ("placed", "placed")
    journal = tmp_path / "journal.jsonl"
    customer = invitations.customer_id("b")
    told = [
        {"customer": customer, "key": key, "click": "c", "reply": reply.model_dump(mode="json")}
        for key, reply in ((day.orders("b")[1].key, first), (day.orders("b")[0].key, second))
    ]
    journal.write_text("".join(json.dumps(one) + "\n" for one in told), encoding="utf-8")
    problems = check.check(day.database, day.book_path, journal).problems
    assert [problem.startswith("double clicks that ordered twice: c: ") for problem in problems] == (
        [] if refused else [True]
    )
