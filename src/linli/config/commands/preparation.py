"""`linli prepare`, `migrate`, `version`: what must be true before the web starts."""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from . import Failed, add


def register(subcommands: Any) -> None:
    add(subcommands, "prepare", _("编译界面文字和步行可达引擎，收集静态文件，生成密钥"), prepare)
    add(subcommands, "migrate", _("把数据库结构更新到当前版本"), migrate)
    add(subcommands, "version", _("显示版本"), version)


def prepare(options: argparse.Namespace | None = None) -> int:
    """Everything that can be made from the checkout alone. Does nothing when it was done before."""
    compile_messages()
    collect_static()
    make_keys()
    compile_engines()
    return 0


def compile_engines() -> bool:
    """Compile what answers about walking (about ten seconds) unless these very sources were compiled here before."""
    from django.conf import settings

    kernels = importlib.import_module("linli.circle.kernels")
    place, wanted = Path(settings.VAR) / "compiled.txt", kernels.mark()
    if place.exists() and place.read_text() == wanted:
        return False
    print(_("正在编译步行可达引擎，约十来秒，只在安装和更新后做一次……"))
    kernels.compile_all()
    place.write_text(wanted)
    return True


def compile_messages() -> None:
    """The English words; without them every screen is still whole, in Chinese."""
    words = importlib.import_module("linli.site.messages")
    po, mo = words.PO, words.PO.with_suffix(".mo")
    if po.exists() and (not mo.exists() or mo.stat().st_mtime < po.stat().st_mtime):
        words.compile_()


def collect_static() -> bool:
    """Collect and compress the static files unless this very revision lies there already."""
    from django.conf import settings
    from django.core.management import call_command

    mark = Path(settings.STATIC_ROOT) / "revision.txt"
    if mark.exists() and mark.read_text() == settings.STATIC_REVISION:
        return False
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    mark.write_text(settings.STATIC_REVISION)
    return True


def make_keys() -> None:
    """Make the keys before several processes need them at once."""
    importlib.import_module("linli.vault.keys").prepare()


def pending() -> list[str]:
    """Migrations that the code has and the database has not."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _backwards in plan]


def is_new() -> bool:
    """Whether the database has no tables at all yet. Raises Failed when it cannot be reached."""
    from django.db import connection
    from django.db.utils import DatabaseError

    try:
        return not connection.introspection.table_names()
    except DatabaseError as error:
        raise Failed(_("连不上数据库：%(error)s") % {"error": str(error).strip()}) from error


def migrate(options: argparse.Namespace | None = None) -> int:
    from django.core.management import call_command

    is_new()  # reaches the database, or says clearly that it cannot
    waiting = pending()
    if waiting:
        print(_("正在更新数据库结构：%(n)d 步") % {"n": len(waiting)})
        call_command("migrate", interactive=False, verbosity=0)
    elif options is not None:
        print(_("数据库结构已是最新。"))
    return 0


def version(options: argparse.Namespace) -> int:
    import platform

    import django
    from django.db import connection

    from linli.config.version import VERSION

    print(f"linli {VERSION} (Python {platform.python_version()}, Django {django.__version__}, {connection.vendor})")
    return 0
