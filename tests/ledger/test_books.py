"""What the traffic layer does for an answer is in the books: shared calls once, tries again, audits, all of it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from llm_kit import Checks, tea_bundle

from cascade.backends.base import ChatReply, ChatRequest
from cascade.bundle import Bundle
from cascade.config import _charge_orphans
from cascade.engine import Engine
from cascade.errors import BackendRejected, BackendUnavailable
from cascade.ledger import Ledger, LedgerSnapshot
from cascade.ledger.sinks import JsonlSink, read_costs
from cascade.orders import OrderIntent
from cascade.policy import ThresholdPolicy
from cascade.prices import PriceBook
from cascade.result import Cost, Result
from cascade.testing import After, FakeBackend
from cascade.text import Normalizer
from cascade.tiers.llm import LLMTier
from cascade.traffic import Gate, TrafficSpec
from cascade.traffic.spec import CacheSpec, HedgeSpec, RetrySpec

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


class Served(FakeBackend):
    """A scripted model that keeps books of its own."""

    def __init__(self, script: Sequence[Any]) -> None:
        super().__init__(script, model="plus")
        self.told: list[Cost] = []
        self.refused = 0

    async def chat(self, request: ChatRequest) -> ChatReply:
        try:
            reply = await super().chat(request)
        except BackendRejected:
            self.refused += 1
            raise
        self.told.append(Cost(input_tokens=reply.input_tokens, output_tokens=reply.output_tokens))
        return reply


class Shop:
    """An engine whose one tier asks a scripted model through a gate, a ledger and a sink listening."""

    def __init__(self, bundle: Bundle, folder: Path, *script: Any, spec: TrafficSpec = QUICK) -> None:
        self.backend = Served(script)
        self.gate = Gate([self.backend], spec)
        self.ledger = Ledger(BOOK)
        self.sink = JsonlSink(folder)
        self.folder = folder
        tier = LLMTier.from_bundle(bundle, self.gate, Checks(), OrderIntent)
        tier.on_left = lambda cost: self.engine.spent("cancelled", cost)
        self.engine: Engine[OrderIntent] = Engine(
            [tier],
            ThresholdPolicy.from_bundle(bundle),
            Normalizer(),
            listeners=[self.ledger, self.sink],
            bundle=bundle,
            on_close=self.gate.aclose,
        )
        self.gate.on_orphaned = partial(_charge_orphans, self.engine, "plus")

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


WRONG = replace(ANSWER, content="no JSON", input_tokens=700, output_tokens=30)
OTHER = replace(ANSWER, input_tokens=1234, output_tokens=56)
TEXTS = ("怎么说", "这是什么意思呢", "那可怎么办")
CROWD_SPEC = TrafficSpec(
    retry=RetrySpec(base_s=0.0001, max_s=0.0002),
    hedge=HedgeSpec(after_factor=1, min_s=0.004),
    cache=CacheSpec(ttl_s=0.02),
)


@dataclass(frozen=True)
class Question:
    """Who asks what after how long, and after how long they go away."""

    text: str
    after_s: float
    leaves_s: float | None


QUESTIONS = st.lists(
    st.builds(
        Question,
        st.sampled_from(TEXTS),
        st.sampled_from([0.0, 0.0, 0.003, 0.03]),
        st.sampled_from([None, None, None, 0.0, 0.002, 0.01]),
    ),
    min_size=1,
    max_size=8,
)
REPLIES = st.lists(
    st.builds(
        After,
        st.sampled_from([0.0, 0.001, 0.008]),
        st.sampled_from([ANSWER, OTHER, WRONG, BackendUnavailable("down"), BackendRejected("wrong")]),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=40, deadline=None)
@given(QUESTIONS, REPLIES, st.integers(0, 2))
def test_what_is_charged_is_what_servers_did(
    bundle: Bundle,
    tmp_path_factory: pytest.TempPathFactory,
    questions: list[Question],
    replies: list[After],
    audits: int,
) -> None:
    """Calls to the last one, tried again, hedged, repaired, shared, audited and left alone; all money that was told."""
    shop = Shop(bundle, Path(tmp_path_factory.mktemp("costs")), *replies, spec=CROWD_SPEC)

    async def ask(question: Question) -> None:
        await asyncio.sleep(question.after_s)
        asking = asyncio.ensure_future(shop.engine.aclassify(question.text))
        await asyncio.wait([asking], timeout=question.leaves_s)
        asking.cancel()
        await asyncio.wait([asking])

    async def crowd() -> None:
        await asyncio.gather(*map(ask, questions))

    asyncio.run(crowd())
    for _ in range(audits):
        shop.engine.consult("llm", Normalizer()("审一下这句"))
    books = shop.close()
    stats = shop.gate.stats()
    parts = books.by("purpose").values()
    asked = 0 if stats is None else stats.calls
    booked = sum(part.calls for part in parts)
    assert booked == asked
    assert sum((part.paid.known for part in parts), Decimal(0)) == books.charge().known
    if books.lost_calls == 0 and all(question.leaves_s is None for question in questions):
        told, price = shop.backend.told, BOOK.CNY.models["plus"]
        assert len(told) + shop.backend.refused == asked
        spent = sum((price.charge(one) or Decimal(0) for one in told), Decimal(0))
        assert books.charge().amount == spent
