"""The public face: names, lightness of the import, and the typing contract."""

import subprocess
import sys
from pathlib import Path

import pytest

import cascade

ROOT = Path(__file__).parent.parent
HEAVY = {
    "pydantic",
    "onnxruntime",
    "numpy",
    "ollama",
    "httpx",
    "yaml",
    "re2",
    "ahocorasick_rs",
    "typer",
    "rich",
}


def test_every_public_name_can_be_had_and_no_other() -> None:
    for name in cascade.__all__:
        assert getattr(cascade, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'cascade_of_dreams'"):
        cascade.cascade_of_dreams  # noqa: B018


def test_the_lazy_names_are_those_that_type_checkers_see() -> None:
    source = (ROOT / "cascade" / "__init__.py").read_text(encoding="utf-8")
    declared = {line.split(" as ")[1] for line in source.splitlines() if line.startswith("    from cascade.")}
    assert declared | {"__version__"} == set(cascade.__all__)


def test_importing_loads_nothing_heavy() -> None:
    code = "import sys, cascade; print(*sorted(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout.split()
    assert not HEAVY & set(loaded)


def test_without_a_chat_model_no_client_library_is_loaded() -> None:
    code = "import sys; from cascade import Cascade; Cascade.load().classify('点杯奶茶'); print(*sorted(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout.split()
    assert not {"ollama", "httpx", "typer", "rich"} & set(loaded)
