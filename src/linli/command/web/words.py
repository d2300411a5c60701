"""Words that the command page and the wall share: the clock, the days, what a view is narrowed to."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from linli.core import clock
from linli.response import board
from linli.response.board import Wanted
from linli.territory import queries as territory


def board_clock(moment: Any) -> str:
    """11-22 周日 10:32"""
    here = clock.local(moment)
    return f"{here:%m-%d} {week()[here.isoweekday() % 7]} {here:%H:%M}"


def week() -> list[str]:
    """The short names of the days, from Sunday."""
    return [_("周日"), _("周一"), _("周二"), _("周三"), _("周四"), _("周五"), _("周六")]


def windows() -> list[tuple[str, str]]:
    """The windows of `days=` with their words."""
    return [("", _("不限时间")), ("1", _("今天受理的")), ("7", _("近 7 天受理的")), ("30", _("近 30 天受理的"))]


def narrowed(wanted: Wanted) -> list[str]:
    """What a view shows less of, one sentence each; empty for a whole division."""
    found = [territory.division_name(wanted.community)] if wanted.community else []
    if wanted.top:
        found.append(board.tops()[wanted.top])
    if wanted.days:
        found.append(dict(windows())[str(wanted.days)])
    return found
