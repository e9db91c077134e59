"""``python -m examples.tea_shop.check DATABASE_URL``: proves that nothing was lost or done twice, and counts.

It reads the database in one view, the shop's and the credit service's own book, and, where a rehearsal wrote one, the
journal of what customers were told. Exit code 0 when everything agrees, 1 when something does not, 2 when deliveries
are still under way.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from examples.tea_shop.database import Database
from examples.tea_shop.ledgers import Books, Told, read_book, read_database, read_journal
from examples.tea_shop.models import LIVE, Order

POLL_S = 0.2
MAX_SHOWN = 20


class Findings:
    """Counts of what was looked at, and what is wrong with it."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.problems: list[str] = []
        self.pending = 0

    def count(self, name: str, number: int) -> None:
        """Tell how many of something there are."""
        self.counts[name] = number

    def none(self, name: str, wrong: Iterable[str]) -> None:
        """Something that must not be: told as 0, or as the problems that it is."""
        found = list(wrong)
        self.counts[name] = len(found)
        self.problems += [f"{name}: {one}" for one in found]


def check(database: Database, book: Path, journal: Path | None = None) -> Findings:
    """Hold the database, the remotes' book and what customers were told against each other."""
    found = Findings()
    books = Books(read_database(database), read_book(book))
    found.pending = len(books.ours.undone)
    found.count("outbox entries still to be delivered", found.pending)
    _orders(found, books)
    _vouchers(found, books)
    _credits(found, books)
    if journal is not None:
        _told(found, books, list(read_journal(journal)))
    return found


def _orders(found: Findings, books: Books) -> None:
    ours, theirs = books.ours.orders, books.theirs.booked
    found.count("customers", books.ours.customers)
    found.count("turns answered", len(books.ours.turns))
    found.count("orders", len(ours))
    for state, number in sorted(Counter(order.state for order in ours.values()).items()):
        found.count(f"orders {state}", number)
    found.count("requests the shop received", books.theirs.deliveries)
    found.count("requests it knew already by their key", books.theirs.deliveries - books.theirs.keys)
    keys = Counter((order.customer_id, order.key) for order in ours.values())
    found.none("orders twice under one key", (f"{key}" for key, times in keys.items() if times > 1))
    found.none("orders without the turn that asked for them", _without_turn(books))
    found.none("orders at the shop that we do not have", sorted(theirs.keys() - ours.keys()))
    settled = {key: order for key, order in ours.items() if key not in books.ours.undone}
    found.none("orders that the shop does not have", sorted(settled.keys() - theirs.keys()))
    found.none("orders that stand otherwise at the shop", _otherwise(settled, theirs))


def _without_turn(books: Books) -> Iterator[str]:
    for order in books.ours.orders.values():
        reply = books.ours.turns.get((order.customer_id, order.key))
        if reply is None or reply["order"] != order.id:
            yield order.id


def _otherwise(ours: dict[str, Any], theirs: dict[str, Any]) -> Iterator[str]:
    """What stands must stand alike; of what does not, that it does not. Cancelled here and refused there is alike."""
    for key, order in ours.items():
        booked = theirs.get(key)
        if booked is None:
            continue
        if order.state not in LIVE:
            alike = booked.state == order.state or (order.state, booked.state) == ("cancelled", "refused")
            here, there = order.state, booked.state
        else:
            here = ("making", order.lines, order.total_cents, order.discount_cents, order.voucher_id)
            body = [booked.body[name] for name in ("lines", "total_cents", "discount_cents", "voucher")]
            there = (booked.state, *body)
            alike = here == there
        if not alike:
            yield f"{key}: {here} here, {there} there"


def _vouchers(found: Findings, books: Books) -> None:
    ours = books.ours
    live = {key: order for key, order in ours.orders.items() if order.state in LIVE}
    uses = Counter(order.voucher_id for order in live.values() if order.voucher_id)
    found.count("vouchers", len(ours.vouchers))
    found.count("vouchers used", len(uses))
    found.none("vouchers used by two orders", (str(voucher) for voucher, times in uses.items() if times > 1))
    found.none("discounts without a voucher of the customer's", _unfounded(books))
    redeemed = {
        booked.body["voucher"]: key
        for key, booked in books.theirs.booked.items()
        if booked.state == "making" and booked.body["voucher"] and key not in ours.undone
    }
    standing = {order.voucher_id: key for key, order in live.items() if order.voucher_id}
    found.none(
        "vouchers used at the shop without an order of ours",
        (f"{voucher}: {key}" for voucher, key in redeemed.items() if standing.get(voucher) != key),
    )


