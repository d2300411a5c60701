"""One file that holds a whole installation, and a second one for its keys. No terminal words here.

The archive is a tar: `database.sqlite3` whatever the engine was (so it restores onto either), `media/`, `seals/`
and `manifest.json` with a SHA-256 of each. The keys travel apart: either file alone tells nobody's number.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from django.conf import settings
from django.db import connections

from linli.core import clock
from linli.flow import seals

from . import transfer
from .version import VERSION

FORMAT = 1
DATABASE = "database.sqlite3"
MANIFEST = "manifest.json"
KEYS = "keys"


class Broken(RuntimeError):
    """The file is not an archive of ours, or not the one that was written. The message says what is wrong."""


@dataclass(frozen=True, slots=True)
class Made:
    """What was put into an archive."""

    file: Path
    bytes: int
    rows: dict[str, int]
    media: int


def make(file: Path, keys_file: Path | None, report: transfer.Report = lambda done, total, words: None) -> Made:
    """Write the archive (and the keys). A file appears under its name only when it is whole."""
    with tempfile.TemporaryDirectory(dir=file.parent, prefix=".linli-") as folder:
        database = Path(folder) / DATABASE
        rows = dump(database, report)
        members = [(DATABASE, database), *_walk("media", Path(settings.MEDIA_ROOT)), *_walk("seals", settings.SEALS)]
        manifest = {
            "format": FORMAT,
            "linli": VERSION,
            "made_at": clock.now().isoformat(),
            "engine": connections["default"].vendor,
            "migrations": transfer.applied("default"),
            "rows": rows,
            "keys": key_marks(Path(settings.KEYS)),
            "seals": seals.copy_path().name,
        }
        written = write_tar(file, members, manifest)
    if keys_file is not None:
        write_tar(keys_file, list(_walk(KEYS, Path(settings.KEYS))), {"format": FORMAT, "made_at": manifest["made_at"]})
    return Made(file, file.stat().st_size, rows, sum(1 for name in written if name.startswith("media/")))


def dump(database: Path, report: transfer.Report = lambda done, total, words: None) -> dict[str, int]:
    """A consistent copy of the running database as one SQLite file; rows per table."""
    source = connections["default"]
    if source.vendor == "sqlite":
        source.ensure_connection()
        with closing(sqlite3.connect(database)) as target:
            source.connection.backup(target)  # one read snapshot of the WAL: the office goes on writing meanwhile
            target.execute("PRAGMA journal_mode=DELETE")
        with _opened(database) as alias:
            return {m._meta.db_table: m._base_manager.using(alias).count() for m in _known(alias)}
    with _opened(database) as alias:
        transfer.migrate(alias)
        counts = transfer.copy("default", alias, report)
    with closing(sqlite3.connect(database)) as target:
        target.execute("PRAGMA journal_mode=DELETE")
    return counts


def _known(alias: str) -> list[Any]:
    names = set(connections[alias].introspection.table_names())
    return [m for m in transfer.tables() if m._meta.db_table in names]


@contextmanager
def _opened(database: Path) -> Iterator[str]:
    alias = "archive"
    transfer.connect(alias, f"sqlite:///{database}")
    try:
        yield alias
    finally:
        transfer.forget(alias)


def key_marks(folder: Path) -> dict[str, str]:
    """A mark of each key file, so that a restore can say that keys and archive do not belong together."""
    return {p.name: _mark(p.read_bytes()) for p in sorted(folder.iterdir()) if _is_key(p)}


def _is_key(path: Path) -> bool:
    return re.fullmatch(r"[a-z]+\.k\d+", path.name) is not None  # not the session secret, not demonstration passwords


def _mark(content: bytes) -> str:
    return hashlib.sha256(b"linli key in a backup\n" + content).hexdigest()[:16]


def _walk(name: str, folder: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(Path(folder).rglob("*")):
        if path.is_file() and not path.name.startswith("."):
            yield f"{name}/{path.relative_to(folder).as_posix()}", path


def write_tar(file: Path, members: list[tuple[str, Path]], manifest: dict[str, Any]) -> dict[str, Any]:
    """Write members and, last, the manifest with their checksums. What vanished meanwhile is listed there."""
    files: dict[str, Any] = {}
    gone: list[str] = []
    draft = file.with_name(f".{file.name}.new")
    fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(fd, "wb") as raw:
            with tarfile.open(fileobj=raw, mode="w:gz" if file.suffix in {".gz", ".tgz"} else "w") as tar:
                for name, path in members:
                    try:
                        files[name] = _add(tar, name, path)
                    except FileNotFoundError:  # a draft upload that expired while we were writing
                        gone.append(name)
                text = json.dumps({**manifest, "files": files, "gone": gone}, ensure_ascii=False, indent=1).encode()
                entry = tarfile.TarInfo(MANIFEST)
                entry.size, entry.mode = len(text), 0o600
                tar.addfile(entry, io.BytesIO(text))
            raw.flush()
            os.fsync(raw.fileno())
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
    return files


def _add(tar: tarfile.TarFile, name: str, path: Path) -> dict[str, Any]:
    with path.open("rb") as content:
        entry = tarfile.TarInfo(name)
        entry.size = os.fstat(content.fileno()).st_size
        entry.mode = 0o600
        entry.mtime = int(os.fstat(content.fileno()).st_mtime)
        digest = hashlib.file_digest(content, "sha256").hexdigest()
        content.seek(0)
        tar.addfile(entry, content)
    return {"sha256": digest, "bytes": entry.size}


def unpack(file: Path, folder: Path) -> dict[str, Any]:
    """Unpack into an empty folder and check every byte; the manifest. Raises Broken."""
    try:
        with tarfile.open(file, "r:*") as tar:
            for entry in tar:
                place = PurePosixPath(entry.name)
                if not entry.isreg() or place.is_absolute() or ".." in place.parts:
                    raise Broken(f"{entry.name}: not a plain file inside the archive")
                target = folder / place
                target.parent.mkdir(parents=True, exist_ok=True)
                content = tar.extractfile(entry)
                assert content is not None
                with target.open("wb") as out:
                    shutil.copyfileobj(content, out, 1 << 20)
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text())
    except (tarfile.TarError, EOFError, FileNotFoundError, ValueError) as error:
        raise Broken(f"{file.name}: {error}") from error
    if manifest.get("format") != FORMAT:
        raise Broken(f"{file.name}: format {manifest.get('format')}, this version reads {FORMAT}")
    found = {name for name, _path in _walk("", folder)}
    found = {name.lstrip("/") for name in found} - {MANIFEST}
    if different := found ^ set(manifest["files"]):
        raise Broken(f"{sorted(different)[0]}: in the archive or in its list, not in both")
    for name, said in manifest["files"].items():
        with (folder / name).open("rb") as content:
            if hashlib.file_digest(content, "sha256").hexdigest() != said["sha256"]:
                raise Broken(f"{name}: its checksum differs from the list")
    return manifest


def unknown_migrations(manifest: dict[str, Any]) -> list[str]:
    """Migrations of the archive that this version does not know: it was written by a newer one."""
    from django.db.migrations.loader import MigrationLoader

    loader = MigrationLoader(None)
    known = {f"{app}.{name}" for app, name in loader.disk_migrations or ()}
    known |= {f"{a}.{n}" for squashed in (loader.disk_migrations or {}).values() for a, n in squashed.replaces}
    return [m for m in manifest["migrations"] if m not in known]


def restore_database(database: Path, report: transfer.Report = lambda done, total, words: None) -> None:
    """Bring the unpacked database to this version's structure, then put its rows into ours, all or nothing."""
    with _opened(database) as alias:
        transfer.migrate(alias)
        if connections["default"].vendor != "sqlite":
            transfer.migrate("default")
            transfer.copy(alias, "default", report)
            return
    ours = connections["default"]
    ours.ensure_connection()
    with closing(sqlite3.connect(database)) as source:
        source.execute("PRAGMA journal_mode=WAL")  # the pages copied below say so too; ours stays in WAL
        source.backup(ours.connection)
    ours.close()


def swap_folder(new: Path, place: Path) -> Path | None:
    """Put `new` where `place` is; where the old content went, or None when there was none."""
    aside = None
    if place.exists() and any(place.iterdir()):
        aside = place.with_name(f"{place.name}.before-{clock.now():%Y%m%dT%H%M%SZ}")
        place.rename(aside)
    elif place.exists():
        place.rmdir()
    if new.exists():
        shutil.move(str(new), place)
    place.mkdir(parents=True, exist_ok=True)
    return aside
