"""An installation of its own for each test: its folder, its database, its commands in their own processes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import pytest

from tests.house import made_once

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Installation:
    """A folder and a database address, "" for SQLite inside the folder."""

    var: Path
    url: str = ""

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *command], env=self.environment(**environment), cwd=ROOT, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300, check=False,
        )  # fmt: skip

    def environment(self, **more: str) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("LINLI_", "DJANGO_")) and k != "DATABASE_URL"}
        return {**kept, "PYTHONPATH": str(ROOT / "src"), "LINLI_VAR": str(self.var), "DATABASE_URL": self.url, **more}

    def linli(self, *arguments: str, code: int = 0, **environment: str) -> str:
        done = self.run("-m", "linli.config.cli", *arguments, **environment)
        assert done.returncode == code, done.stdout
        return done.stdout

    def fill(self) -> None:
        self.linli("migrate")
        done = self.run("-m", "tests.operations.small_office")
        assert done.returncode == 0, done.stdout

    def rows(self) -> str:
        """One line per table that holds rows: its name, how many, and the sum of their hashes."""
        script = (
            "import django; django.setup()\n"
            "from linli.config import transfer\n"
            "for m in transfer.tables():\n"
            "    n, s = transfer.digest(m, 'default')\n"
            "    if n and m._meta.app_label not in {'contenttypes', 'auth'}: print(m._meta.db_table, n, s)\n"
        )
        done = self.run("-c", script, DJANGO_SETTINGS_MODULE="linli.config.settings")
        assert done.returncode == 0, done.stdout
        return done.stdout


class Server:
    """Makes databases on the PostgreSQL server of DATABASE_URL and drops them at the end."""

    def __init__(self, url: str) -> None:
        import psycopg

        self.url = url
        self.made: list[str] = []
        self.connection = psycopg.connect(url, autocommit=True)

    def make(self, like: str = "") -> str:
        """The address of a new database, empty or a copy of the one at `like`."""
        name = f"linli_operations_{uuid4().hex[:12]}"
        template = f' TEMPLATE "{urlsplit(like).path[1:]}"' if like else ""
        self.connection.execute(f'CREATE DATABASE "{name}"{template}')
        self.made.append(name)
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{name}"))

    def close(self) -> None:
        for name in self.made:
            self.connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        self.connection.close()


@pytest.fixture(scope="session")
def server() -> Iterator[Server | None]:
    """None where this run of the suite is about SQLite."""
    url = os.environ.get("DATABASE_URL", "")
    found = Server(url) if url.startswith("postgres") else None
    yield found
    if found is not None:
        found.close()


@pytest.fixture
def postgresql(server: Server | None) -> Server:
    if server is None:
        pytest.skip("needs PostgreSQL: DATABASE_URL=postgresql://...")
    return server


@pytest.fixture
def engine(server: Server | None) -> Callable[[], str]:
    """Addresses of empty databases on the engine that this run of the suite is about."""
    return server.make if server is not None else lambda: ""


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an installation on SQLite with the content of `small_office`: to be copied, never opened."""
    return made_once("office", lambda folder: Installation(folder).fill(), tmp_path_factory)


@pytest.fixture
def office_on_sqlite(tmp_path: Path, filled: Path) -> Installation:
    """A copy that the test may spoil, whatever this run of the suite is about."""
    return Installation(Path(shutil.copytree(filled, tmp_path / "office")))


@pytest.fixture(scope="session")
def first_office(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest, server: Server | None
) -> Installation:
    """The content of `small_office`, made once; tests get copies."""
    folder = tmp_path_factory.mktemp("first") / "office"
    if server is None:
        return Installation(Path(shutil.copytree(request.getfixturevalue("filled"), folder)))
    made = Installation(folder, server.make())
    made.fill()
    return made


@pytest.fixture(scope="session")
def saved(first_office: Installation) -> tuple[Path, Path]:
    """The first office's archive and its keys."""
    files = first_office.var.parent / "office.tar.gz", first_office.var.parent / "office-keys.tar"
    assert "已备份" in first_office.linli("backup", str(files[0]), "--keys", str(files[1]))
    return files


@pytest.fixture
def office(tmp_path: Path, first_office: Installation, server: Server | None) -> Installation:
    """A copy of the first office that the test may spoil."""
    shutil.copytree(first_office.var, tmp_path / "office")
    if server is None:
        return Installation(tmp_path / "office")
    url = server.make(like=first_office.url)
    copy = tmp_path / "office" / "seals" / f"journal-seals-{urlsplit(first_office.url).path[1:]}.jsonl"
    copy.rename(copy.with_name(f"journal-seals-{urlsplit(url).path[1:]}.jsonl"))
    return Installation(tmp_path / "office", url)
