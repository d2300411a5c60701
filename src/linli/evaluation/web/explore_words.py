"""The words for what a result says: how a cell was filled, what a treatment did, why a result is experimental."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from linli.core import clock
from linli_engines.composite import Status
from linli_engines.composite.errors import Problem

from .. import problems
from ..queries.explore import RankingRow, Subject
from ..queries.explore.profile import ChangePart
from ..queries.explored import node_look
from ..queries.results import Opened

STATUS = {
    Status.MISSING: gettext_lazy("缺，没有填补"),
    Status.OBSERVED: gettext_lazy("实测"),
    Status.EXCLUDED: gettext_lazy("不参加这一年"),
    Status.MEAN: gettext_lazy("填补：各地均值"),
    Status.MEDIAN: gettext_lazy("填补：各地中位数"),
    Status.GROUP_MEAN: gettext_lazy("填补：同组均值"),
    Status.GROUP_MEDIAN: gettext_lazy("填补：同组中位数"),
    Status.ROW: gettext_lazy("填补：本地其他指标"),
    Status.CARRY: gettext_lazy("填补：沿用上一次"),
    Status.INTERPOLATE: gettext_lazy("填补：两年之间插补"),
    Status.REGRESSION: gettext_lazy("填补：由相关指标回归"),
}
TREATMENT = {
    "winsorise": gettext_lazy("缩尾"),
    "log": gettext_lazy("取对数"),
    "boxcox": gettext_lazy("Box-Cox 变换"),
}
MEAN = {
    "arithmetic": gettext_lazy("算术平均"),
    "geometric": gettext_lazy("几何平均"),
    "harmonic": gettext_lazy("调和平均"),
    "power": gettext_lazy("幂平均"),
    "topsis": gettext_lazy("TOPSIS（与最好、最差的距离）"),
    "copeland": gettext_lazy("Copeland（两两胜负）"),
    "kemeny": gettext_lazy("Kemeny（最一致的次序）"),
}
LABELS = {"region": gettext_lazy("区域")}
"""Names of the units' labels."""

REASONS = {
    "part_without_data": gettext_lazy("下列部分没有任何数据，总分里没有它们"),
    "part_not_observed": gettext_lazy("下列部分在最近一年没有实测数据，全靠填补"),
    "part_provisional": gettext_lazy("下列部分用了暂定指标"),
    "indicator_provisional": gettext_lazy("下列指标是暂定的"),
}


def data_day(cut: datetime) -> str:
    """Statistics delivered up to that moment."""
    return _("数据截至 %(day)s") % {"day": f"{clock.local(cut):%Y-%m-%d}"}


def reasons(found: Iterable[Mapping[str, Any]], opened: Opened) -> list[dict[str, Any]]:
    """Why a result is experimental: a sentence and the names of what is meant."""
    names = {n.code: node_look(n).name for n in opened.nodes}
    return [
        {
            "code": r["code"],
            "sentence": str(REASONS.get(r["code"], r["code"])),
            "parts": [names.get(code, code) for code in r.get("parts", ())],
        }
        for r in found
    ]


def why_missing(row: RankingRow) -> str:
    """Why a unit has no score; never shown as zero."""
    if row.left_out:
        return _("实测数据太少，不参加这一年的测算")
    names = _("、").join(n.name for n in row.lacks)
    return _("缺 %(names)s") % {"names": names} if names else _("没有得分")


def problem_sentences(found: Iterable[Problem], subject: Subject) -> list[str]:
    """What the engine refuses or notes, in words with names."""
    names = {c: n.name for c, n in subject.nodes.items()} | {c: u.name for c, u in subject.units.items()}
    return [str(problems.told(p, names)) for p in found]


def bar_name(bar: ChangePart) -> str:
    """What a bar of a change stands for."""
    if bar.kind == "weights":
        return _("权重变化")
    if bar.kind == "framework":
        return _("指标增减")
    return bar.node.name if bar.node else _("其他指标")


def steps(names: Iterable[str]) -> str:
    return _("、").join(str(TREATMENT.get(n, n)) for n in names) or _("未处理")
