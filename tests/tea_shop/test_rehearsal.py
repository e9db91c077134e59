"""The promo day in small: processes killed in mid-load, the database stopped and crashed, clicks doubled."""

import tempfile
from pathlib import Path

import pytest

from examples.tea_shop.rehearsal.day import Plan, rehearse
from tea_shop.kit import require_postgres

pytestmark = pytest.mark.integration
SMALL = {"customers": 60, "rate": 12.0, "processes": 2, "kills": 1}


@pytest.mark.parametrize(
    "plan",
    [Plan("sqlite", **SMALL), Plan("postgresql", restarts=2, **SMALL)],  # type: ignore[arg-type]
    ids=lambda plan: plan.database,
)
def test_nothing_is_lost_and_nothing_is_done_twice(plan: Plan) -> None:
    if plan.database == "postgresql":
        require_postgres()
    with tempfile.TemporaryDirectory(prefix="tea-shop-") as folder:
        Path(folder).chmod(0o755)
        day = rehearse(plan, Path(folder))
    assert day.findings.problems == []
    assert day.findings.pending == 0
    assert day.counts["app processes killed in mid-load"] == 1
    assert day.findings.counts["customers"] == 60
    assert day.findings.counts["orders"] > 30
    assert day.findings.counts["vouchers used"] > 10
    assert day.findings.counts["invitations"] > 5
    assert day.counts["duplicate clicks under one key"] > 10
