"""A real local Ray cluster: whatever dies in the middle, every row is answered once and charged once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from cascade.errors import ConfigurationError, MissingExtra
from cascade.integrations.ray import Loading, classified, ledger_of
from cascade.orders import OrderIntent

TESTS = Path(__file__).parent.parent
clustered = pytest.mark.skipif(find_spec("ray") is None, reason="ray is not installed")


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What one cluster run gave; see ray_run.py."""
    folder = tmp_path_factory.mktemp("ray")
    done = subprocess.run(
        [sys.executable, "-m", "integrations.ray_run", str(folder)],
        env={**os.environ, "PYTHONPATH": f"{TESTS.parent}{os.pathsep}{TESTS}"},
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return dict(json.loads((folder / "found.json").read_text(encoding="utf-8")))


@clustered
@pytest.mark.xdist_group("ray")
def test_a_worker_killed_in_mid_run_loses_and_doubles_nothing(run: dict[str, Any]) -> None:
    found = run["killed"]
    assert found["killed"], "no worker was killed: the test shows nothing"
    assert [row[0] for row in found["rows"]] == list(range(len(found["rows"])))
    assert found["rows"] == found["single_rows"]
    assert found["ledger"] == found["single_ledger"]
    assert found["ledger"]["money"]["amount"] is not None


@clustered
@pytest.mark.xdist_group("ray")
def test_answers_are_read_back_as_the_contract_has_them(run: dict[str, Any]) -> None:
    order, refused = run["written"]
    answer = OrderIntent.model_validate_json(order["answer"])
    assert (answer.items[0].drink, answer.items[0].quantity, answer.items[0].sugar) == ("珍珠奶茶", 2, "less")
    assert (refused["status"], refused["answer"], refused["tier"]) == ("rejected", None, None)
    assert json.loads(refused["costs"])


@clustered
@pytest.mark.xdist_group("ray")
def test_a_dataset_that_does_not_fit_is_refused_before_anything_runs(run: dict[str, Any]) -> None:
    missing, taken, none = run["refused"]
    assert "no column 'text'" in missing
    assert "overwritten: costs, tier" in taken
    assert "one at least" in none


def test_without_ray_the_install_command_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray.data", None)
    for ask in (lambda: classified(None, Loading()), lambda: ledger_of(None)):
        with pytest.raises(MissingExtra, match=r"intent-cascade\[ray\]"):
            ask()


def test_one_tier_alone_must_be_there() -> None:
    with pytest.raises(ConfigurationError, match="no tier 'llm'"):
        Loading(only="llm")()
    with Loading(only="rules")() as engine:
        assert [tier.name for tier in engine.tiers] == ["rules"]
