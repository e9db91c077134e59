"""intent-cascade: understands what a crowd says to an app, without waking the large model for every sentence.

    from cascade import Cascade

    cascade = Cascade.load()
    result = cascade.classify("千问，帮我点杯奶茶")
    result.status, result.tier, result.intent, result.answer

Names are imported on first use: ``import cascade`` alone loads neither pydantic nor onnxruntime nor a client library.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cascade.config import Cascade as Cascade
    from cascade.engine import Engine as Engine
    from cascade.errors import BackendError as BackendError
    from cascade.errors import BundleError as BundleError
    from cascade.errors import CascadeClosed as CascadeClosed
    from cascade.errors import CascadeError as CascadeError
    from cascade.errors import ConfigurationError as ConfigurationError
    from cascade.errors import InputRejected as InputRejected
    from cascade.errors import MissingExtra as MissingExtra
    from cascade.ledger import Ledger as Ledger
    from cascade.orders import Fulfilment as Fulfilment
    from cascade.orders import OrderIntent as OrderIntent
    from cascade.orders import OrderItem as OrderItem
    from cascade.prices import PriceBook as PriceBook
    from cascade.result import Abstention as Abstention
    from cascade.result import Attempt as Attempt
    from cascade.result import Candidate as Candidate
    from cascade.result import Cost as Cost
    from cascade.result import Failure as Failure
    from cascade.result import Proposal as Proposal
    from cascade.result import Result as Result
    from cascade.result import Span as Span

__version__ = "0.1.0"

_HOMES = {
    "Cascade": "config",
    "Engine": "engine",
    "BackendError": "errors",
    "BundleError": "errors",
    "CascadeClosed": "errors",
    "CascadeError": "errors",
    "ConfigurationError": "errors",
    "InputRejected": "errors",
    "MissingExtra": "errors",
    "Ledger": "ledger",
    "Fulfilment": "orders",
    "OrderIntent": "orders",
    "OrderItem": "orders",
    "PriceBook": "prices",
    "Abstention": "result",
    "Attempt": "result",
    "Candidate": "result",
    "Cost": "result",
    "Failure": "result",
    "Proposal": "result",
    "Result": "result",
    "Span": "result",
}

__all__ = [
    "Abstention",
    "Attempt",
    "BackendError",
    "BundleError",
    "Candidate",
    "Cascade",
    "CascadeClosed",
    "CascadeError",
    "ConfigurationError",
    "Cost",
    "Engine",
    "Failure",
    "Fulfilment",
    "InputRejected",
    "Ledger",
    "MissingExtra",
    "OrderIntent",
    "OrderItem",
    "PriceBook",
    "Proposal",
    "Result",
    "Span",
    "__version__",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'cascade' has no attribute {name!r}")
    value = getattr(import_module(f"cascade.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
