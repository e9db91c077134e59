"""What the shop's tests share: one cascade, one PostgreSQL, a shop over each kind of database."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from cascade import Cascade
from examples.tea_shop.database import Database
from examples.tea_shop.rehearsal.postgres import Postgres
from tea_shop.kit import Counter, opened, require_postgres


@pytest.fixture(scope="session")
def cascade() -> Iterator[Cascade[Any]]:
    with Cascade.load() as loaded:
        yield loaded


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A server of this run's own, in a folder that its user may enter."""
    require_postgres()
    import tempfile

    with tempfile.TemporaryDirectory(prefix="tea-shop-pg-") as folder:
        Path(folder).chmod(0o755)
        with Postgres(Path(folder) / "server") as server:
            yield server


@pytest.fixture
def counter(tmp_path: Path, cascade: Cascade[Any]) -> Iterator[Counter]:
    """A shop over SQLite."""
    with opened(f"sqlite:///{tmp_path / 'shop.db'}", tmp_path, cascade) as made:
        yield made


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest, tmp_path: Path, cascade: Cascade[Any]) -> Iterator[Counter]:
    """A shop over SQLite, and one over PostgreSQL."""
    if request.param == "sqlite":
        with opened(f"sqlite:///{tmp_path / 'shop.db'}", tmp_path, cascade) as made:
            yield made
        return
    url = request.getfixturevalue("postgres").url
    emptied = Database(url)
    with emptied.engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    emptied.close()
    with opened(url, tmp_path, cascade) as made:
        yield made
