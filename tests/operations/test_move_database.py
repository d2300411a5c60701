"""move-database: from SQLite to PostgreSQL and back, every id, hash and seal unchanged."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Installation, Server

pytestmark = pytest.mark.slow


def test_from_sqlite_to_postgresql_and_back(tmp_path: Path, office_on_sqlite: Installation, postgresql: Server) -> None:
    office = office_on_sqlite
    before, url = office.rows(), postgresql.make()
    said = office.linli("move-database", "--to", url)
    assert "逐行核对无误" in said and "日志完好：3 件事项，4 行，1 个封签" in said
    moved = Installation(office.var, url)
    assert moved.rows() == before
    copies = office.var / "seals"
    assert len({f.read_text() for f in copies.iterdir()}) == 1 and len(list(copies.iterdir())) == 2
    back = tmp_path / "back.sqlite3"
    assert "日志完好" in moved.linli("move-database", "--to", f"sqlite:///{back}")
    assert Installation(office.var, f"sqlite:///{back}").rows() == before


def test_the_other_database_is_not_overwritten_unasked(office_on_sqlite: Installation, postgresql: Server) -> None:
    url, office = postgresql.make(), office_on_sqlite
    office.linli("move-database", "--to", url)
    assert "--force" in office.linli("move-database", "--to", url, code=1)
    assert "逐行核对无误" in office.linli("move-database", "--to", url, "--force")


def test_an_address_that_leads_nowhere_is_said_clearly(office_on_sqlite: Installation) -> None:
    office = office_on_sqlite
    assert "连不上目标数据库" in office.linli("move-database", "--to", "postgresql://nobody@127.0.0.1:1/none", code=1)
    assert "连不上目标数据库" in office.linli("move-database", "--to", "mysql://127.0.0.1/none", code=1)
    same = f"sqlite:///{office.var / 'linli.sqlite3'}"
    assert "目标就是现在的数据库" in office.linli("move-database", "--to", same, code=1)
