"""Words and numbers of the residents' pages: what is offered first, how much fits, how often."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from linli.site.limits import Rate, rates

UNKNOWN_CLASS = "2199"  # 其他问题: for who does not know which to choose; the operator decides
# What residents of Beijing report most (12345 年度数据分析报告 2020: 物业、环境、停车、施工、道路), offered as chips.
COMMON_CLASSES = ("0102", "2101", "0505", "0110", "2105", "0404", "0301", "0506", "0507", "2104", "2102", "0406")
DESCRIPTION_MAX = 500
ADDRESS_MAX = 100
PHOTO_MAX = 3
DAYS = (7, 30)
STATES = ("working", "closed")
LIST_SIZE = 60
NEAR_ZOOM = 16
GOES = frozenset({"next", "back", "search", "place", "what", "check", "send", "upload", "again", "language"})


def limits(name: str) -> Iterable[Sequence[int]]:
    """How often one network may do `name`: pairs of (times, seconds). `settings.PORTAL_LIMITS` overrides the data."""
    own = getattr(settings, "PORTAL_LIMITS", {})
    return own[name] if name in own else rates(Rate(f"portal_{name}"))


REFUSED_USES = (
    _("不建立人员名册：事项的对象只能是地点、设施、服务或单位，不能是人。"),
    _("不给人打分、排名、贴标签，也不预测谁会怎样。"),
    _("不跟踪人：不记录手机位置轨迹，不用人脸识别，不接视频监控。"),
    _("不按电话、姓名查一个人反映过什么。"),
    _("不用于人口管控、摸排，也不把反映人的信息给被反映的单位。"),
    _("不把数据用于广告，不交给第三方。"),
)
