"""What the designer's page and its script are told: bounds, bars of a histogram, words, what was checked."""

from __future__ import annotations

from typing import Any

import shapely
from django.middleware.csrf import get_token
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from linli.accounts.permissions import ActorRequest
from linli.territory import queries as territory

from ..actions.designs import ground_of
from ..choices import BarrierKind, CellOrigin
from ..models import GroundChange
from ..queries.drafts import BINS_TO, DraftView, Figures

WIDE, HIGH = 360, 96
SHOWN = 60


def histogram(found: Figures, target_m2: float) -> dict[str, Any]:
    """Bars in the units of a view box, and where the target stands."""
    most = max(found.bars, default=0) or 1
    step = WIDE / max(len(found.bars), 1)
    bars = [
        {
            "x": round(i * step + 1, 1), "w": round(step - 2, 1), "h": round(HIGH * n / most, 1),
            "y": round(HIGH - HIGH * n / most, 1), "n": n,
            "from": round(i * BINS_TO * target_m2 / len(found.bars)), "to": round((i + 1) * BINS_TO * target_m2 / len(found.bars)),
            "last": i == len(found.bars) - 1,
        }
        for i, n in enumerate(found.bars)
    ]  # fmt: skip
    return {
        "bars": bars,
        "wide": WIDE,
        "high": HIGH,
        "target": round(WIDE / BINS_TO, 1),
        "most": round(BINS_TO * target_m2),
    }


def checked(view: DraftView) -> dict[str, Any] | None:
    """What the last check found: grids that a barrier cuts, by kind; how many steps ago that was."""
    if not view.report:
        return None
    crossed = [
        {"kind": BarrierKind(k).label, "n": len(codes), "codes": codes[:SHOWN], "more": max(len(codes) - SHOWN, 0)}
        for k, codes in view.report.get("crossed", {}).items()
        if k in BarrierKind.values
    ]
    slivers = view.report.get("slivers", [])
    return {
        "crossed": crossed, "slivers": slivers[:SHOWN], "n_slivers": len(slivers), "tiles": view.report.get("tiles"),
        "old": view.report.get("edits") != view.edits,
    }  # fmt: skip


def bounds(change: GroundChange) -> str:
    """West, south, east, north in degrees."""
    if change.draft.scope:
        return ",".join(f"{v:.6f}" for v in territory.bounds(change.draft.scope))
    box = shapely.total_bounds(list(ground_of(change.draft).values())).tolist()
    return ",".join(f"{v / 1e7:.6f}" for v in box)


def config(request: ActorRequest, view: DraftView, may: bool) -> dict[str, Any]:
    """What designer.js reads: addresses, numbers, sentences."""
    return {
        "urls": {name: reverse(f"ground:design-{name}", args=[view.id]) for name in ("cells", "edit")},
        "csrf": get_token(request), "may": may, "version": view.version, "edits": view.edits, "top": view.top,
        "target": view.target_m2, "language": get_language() or "zh", "shown": SHOWN,
        "origins": {str(k): str(v) for k, v in CellOrigin.choices}, "draft": view.id,
        "words": {
            "loading": _("正在取网格"), "failed": _("没有取到数据，请刷新。"), "offline": _("没有网络，这一步没有做。"),
            "conflict": _("刚才有人改过这份草稿，正在取新的。您选的网格还在，请再做一次。"),
            "chosen": _("选了 {n} 个，共 {m2} 平方米"), "none": _("还没有选网格"), "more": _("还有 {n} 个，输入编码来找"),
            "m2": _("{n} 平方米"), "cells": _("{n} 个网格"), "done": _("已改：{n} 个网格"), "undone": _("已撤销"), "redone": _("已重做"),
            "split": _("在图上从网格外点到网格外，把它切开；双击或回车结束"), "border": _("画一条新边界，从两格之外到两格之外；双击或回车结束"),
            "corner": _("拖动拐点；拖边上的空心点可以加一个拐点。只能动社区以内的"), "select": _("点一个网格；按住 Shift 点可以多选，按住 Shift 拖出方框"),
            "one": _("请先选一个网格"), "two": _("请先选相邻的两个网格"), "several": _("请先选两个或更多相邻的网格"),
            "badline": _("请写两个或更多坐标，例如 116.3601,39.8912 116.3650,39.8912"), "notfound": _("没有这个编码的网格"),
            "deviation": _("面积与目标之比"), "compact": _("紧凑程度"), "origin": _("与现行网格相比"), "working": _("正在改"),
            "remove": _("不选"), "area": _("面积"),
        },
    }  # fmt: skip
