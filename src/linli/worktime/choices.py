"""Words of worktime: units, kinds of days, kinds of revisions, names of festivals."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from .rules import HOLIDAY, MAKEUP, Unit

UNIT_LABELS = {
    Unit.URGENT_HOUR: _("紧急工作时"),
    Unit.WORKING_HOUR: _("工作时"),
    Unit.WORKING_DAY: _("工作日"),
    Unit.NATURAL_DAY: _("自然日"),
}


class DayKind(TextChoices):
    HOLIDAY = HOLIDAY, _("放假")
    MAKEUP = MAKEUP, _("调休上班")


class Change(TextChoices):
    LOAD = "load", _("装入整表")
    ENTER = "enter", _("录入年份")
    RESTORE = "restore", _("恢复上一版")
    HOURS = "hours", _("调整工作时间")
    LOCAL = "local", _("调整区划安排")


FESTIVALS = {
    "元旦": _("元旦"),
    "春节": _("春节"),
    "农历除夕": _("农历除夕"),
    "清明节": _("清明节"),
    "劳动节": _("劳动节"),
    "端午节": _("端午节"),
    "中秋节": _("中秋节"),
    "国庆节": _("国庆节"),
    "“五一”": _("劳动节"),
    "“五一”国际劳动节": _("劳动节"),
    "“十一”": _("国庆节"),
    "抗日战争暨世界反法西斯战争胜利70周年纪念日": _("抗战胜利70周年纪念日"),
}

WEEKDAYS = (_("星期一"), _("星期二"), _("星期三"), _("星期四"), _("星期五"), _("星期六"), _("星期日"))


def festival(name: str) -> str:
    """A festival's name in the reader's language; joined names ("国庆节、中秋节") part by part."""
    parts = [p.strip() for p in name.replace(",", "、").split("、")]
    return "、".join(str(FESTIVALS.get(p.removesuffix("（补假）"), p)) for p in parts if p)
