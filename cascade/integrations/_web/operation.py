"""What an operator sees and does: figures, metrics, the rung, the label queue; over all workers of the service."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from cascade.engine import Engine
from cascade.integrations._web import metrics
from cascade.integrations._web.auth import Door
from cascade.integrations._web.books import Books
from cascade.integrations._web.decisions import written
from cascade.integrations._web.figures import Figures
from cascade.integrations._web.models import CorrectionBody, RungBody
from cascade.integrations._web.peers import PeerGone, Peers
from cascade.integrations._web.problems import Problem, invalid
from cascade.integrations._web.queue import Waiting
from cascade.integrations._web.requests import body_of
from cascade.integrations._web.spec import ServeSpec
from cascade.observe.signals import Signals

SHOWN = 100
"""Items of the label queue in one answer."""
SOURCE = "operator"
FLUSH_S = 0.8

_RUNG = TypeAdapter(RungBody)
_CORRECTION = TypeAdapter(CorrectionBody)


class Operation:
    """The endpoints of the operator."""

    def __init__(
        self,
        engine: Engine[Any],
        books: Books | None,
        spec: ServeSpec,
        door: Door,
        *,
        peers: Peers,
        expected: int,
    ) -> None:
        """``expected`` is how many workers there should be."""
        self._engine = engine
        self._books = books
        self._spec = spec
        self._door = door
        self._peers = peers
        self._expected = expected
        self._figures = Figures(engine, books)
        self._signals = Signals() if books is None else books.signals
        self._signals.watch(self._figures.gate)
        peers.answer("figures", self._figures.own)
        peers.answer("samples", lambda _: metrics.to_wire(self._signals))
        peers.answer("hold", self._hold)
        peers.answer("held", lambda _: None if self._figures.gate is None else self._figures.gate.held)
        peers.answer("queue", self._waiting)
        peers.answer("correct", self._correct)
        peers.answer("skip", self._skip)
        peers.answer("forget", self._forget)

    async def follow(self) -> None:
        """Hold the rung that the other workers are held on, for one that starts later than they."""
        held = [rung for rung in (await self._peers.ask_all("held")).values() if rung is not None]
        if held:
            self._hold(held[0])

    async def status(self, request: Request) -> Response:
        """``GET /v1/status``."""
        self._door.check(request)
        return written(self._figures.added_up(await self._peers.ask_all("figures"), self._expected))

    async def metrics(self, request: Request) -> Response:
        """``GET /metrics``."""
        self._door.check(request)
        if self._peers.many:
            told = await self._peers.ask_all("samples")
            content = metrics.page({str(worker): metrics.from_wire(wire) for worker, wire in told.items()})
        else:
            content = metrics.page(self._signals)
        return Response(content, headers={"Content-Type": metrics.CONTENT_TYPE})

    async def hold(self, request: Request) -> Response:
        """``PUT /v1/rung``."""
        self._door.check(request)
        body = await body_of(request, _RUNG, self._spec)
        gate = self._figures.gate
        if gate is None:
            raise Problem(409, "no_model", "there is no large model, and so no rung")
        await self._peers.ask_all("hold", body.rung)
        return written({"rung": body.rung or gate.rung, "held": body.rung})

    async def queue(self, request: Request) -> Response:
        """``GET /v1/queue``."""
        self._door.check(request)
        told = await self._peers.ask_all("queue")
        items = _merged(item for items in told.values() for item in items)
        bundle = self._engine.bundle
        return written(
            {
                "items": items[:SHOWN],
                "intents": [] if bundle is None else list(bundle.intents),
                "can_correct": self._books is not None and self._books.log is not None,
            }
        )

    async def correct(self, request: Request) -> Response:
        """``POST /v1/queue/{id}``."""
        self._door.check(request)
        body = await body_of(request, _CORRECTION, self._spec)
        if self._books is None or self._books.log is None:
            raise Problem(409, "no_log", "there is no decision log to write corrections into")
        name = request.path_params["id"]
        said = {"id": name, **body.model_dump()}
        if body.intent is not None:
            said["answer"] = self._meant(body.intent, body.answer)
        filed = await self._at_its_worker(name, "correct", said)
        if filed["filed"] == "no_guess":
            raise _unfit("guess", "the item has no such guess")
        if filed["filed"] == "dropped":
            raise Problem(
                503, "not_written", "the decision log did not take it", headers={"Retry-After": "1"}
            )
        return written({"id": name, "intent": filed["intent"]})

    async def skip(self, request: Request) -> Response:
        """``DELETE /v1/queue/{id}``."""
        self._door.check(request)
        await self._at_its_worker(request.path_params["id"], "skip", {"id": request.path_params["id"]})
        return Response(status_code=204)

    async def _at_its_worker(self, name: str, operation: str, said: dict[str, Any]) -> dict[str, Any]:
        worker, _, serial = name.partition("-")
        if not (worker.isascii() and worker.isdigit() and serial and len(name) <= 40):
            raise _no_item()
        try:
            filed: dict[str, Any] = await self._peers.ask(int(worker), operation, said)
        except PeerGone:
            raise _no_item() from None
        if filed["filed"] == "gone":
            raise _no_item()
        if filed["filed"] == "written":
            await self._peers.ask_all("forget", filed["text"])
        return filed

    def _meant(self, intent: str, answer: dict[str, Any] | None) -> dict[str, Any] | None:
        """The answer, checked; for an intent that carries nothing, it is known without being told."""
        bundle = self._engine.bundle
        if bundle is not None and intent not in bundle.intents:
            raise _unfit("intent", "not an intent of the bundle")
        model: type[BaseModel] | None = getattr(self._engine, "answer_model", None)
        if answer is None and (bundle is None or model is None or bundle.intents[intent].carries_order):
            return None
        said = {"intent": intent} if answer is None else answer
        if model is None:
            return said
        try:
            meant = model.model_validate(said)
        except ValidationError as error:
            raise invalid(error) from None
        if getattr(meant, "intent", intent) != intent:
            raise _unfit("answer.intent", "not the intent beside the answer")
        return meant.model_dump(mode="json", exclude_defaults=True)

    def _hold(self, rung: Any) -> None:
        if self._figures.gate is not None:
            self._figures.gate.hold(rung)

    def _waiting(self, _: Any) -> list[dict[str, Any]]:
        return (
            []
            if self._books is None
            else [self._books.queue.shown(item) for item in self._books.queue.newest(SHOWN)]
        )

    def _forget(self, text: str) -> None:
        """The same may have been said to several workers; a person answers it once."""
        if self._books is not None:
            self._books.queue.forget(text)

    def _skip(self, said: dict[str, Any]) -> dict[str, Any]:
        item = None if self._books is None else self._books.queue.take(said["id"])
        return {"filed": "gone"} if item is None else {"filed": "written", "text": item.text}

    async def _correct(self, said: dict[str, Any]) -> dict[str, Any]:
        books = self._books
        item = None if books is None else books.queue.take(said["id"])
        if books is None or books.log is None or item is None:
            return {"filed": "gone"}
        meaning = self._meaning(item, said)
        if meaning is None:
            books.queue.put_back(item)
            return {"filed": "no_guess"}
        log = books.log
        taken = log.corrected(item.result, *meaning, source=SOURCE)
        # A person is told "written" when the line is with the operating system, not before.
        if not taken or not await asyncio.to_thread(log.flush, FLUSH_S):
            books.queue.put_back(item)
            return {"filed": "dropped"}
        return {"filed": "written", "intent": meaning[0], "text": item.text}

    @staticmethod
    def _meaning(item: Waiting, said: dict[str, Any]) -> tuple[str, Any] | None:
        if said["guess"] is None:
            return said["intent"], said["answer"]
        guesses = item.guesses
        return guesses[said["guess"]][:2] if said["guess"] < len(guesses) else None


def _merged(items: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The newest first, what was said to several workers once."""
    merged: dict[str, dict[str, Any]] = {}
    for item in sorted(items, key=lambda one: str(one["time"]), reverse=True):
        first = merged.setdefault(item["text"], item)
        if first is not item:
            first["times"] += item["times"]
    return list(merged.values())


def _no_item() -> Problem:
    detail = "no such item in the label queue: labelled, skipped, or pushed out by newer ones"
    return Problem(404, "not_found", detail)


def _unfit(at: str, message: str) -> Problem:
    return Problem(
        422, "invalid_body", "the body is not what is asked for", errors=[{"at": at, "message": message}]
    )
