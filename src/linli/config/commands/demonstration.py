"""`linli demonstration` and `linli simulate`: the simulated district. What it holds is `linli.testing.demonstration`."""

from __future__ import annotations

import argparse
import importlib
import signal
import threading
from pathlib import Path
from types import ModuleType
from typing import Any

from django.utils.translation import gettext as _

from linli.config.terminal import Progress, table
from linli.core.actor import SYSTEM

from . import Failed, add

ROOM = "linli.testing.demonstration"
CAST = "linli.testing.cast"


def register(subcommands: Any) -> None:
    parser = add(subcommands, "demonstration", _("装入演示数据（模拟的事项和账号）"), load)
    parser.add_argument("--demonstration", action="store_true", help=argparse.SUPPRESS)
    parser = add(subcommands, "simulate", _("让模拟的事项不断到来，按 Ctrl-C 停止"), simulate)
    parser.add_argument("--rate", type=float, default=60.0, help=_("每小时多少件（默认 60）"))
    parser.add_argument("--for", dest="for_s", type=float, default=0.0, help=_("多少秒后停止（默认不停）"))


def _room(path: str) -> ModuleType | None:
    try:
        return importlib.import_module(path)
    except ModuleNotFoundError as missing:
        if missing.name != path:
            raise
        return None


def _is_empty() -> bool:
    """No matters, and no account that belongs to a real person: only then may a demonstration move in."""
    from django.apps import apps

    accounts = apps.get_model("accounts", "Account")._default_manager
    matters = apps.get_model("flow", "Matter")._default_manager
    return not matters.exists() and not accounts.filter(is_demonstration=False).exists()


def load_if_empty() -> None:
    cast = importlib.import_module(CAST)
    if _is_empty():
        _load()
    elif cast.cast_passwords():
        cast.create_cast(actor=SYSTEM)  # a newer version may have more people
        if _unfinished().exists():
            print(_("上次演示数据没有装完。要重新装入，请清空数据库（默认是 var/linli.sqlite3）再启动。"))
    else:
        print(_("数据库里已有真实数据，没有装入演示数据和演示账号。"))


def load(options: argparse.Namespace) -> int:
    if not _is_empty():
        raise Failed(_("数据库里已经有数据，演示数据只装入空的数据库。"))
    _load()
    return 0


PLAYS = (
    ("circle.Catalogue", "circle_records"),
    ("circle.Catalogue", "circle_surveys"),
    ("coordination.SummonsKind", "coordination_calls"),
    ("coordination.TopicRule", "coordination_topics"),
    ("evaluation.Framework", "evaluation"),
    ("ground.GridMatterCatalogue", "ground_nets"),
)
"""What must have been loaded from a pack, and the play that needs it; each plays once."""


def _play() -> None:
    """Surveys and records of the service circle, summons and consultations, results of the evaluation, three nets."""
    from django.apps import apps

    for needed, name in PLAYS:
        if apps.get_model(needed)._default_manager.exists():
            importlib.import_module(f"linli.testing.{name}").play()


def _load() -> None:
    importlib.import_module(CAST).create_cast(actor=SYSTEM)
    room = _room(ROOM)
    if room is None:
        print(_("这个版本还没有演示数据。"))
        return
    unfinished = _unfinished()
    unfinished.touch()
    progress = Progress(_("正在装入演示数据"))
    try:
        room.load(progress)
        _play()
    finally:
        progress.close()
    unfinished.unlink()


def _unfinished() -> Path:
    """Lies in var/ while the demonstration is being loaded, and after that was interrupted."""
    from django.conf import settings

    from linli.config.background import database_mark

    return Path(settings.VAR) / f"demonstration-{database_mark()}.unfinished"


def print_accounts() -> None:
    """The demonstration accounts with their passwords; printed in demonstration mode only."""
    accounts = importlib.import_module(CAST).cast_passwords()
    if accounts:
        print(_("演示账号（密码只在演示模式下有效）："))
        print(table([(_("登录名"), _("密码"), _("岗位")), *[tuple(str(cell) for cell in row) for row in accounts]]))


def simulate(options: argparse.Namespace) -> int:
    """Matters arrive at `--rate` per hour until Ctrl-C; the room keeps the daily and hourly profile."""
    room = _room(ROOM)
    if room is None or not hasattr(room, "simulate"):
        raise Failed(_("这个版本还没有演示数据。"))
    if options.rate <= 0:
        raise Failed(_("--rate 应大于 0。"))
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_signal: stop.set())
    if options.for_s:
        threading.Timer(options.for_s, stop.set).start()
    room.simulate(rate_per_h=options.rate, stop=stop, say=print)
    return 0
