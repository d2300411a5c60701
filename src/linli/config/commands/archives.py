"""`linli backup`, `restore`, `upgrade`, `move-database`. The work itself is in `archive` and `transfer`."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from linli.config.terminal import Progress

from . import Failed, add, preparation


def register(subcommands: Any) -> None:
    parser = add(subcommands, "backup", _("备份数据库和文件；密钥另存一个文件"), backup)
    parser.add_argument("file", type=Path, help=_("备份文件，如 linli.tar.gz"))
    parser.add_argument("--keys", type=Path, help=_("密钥文件，请与备份分开保管"))
    parser = add(subcommands, "restore", _("从备份恢复，先核对每个文件，后核对日志"), restore)
    parser.add_argument("file", type=Path, help=_("备份文件"))
    parser.add_argument("--keys", type=Path, help=_("密钥文件"))
    parser.add_argument("--force", action="store_true", help=_("覆盖已有的数据（先自动备份）"))
    add(subcommands, "upgrade", _("备份，更新数据库结构，体检"), upgrade)
    parser = add(subcommands, "move-database", _("把数据搬到另一个数据库，编号和日志不变"), move_database)
    parser.add_argument("--to", required=True, metavar="URL", help="postgresql://user:password@host:5432/name")
    parser.add_argument("--force", action="store_true", help=_("覆盖对方已有的数据"))


def backup(options: argparse.Namespace) -> int:
    _write_backup(options.file, options.keys)
    return 0


def _write_backup(file: Path, keys: Path | None) -> None:
    from linli.config import archive

    for path in filter(None, (file, keys)):
        if not path.parent.is_dir():
            raise Failed(_("没有这个文件夹：%(folder)s") % {"folder": path.parent})
    if keys is not None and keys.resolve() == file.resolve():
        raise Failed(_("密钥要另存一个文件：谁拿到两样东西，谁就能读居民的联系方式。"))
    if waiting := preparation.pending():
        if preparation.is_new():
            raise Failed(_("数据库是空的，没有可备份的内容。"))
        from django.db import connection

        if connection.vendor != "sqlite":
            raise Failed(
                _("数据库结构比这个版本旧（差 %(n)d 步），请用旧版本备份，或用 pg_dump。") % {"n": len(waiting)}
            )
    progress = Progress(_("正在备份"))
    made = archive.make(file, keys, progress)
    progress.close()
    print(
        _("已备份到 %(file)s：%(rows)d 行，%(media)d 个文件，%(mb).1f MB。")
        % {"file": file, "rows": sum(made.rows.values()), "media": made.media, "mb": made.bytes / 1e6}
    )
    if keys is None:
        print(_("注意：没有备份密钥。没有密钥，联系方式和密封内容无法读出；请加上 --keys 另存一份。"))
    else:
        print(_("密钥已存到 %(file)s，请与备份分开保管。") % {"file": keys})


def restore(options: argparse.Namespace) -> int:
    from django.conf import settings

    from linli.config import archive, background, transfer
    from linli.flow import seals

    lock = background.take_lock()
    if lock is None:
        raise Failed(_("邻里正在运行，请先停下再恢复。"))
    with lock, tempfile.TemporaryDirectory(dir=settings.VAR, prefix=".restore-") as folder:
        place = Path(folder)
        manifest = _unpacked(options.file, place / "archive")
        if newer := archive.unknown_migrations(manifest):
            raise Failed(
                _("这份备份来自更新的版本 %(version)s（%(name)s），请先升级程序。")
                % {"version": manifest["linli"], "name": newer[0]}
            )
        keys = None
        if options.keys is not None:
            _unpacked(options.keys, place / "keys")
            keys = place / "keys" / archive.KEYS
        _keys_fit(manifest, keys or Path(settings.KEYS), given=keys is not None)
        if used := ([] if preparation.is_new() else transfer.in_use("default")):
            if not options.force:
                raise Failed(
                    _("数据库里已有数据（%(names)s）。确实要覆盖，请加 --force。") % {"names": ", ".join(used)}
                )
            _safety_copy()
        progress = Progress(_("正在恢复"))
        archive.restore_database(place / "archive" / archive.DATABASE, progress)
        progress.close()
        for name, target in (("media", settings.MEDIA_ROOT), ("seals", settings.SEALS)):
            _put(place / "archive" / name, Path(target))
        _seals_follow(_seals_of(manifest), seals.copy_path())
        if keys is not None:
            _put(keys, Path(settings.KEYS))
            Path(settings.KEYS).chmod(0o700)
    print(_("已恢复 %(made_at)s 的备份，正在核对日志。") % {"made_at": manifest["made_at"]})
    return _fresh(["verify-journal"])


def _unpacked(file: Path, folder: Path) -> dict[str, Any]:
    from linli.config import archive

    if not file.is_file():
        raise Failed(_("没有这个文件：%(file)s") % {"file": file})
    folder.mkdir()
    try:
        return archive.unpack(file, folder)
    except archive.Broken as broken:
        raise Failed(_("备份文件不完整或被改动过：%(what)s。什么都没有改动。") % {"what": broken}) from broken


def _keys_fit(manifest: dict[str, Any], folder: Path, *, given: bool) -> None:
    """Refuse keys that cannot open this archive, before anything is overwritten."""
    from linli.config import archive

    here = archive.key_marks(folder)
    missing = [name for name, mark in manifest["keys"].items() if here.get(name) != mark]
    if not missing:
        return
    if given:
        raise Failed(_("这份密钥不是这份备份的（%(names)s）。什么都没有改动。") % {"names": ", ".join(missing)})
    raise Failed(
        _("现有的密钥打不开这份备份（%(names)s），请用 --keys 给出密钥文件。什么都没有改动。")
        % {"names": ", ".join(missing)}
    )


def _put(new: Path, place: Path) -> None:
    from linli.config import archive

    if aside := archive.swap_folder(new, place):
        print(_("原来的 %(name)s 留在 %(aside)s。") % {"name": place.name, "aside": aside})


def _safety_copy() -> tuple[Path, Path]:
    from django.conf import settings

    from linli.core import clock

    folder = Path(settings.VAR) / "backups"
    folder.mkdir(mode=0o700, exist_ok=True)
    stamp = f"{clock.now():%Y%m%dT%H%M%SZ}"
    # The keys' copy stays with the keys: they may lie on another disk so that nobody finds both in one place.
    files = folder / f"linli-{stamp}.tar.gz", Path(settings.KEYS) / f".linli-{stamp}-keys.tar"
    _write_backup(*files)
    return files


def upgrade(options: argparse.Namespace) -> int:
    """Backup, prepare, migrate, doctor, verify. On failure says how to come back."""
    waiting = preparation.pending()
    files = None if preparation.is_new() else _upgrade_copy(waiting)
    try:
        preparation.prepare()
        preparation.migrate()
    except Exception as error:
        back = _way_back(files)
        raise Failed(
            _("更新没有成功：%(error)s。回到原样：换回旧版本的程序，然后 %(back)s") % {"error": error, "back": back}
        ) from error
    print(_("数据库结构已更新 %(n)d 步。") % {"n": len(waiting)})
    return _fresh(["verify-journal"]) or _fresh(["doctor"])


def _way_back(files: tuple[Path, ...] | None) -> str:
    if not files:
        return "-"
    if len(files) == 1:
        return f"pg_restore --clean --dbname=... {files[0]}"
    return f"linli restore {files[0]} --keys {files[1]} --force"


def _upgrade_copy(waiting: list[str]) -> tuple[Path, ...]:
    from django.db import connection

    if waiting and connection.vendor != "sqlite":
        return _pg_dump()
    return _safety_copy()


def _pg_dump() -> tuple[Path, ...]:
    """Before a migration our own copy cannot read the older tables: PostgreSQL's own tool can."""
    from django.conf import settings

    from linli.core import clock

    d = settings.DATABASES["default"]
    folder = Path(settings.VAR) / "backups"
    folder.mkdir(mode=0o700, exist_ok=True)
    file = folder / f"linli-{clock.now():%Y%m%dT%H%M%SZ}.pgdump"
    environment = {**os.environ, "PGPASSWORD": str(d["PASSWORD"])}
    command = ["pg_dump", "--format=custom", f"--file={file}", f"--dbname={d['NAME']}"]
    for flag, name in (("--host", "HOST"), ("--port", "PORT"), ("--username", "USER")):
        command += [f"{flag}={d[name]}"] if d[name] else []
    try:
        subprocess.run(command, env=environment, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise Failed(
            _("升级前要备份，但 pg_dump 不能用：%(error)s。请安装 postgresql-client。") % {"error": error}
        ) from error
    file.chmod(0o600)
    print(_("已备份到 %(file)s。") % {"file": file})
    return (file,)


def move_database(options: argparse.Namespace) -> int:
    from linli.config import background, transfer
    from linli.flow import seals

    lock = background.take_lock()
    if lock is None:
        raise Failed(_("邻里正在运行，请先停下再搬。"))
    if waiting := preparation.pending():
        raise Failed(_("数据库结构需要更新（%(n)d 步），请先运行 linli upgrade。") % {"n": len(waiting)})
    with lock:
        try:
            transfer.connect("target", options.to)
            used = transfer.in_use("target")
        except Exception as error:
            raise Failed(_("连不上目标数据库：%(error)s") % {"error": error}) from error
        if _same(options.to):
            raise Failed(_("目标就是现在的数据库。"))
        if used and not options.force:
            raise Failed(
                _("目标数据库里已有数据（%(names)s）。确实要覆盖，请加 --force。") % {"names": ", ".join(used)}
            )
        transfer.migrate("target")
        progress = Progress(_("正在搬运"))
        try:
            counts = transfer.copy("default", "target", progress)
        except transfer.Mismatch as error:
            raise Failed(_("核对不上，目标数据库没有改动：%(table)s") % {"table": error}) from error
        finally:
            progress.close()
        transfer.forget("target")
        _seals_follow(seals.copy_path(), seals.copy_path(str(transfer.database_of(options.to)["NAME"])))
    print(
        _("已搬运 %(tables)d 张表，%(rows)d 行，逐行核对无误。") % {"tables": len(counts), "rows": sum(counts.values())}
    )
    code = _fresh(["verify-journal"], DATABASE_URL=options.to)
    if code == 0:
        print(_("以后这样启动：DATABASE_URL=%(url)s make run") % {"url": _without_password(options.to)})
    return code


def _seals_of(manifest: dict[str, Any]) -> Path:
    """The copy that an archive brought for its own database. Older archives do not name it: one alone must be it."""
    from django.conf import settings

    from linli.flow import seals

    found = [Path(settings.SEALS) / manifest["seals"]] if "seals" in manifest else list(seals.copies())
    return found[0] if len(found) == 1 else seals.copy_path()


def _seals_follow(old: Path, new: Path) -> None:
    """The seals' copy outside is called after the database: under the new name it is found and continued."""
    from linli.flow import seals

    if aside := seals.hand_over(old, new):
        print(_("原来的 %(name)s 留在 %(aside)s。") % {"name": new.name, "aside": aside})


def _same(url: str) -> bool:
    from django.conf import settings

    from linli.config import transfer

    ours, theirs = settings.DATABASES["default"], transfer.database_of(url)
    return all(str(ours.get(k) or "") == str(theirs.get(k) or "") for k in ("ENGINE", "NAME", "HOST", "PORT"))


def _without_password(url: str) -> str:
    from urllib.parse import urlsplit

    password = urlsplit(url).password
    return url.replace(f":{password}@", ":***@") if password else url


def _fresh(arguments: list[str], **environment: str) -> int:
    """Another command in a new process: nothing that this one has cached about the database can mislead it."""
    from django.db import connections

    connections.close_all()
    command = [sys.executable, "-m", "linli.config.cli", *arguments]
    path = os.pathsep.join(p for p in (str(Path(__file__).resolve().parents[3]), os.environ.get("PYTHONPATH")) if p)
    sys.stdout.flush()
    return subprocess.run(command, env={**os.environ, "PYTHONPATH": path, **environment}, check=False).returncode
