"""Decisions over HTTP are the cascade's own, and no request breaks the service."""

import asyncio
import json
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import any_text

from cascade import OrderIntent
from cascade.errors import BackendTimeout
from cascade.integrations._web.models import ExplanationModel, ResultModel, ResultsModel
from cascade.integrations.fastapi import ServeSpec
from cascade.testing import After, FakeBackend
from integrations.kit import JSON, NEGATED, ORDER, UNCLEAR, Service, chitchat, eventually, problem

RESULT = ResultModel[OrderIntent]
RESULTS = ResultsModel[OrderIntent]
EXPLANATION = ExplanationModel[OrderIntent]


def without_times(result: Any) -> Any:
    if isinstance(result, dict):
        return {key: without_times(value) for key, value in result.items() if not key.endswith("_us")}
    return [without_times(one) for one in result] if isinstance(result, list) else result


@pytest.mark.parametrize("text", [ORDER, UNCLEAR, NEGATED, "", "长" * 5000, "🧋" * 10, "\x00"])
async def test_one_is_the_cascades_own_result(text: str) -> None:
    service = Service()
    async with service as client:
        response = await client.post("/v1/classify", json={"text": text})
        assert response.status_code == 200
        told = response.json()
        assert without_times(told) == without_times(service.cascade.classify(text).to_dict())
        RESULT.model_validate(told)


async def test_many_keep_their_order() -> None:
    texts = [ORDER, "取消订单", UNCLEAR, "", "讲个笑话"] * 20
    service = Service()
    async with service as client:
        told = (await client.post("/v1/classify", json={"texts": texts})).json()
        expected = [result.to_dict() for result in service.cascade.classify_many(texts)]
        assert without_times(told) == {"results": without_times(expected)}
        RESULTS.model_validate(told)
        assert (await client.post("/v1/classify", json={"texts": []})).json() == {"results": []}


async def test_those_that_wait_for_a_server_wait_side_by_side() -> None:
    backend = FakeBackend([After(0.3, {"intent": "chitchat"})])
    async with Service(backend) as client:
        texts = [f"{UNCLEAR}{number}" for number in range(16)]
        async with asyncio.timeout(3):  # one after the other it would be 4.8
            told = (await client.post("/v1/classify", json={"texts": texts})).json()
    assert [one["tier"] for one in told["results"]] == ["llm"] * 16
    assert len(backend.requests) == 16


async def test_a_failing_server_is_told_in_the_result() -> None:
    async with Service(FakeBackend([BackendTimeout("too slow")])) as client:
        response = await client.post("/v1/classify", json={"text": UNCLEAR})
    assert response.status_code == 200
    told = response.json()
    assert (told["status"], told["attempts"][-1]["outcome"], told["attempts"][-1]["retryable"]) == (
        *("clarify", "failure"),
        True,
    )
    RESULT.model_validate(told)


async def test_an_explanation_tells_thresholds_money_and_what_was_not_needed() -> None:
    backend = chitchat()
    async with Service(backend) as client:
        told = (await client.post("/v1/explain", json={"text": UNCLEAR})).json()
        short = (await client.post("/v1/explain", json={"text": ORDER})).json()
    EXPLANATION.model_validate(told)
    EXPLANATION.model_validate(short)
    rules, classifier, llm = told["attempts"]
    assert (rules["outcome"], rules["threshold"]) == ("abstention", None)
    assert set(classifier["threshold"]) == {"confidence", "margin"}
    assert (llm["threshold"], llm["money"], told["money"]) == (None, None, None)
    assert float(rules["money"]) > 0
    assert told["read_as"].startswith("帮我点一杯")
    assert told["wake"] is True
    assert short["not_reached"] == ["classifier", "llm"]
    assert told["not_reached"] == []
    assert (short["status"], short["currency"]) == ("answered", "CNY")
    assert float(short["money"]) == float(short["attempts"][0]["money"])


async def test_a_rejected_text_is_explained_too() -> None:
    async with Service() as client:
        told = (await client.post("/v1/explain", json={"text": " "})).json()
    EXPLANATION.model_validate(told)
    assert (told["status"], told["read_as"], told["money"]) == ("rejected", None, "0")


