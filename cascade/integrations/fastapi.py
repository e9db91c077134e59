"""FastAPI: a cascade as a router for an application of your own, or as an application by itself.

    app = FastAPI()
    app.include_router(cascade_router(cascade), prefix="/understand")

Needs the extra ``serve``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from cascade import __version__
from cascade.engine import Engine
from cascade.errors import MissingExtra

try:
    from fastapi import APIRouter, FastAPI, Security
    from fastapi.security import HTTPBearer
except ImportError as missing:
    raise MissingExtra("fastapi", "serve") from missing

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from cascade.integrations._web import console, described
from cascade.integrations._web.auth import Door
from cascade.integrations._web.books import Books
from cascade.integrations._web.decisions import Decisions, written
from cascade.integrations._web.hosts import KnownHosts
from cascade.integrations._web.models import (
    ExplanationModel,
    HealthModel,
    QueueModel,
    ResultModel,
    ResultsModel,
    RungModel,
    WrittenModel,
)
from cascade.integrations._web.operation import Operation
from cascade.integrations._web.peers import Peers
from cascade.integrations._web.problems import Handler, Problem, answering, documented
from cascade.integrations._web.spec import ServeSpec
from cascade.integrations._web.status import StatusModel
from cascade.prices import PriceBook

__all__ = ["Books", "ServeSpec", "application", "cascade_router"]

_BODY = (400, 401, 408, 413, 415, 422, 500)


def cascade_router(
    cascade: Engine[Any],
    books: Books | None = None,
    spec: ServeSpec | None = None,
    *,
    peers: Peers | None = None,
    workers: int = 1,
    owns: bool = False,
    drain_s: float = 5.0,
) -> APIRouter:
    """The endpoints of a cascade: ``/v1/classify``, ``/v1/explain``, ``/v1/status``, ``/v1/rung``, ``/v1/queue``,
    ``/metrics``, ``/healthz`` and ``/readyz``.

    ``books`` must be among the cascade's listeners (:attr:`Books.listeners`); without them there are no figures of
    decisions and no label queue. ``peers`` are the other processes of a service of ``workers`` processes. With
    ``owns`` the router's lifespan closes the cascade, which may go on with what it has for ``drain_s`` seconds, and
    then the decision log.
    """
    spec = spec or ServeSpec()
    peers = peers or Peers()
    door = Door(spec.key)
    prices = PriceBook.load() if books is None else books.ledger.prices
    decisions = Decisions(cascade, spec, door, prices, "CNY" if books is None else books.ledger.currency)
    operation = Operation(cascade, books, spec, door, peers=peers, expected=workers)

    @asynccontextmanager
    async def lifespan(_: object) -> AsyncIterator[None]:
        await peers.start()
        await operation.follow()
        try:
            yield
        finally:
            await peers.stop()
            if owns:
                await cascade.aclose(drain_s=drain_s)
                if books is not None and books.log is not None:
                    books.log.close()

    locked = [Security(HTTPBearer(auto_error=False, description="The key of the service."))]
    router = APIRouter(lifespan=lifespan)
    guarded = APIRouter(tags=["decisions"], dependencies=locked if door.locked else None)
    _decide(guarded, decisions, spec, getattr(cascade, "answer_model", None))
    operated = APIRouter(tags=["operation"], dependencies=locked if door.locked else None)
    _operate(operated, operation, cascade)
    router.include_router(guarded)
    router.include_router(operated)
    _watch(router, cascade)
    return router


def application(
    cascade: Engine[Any],
    books: Books | None = None,
    spec: ServeSpec | None = None,
    *,
    peers: Peers | None = None,
    workers: int = 1,
    with_console: bool = True,
    owns: bool = True,
) -> FastAPI:
    """The router as an application, with the console at ``/``; what ``cascade serve`` runs.

    The arguments are those of :func:`cascade_router`. The description for programs is at ``/openapi.json``. Without a
    key, requests are refused whose ``Host`` is neither this machine's own nor among ``spec.host_names``.
    """
    spec = spec or ServeSpec()
    app = FastAPI(
        title="intent-cascade",
        version=__version__,
        summary="Understands what a crowd says to an app, without waking the large model for every sentence.",
        docs_url=None,  # their pages are drawn by scripts from elsewhere
        redoc_url=None,
        exception_handlers={HTTPException: _not_ours},
    )
    router = cascade_router(cascade, books, spec, peers=peers, workers=workers, owns=owns)
    app.include_router(router, responses=documented(421) if spec.key is None else None)
    if spec.key is None:
        app.add_middleware(KnownHosts, names=spec.host_names)
    if with_console:
        for path, page in console.pages(locked=spec.key is not None).items():
            app.add_api_route(path, page, include_in_schema=False)
    return app


def _decide(router: APIRouter, decisions: Decisions, spec: ServeSpec, answer: Any) -> None:
    said: Any = dict[str, Any] if answer is None else answer
    _add(
        router,
        ("POST", "/v1/classify"),
        decisions.classify,
        "What one utterance wants, or each of several",
        response_model=ResultModel[said] | ResultsModel[said],
        responses=documented(*_BODY, 503),
        openapi_extra=described.classification(spec),
    )
    _add(
        router,
        ("POST", "/v1/explain"),
        decisions.explain,
        "What one utterance wants, and every tier's turn with its threshold and its cost",
        response_model=ExplanationModel[said],
        responses=documented(*_BODY, 503),
        openapi_extra=described.explanation(spec),
    )


def _operate(router: APIRouter, operation: Operation, cascade: Engine[Any]) -> None:
    _add(
        router,
        ("GET", "/v1/status"),
        operation.status,
        "Figures of all workers",
        response_model=StatusModel,
        responses=documented(401),
    )
    _add(
        router,
        ("PUT", "/v1/rung"),
        operation.hold,
        "Hold the rung, or give it back to the load",
        response_model=RungModel,
        responses=documented(*_BODY, 409),
        openapi_extra=described.rung(),
    )
    _add(
        router,
        ("GET", "/v1/queue"),
        operation.queue,
        "The newest decisions that nobody was sure of",
        response_model=QueueModel,
        responses=documented(401),
    )
    _add(
        router,
        ("POST", "/v1/queue/{id}"),
        operation.correct,
        "Say what an utterance of the queue means; written into the decision log",
        response_model=WrittenModel,
        responses=documented(*_BODY, 404, 409, 503),
        openapi_extra=described.correction(cascade),
    )
    _add(
        router,
        ("DELETE", "/v1/queue/{id}"),
        operation.skip,
        "Take an utterance out of the queue",
        status_code=204,
        responses=documented(401, 404),
        openapi_extra=described.item(),
    )
    page = {200: {"content": {"text/plain": {}}, "description": "The page."}}
    _add(
        router,
        ("GET", "/metrics"),
        operation.metrics,
        "Metrics for Prometheus",
        response_class=Response,
        responses={**documented(401), **page},
    )


def _watch(router: APIRouter, cascade: Engine[Any]) -> None:
    async def alive(request: Request) -> Response:
        return written({"status": "ok"})

    async def ready(request: Request) -> Response:
        if cascade.closed:
            raise Problem(503, "closing", "the service is closing")
        return written({"status": "ok"})

    _add(router, ("GET", "/healthz"), alive, "Whether the process is there", response_model=HealthModel)
    _add(
        router,
        ("GET", "/readyz"),
        ready,
        "Whether it takes requests",
        response_model=HealthModel,
        responses=documented(503),
    )


def _add(router: APIRouter, at: tuple[str, str], handler: Handler, summary: str, **more: Any) -> None:
    method, path = at
    router.add_api_route(path, answering(handler), methods=[method], summary=summary, **more)


async def _not_ours(_: Request, error: Exception) -> Response:
    """No such path, or not by that method."""
    assert isinstance(error, HTTPException)
    kinds = {
        404: ("not_found", "there is nothing at this path"),
        405: ("method_not_allowed", "not by this method"),
    }
    code, detail = kinds.get(error.status_code, ("other", "the request cannot be served"))
    return Problem(error.status_code, code, detail, headers=error.headers).response()  # type: ignore[arg-type]
