"""What a report tells is what was kept: exact sums, honest intervals, unknown where unknown."""

import json
import math
import random
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledger.test_ledger import BOOK, NO, YES, asked, labelled, modelled, ruled

from cascade.errors import ConfigurationError
from cascade.ledger.sinks import JsonlSink, SqliteSink, read_costs
from cascade.prices import PriceBook
from cascade.reporting import Account, account
from cascade.result import Attempt, Cost, Result

FREE_CORES = PriceBook.model_validate(
    {"date": "2026-11-01", "CNY": {"core_hour": "0", "models": {"plus": {"input": "1", "output": "2"}}}}
)


def ordered(result: Result[Any], intent: str = "order_drink") -> Result[Any]:
    return Result(result.status, None, result.tier, intent, attempts=result.attempts)


def keep(folder: Path, results: Iterable[Result[Any]], **options: Any) -> Path:
    with JsonlSink(folder, max_queued=1_000_000, **options) as sink:
        for result in results:
            sink(result)
    assert sink.dropped == 0
    return folder


def reported(folder: Path, prices: PriceBook = BOOK, **options: Any) -> Account:
    return account(read_costs(folder), prices, replicates=options.pop("replicates", 200), **options)


def test_means_are_per_utterance_and_per_order(tmp_path: Path) -> None:
    few = [
        ordered(modelled(asked())),
        ordered(ruled(0)),
        ordered(modelled(asked()), "chitchat"),
        modelled(asked()),
    ]
    found = reported(keep(tmp_path, few), FREE_CORES)
    paid = found.money["list"]
    assert (found.snapshot.requests, found.orders) == (4, 2)
    assert paid.per_thousand.value == pytest.approx(0.0012 * 3 / 4 * 1000)
    assert paid.per_thousand_orders.value == pytest.approx(0.0012 * 3 / 2 * 1000)
    assert paid.all_llm_per_thousand.value == pytest.approx(1.2)
    assert paid.saved.value == pytest.approx(0.25)
    assert reported(tmp_path, FREE_CORES, order_intents=["chitchat"]).orders == 1


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(many=labelled.filter(bool))
def test_it_agrees_with_the_ledger(tmp_path_factory: pytest.TempPathFactory, many: list[Any]) -> None:
    folder = tmp_path_factory.mktemp("costs")
    found = reported(keep(folder, [result for result, _ in many]), replicates=20)
    for view in ("paid", "list", "host"):
        charge = found.snapshot.charge(view=view)
        figure = found.money[view].per_thousand
        assert found.money[view].unknown == charge.unknown
        if charge.estimate is None:
            assert figure.value is None
        else:
            assert figure.value == pytest.approx(1000 * float(charge.estimate) / len(many), abs=1e-9)
    each, everybody = found.snapshot.all_llm.amount, found.money["paid"].all_llm_per_thousand.value
    if each is None:
        assert everybody is None
    else:
        assert everybody == pytest.approx(1000 * float(each) / len(many), abs=1e-9)


def test_intervals_are_as_wide_as_the_sample_says(tmp_path: Path) -> None:
    draw = random.Random(5)
    costs = [draw.choice([0, 0, 0, 1000, 3000]) for _ in range(2000)]
    results = [modelled(asked(tokens, output=0)) if tokens else ruled(0) for tokens in costs]
    found = reported(keep(tmp_path, results), FREE_CORES, replicates=600).money["list"].per_thousand
    mean = sum(costs) / len(costs)
    error = math.sqrt(sum((cost - mean) ** 2 for cost in costs)) / len(costs)
    assert found.value == pytest.approx(mean / 1000)
    assert found.low is not None
    assert found.high is not None
    assert found.high - found.low == pytest.approx(2 * 1.96 * error / 1000, rel=0.15)
    assert found.low < mean / 1000 < found.high


def test_the_same_seed_gives_the_same_intervals(tmp_path: Path) -> None:
    keep(tmp_path, [ordered(modelled(asked(100 * number))) for number in range(1, 50)])
    one, again, other = reported(tmp_path), reported(tmp_path), reported(tmp_path, seed=1)
    assert one.money == again.money
    assert one.money["list"].per_thousand.low != other.money["list"].per_thousand.low


