"""`linli make-book`: the yearly book of a result as PDF, DOCX and HTML, into a folder."""

from __future__ import annotations

import argparse
import shutil
import time
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from linli.config.terminal import Progress, table

from . import Failed, add
from .results import the_one


def register(subcommands: Any) -> None:
    parser = add(subcommands, "make-book", _("编印一份综合评价的年报：PDF、DOCX 和网页版"), make)
    parser.add_argument(
        "result", nargs="?", default="", help=_("结果码，至少前六位；默认最近发布的，没有则最近测算完的")
    )
    parser.add_argument("--title", default="", help=_("书名"))
    parser.add_argument("--language", default="zh-hans", help=_("语言：zh-hans 或 en"))
    parser.add_argument("--output", type=Path, default=Path(), help=_("文件放到哪里，默认当前文件夹"))


def make(options: argparse.Namespace) -> int:
    from linli.core.actor import SYSTEM
    from linli.core.errors import Refusal
    from linli.evaluation.actions import books as write
    from linli.evaluation.queries import books as read

    if not options.output.is_dir():
        raise Failed(_("没有这个文件夹：%(folder)s") % {"folder": options.output})
    began, cpu = time.monotonic(), time.process_time()
    shown = Progress(_("正在编印年报"))
    book = None
    try:
        book = write.new_book(
            actor=SYSTEM, result_id=_chosen(options.result), title=options.title, language=options.language
        )
        write.carry_out(id=book.pk, actor=SYSTEM, told=lambda done, total, what: shown(done, total, str(what)))
    except Refusal as refusal:
        if book is not None:
            write.fail(id=book.pk, why=refusal.message)
        raise Failed(str(refusal.message)) from refusal
    finally:
        shown.close()
    view = read.book(SYSTEM, book.pk)
    rows = [(_("文件"), _("大小"))]
    for file in view.files:
        shutil.copyfile(read.place_of(view, file.format), options.output / file.name)
        rows.append((str(options.output / file.name), f"{file.bytes:,}"))
    print(table(rows))
    if view.problem:
        print(view.problem)
    words = {"s": f"{time.monotonic() - began:.0f}", "cpu": f"{time.process_time() - cpu:.0f}"}
    print(_("印好了，用了 %(s)s 秒（处理器 %(cpu)s 秒）。") % words)
    return 0


def _chosen(start: str) -> Any:
    """The result that is meant. Raises Failed."""
    from linli.core.actor import SYSTEM
    from linli.evaluation.choices import ResultState
    from linli.evaluation.queries import results

    ready = [r for r in results.results(SYSTEM) if r.state in (ResultState.DONE, ResultState.RELEASED)]
    if not start:
        found = next((r for r in ready if r.state == ResultState.RELEASED), None) or next(iter(ready), None)
        if found is None:
            raise Failed(_("还没有测算完的结果。"))
        return found.id
    begins = start.strip().lower()
    matching = [r for r in ready if len(begins) >= results.START and r.digest.startswith(begins)]
    the_one(sorted({r.digest for r in matching}))
    return matching[0].id
