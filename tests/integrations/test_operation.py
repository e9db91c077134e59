"""What an operator sees is what happened, and what an operator does takes effect."""

import json
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from cascade.errors import BackendUnavailable
from cascade.integrations._web.models import QueueModel, RungModel
from cascade.integrations._web.status import StatusModel
from cascade.observe.decision_log import DecisionLog, read_decisions
from cascade.testing import FakeBackend
from cascade.traffic import TrafficSpec
from cascade.traffic.spec import RetrySpec
from integrations.kit import NEGATED, ORDER, UNCLEAR, Service, assembled, chitchat, problem


async def said(client: Any, *texts: str) -> None:
    assert (await client.post("/v1/classify", json={"texts": list(texts)})).status_code == 200


async def status(client: Any) -> dict[str, Any]:
    """The figures, held to what OpenAPI says of them."""
    response = await client.get("/v1/status")
    StatusModel.model_validate_json(response.content, strict=True)
    told: dict[str, Any] = response.json()
    return told


async def test_the_figures_are_the_ledgers() -> None:
    service = Service(chitchat(), traffic=TrafficSpec())
    async with service as client:
        await said(client, ORDER, NEGATED, UNCLEAR, "")
        told = await status(client)
        own = service.books.ledger.snapshot().to_dict()
    intents = {name: part["requests"] for name, part in own.pop("by")["intent"].items() if name != "unknown"}
    assert told["decisions"] == json.loads(json.dumps(own)) | {"intents": intents}
    assert told["decisions"]["statuses"] == {"answered": 3, "rejected": 1}
    assert (told["workers"], told["tiers"]) == (
        {"expected": 1, "answering": 1},
        ["rules", "classifier", "llm"],
    )
    assert (told["traffic"]["asked"], told["traffic"]["answered"], told["traffic"]["in_line"]) == (1, 1, 0)
    (host,) = told["traffic"]["hosts"]
    assert (host["state"], host["breaker"], host["served"]) == ("up", "closed", 1)
    assert (told["rung"], told["held"], told["log"]) == ("normal", None, None)


async def test_the_figures_are_as_described_with_all_that_there_is(tmp_path: Path) -> None:
    with DecisionLog(tmp_path) as log:
        async with Service(chitchat(model="qwen-plus"), traffic=TrafficSpec(), log=log) as client:
            before = await status(client)
            assert (before["traffic"], before["decisions"]["requests"]) == (None, 0)
            await said(client, ORDER, UNCLEAR, UNCLEAR, "")
            await client.put("/v1/rung", json={"rung": "llm_free"})
            await said(client, f"{UNCLEAR}1")
            told = await status(client)
    assert (told["held"], told["queue"]) == ("llm_free", 2)
    assert sum(told["traffic"]["refused"].values()) == 1
    assert told["log"]["written"] + told["log"]["queued"] >= 4
    assert told["decisions"]["tiers"]["llm"]["calls"] == told["traffic"]["charged"] > 0


async def test_without_books_there_are_no_figures_of_decisions() -> None:
    from fastapi import FastAPI
    from httpx import ASGITransport, AsyncClient

    from cascade.integrations.fastapi import Books, cascade_router

    app = FastAPI()
    with assembled(Books()) as cascade:
        app.include_router(cascade_router(cascade), prefix="/understand")
        async with AsyncClient(transport=ASGITransport(app), base_url="http://app/understand") as client:
            assert (await client.post("/v1/classify", json={"text": ORDER})).json()["tier"] == "rules"
            told = await status(client)
            assert (told["decisions"], told["traffic"], told["rung"]) == (None, None, None)
            assert (await client.get("/v1/queue")).json()["items"] == []
            assert (await client.get("/metrics")).status_code == 200
            problem(await client.post("/v1/queue/1-1", json={"guess": 0}), 409, "no_log")
            problem(await client.delete("/v1/queue/1-1"), 404, "not_found")
        assert not cascade.closed


async def test_the_page_for_prometheus_tells_the_same() -> None:
    async with Service(chitchat(), traffic=TrafficSpec()) as client:
        await said(client, ORDER, UNCLEAR)
        page = await client.get("/metrics")
    assert page.headers["content-type"].startswith("text/plain")
    samples = {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(page.text)
        for sample in family.samples
    }
    labels = ("intent", "order_drink"), ("status", "answered"), ("tier", "rules")
    assert samples["cascade_requests_total", *labels] == 1
    assert samples["cascade_traffic_rung", ("rung", "normal")] == 1
    assert samples["cascade_traffic_requests_total", ("outcome", "answered")] == 1


