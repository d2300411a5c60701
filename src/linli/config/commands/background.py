"""`linli worker`: the one process beside the web."""

from __future__ import annotations

import argparse
from typing import Any

from django.utils.translation import gettext as _

from . import Failed, add


def register(subcommands: Any) -> None:
    add(subcommands, "worker", _("运行后台进程：转发、任务、定时封存和清理"), worker)


def worker(options: argparse.Namespace) -> int:
    from linli.config import background
    from linli.config.wiring import wire

    wire()  # the web does so with its address table; here nobody loads one
    lock = background.take_lock()
    if lock is None:
        raise Failed(_("这个数据库的后台进程已经在运行，一台机器上只需要一个。"))
    try:
        return background.Worker(background.loops(), background.periodic()).run()
    finally:
        lock.close()
