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

    if options.what == "collect":
        words.collect()
    elif options.what == "compile":
        words.compile_()
    else:
        return int(bool(words.check()))
    return 0
