"""``cascade serve``: the cascade over HTTP, with a console for whoever runs the day."""

from __future__ import annotations

import os
import socket
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cascade.cli.common import AnswersOption, BundleOption, CurrencyOption, PricesOption, command
from cascade.errors import ConfigurationError, MissingExtra

if TYPE_CHECKING:
    from cascade.integrations._web.spec import ServeSpec
    from cascade.integrations._web.worker import Assumed, Settings
    from cascade.traffic import TrafficSpec

BACKLOG = 2048
DRAIN_S = 10


HostNameOption = Annotated[
    list[str] | None,
    typer.Option(
        "--host-name",
        metavar="NAME",
        help="Without a key, answer requests addressed to this name or address too; once for each.",
    ),
]
ServersOption = Annotated[
    list[str] | None,
    typer.Option(
        "--llm",
        metavar="MODEL",
        help="Ask this model what the lower tiers cannot answer; once for each server of it.",
    ),
]
TrafficOption = Annotated[
    Path | None,
    typer.Option("--traffic", exists=True, dir_okay=False, help="Limits before the model, in TOML."),
]
LogOption = Annotated[
    Path | None, typer.Option("--log", file_okay=False, help="Keep the decision log in this folder.")
]
KeyFileOption = Annotated[
    Path | None,
    typer.Option(
        "--key-file",
        exists=True,
        dir_okay=False,
        help="A file with the key that clients must send; or set CASCADE_SERVE_KEY.",
    ),
]
DefaultDeadlineOption = Annotated[
    float, typer.Option("--deadline", metavar="SECONDS", min=0.001, max=60, help="Of requests without one.")
]
AssumeOption = Annotated[
    str | None,
    typer.Option(
        "--assume",
        metavar="MODEL,IN,OUT",
        help="What a call to the large model costs in tokens, for comparison while none was made.",
    ),
]


@command
def serve(
    *,
    host: Annotated[str, typer.Option("--host", help="The address to listen on.")] = "127.0.0.1",
    host_name: HostNameOption = None,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes a free one.")] = 8000,
    workers: Annotated[int, typer.Option("--workers", min=1, max=256, help="Processes.")] = 1,
    llm: ServersOption = None,
    bundle: BundleOption = None,
    answers: AnswersOption = None,
    traffic: TrafficOption = None,
    log: LogOption = None,
    key_file: KeyFileOption = None,
    deadline: DefaultDeadlineOption = 10.0,
    prices: PricesOption = None,
    currency: CurrencyOption = "CNY",
    assume: AssumeOption = None,
    console: Annotated[bool, typer.Option("--console/--no-console", help="The page at /.")] = True,
    access_log: Annotated[bool, typer.Option("--access-log", help="Log every request's path.")] = False,
) -> None:
    """Answer over HTTP, and show a console at /. OpenAPI describes it at /openapi.json."""
    worker = _worker()
    settings = worker.Settings(
        bundle=bundle,
        answers=answers,
        llm=tuple(llm or ()),
        traffic=None if traffic is None else _traffic(traffic),
        log=log,
        prices=prices,
        currency=currency,
        assume=None if assume is None else _assumed(assume),
        spec=_spec(deadline, [host.partition("%")[0], *(host_name or ())]),
        console=console,
        workers=workers,
    )
    key = _key(key_file)
    with _listening(host, port) as listener:
        _say(listener, open_door=key is None)
        _run(settings, key, listener, access_log=access_log)


def _worker() -> Any:
    for package in ("fastapi", "uvicorn", "prometheus_client"):
        try:
            __import__(package)
        except ImportError as error:
            raise MissingExtra(package.replace("_", "-"), "serve") from error
    from cascade.integrations._web import worker

    return worker


def _spec(deadline_s: float, names: list[str]) -> ServeSpec:
    from pydantic import ValidationError

    from cascade.integrations._web.spec import ServeSpec

    try:
        return ServeSpec(deadline_s=deadline_s, host_names=tuple(filter(None, names)))
    except ValidationError as error:
        raise ConfigurationError(error.errors()[0]["msg"].removeprefix("Value error, ")) from error


def _run(settings: Settings, key: str | None, listener: socket.socket, *, access_log: bool) -> None:
    from uvicorn import Config, Server
    from uvicorn.supervisors import Multiprocess

    from cascade.integrations._web import worker

    more: dict[str, Any] = {
        "log_level": "info" if access_log else "warning",
        "access_log": access_log,
        "server_header": False,
        "timeout_graceful_shutdown": DRAIN_S,
        "backlog": BACKLOG,
    }
    if settings.workers == 1:
        Server(Config(worker.build(settings, key), **more)).run(sockets=[listener])
        return
    worker.check(settings, key)
    with tempfile.TemporaryDirectory(prefix="cascade-") as meeting:
        worker.tell(settings.model_copy(update={"meeting": Path(meeting)}), key)
        config = Config(f"{worker.__name__}:create", factory=True, workers=settings.workers, **more)
        Multiprocess(config, sockets=[listener]).run()


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except (OSError, UnicodeError) as error:
        raise ConfigurationError(f"cannot listen on {host}:{port}: {error}") from error
    with listener:
        listener.set_inheritable(True)
        yield listener


def _say(listener: socket.socket, *, open_door: bool) -> None:
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    print(f"cascade: serving on http://{shown}:{port}/", file=sys.stderr, flush=True)
    if open_door and not (host.startswith("127.") or host == "::1"):
        print(
            "cascade: no key is set: whoever reaches this address, by a name that --host or --host-name gave, "
            "may ask, read and set the rung",
            file=sys.stderr,
            flush=True,
        )


def _key(file: Path | None) -> str | None:
    if file is None:
        return os.environ.get("CASCADE_SERVE_KEY") or None
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"cannot read the key in {file}: {type(error).__name__}") from None


def _traffic(file: Path) -> TrafficSpec:
    from pydantic import ValidationError

    from cascade.traffic import TrafficSpec

    try:
        return TrafficSpec.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigurationError(f"{file}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{file}: {error}") from error


def _assumed(text: str) -> Assumed:
    from cascade.integrations._web.worker import Assumed

    model, *counts = text.rsplit(",", 2)
    if not model or len(counts) != 2 or not all(one.isascii() and one.isdigit() for one in counts):
        raise ConfigurationError(f"not a call to a model: {text!r}", hint="write --assume qwen-plus,700,60")
    return Assumed(model=model, input_tokens=int(counts[0]), output_tokens=int(counts[1]))
