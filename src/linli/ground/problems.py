"""What the engine refuses, as sentences for whoever draws. Codes are the engine's own; nothing is decided here."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from linli.core.errors import Invalid
from linli_engines.ground import Refused

DRAWING: dict[str, Any] = {
    "UNKNOWN": _("没有这个网格，可能刚被别人改掉了。请刷新。"),
    "LINE_INVALID": _("这条线不能用：至少要有两个不同的点。"),
    "LINE_CROSSES_ITSELF": _("画的线和自己相交了。请画成一条不打结的线。"),
    "LINE_DOES_NOT_CUT": _("线没有把网格切开：两头都要画到网格的边界。"),
    "SLIVER": _("会留下太小的一块：%(area_m2)s 平方米，至少要 %(least_m2)s 平方米。"),
    "FULL": _("这个社区的三位网格序号已经用完。"),
    "TOO_FEW": _("请选两个或更多网格。"),
    "OTHER_COMMUNITY": _("这些网格不在同一个社区，网格不能跨社区。"),
    "NOT_TOUCHING": _("这些网格没有连成一片，不能合并。"),
    "NOT_TWO_PARTS": _("这条线把两个网格切成了 %(count)s 块。新边界要正好切成两块。"),
    "NO_VERTEX": _("那里没有网格的拐点。"),
    "FIXED_BORDER": _("这是社区或区的界线，网格设计里不能移动。要改它，请起草界线改动。"),
    "CROSSES": _("移到那里，网格的边界会互相交叉。"),
    "TOO_FINE": _("线离已有的边界太近，分不出来。请画远一点。"),
    "NOT_TILED": _("改完会有空隙或重叠，所以没有改。"),
    "EMPTY": _("范围里没有可以划分的地面。"),
    "NOT_AN_AREA": _("范围不是面，不能划分。"),
    "NOT_VALID": _("范围的边界和自己相交。"),
    "TOO_LARGE": _("范围的拐点太多，请先简化。"),
    "OVERLAP": _("范围里有两块互相重叠：%(where)s。"),
    "LOST": _("有一块地面太小，分不出网格：%(where)s。"),
}
"""Refusals of design and edits."""

READING: dict[str, Any] = {
    "EMPTY": _("第 %(n)s 个要素是空的。"),
    "NOT_AN_AREA": _("第 %(n)s 个要素不是面。"),
    "NOT_NUMBERS": _("第 %(n)s 个要素的坐标不是数字。"),
    "NOT_LONLAT": _("第 %(n)s 个要素的坐标不是经纬度。"),
    "TOO_FEW": _("第 %(n)s 个要素的点太少：至少要三个不同的点。"),
    "NO_AREA": _("第 %(n)s 个要素没有面积。"),
    "TOO_LARGE": _("第 %(n)s 个要素的拐点太多，请先简化。"),
    "TANGLED": _("第 %(n)s 个要素的边界打结太多，分不清里外。"),
}
"""Refusals of a polygon of a file."""

NOTES: dict[str, Any] = {
    "UNCLOSED": _("边界没有闭合，已闭合"),
    "DUPLICATES": _("重复的点已去掉"),
    "SPIKES": _("尖刺已去掉"),
    "SELF_CROSSING": _("边界自相交，已按围住的面取"),
    "PARTS": _("由几块组成"),
    "HOLES": _("里面有洞，洞里不划分"),
    "WRONG_ORIENTATION": _("边界方向反了，已更正"),
    "HEIGHT": _("高程没有用到"),
    "SIMPLIFIED": _("直线上多余的点已去掉"),
    "HOLES_WRONG": _("洞不在面里，已更正"),
    "PARTS_OVERLAP": _("几块互相重叠，已合起来"),
    "DROPPED": _("没有面积的部分已去掉"),
}
"""What was mended on reading."""

UNREAD: dict[str, Any] = {
    "no_geometry": _("第 %(n)s 个要素没有图形。"),
    "not_polygon": _("第 %(n)s 个要素不是面。"),
    "bad_geometry": _("第 %(n)s 个要素的图形读不出来。"),
}


def sentence(refused: Refused, table: dict[str, Any] = DRAWING, **more: Any) -> str:
    """The sentence of a refusal with its numbers; codes that nobody foresaw name themselves."""
    data = {k: round(v) if isinstance(v, float) else v for k, v in refused.data.items()}
    words = {"area_m2": 0, "least_m2": 0, "count": 0, "where": _("、").join(refused.where[:5]), "n": 0, **data, **more}
    text = table.get(refused.code)
    return str(text) % words if text is not None else str(_("不能这样划分（%(code)s）。") % {"code": refused.code})


def invalid(refused: Refused, field: str = "line") -> Invalid:
    """As a refusal of the house; details name the cells it is about."""
    said = sentence(refused)
    return Invalid(refused.code.lower(), said, fields={field: [said]}, where=list(refused.where)[:20])