async def test_a_hand_on_the_rung_keeps_the_model_unasked() -> None:
    backend = chitchat()
    async with Service(backend, traffic=TrafficSpec()) as client:
        held = await client.put("/v1/rung", json={"rung": "llm_free"})
        assert RungModel.model_validate(held.json()).held == "llm_free"
        refused = (await client.post("/v1/classify", json={"text": UNCLEAR})).json()
        assert (refused["status"], refused["attempts"][-1]["reason"]) == ("clarify", "llm_free")
        assert not backend.requests
        told = await status(client)
        assert (told["rung"], told["held"]) == ("llm_free", "llm_free")
        await client.put("/v1/rung", json={"rung": None})
        assert (await client.post("/v1/classify", json={"text": UNCLEAR})).json()["tier"] == "llm"


@pytest.mark.parametrize("body", [{}, {"rung": "green"}, {"rung": 1}, {"rung": "red", "more": 1}, []])
async def test_a_rung_that_there_is_not_is_refused(body: object) -> None:
    async with Service(chitchat(), traffic=TrafficSpec()) as client:
        problem(await client.put("/v1/rung", json=body), 422, "invalid_body")


async def test_without_a_model_there_is_no_rung() -> None:
    async with Service() as client:
        problem(await client.put("/v1/rung", json={"rung": "red"}), 409, "no_model")


async def test_what_nobody_was_sure_of_waits_once_and_scrubbed() -> None:
    service = Service()
    async with service as client:
        await said(client, ORDER, UNCLEAR, f"{UNCLEAR}，电话13800138000", UNCLEAR, NEGATED)
        told = (await client.get("/v1/queue")).json()
        unsure = service.cascade.classify(UNCLEAR)
    queue = QueueModel.model_validate(told)
    assert [(item.text, item.times) for item in queue.items] == [
        (UNCLEAR, 2),
        (f"{UNCLEAR}，电话<phone>", 1),
    ]
    assert "13800138000" not in json.dumps(told)
    assert queue.items[0].guesses[0].intent == "order_drink"
    assert queue.items[0].uncovered == [span.text for span in unsure.uncovered]
    assert queue.items[0].attempts[0]["uncovered"] == ["适合备考的"]
    assert not queue.can_correct
    assert "query_menu" in queue.intents


async def test_what_the_model_had_to_answer_waits_too() -> None:
    async with Service(chitchat()) as client:
        await said(client, UNCLEAR)
        (item,) = (await client.get("/v1/queue")).json()["items"]
    assert (item["status"], item["guesses"][0]["tier"], item["guesses"][0]["intent"]) == (
        *("answered", "llm"),
        "chitchat",
    )


async def test_the_queue_keeps_the_newest() -> None:
    service = Service()
    async with service as client:
        for number in range(250):
            service.cascade.classify(f"{UNCLEAR}{number}")
        items = (await client.get("/v1/queue")).json()["items"]
    assert len(service.books.queue) == 200
    assert [item["text"] for item in items] == [f"{UNCLEAR}{number}" for number in range(249, 149, -1)]


GUESSED = object()
CORRECTIONS: list[tuple[dict[str, Any], str, Any]] = [
    ({"guess": 0}, "order_drink", GUESSED),
    ({"intent": "query_menu"}, "query_menu", {"intent": "query_menu"}),
    ({"intent": "order_drink"}, "order_drink", None),
    (
        {"intent": "order_drink", "answer": {"intent": "order_drink", "preferences": ["适合备考"]}},
        "order_drink",
        {"intent": "order_drink", "preferences": ["适合备考"]},
    ),
]


@pytest.mark.parametrize(("body", "intent", "answer"), CORRECTIONS)
async def test_a_correction_is_written_beside_its_decision(
    body: dict[str, Any], intent: str, answer: Any, tmp_path: Path
) -> None:
    with DecisionLog(tmp_path) as log:
        async with Service(log=log) as client:
            await said(client, ORDER, UNCLEAR)
            (item,) = (await client.get("/v1/queue")).json()["items"]
            written = await client.post(f"/v1/queue/{item['id']}", json=body)
            assert written.json() == {"id": item["id"], "intent": intent}
            assert (await client.get("/v1/queue")).json()["items"] == []
            problem(await client.post(f"/v1/queue/{item['id']}", json=body), 404, "not_found")
    (correction,) = read_decisions(tmp_path, kinds=["correction"])
    assert correction.corrected is not None
    assert (correction.text, correction.corrected.source) == (UNCLEAR, "operator")
    meant = item["guesses"][0]["answer"] if answer is GUESSED else answer
    assert (correction.corrected.intent, correction.corrected.answer) == (intent, meant)


