"""OpenAPI says it all: what is sent, what comes back, what may go wrong."""

from pathlib import Path
from typing import Any

import pytest

from cascade.integrations._web.worker import Settings, build
from cascade.observe.decision_log import DecisionLog
from integrations.kit import LOCKED, UNCLEAR, Service

TAXI = Path(__file__).parent.parent.parent / "examples" / "taxi" / "taxi_zh"

PUBLIC = {"/healthz", "/readyz"}


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def test_every_endpoint_is_there_with_a_summary_and_its_problems() -> None:
    document = Service(spec=LOCKED).app.openapi()
    found = {(path, method) for path, method, _ in operations(document)}
    assert found == {
        ("/v1/classify", "post"),
        ("/v1/explain", "post"),
        ("/v1/status", "get"),
        ("/v1/rung", "put"),
        ("/v1/queue", "get"),
        ("/v1/queue/{id}", "post"),
        ("/v1/queue/{id}", "delete"),
        ("/metrics", "get"),
        ("/healthz", "get"),
        ("/readyz", "get"),
    }
    for path, method, operation in operations(document):
        assert operation["summary"]
        assert bool(operation.get("security")) == (path not in PUBLIC)
        wrong = {status for status in operation["responses"] if status >= "400"}
        assert path == "/healthz" or wrong
        for status in wrong:
            content = operation["responses"][status]["content"]
            problem = content["application/problem+json"]
            assert problem["example"]["status"] == int(status)
        if method in ("post", "put"):
            body = operation["requestBody"]["content"]["application/json"]
            assert body["examples"]
            assert {"400", "401", "408", "413", "415", "422"} <= wrong


def test_an_answer_is_described_slot_by_slot() -> None:
    document = Service().app.openapi()
    schemas = document["components"]["schemas"]
    item = schemas["OrderItem"]["properties"]
    assert "extra_large" in str(item["size"])
    assert any(name.startswith("ResultModel") for name in schemas)
    assert all(not operation.get("security") for _, _, operation in operations(document))


def test_headers_are_described() -> None:
    document = Service().app.openapi()
    for path in ("/v1/classify", "/v1/explain"):
        parameters = document["paths"][path]["post"]["parameters"]
        assert [one["name"] for one in parameters] == [
            "Cascade-Deadline",
            "Cascade-Caller",
            "Idempotency-Key",
        ]


def test_the_figures_are_described_one_by_one() -> None:
    document = Service().app.openapi()
    told = document["paths"]["/v1/status"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    schemas = document["components"]["schemas"]
    status = schemas[told["$ref"].rpartition("/")[2]]
    assert {"decisions", "traffic", "workers", "rung", "held", "log", "queue"} <= set(status["required"])
    (decisions,) = (one for one in status["properties"]["decisions"]["anyOf"] if "$ref" in one)
    figures = schemas[decisions["$ref"].rpartition("/")[2]]["properties"]
    assert {"requests", "statuses", "latency_us", "tiers", "money", "intents"} <= set(figures)


def test_without_a_key_a_wrong_name_is_among_the_problems() -> None:
    for spec, told in ((None, True), (LOCKED, False)):
        document = Service(spec=spec).app.openapi()
        assert all(("421" in operation["responses"]) is told for _, _, operation in operations(document))


@pytest.mark.parametrize("name", ["the first guess was right", "another intent", "a whole answer"])
async def test_the_examples_of_corrections_work(name: str, tmp_path: Path) -> None:
    with DecisionLog(tmp_path) as log:
        service = Service(log=log)
        body = service.app.openapi()["paths"]["/v1/queue/{id}"]["post"]["requestBody"]
        example = body["content"]["application/json"]["examples"][name]["value"]
        async with service as client:
            await client.post("/v1/classify", json={"text": UNCLEAR})
            (item,) = (await client.get("/v1/queue")).json()["items"]
            assert (await client.post(f"/v1/queue/{item['id']}", json=example)).status_code == 200


def test_a_pack_of_another_trade_is_described_in_its_own_words() -> None:
    settings = Settings(bundle=str(TAXI), answers="examples.taxi.answers:RideIntent")
    document = build(settings, None).openapi()
    assert "destination" in document["components"]["schemas"]["RideIntent"]["properties"]
    body = document["paths"]["/v1/queue/{id}"]["post"]["requestBody"]["content"]["application/json"]
    assert set(body["examples"]) == {"the first guess was right", "another intent"}
    assert "drink" not in str(body)


async def test_the_examples_work() -> None:
    service = Service()
    document = service.app.openapi()
    async with service as client:
        for path in ("/v1/classify", "/v1/explain"):
            examples = document["paths"][path]["post"]["requestBody"]["content"]["application/json"][
                "examples"
            ]
            for example in examples.values():
                assert (await client.post(path, json=example["value"])).status_code == 200