def _unfounded(books: Books) -> Iterator[str]:
    for order in books.ours.orders.values():
        voucher = books.ours.vouchers.get(order.voucher_id or "")
        worth = min(voucher.value_cents, order.total_cents) if voucher is not None else 0
        if worth != order.discount_cents or (
            voucher is not None and voucher.customer_id != order.customer_id
        ):
            yield order.id


def _credits(found: Findings, books: Books) -> None:
    owed = {f"credit:{invitee}": inviter for invitee, inviter in books.ours.invitations.items()}
    due = {key for key in owed if key.partition(":")[2] not in books.ours.undone}
    paid = books.theirs.credits
    found.count("invitations", len(owed))
    found.count("credits booked", len(paid))
    found.none("credits lost", sorted(due - paid.keys()))
    found.none("credits that nobody earned", sorted(paid.keys() - owed.keys()))
    found.none("credits for the wrong person", (key for key in due & paid.keys() if paid[key] != owed[key]))
    given = {
        (voucher.customer_id, voucher.reason.partition(":")[2])
        for voucher in books.ours.vouchers.values()
        if voucher.reason.startswith("invite:")
    }
    earned = {(owed[key], key.partition(":")[2]) for key in due}
    found.none("credits that did not reach the customer", (str(pair) for pair in sorted(earned - given)))


def _told(found: Findings, books: Books, told: list[Told]) -> None:
    turns, orders = books.ours.turns, books.ours.orders
    found.count("answers that customers got", len(told))
    found.none(
        "answers that were not kept",
        (f"{one.key}" for one in told if turns.get((one.customer, one.key)) != one.reply),
    )
    placed = {one.reply["order"] for one in told if one.reply["kind"] == "placed"}
    found.count("orders that customers were told of", len(placed))
    found.none("orders that customers were told of and are not there", sorted(placed - orders.keys()))
    answers: dict[tuple[str, str], set[str]] = {}
    for one in told:
        answers.setdefault((one.customer, one.key), set()).add(json.dumps(one.reply, sort_keys=True))
    found.none(
        "keys that were answered in two ways", (str(key) for key, ways in answers.items() if len(ways) > 1)
    )
    found.count("double clicks without a common key", len({one.click for one in told if one.click}))
    found.none("double clicks that ordered twice", _twice(told, orders))


def _twice(told: list[Told], orders: dict[str, Order]) -> Iterator[str]:
    """Double clicks of which two orders stood. One that the shop refused before the other click was handled did not."""
    clicks: dict[str, set[str]] = {}
    for one in told:
        order = orders.get(one.reply["order"] or "") if one.click and one.reply["kind"] == "placed" else None
        if order is not None and order.state != "refused":
            clicks.setdefault(one.click, set()).add(order.id)
    for click, made in clicks.items():
        if len(made) > 1:
            yield f"{click}: " + ", ".join(f"{order} {orders[order].state}" for order in sorted(made))


def wait_until_delivered(database: Database, seconds: float) -> None:
    """Wait until the outbox is empty, or the time is up."""
    until = time.monotonic() + seconds
    while read_database(database).undone and time.monotonic() < until:
        time.sleep(POLL_S)


def told(found: Findings) -> str:
    """The findings as text: a line a count, then the problems."""
    width = max(map(len, found.counts))
    lines = [f"{name:<{width}}  {number:>8}" for name, number in found.counts.items()]
    lines += [f"PROBLEM {problem}" for problem in found.problems[:MAX_SHOWN]]
    return "\n".join(lines)


def main() -> int:
    """Check and print."""
    parser = argparse.ArgumentParser(prog="python -m examples.tea_shop.check", description=__doc__)
    parser.add_argument("database", nargs="?", default="sqlite:///tea_shop.db")
    parser.add_argument("--book", type=Path, default=Path("tea_shop_book.db"))
    parser.add_argument("--journal", type=Path, help="what customers were told, as a rehearsal writes it")
    parser.add_argument("--wait", type=float, default=0.0, help="seconds that deliveries may still take")
    given = parser.parse_args()
    database = Database(given.database)
    wait_until_delivered(database, given.wait)
    found = check(database, given.book, given.journal)
    database.close()
    print(told(found))
    if found.problems:
        return 1
    return 2 if found.pending else 0


if __name__ == "__main__":
    sys.exit(main())
