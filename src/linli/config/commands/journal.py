"""`linli verify-journal` and `linli seal`."""

from __future__ import annotations

import argparse
import json
from typing import Any

from django.utils.translation import gettext as _

from . import add


def register(subcommands: Any) -> None:
    parser = add(subcommands, "verify-journal", _("逐行核对日志和封签，指出第一处断裂"), verify)
    parser.add_argument("--matter", type=int, help=_("只核对这一件事项"))
    parser.add_argument("--json", action="store_true", help=_("输出 JSON"))
    add(subcommands, "seal", _("给上次封存以来的日志盖一个封签"), seal)


def verify(options: argparse.Namespace) -> int:
    from linli.config.transfer import snapshot
    from linli.flow import seals

    with snapshot("default"):  # matters that move while we look must not look broken
        proof = seals.verify(options.matter)
    broken = proof.broken
    if options.json:
        found = None if broken is None else {"matter": broken.matter_id, "seq": broken.seq, "reason": broken.reason}
        print(json.dumps({"matters": proof.matters, "lines": proof.lines, "seals": proof.seals, "broken": found}))
    elif broken is None:
        print(
            _("日志完好：%(matters)d 件事项，%(lines)d 行，%(seals)d 个封签。")
            % {"matters": proof.matters, "lines": proof.lines, "seals": proof.seals}
        )
    elif broken.matter_id is None:
        print(_("日志有断裂：%(reason)s。") % {"reason": broken.reason})
    else:
        print(
            _("日志有断裂：第 %(matter)d 号事项第 %(seq)d 行，%(reason)s。")
            % {"matter": broken.matter_id, "seq": broken.seq or 0, "reason": broken.reason}
        )
    return 0 if broken is None else 1


def seal(options: argparse.Namespace) -> int:
    from linli.flow import seals

    made = seals.make_seal()
    if made is None:
        print(_("上次封存以来没有新的日志。"))
    else:
        print(_("已封存 %(count)d 行，到第 %(position)d 号为止。") % {"count": made.count, "position": made.position})
    return 0
