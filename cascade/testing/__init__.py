"""Fakes for the seams of the library, for tests of code that uses it.

    backend = FakeBackend([{"intent": "decline"}, BackendTimeout("too slow")])
    with Cascade.load(llm=backend) as cascade:
        result = cascade.classify("...")
    backend.requests[0].messages[-1].content

    with FaultServer({"intent": "decline"}) as server:
        server.faults("busy", "reset")
        with Cascade.load(llm=server.ollama) as cascade:
            result = cascade.classify("...")

A fake says what it was told to say, keeps what it was asked, and needs no network and no clock. The fault
server is a real server on the loopback address, which fails as the real ones do. :func:`small_model` starts a real
model, for what only a real one shows.
"""

from __future__ import annotations

from cascade.testing.fakes import After, FakeBackend, FakeClock, Reply, Script
from cascade.testing.fault_server import FAULTS, Fault, FaultServer, ServerCount
from cascade.testing.small_model import SMALL_MODEL, small_model, small_model_missing

__all__ = [
    "FAULTS",
    "SMALL_MODEL",
    "After",
    "FakeBackend",
    "FakeClock",
    "Fault",
    "FaultServer",
    "Reply",
    "Script",
    "ServerCount",
    "small_model",
    "small_model_missing",
]
