"""How urgent a matter is at a moment: late, soon, ok or done; and the time left in words. Reads only the clock."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from linli.core import clock

SOON_S = 4 * 3600  # shown as 快到期 from four hours before the time runs out
WORDS = {
    "late": gettext_lazy("已超期"),
    "soon": gettext_lazy("快到期"),
    "ok": gettext_lazy("在办"),
    "done": gettext_lazy("已办结"),
}


def urgency(due_at: datetime | None, closed_at: datetime | None, now: datetime | None = None) -> str:
    """late | soon | ok | done. A matter without a limit is ok until it is closed."""
    if closed_at is not None:
        return "done"
    if due_at is None:
        return "ok"
    left_s = (due_at - (now or clock.now())).total_seconds()
    return "late" if left_s < 0 else "soon" if left_s <= SOON_S else "ok"


def of(matter: Any, now: datetime | None = None) -> str:
    """The urgency of anything with `due_at` and `closed_at`, or of a dict with those keys."""
    if isinstance(matter, dict):
        return urgency(matter.get("due_at"), matter.get("closed_at"), now)
    return urgency(getattr(matter, "due_at", None), getattr(matter, "closed_at", None), now)


def span(seconds: float) -> str:
    """A length of time in its two largest units: 1 天 15 小时, 2 小时 40 分, 8 分."""
    minutes = max(int(abs(seconds)) // 60, 0)
    days, rest = divmod(minutes, 1440)
    hours, mins = divmod(rest, 60)
    parts = []
    if days:
        parts.append(ngettext("%(n)d 天", "%(n)d 天", days) % {"n": days})
    if hours:
        parts.append(ngettext("%(n)d 小时", "%(n)d 小时", hours) % {"n": hours})
    if mins and not days:
        parts.append(ngettext("%(n)d 分", "%(n)d 分", mins) % {"n": mins})
    return " ".join(parts[:2]) or _("不到 1 分")


def sentence(due_at: datetime | None, closed_at: datetime | None, now: datetime | None = None) -> str:
    """What stands beside the mark: 超期 1 天 15 小时, 还剩 40 分, 已办结, 无时限."""
    if closed_at is not None:
        return str(WORDS["done"])
    if due_at is None:
        return _("无时限")
    left_s = (due_at - (now or clock.now())).total_seconds()
    if left_s < 0:
        return _("超期 %(span)s") % {"span": span(left_s)}
    return _("还剩 %(span)s") % {"span": span(left_s)}
