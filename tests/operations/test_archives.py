"""Backup and restore: a round trip that keeps every row, hash, photograph and key; and refusals that change nothing."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Installation

pytestmark = pytest.mark.slow


def changed(archive: Path, member: str, content: Callable[[bytes], bytes], to: Path) -> Path:
    """A copy of an archive in which one member has other bytes."""
    with tarfile.open(archive) as old, tarfile.open(to, "w") as new:
        for entry in old:
            file = old.extractfile(entry)
            assert file is not None
            data = content(file.read()) if entry.name == member else file.read()
            entry.size = len(data)
            new.addfile(entry, io.BytesIO(data))
    return to


def test_a_restored_installation_is_the_one_that_was_saved(
    first_office: Installation, saved: tuple[Path, Path], tmp_path: Path, engine: Callable[[], str]
) -> None:
    other = Installation(tmp_path / "other", engine())
    said = other.linli("restore", str(saved[0]), "--keys", str(saved[1]))
    assert "日志完好：3 件事项，4 行，1 个封签" in said
    assert other.rows() == first_office.rows()
    pictures = {p.name: p.read_bytes() for p in (first_office.var / "media").rglob("*.*") if p.is_file()}
    assert pictures and pictures == {p.name: p.read_bytes() for p in (other.var / "media").rglob("*.*") if p.is_file()}
    assert {p.name for p in (other.var / "keys").iterdir()} >= {"contact.k1", "sealed.k1", "seal.k1"}
    assert (other.var / "keys").stat().st_mode & 0o077 == 0
    script = (
        "import django; django.setup()\n"
        "from linli.accounts import actions; from linli.core.actor import SYSTEM\n"
        "print('id', actions.create_account(actor=SYSTEM, username='sun', display_name='孙').id)\n"
    )
    done = other.run("-c", script, DJANGO_SETTINGS_MODULE="linli.config.settings")
    assert done.stdout.strip().endswith("id 3"), done.stdout  # the sequences were moved on too


def test_the_two_files_are_apart_and_closed_to_others(saved: tuple[Path, Path]) -> None:
    archive, keys = saved
    assert archive.stat().st_mode & 0o077 == 0 and keys.stat().st_mode & 0o077 == 0
    with tarfile.open(archive) as tar:
        names = tar.getnames()
        manifest = json.load(tar.extractfile("manifest.json"))  # type: ignore[arg-type]
    assert not [n for n in names if "k1" in n or "secret" in n]
    assert set(manifest["keys"]) >= {"contact.k1", "sealed.k1"}
    with tarfile.open(keys) as tar:
        assert "keys/sealed.k1" in tar.getnames()


def test_a_changed_byte_is_found_before_anything_is_touched(
    saved: tuple[Path, Path], tmp_path: Path, engine: Callable[[], str]
) -> None:
    other = Installation(tmp_path / "other", engine())
    bad = changed(saved[0], "database.sqlite3", lambda b: b[:-1] + bytes([b[-1] ^ 1]), tmp_path / "bad.tar")
    said = other.linli("restore", str(bad), "--keys", str(saved[1]), code=1)
    assert "不完整或被改动过" in said and "database.sqlite3" in said
    half = tmp_path / "half.tar.gz"
    half.write_bytes(saved[0].read_bytes()[: saved[0].stat().st_size // 2])
    assert "不完整或被改动过" in other.linli("restore", str(half), "--keys", str(saved[1]), code=1)
    assert not (other.var / "linli.sqlite3").exists() or other.rows() == ""


def test_an_archive_cannot_write_outside_its_folder(saved: tuple[Path, Path], tmp_path: Path) -> None:
    evil = tmp_path / "evil.tar"
    with tarfile.open(evil, "w") as tar:
        entry = tarfile.TarInfo("../escaped")
        entry.size = 1
        tar.addfile(entry, io.BytesIO(b"x"))
    said = Installation(tmp_path / "other").linli("restore", str(evil), code=1)
    assert "不完整或被改动过" in said and not list(tmp_path.rglob("escaped"))


def test_data_is_not_overwritten_unasked(office: Installation, saved: tuple[Path, Path]) -> None:
    before = office.rows()
    assert "--force" in office.linli("restore", str(saved[0]), "--keys", str(saved[1]), code=1)
    assert office.rows() == before
    office.run("-m", "tests.operations.small_office")  # fails on the second "zhou", keeps what it wrote before
    said = office.linli("restore", str(saved[0]), "--keys", str(saved[1]), "--force")
    assert "已备份到" in said and "日志完好" in said
    assert office.rows() == before
    assert list((office.var / "backups").glob("linli-*.tar.gz"))


def test_without_the_right_keys_nothing_is_restored(
    saved: tuple[Path, Path], tmp_path: Path, engine: Callable[[], str]
) -> None:
    other = Installation(tmp_path / "other", engine())
    other.linli("migrate")
    assert "--keys" in other.linli("restore", str(saved[0]), code=1)
    wrong = changed(saved[1], "keys/sealed.k1", lambda b: b"0" * 64 + b"\n", tmp_path / "wrong.tar")
    assert "不完整" in other.linli("restore", str(saved[0]), "--keys", str(wrong), code=1)
    assert "accounts_account" not in other.rows()


def test_an_archive_of_a_newer_version_is_refused(saved: tuple[Path, Path], tmp_path: Path) -> None:
    def newer(text: bytes) -> bytes:
        manifest = json.loads(text)
        manifest["migrations"].append("flow.9999_from_the_future")
        return json.dumps(manifest).encode()

    future = changed(saved[0], "manifest.json", newer, tmp_path / "future.tar")
    other = Installation(tmp_path / "other")
    assert "9999_from_the_future" in other.linli("restore", str(future), "--keys", str(saved[1]), code=1)


def test_an_upgrade_saves_first_and_proves_after(office: Installation) -> None:
    said = office.run("-m", "linli.config.cli", "upgrade").stdout
    assert "已备份到" in said and "日志完好" in said
    saved = list((office.var / "backups").iterdir())
    keys = list((office.var / "keys").glob(".linli-*-keys.tar"))  # with the keys, not with what they open
    assert len(saved) == len(keys) == 1 and all(p.stat().st_mode & 0o077 == 0 for p in (*saved, *keys))