async def test_retraining_finds_the_correction_at_its_decision(tmp_path: Path) -> None:
    pytest.importorskip("polars")
    from training.retraining import logs

    with DecisionLog(tmp_path) as log:
        async with Service(log=log) as client:
            await said(client, ORDER, UNCLEAR, NEGATED)
            (item,) = (await client.get("/v1/queue")).json()["items"]
            await client.post(f"/v1/queue/{item['id']}", json={"intent": "recommend_drink"})
    frame = logs.read(logs.files(tmp_path)).frame
    corrected = {row["text"]: row["corrected"] for row in frame.iter_rows(named=True)}
    assert (corrected[ORDER], corrected[NEGATED]) == (None, None)
    assert json.loads(corrected[UNCLEAR])["intent"] == "recommend_drink"
    assert frame.height == 3


BAD: list[Any] = [
    {},
    {"guess": -1},
    {"guess": 9},
    {"guess": 0, "intent": "chitchat"},
    {"guess": 0, "answer": {}},
    {"intent": "no_such_intent"},
    {"intent": "chitchat", "answer": {"intent": "decline"}},
    {"intent": "chitchat", "answer": {"intent": "chitchat", "use_coupon": True}},
    {"intent": "order_drink", "answer": {"intent": "order_drink", "items": [{"quantity": 1000}]}},
    {"answer": {}},
    [],
]


@pytest.mark.parametrize("body", BAD)
async def test_a_correction_that_makes_no_sense_leaves_the_item_where_it_is(
    body: Any, tmp_path: Path
) -> None:
    with DecisionLog(tmp_path) as log:
        async with Service(log=log) as client:
            await said(client, UNCLEAR)
            (item,) = (await client.get("/v1/queue")).json()["items"]
            problem(await client.post(f"/v1/queue/{item['id']}", json=body), 422, "invalid_body")
            assert len((await client.get("/v1/queue")).json()["items"]) == 1
    assert list(read_decisions(tmp_path, kinds=["correction"])) == []


async def test_a_log_that_takes_nothing_is_told(tmp_path: Path) -> None:
    log = DecisionLog(tmp_path)
    async with Service(log=log) as client:
        await said(client, UNCLEAR)
        (item,) = (await client.get("/v1/queue")).json()["items"]
        log.close()
        response = await client.post(f"/v1/queue/{item['id']}", json={"guess": 0})
        problem(response, 503, "not_written")
        assert len((await client.get("/v1/queue")).json()["items"]) == 1


async def test_skipping_takes_the_item_out_and_writes_nothing(tmp_path: Path) -> None:
    with DecisionLog(tmp_path) as log:
        async with Service(log=log) as client:
            await said(client, UNCLEAR)
            (item,) = (await client.get("/v1/queue")).json()["items"]
            assert (await client.delete(f"/v1/queue/{item['id']}")).status_code == 204
            assert (await client.get("/v1/queue")).json()["items"] == []
    assert list(read_decisions(tmp_path, kinds=["correction"])) == []


@pytest.mark.parametrize("name", ["x", "0", "1-", "-1", "99999999-1", "1" * 60, "%2e%2e-1", "１-1"])
async def test_items_that_never_were_are_not_there(name: str, tmp_path: Path) -> None:
    with DecisionLog(tmp_path) as log:
        async with Service(log=log) as client:
            problem(await client.post(f"/v1/queue/{name}", json={"guess": 0}), 404, "not_found")
            problem(await client.delete(f"/v1/queue/{name}"), 404, "not_found")


async def test_a_host_that_is_out_is_seen() -> None:
    backend = FakeBackend([BackendUnavailable("down")])
    once = TrafficSpec(retry=RetrySpec(attempts=1))
    async with Service(backend, traffic=once) as client:
        for number in range(4):
            await said(client, f"{UNCLEAR}{number}")
        told = await status(client)
    (host,) = told["traffic"]["hosts"]
    assert host["breaker"] == "open"
    assert host["failed"] >= 3
