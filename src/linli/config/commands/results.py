"""`linli verify-result`: a result of the evaluation is computed anew from what is kept under its hash."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from linli.config.terminal import table

from . import Failed, add


def register(subcommands: Any) -> None:
    parser = add(subcommands, "verify-result", _("按结果码重新测算一份综合评价，核对是否一致"), verify)
    parser.add_argument("digest", help=_("结果码，至少前六位"))
    parser.add_argument("--year", type=int, default=None, help=_("列出哪一年的得分（默认最后一年）"))


def the_one(found: Sequence[str]) -> str:
    """The hash that a beginning means. Raises Failed: none or several begin so."""
    if not found:
        raise Failed(_("没有这个结果码（至少写前六位）。"))
    if len(found) > 1:
        raise Failed(_("有几份结果都这样开头，请多写几位：") + "\n" + "\n".join(found))
    return found[0]


def verify(options: argparse.Namespace) -> int:
    """Prints scores and ranks as they come out now. Fails if the inputs no longer give their hash."""
    from linli.core.actor import SYSTEM
    from linli.evaluation.queries import results, units

    digest = the_one(results.digests(options.digest.strip().lower()))
    try:
        result = results.recomputed(digest)
    except results.HashBroken as broken:
        raise Failed(
            _("不一致：这份结果的数据被改动过，或是用另一个版本的方法算的。\n应为 %s\n现为 %s") % broken.args
        ) from broken
    year = options.year or result.panel.years[-1]
    if year not in result.panel.years:
        raise Failed(_("这份结果没有 %s 年。") % year)
    names = units.unit_names(result.panel.units)
    scores, places = result.of("", year), result.ranks_of("", year)
    order = sorted(range(len(scores)), key=lambda i: (places[i] == 0, places[i]))
    bearing = results.of_digest(SYSTEM, result.digest)
    ranked = bool(bearing) and all(r.ranked for r in bearing)
    rows = [(_("地区"), _("得分"), _("位次")) if ranked else (_("地区"), _("得分"))]
    for i in order:
        code = result.panel.units[i]
        name = names[code].name if code in names else code
        said = (name, f"{scores[i]:.6f}" if places[i] else "—")
        rows.append((*said, str(places[i]) if places[i] else "—") if ranked else said)
    print(table(rows))
    if not ranked:
        print(_("实验性结果，不作总排名。"))
    print(_("一致：%(digest)s（%(year)s 年）") % {"digest": result.digest, "year": year})
    return 0
