"""The parts of the index, one after another; a part without data has its page too, and says so."""

from __future__ import annotations

import numpy as np
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from linli_engines.composite import Status

from ... import charts
from ...queries.explore import ranking
from ...queries.panels import NodeView
from ..blocks import Block, Cell, Chapter, Drawn, Grid, Paragraph, Section, heads
from ..edition import Edition, percent
from .numerals import counted


def chapter(edition: Edition) -> Chapter:
    parts = edition.of.opened.parts
    blocks: list[Block] = [Paragraph(_opening(edition, parts), "lead"), *_together(edition, parts)]
    for part in parts:
        blocks += _part(edition, part)
    return Chapter("parts", _("%(n)s个部分") % {"n": counted(len(parts))}, tuple(blocks))


def _opening(edition: Edition, parts: tuple[NodeView, ...]) -> str:
    there = edition.of.subject.result.framework.at
    gone = [p.name for p in parts if p.code not in there]
    text = _("指数由%(names)s %(n)s 个部分合成。") % {"names": _("、").join(p.name for p in parts), "n": len(parts)}
    if gone:
        text += _("其中%(names)s没有可用的公开数据，没有得分，总指数里没有它们。") % {"names": _("、").join(gone)}
    return text


def _together(edition: Edition, parts: tuple[NodeView, ...]) -> list[Block]:
    """All units by all parts, shaded by score."""
    result, subject = edition.of.subject.result, edition.of.subject
    there = [p for p in parts if p.code in result.framework.at]
    if not there:
        return []
    columns = [p.name for p in parts]
    values: list[list[float | None]] = []
    for u in range(len(result.panel.units)):
        row = [float(result.of(p.code, edition.year)[u]) if p.code in result.framework.at else None for p in parts]
        values.append([None if v is None or np.isnan(v) else v for v in row])
    names = [subject.unit(c).name for c in result.panel.units]
    title = _("各地各部分得分，%(year)s 年") % {"year": edition.year}
    levels = charts.quintiles([v for row in values for v in row])
    frame = edition.frame(title, _("颜色越深得分越高；横线表示没有得分。"))
    return [Drawn(title, charts.heat(names, columns, values, frame, decimals=1, levels=levels), "parts", frame.desc)]


def _part(edition: Edition, part: NodeView) -> list[Block]:
    subject = edition.of.subject
    there = part.code in subject.result.framework.at
    blocks: list[Block] = [Section(part.name, f"part-{part.code}", fresh=there)]
    if not there:
        blocks.append(
            Paragraph(_("这一部分没有可用的公开数据，没有得分。拟用的指标列在下面，等有了数据再测算。"), "warn")
        )
        return [*blocks, _indicators(edition, part)]
    found = ranking(subject, part.code, edition.year)
    ranked = edition.may_rank(part.code)
    rows = found.rows if ranked else tuple(sorted(found.rows, key=lambda r: r.unit.code))
    title = _("%(name)s，%(year)s 年") % {"name": part.name, "year": edition.year}
    bars = [charts.Row(r.unit.name, r.score, rank=r.rank if ranked else 0) for r in rows]
    blocks.append(
        Drawn(title, charts.ranking(bars, edition.frame(title), ranked=ranked, decimals=2), f"part-{part.code}")
    )
    if not ranked:
        blocks.append(Paragraph(_("这一部分用到暂定指标，不排名次，按地区代码排列。"), "note"))
    return [*blocks, _indicators(edition, part)]


def _indicators(edition: Edition, part: NodeView) -> Grid:
    opened, result = edition.of.opened, edition.of.subject.result
    mine = [n for n in opened.nodes if n.kind == "indicator" and n.part == part.code]
    y = result.year_at(edition.year)
    rows = []
    for n in mine:
        if n.code in result.framework.at:
            marks = result.status[y, :, result.framework.at[n.code]]
            observed = Cell(_("%(n)s / %(of)s") % {"n": int((marks == Status.OBSERVED).sum()), "of": len(marks)}, True)
        else:
            observed = Cell(_("无数据"), mark="missing")
        rows.append((
            Cell(n.name), Cell(n.shown_unit), Cell(_("越大越好") if n.direction > 0 else _("越小越好")), Cell(_weight(edition, n), True),
            observed, Cell(n.calibre or "—"), Cell(_("有出处") if n.provenance == "sourced" else _("暂定")),
        ))  # fmt: skip
    titles = (
        _("指标"),
        pgettext("measure", "单位"),
        _("方向"),
        _("在部分中的权重"),
        _("实测地区"),
        _("口径"),
        _("来历"),
    )
    return Grid(_("%(name)s的指标") % {"name": part.name}, heads(titles, (3, 4)), tuple(rows), small=True)


def _weight(edition: Edition, node: NodeView) -> str:
    """Share among the siblings, or a dash where every unit has its own."""
    result = edition.of.subject.result
    parent = result.framework.parent_of.get(node.code, "")
    own = result.weights.get(parent)
    if own is None or own.ndim == 3:
        return "—"
    return percent(float(own[result.framework.children[parent].index(node.code)]))
