"""`linli doctor`: looks at this installation and says how to mend what is wrong."""

from __future__ import annotations

import argparse
import json
from typing import Any

from django.utils.translation import gettext as _

from linli.config.terminal import width

from . import add


def register(subcommands: Any) -> None:
    parser = add(subcommands, "doctor", _("体检：逐项说明是否正常、怎样处理"), doctor)
    parser.add_argument("--address", action="append", default=[], help=_("对外的地址，例如 https://linli.example.org"))
    parser.add_argument("--json", action="store_true", help=_("输出 JSON"))


def doctor(options: argparse.Namespace) -> int:
    """Exit code 0 when nothing is wrong, warnings allowed; 1 when something is."""
    from linli.config import checks

    found = checks.examine(options.address)
    failed = any(f.level == checks.ERROR for f in found)
    if options.json:
        print(json.dumps({"ok": not failed, "findings": [checks.as_dict(f) for f in found]}, ensure_ascii=False))
        return int(failed)
    words = {checks.OK: "OK", checks.WARN: _("注意"), checks.ERROR: _("错误")}
    column = max(width(str(w)) for w in words.values())
    for finding in found:
        word = str(words[finding.level])
        print(f"{word}{' ' * (column - width(word))}  {finding.name}: {finding.text}")
        if finding.mend:
            print(f"{' ' * column}  → {finding.mend}")
    return int(failed)