async def test_deadline_caller_and_key_reach_the_model() -> None:
    backend = chitchat()
    headers = {"Cascade-Deadline": "2.5", "Cascade-Caller": "user-7", "Idempotency-Key": '"order 42"'}
    async with Service(backend) as client:
        await client.post("/v1/classify", json={"text": UNCLEAR}, headers=headers)
        await client.post("/v1/classify", json={"texts": [UNCLEAR]}, headers=headers)
        await client.post("/v1/classify", json={"text": UNCLEAR})
    one, many, bare = backend.requests
    assert (
        (one.caller, one.idempotency_key) == (many.caller, many.idempotency_key) == ("user-7", '"order 42"')
    )
    assert 2.0 < one.timeout_s <= 2.5
    assert 2.0 < many.timeout_s <= 2.5
    assert (bare.caller, bare.idempotency_key) == (None, None)
    assert 8 < bare.timeout_s <= 10


async def test_a_deadline_beyond_the_services_own_is_cut_to_it() -> None:
    backend = chitchat()
    async with Service(backend, spec=ServeSpec(deadline_s=1, max_deadline_s=3)) as client:
        await client.post("/v1/classify", json={"text": UNCLEAR}, headers={"Cascade-Deadline": "9999"})
    assert 2.5 < backend.requests[0].timeout_s <= 3


async def test_when_the_deadline_passes_the_best_guess_is_told() -> None:
    async with Service(FakeBackend([After(30, {"intent": "chitchat"})])) as client:
        async with asyncio.timeout(5):
            one = await client.post(
                "/v1/classify", json={"text": UNCLEAR}, headers={"Cascade-Deadline": "0.05"}
            )
    told = one.json()
    assert (told["status"], told["candidates"][0]["intent"]) == ("clarify", "order_drink")


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Cascade-Deadline", "0"),
        ("Cascade-Deadline", "-1"),
        ("Cascade-Deadline", "nan"),
        ("Cascade-Deadline", "1e3"),
        ("Cascade-Deadline", ""),
        ("Cascade-Deadline", "9" * 400),
        ("Cascade-Caller", "x" * 256),
        ("Cascade-Caller", ""),
        ("Idempotency-Key", "caf\u00e9"),
        ("Idempotency-Key", "a\x7f"),
    ],
)
async def test_a_header_that_cannot_be_read_is_refused(header: str, value: str) -> None:
    async with Service() as client:
        sent = {header: value.encode("latin-1")}
        response = await client.post("/v1/classify", json={"text": ORDER}, headers=sent)  # type: ignore[arg-type]
    assert header in problem(response, 400, "bad_header")["detail"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "bad_json"),
        (b"{", 400, "bad_json"),
        (b"\xff\xfe{}", 400, "bad_json"),
        (b'{"text": "\\ud800"}', 400, "bad_json"),
        (b"[" * 100_000, 400, "bad_json"),
        (b"{}", 422, "invalid_body"),
        (b"[]", 422, "invalid_body"),
        (b'"text"', 422, "invalid_body"),
        (b'{"text": 5}', 422, "invalid_body"),
        (b'{"text": null}', 422, "invalid_body"),
        (b'{"text": "a", "texts": ["b"]}', 422, "invalid_body"),
        (b'{"text": "a", "more": 1}', 422, "invalid_body"),
        (b'{"texts": "ab"}', 422, "invalid_body"),
        (b'{"texts": ["a", 1, null]}', 422, "invalid_body"),
    ],
)
async def test_a_body_that_is_not_what_is_asked_for_is_refused(body: bytes, status: int, code: str) -> None:
    async with Service() as client:
        response = await client.post("/v1/classify", content=body, headers=JSON)
    told = problem(response, status, code)
    assert status == 400 or told["errors"][0]["message"]


async def test_what_is_wrong_is_told_by_its_place_and_never_repeated() -> None:
    async with Service() as client:
        response = await client.post("/v1/classify", json={"texts": ["a", {"secret": "13800138000"}]})
    assert problem(response, 422, "invalid_body")["errors"][0]["at"] == "texts.1"
    assert "13800138000" not in response.text


async def test_too_many_utterances_are_refused() -> None:
    async with Service(spec=ServeSpec(max_texts=3)) as client:
        assert (await client.post("/v1/classify", json={"texts": ["a"] * 3})).status_code == 200
        problem(await client.post("/v1/classify", json={"texts": ["a"] * 4}), 422, "invalid_body")


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/json; charset=gbk"},
        {"Content-Type": "application/jsonx"},
        {"Content-Type": ""},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
    ],
)
async def test_only_plain_json_is_taken(headers: dict[str, str]) -> None:
    async with Service() as client:
        response = await client.post("/v1/classify", content=b'{"text": "a"}', headers=headers)
        problem(response, 415, "unsupported_media_type")
        fine = {"Content-Type": 'Application/JSON; charset="UTF-8"'}
        assert (await client.post("/v1/classify", content=b'{"text": "a"}', headers=fine)).status_code == 200


