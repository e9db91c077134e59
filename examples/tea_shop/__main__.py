"""``python -m examples.tea_shop``: the whole shop in one process, answering at http://127.0.0.1:8000/."""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from pathlib import Path

import uvicorn

from cascade import Cascade, Ledger
from cascade.observe.decision_log import DecisionLog
from examples.tea_shop.app import build
from examples.tea_shop.database import Database
from examples.tea_shop.fake_remotes import Book, FakeCredits, FakeShop, Faults
from examples.tea_shop.worker import Worker


def arguments() -> argparse.ArgumentParser:
    """What can be said on the command line."""
    parser = argparse.ArgumentParser(prog="python -m examples.tea_shop", description=__doc__)
    parser.add_argument("--database", default="sqlite:///tea_shop.db", help="URL of SQLite or PostgreSQL")
    parser.add_argument(
        "--book", type=Path, default=Path("tea_shop_book.db"), help="the fake remote shop's own book"
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--llm", help='a large model, such as "ollama:qwen3:8b"; none by default')
    parser.add_argument("--log", type=Path, help="folder for the decision log")
    parser.add_argument(
        "--faults", type=float, default=0.0, help="share of remote calls that go wrong, 0 to 1"
    )
    return parser


def main() -> int:
    """Serve until interrupted."""
    given = arguments().parse_args()
    with ExitStack() as stack:
        ledger = Ledger(campaign="tea_shop")
        log = [stack.enter_context(DecisionLog(given.log, campaign="tea_shop"))] if given.log else []
        cascade = stack.enter_context(Cascade.load(llm=given.llm, listeners=[ledger, *log]))
        database = Database(given.database)
        stack.callback(database.close)
        database.create()
        book = Book(given.book)
        stack.callback(book.close)
        faults = Faults.shared(given.faults)
        worker = Worker(database, FakeShop(book, faults), FakeCredits(book, faults))
        app = build(cascade, database, worker, ledger)
        print(f"千问奶茶铺 / tea shop: http://{given.host}:{given.port}/", flush=True)
        uvicorn.run(app, host=given.host, port=given.port, log_level="warning", access_log=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
