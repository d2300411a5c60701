"""`linli messages`: the words on the screens and their English."""

from __future__ import annotations

import argparse
from typing import Any

from django.utils.translation import gettext as _

from . import add


def register(subcommands: Any) -> None:
    parser = add(subcommands, "messages", _("界面文字：收集、检查、编译"), messages)
    parser.add_argument("what", choices=["collect", "check", "compile"])


def messages(options: argparse.Namespace) -> int:
    from linli.site import messages as words

    if options.what == "compile":
        print(words.compile_())
        return 0
    if options.what == "collect":
        print(words.collect())
    problems = words.check()
    for problem in problems:
        print(problem)
    print(_("界面文字：%(n)d 处要改。") % {"n": len(problems)} if problems else _("界面文字完整。"))
    return int(options.what == "check" and bool(problems))
