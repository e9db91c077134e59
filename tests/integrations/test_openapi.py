"""OpenAPI says it all: what is sent, what comes back, what may go wrong."""

from typing import Any

from integrations.kit import LOCKED, Service

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