@settings(max_examples=10, deadline=None)
@given(order=st.permutations(range(3)))
def test_files_of_several_processes_add_up_in_any_order(
    tmp_path_factory: pytest.TempPathFactory, order: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("costs")
    for number in range(3):
        keep(folder / str(number), [ruled(number + 1), modelled(asked(100 * number + 1))])
    with SqliteSink(folder / "whole.db") as sink:
        for number in range(3):
            sink(ruled(number + 1))
            sink(modelled(asked(100 * number + 1)))
    parts = account(read_costs([folder / str(number) for number in order]), BOOK)
    whole = account(read_costs(folder / "whole.db"), BOOK)
    assert parts.snapshot.to_dict() == whole.snapshot.to_dict()
    assert (parts.runs, parts.files, whole.runs) == (3, 3, 1)


def test_audits_and_cancelled_work_are_spent_and_are_no_utterance(tmp_path: Path) -> None:
    with JsonlSink(tmp_path) as sink:
        sink(ordered(modelled(asked())))
        sink.spent("audit", asked())
        sink.spent("cancelled", Cost.untold(1, "plus"))
    found = reported(tmp_path, FREE_CORES)
    assert found.snapshot.requests == 1
    assert found.money["list"].per_thousand.value == pytest.approx(
        3 * 1.2
    )  # the cancelled one like the others
    assert found.money["list"].unknown == 1
    assert found.money["list"].all_llm_per_thousand.value == pytest.approx(1.2)


def test_what_is_not_known_is_not_invented(tmp_path: Path) -> None:
    unpriced = Attempt("llm", YES, "answered", "", asked(model="nobody"))
    found = reported(
        keep(tmp_path, [Result("answered", None, "llm", "chitchat", attempts=(unpriced,)), ruled()])
    )
    assert found.money["paid"].per_thousand.value is None
    assert found.money["paid"].saved.value is None
    assert found.money["gpu"].per_thousand.value == pytest.approx(0.5)  # a millisecond, told by its length
    assert found.orders == 0
    assert found.money["gpu"].per_thousand_orders.value is None


def test_what_may_be_missing_is_told(tmp_path: Path) -> None:
    with JsonlSink(tmp_path, max_queued=5, flush_interval_s=30) as sink:
        for _ in range(8):
            sink(ruled())
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes() + b'{"v":1,"time_s":2,"run":"torn","seq":1,"status":"rejected"}\n{"v"')
    found = reported(tmp_path)
    assert (found.dropped, found.unended, found.skipped, len(found.problems)) == (3, ("torn",), 1, 1)
    assert found.snapshot.requests == 6
    data = json.loads(json.dumps(found.to_dict()))
    assert (data["dropped"], data["runs"], data["per_thousand"]["list"]["unknown"]) == (3, 2, 0)


def test_nothing_kept_is_nothing_to_report(tmp_path: Path) -> None:
    (tmp_path / "costs-1.jsonl").write_text('{"some": "other log"}\n')
    with pytest.raises(ConfigurationError, match="nothing to report"):
        reported(tmp_path)


def test_many_models_share_the_sums_that_are_left(tmp_path: Path) -> None:
    names = [f"m{number}" for number in range(12)]
    book = PriceBook.model_validate(
        {
            "date": "2026-11-01",
            "CNY": {"core_hour": "0", "models": {name: {"input": "1", "output": "2"} for name in names}},
        }
    )
    turns = [Attempt("rules", NO, "escalated", "", Cost(1))]
    many: list[Result[Any]] = [
        Result(
            "answered", None, "llm", attempts=(*turns, Attempt("llm", YES, "answered", "", asked(model=name)))
        )
        for name in names
    ]
    found = reported(keep(tmp_path, many), book)
    assert found.snapshot.charge().amount == 12 * Decimal("0.0012")
    assert found.money["list"].per_thousand.value == pytest.approx(1.2)
