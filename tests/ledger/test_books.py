"""What the traffic layer does for an answer is in the books: shared calls once, tries again, audits, all of it."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from llm_kit import Checks, tea_bundle

from cascade.backends.base import ChatReply
from cascade.bundle import Bundle
from cascade.engine import Engine
from cascade.errors import BackendRejected, BackendUnavailable
from cascade.ledger import Ledger, LedgerSnapshot
from cascade.ledger.sinks import JsonlSink, read_costs
from cascade.orders import OrderIntent
from cascade.policy import ThresholdPolicy
from cascade.prices import PriceBook
from cascade.result import Result
from cascade.testing import After, FakeBackend
from cascade.text import Normalizer
from cascade.tiers.llm import LLMTier
from cascade.traffic import Gate, TrafficSpec
from cascade.traffic.spec import RetrySpec

BOOK = PriceBook.model_validate(
    {"date": "2026-11-01", "CNY": {"core_hour": "0", "models": {"plus": {"input": "1", "output": "2"}}}}
)
ANSWER = ChatReply(
    '{"intent":"decline"}',
    finish_reason="stop",
    model="plus",
    input_tokens=1000,
    output_tokens=100,
    prompt_ns=200_000_000,
    output_ns=800_000_000,
)
QUICK = TrafficSpec(retry=RetrySpec(base_s=0.001, max_s=0.002))


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return tea_bundle(Path(tmp_path_factory.mktemp("bundle")))


class Shop:
    """An engine whose one tier asks a scripted model through a gate, a ledger and a sink listening."""

    def __init__(self, bundle: Bundle, folder: Path, *script: Any) -> None:
        self.backend = FakeBackend(script, model="plus")
        self.gate = Gate([self.backend], QUICK)
        self.ledger = Ledger(BOOK)
        self.sink = JsonlSink(folder)
        self.folder = folder
        tier = LLMTier.from_bundle(bundle, self.gate, Checks(), OrderIntent)
        self.engine: Engine[OrderIntent] = Engine(
            [tier],
            ThresholdPolicy.from_bundle(bundle),
            Normalizer(),
            listeners=[self.ledger, self.sink],
            bundle=bundle,
            on_close=self.gate.aclose,
        )

    def close(self) -> LedgerSnapshot:
        """The books at the end; what was kept must tell the same."""
        self.engine.close()
        self.sink.close()
        again = Ledger(BOOK)
        again.recount(read_costs(self.folder))
        assert again.snapshot().to_dict() == self.ledger.snapshot().to_dict()
        return self.ledger.snapshot()


def test_one_call_for_many_is_paid_once(bundle: Bundle, tmp_path: Path) -> None:
    shop = Shop(bundle, tmp_path, After(0.2, ANSWER))

    async def crowd() -> list[Result[OrderIntent]]:
        return list(await asyncio.gather(*(shop.engine.aclassify("怎么说") for _ in range(5))))

    results = asyncio.run(crowd())
    results.append(shop.engine.classify("怎么说"))  # out of the cache
    books = shop.close()
    llm = books.tiers["llm"]
    assert {result.status for result in results} == {"answered"}
    assert (llm.asked, llm.hits, llm.cost.calls, len(shop.backend.requests)) == (1, 5, 1, 1)
    assert str(books.charge().amount) == "0.0012"
    assert books.gpu_seconds().amount == 1
    assert books.by("intent")["decline"].hits == 5


def test_a_try_again_leaves_an_unknown_part(bundle: Bundle, tmp_path: Path) -> None:
    shop = Shop(bundle, tmp_path, BackendUnavailable("down"), ANSWER)
    assert shop.engine.classify("怎么说").status == "answered"
    books = shop.close()
    charge = books.charge()
    assert (books.tiers["llm"].cost.calls, books.lost_calls) == (2, 1)
    assert (charge.amount, str(charge.known), charge.unknown) == (None, "0.0012", 1)


def test_a_repair_is_paid_for(bundle: Bundle, tmp_path: Path) -> None:
    wrong = ChatReply("no JSON", model="plus", input_tokens=1000, output_tokens=100)
    shop = Shop(bundle, tmp_path, wrong, ANSWER)
    assert shop.engine.classify("怎么说").status == "answered"
    books = shop.close()
    assert (books.repaired, books.tiers["llm"].cost.calls, books.lost_calls) == (1, 2, 0)
    assert str(books.charge().amount) == "0.0024"


def test_what_the_server_refuses_ran_no_model(bundle: Bundle, tmp_path: Path) -> None:
    shop = Shop(bundle, tmp_path, BackendRejected("wrong"))
    assert shop.engine.classify("怎么说").status == "unresolved"
    books = shop.close()
    assert books.tiers["llm"].asked == 1
    assert books.charge().amount == books.gpu_seconds().amount == 0


def test_what_the_gate_refuses_costs_nothing(bundle: Bundle, tmp_path: Path) -> None:
    shop = Shop(bundle, tmp_path, ANSWER)
    shop.gate.hold("llm_free")
    assert shop.engine.classify("怎么说").status == "unresolved"
    books = shop.close()
    llm = books.tiers["llm"]
    assert (llm.asked, llm.hits, llm.fallback) == (0, 0, 1)
    assert books.charge().amount == 0


def test_an_audit_has_a_purpose_of_its_own(bundle: Bundle, tmp_path: Path) -> None:
    shop = Shop(bundle, tmp_path, ANSWER)
    shop.engine.consult("llm", Normalizer()("怎么说"))
    books = shop.close()
    assert books.requests == 0
    assert str(books.by("purpose")["audit"].paid.amount) == "0.0012"
