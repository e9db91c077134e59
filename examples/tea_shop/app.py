"""The web layer: headers, limits, errors and files around :class:`~examples.tea_shop.service.TeaShop`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel, Field, field_validator

from cascade import Cascade, Ledger
from examples.tea_shop import invitations, views
from examples.tea_shop.actions import Reply
from examples.tea_shop.database import Database, DatabaseAway
from examples.tea_shop.service import TeaShop
from examples.tea_shop.turns import KeyReused
from examples.tea_shop.worker import Worker

PAGES = Path(__file__).parent / "pages"
MAX_BODY_BYTES = 16_384
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
BROWSER_FORM = r"^[A-Za-z0-9_-]{16,100}$"
NAME = r"^[A-Za-z0-9_-]{1,64}$"


class Arrival(BaseModel):
    """Who brought the customer, if somebody did."""

    invite: str | None = Field(default=None, pattern=NAME)


class Sentence(BaseModel):
    """What the customer typed."""

    text: str = Field(max_length=2000)

    @field_validator("text")
    @classmethod
    def _storable(cls, text: str) -> str:
        """PostgreSQL keeps no NUL in a text."""
        return text.replace("\0", "\ufffd")


class Choice(BaseModel):
    """The button pressed: which question, and which of its options, counted from 0."""

    question: str = Field(pattern=NAME)
    option: int = Field(ge=0, le=20)


def _customer(x_customer: Annotated[str, Header(pattern=BROWSER_FORM)]) -> str:
    """The secret is the browser's; what is known here is its digest."""
    return invitations.customer_id(x_customer)


Customer = Annotated[str, Depends(_customer)]
Key = Annotated[str, Header(alias="Idempotency-Key", pattern=r"^[A-Za-z0-9_-]{8,64}$")]
Conversation = Annotated[str, Header(alias="X-Conversation", pattern=NAME)]


def build(cascade: Cascade[Any], database: Database, worker: Worker, ledger: Ledger) -> FastAPI:
    """The application. It starts the worker and stops it; the cascade and the database are the caller's to close."""
    shop = TeaShop(cascade, database, worker)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        worker.start()
        yield
        worker.stop()
        shop.close()

    app = FastAPI(title="Tea shop", lifespan=lifespan, docs_url=None, redoc_url=None)
    _guard(app)
    _routes(app, shop, ledger)

    @app.get("/", include_in_schema=False)
    async def page() -> FileResponse:
        return FileResponse(PAGES / "index.html")

    app.mount("/pages", StaticFiles(directory=PAGES))
    return app


def _routes(app: FastAPI, shop: TeaShop, ledger: Ledger) -> None:
    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/api/menu")
    async def the_menu() -> dict[str, Any]:
        return views.the_menu()

    @app.post("/api/arrive")
    async def arrive(customer: Customer, conversation: Conversation, arrival: Arrival) -> dict[str, Any]:
        return await shop.arrive(customer, conversation, arrival.invite)

    @app.get("/api/mine")
    async def mine(customer: Customer, conversation: Conversation) -> dict[str, Any]:
        found = await shop.look(customer, conversation)
        if found is None:
            raise HTTPException(404, "nobody of that name has arrived")
        return found

    @app.post("/api/say")
    async def say(customer: Customer, conversation: Conversation, key: Key, sentence: Sentence) -> Reply:
        return await shop.say(customer, conversation, key, sentence.text)

    @app.post("/api/choose")
    async def choose(customer: Customer, conversation: Conversation, key: Key, choice: Choice) -> Reply:
        return await shop.choose(customer, conversation, key, choice.question, choice.option)

    @app.get("/api/understood")
    async def understood() -> dict[str, Any]:
        counted = ledger.snapshot()
        tiers = {name: counted.share(name) for name in counted.tiers}
        return {"sentences": counted.requests, "answered_by": tiers}


def _guard(app: FastAPI) -> None:
    @app.middleware("http")
    async def limit(request: Request, proceed: Callable[[Request], Awaitable[Response]]) -> Response:
        if request.method == "POST":
            length = request.headers.get("content-length", "")
            if not length.isdigit():
                return JSONResponse({"detail": "say how long the body is"}, 411)
            if int(length) > MAX_BODY_BYTES:
                return JSONResponse({"detail": "the body is too long"}, 413)
        response = await proceed(request)
        response.headers.update(HEADERS)
        return response

    @app.exception_handler(DatabaseAway)
    async def away(_: Request, error: DatabaseAway) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, 503, {"Retry-After": "1"})

    @app.exception_handler(RequestValidationError)
    async def malformed(_: Request, error: RequestValidationError) -> JSONResponse:
        """Says what is wrong and where, and repeats nothing of what was sent."""
        return JSONResponse(
            {"detail": [{"loc": one["loc"], "msg": one["msg"]} for one in error.errors()]}, 422
        )

    @app.exception_handler(KeyReused)
    async def reused(_: Request, error: KeyReused) -> JSONResponse:
        return JSONResponse({"detail": f"the key {error} was used for something else"}, 422)