async def test_a_body_is_at_most_so_long_whether_it_says_so_or_not() -> None:
    async def dripping() -> Any:
        for _ in range(64):
            yield b" " * 64

    async with Service(spec=ServeSpec(max_body_bytes=1024)) as client:
        long = json.dumps({"text": "x" * 1024}).encode()
        problem(await client.post("/v1/classify", content=long, headers=JSON), 413, "body_too_large")
        problem(await client.post("/v1/classify", content=dripping(), headers=JSON), 413, "body_too_large")
        lie = {**JSON, "Content-Length": "9" * 30}
        problem(await client.post("/v1/classify", content=b"{}", headers=lie), 413, "body_too_large")
        edge = b'{"text":"' + b"x" * (1024 - 11) + b'"}'
        assert (await client.post("/v1/classify", content=edge, headers=JSON)).status_code == 200


async def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    async def never() -> Any:
        yield b"{"
        await asyncio.sleep(30)

    async with Service(spec=ServeSpec(body_timeout_s=0.05)) as client:
        problem(await client.post("/v1/classify", content=never(), headers=JSON), 408, "body_too_slow")


async def test_more_than_can_be_under_way_are_refused_and_told_when_to_come_back() -> None:
    backend = FakeBackend([After(30, {"intent": "chitchat"})])
    async with Service(backend, spec=ServeSpec(max_in_flight=1)) as client:
        first = asyncio.create_task(
            client.post("/v1/classify", json={"text": UNCLEAR}, headers={"Cascade-Deadline": "0.5"})
        )
        await asyncio.to_thread(eventually, lambda: backend.requests)
        refused = await client.post("/v1/classify", json={"text": ORDER})
        problem(refused, 503, "busy")
        assert refused.headers["retry-after"] == "1"
        assert (await first).status_code == 200
        assert (await client.post("/v1/classify", json={"text": ORDER})).status_code == 200


async def test_a_closed_cascade_says_so() -> None:
    service = Service()
    async with service as client:
        assert (await client.get("/readyz")).json() == {"status": "ok"}
        service.cascade.close()
        problem(await client.get("/readyz"), 503, "closing")
        problem(await client.post("/v1/classify", json={"text": ORDER}), 503, "closing")
        problem(await client.post("/v1/classify", json={"texts": [ORDER, ORDER]}), 503, "closing")
        assert (await client.get("/healthz")).json() == {"status": "ok"}


async def test_what_breaks_inside_is_a_problem_that_tells_nothing_of_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    service = Service()

    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the reactor core")

    monkeypatch.setattr(service.cascade, "aclassify", broken)
    async with service as client:
        response = await client.post("/v1/classify", json={"text": ORDER})
    problem(response, 500, "internal")
    assert "reactor" not in response.text
    assert "the reactor core" in caplog.text
    assert ORDER not in caplog.text


async def test_paths_and_methods_that_are_not_there_are_problems_too() -> None:
    async with Service() as client:
        problem(await client.get("/v1/nothing"), 404, "not_found")
        refused = await client.get("/v1/classify")
        problem(refused, 405, "method_not_allowed")
        assert refused.headers["allow"] == "POST"


_ASKED: dict[str, Any] = {}


def _asked(path: str, body: bytes) -> httpx.Response:
    """One service for all examples."""
    service: Service = _ASKED.setdefault("service", Service())

    async def ask() -> httpx.Response:
        async with service.client() as client:
            return await client.post(path, content=body, headers=JSON)

    return asyncio.run(ask())


@settings(deadline=None, max_examples=60)
@given(any_text(), st.sampled_from(["/v1/classify", "/v1/explain"]))
def test_any_text_has_a_result(text: str, path: str) -> None:
    response = _asked(path, json.dumps({"text": text}).encode())
    if response.status_code == 400:  # half of a character
        problem(response, 400, "bad_json")
        return
    assert response.status_code == 200
    told = response.json()
    (EXPLANATION if path.endswith("explain") else RESULT).model_validate(told)
    assert told["status"] in ("answered", "clarify", "unresolved", "rejected")


@settings(deadline=None, max_examples=60)
@given(
    st.binary(max_size=200)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.sampled_from(["text", "texts", "x"]), inner, max_size=3)
        ),
    ).map(lambda data: json.dumps(data).encode())
)
def test_any_body_has_an_answer(body: bytes) -> None:
    response = _asked("/v1/classify", body)
    if response.status_code == 200:
        assert json.loads(body).keys() <= {"text", "texts"}
    else:
        code = {400: "bad_json", 422: "invalid_body"}[response.status_code]
        problem(response, response.status_code, code)
