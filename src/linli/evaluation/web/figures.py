"""The figures of a result: each is drawn once for a wide sheet and once for a phone, and leaves as SVG, PNG and XLSX.

A figure is a title, a sentence of what it shows, a function of a frame that gives the SVG, and the table behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from linli.exchange.columns import Column, Kind

from .. import charts
from ..charts.ranked import Row as Bar
from ..charts.slopes import Pair, slopes
from ..queries.explore import ranking, structure, versus, weighing
from ..queries.explore.profile import profile
from ..queries.explore.versus import State
from . import explore_words as words
from .explore_asked import Looking

WIDE, NARROW = 720, 340
Draw = Callable[[charts.Frame], str]


@dataclass(frozen=True)
class Table:
    """What lies behind a figure."""

    name: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]


@dataclass(frozen=True)
class Figure:
    """`query` is added to the address of its files. `scrolls`: too fine for a phone, the wide sheet scrolls there."""

    key: str
    title: str
    desc: str
    draw: Draw
    table: Table
    at: Looking
    query: dict[str, Any] = field(default_factory=dict)
    scrolls: bool = False
    width: int = WIDE
    note: str = ""  # what must stand beside the figure wherever it is copied

    def sheet(self, width: int, heading: bool = False, foot: bool = False) -> str:
        below = "｜".join(s for s in (self.caption, self.note) if s) if foot else ""
        frame = charts.Frame(self.title, self.desc, below, width, heading)
        return self.draw(frame)

    @property
    def caption(self) -> str:
        return self.at.caption

    @property
    def wide(self) -> SafeString:
        return mark_safe(self.sheet(self.width))  # noqa: S308  a drawing escapes its words

    @property
    def narrow(self) -> SafeString:
        return mark_safe("" if self.scrolls else self.sheet(NARROW))  # noqa: S308  as above

    def address(self, kind: str) -> str:
        query = {"year": self.at.year, "node": self.at.node, **self.query}
        asked = urlencode({k: v for k, v in query.items() if v not in ("", None)})
        path = reverse(f"evaluation:result-figure-{kind}", args=[self.at.opened.row.id, self.key])
        return f"{path}?{asked}"

    @property
    def svg_url(self) -> str:
        return self.address("svg")

    @property
    def xlsx_url(self) -> str:
        return self.address("xlsx")

    @property
    def file_name(self) -> str:
        return f"{self.key}-{self.at.year}-{self.at.opened.row.short}"


def _unit() -> tuple[Column, Column]:
    return Column("code", _("代码"), "Code", Kind.CODE), Column("name", _("地区"), "Unit", width=14)


def _number(key: str, label: str, english: str) -> Column:
    return Column(key, label, english, Kind.DECIMAL)


def ranking_figure(at: Looking, asked: dict[str, str]) -> Figure:
    """Scores of the units with what the replicates make of them."""
    found = ranking(at.subject, at.node, at.year, asked.get("sort", "rank"), asked.get("label", ""))
    ranked = at.ranked
    bars = [
        Bar(
            row.unit.name, row.score, row.score_low, row.score_high, row.rank if ranked else 0,
            row.low if ranked else None, row.high if ranked else None, note=_("数据不足"),
        )
        for row in found.rows
    ]  # fmt: skip
    title = _("%(node)s，%(year)s 年") % {"node": at.look.name, "year": at.year}
    desc = (
        _("各地得分由高到低；细线是变换测算方法后 90 % 的情形所在的范围。")
        if found.intervals
        else _("各地得分由高到低。")
    )
    columns = (
        *_unit(), _number("rank", _("位次"), "Rank"), _number("score", _("得分"), "Score"),
        _number("low", _("位次区间下限"), "Rank from"), _number("high", _("位次区间上限"), "Rank to"),
        _number("score_low", _("得分区间下限"), "Score from"), _number("score_high", _("得分区间上限"), "Score to"),
        _number("beats", _("高于下一名的把握"), "P(before next)"), Column("why", _("说明"), "Note", width=40),
    )  # fmt: skip
    rows = [
        [
            row.unit.code, row.unit.full or row.unit.name, row.rank or None if ranked else None, row.score,
            row.low if ranked else None, row.high if ranked else None, row.score_low, row.score_high,
            row.beats_next if ranked else None, "" if row.rank else words.why_missing(row),
        ]
        for row in found.rows
    ]  # fmt: skip
    rows += [[u.code, u.full or u.name, *[None] * 7, _("没有任何实测数据")] for u in _absent(at, asked)]
    return Figure(
        "ranking", title, desc, lambda f: charts.ranking(bars, f, ranked=ranked, head=_("得分")),
        Table(title, columns, rows), at, asked,
    )  # fmt: skip


def _absent(at: Looking, asked: dict[str, str]) -> Sequence[Any]:
    return at.of.absent_units if not asked.get("label") else ()


def map_figure(at: Looking, asked: dict[str, str]) -> Figure:
    """Provinces as equal tiles, in five steps of as many units each."""
    found = ranking(at.subject, at.node, at.year)
    values = {row.unit.code: row.score for row in found.rows}
    title = _("%(node)s，%(year)s 年") % {"node": at.look.name, "year": at.year}
    table = ranking_figure(at, {}).table
    return Figure(
        "map", title, charts.tile_note(),
        lambda f: charts.tile_map(values, f, strong=asked.get("unit", "")), table, at, asked, note=charts.tile_note(),
    )  # fmt: skip


def profile_figure(at: Looking, asked: dict[str, str]) -> Figure:
    """A unit's parts among all units."""
    found = profile(at.subject, at.unit or asked.get("unit", ""), at.year)
    y = at.subject.result.year_at(at.year)
    scores = at.subject.result.scores
    strips = []
    for s in (found.top, *found.parts):
        column = scores[y, :, at.subject.result.code_at(s.node.code)]
        others = tuple(None if v != v else float(v) for v in column)
        rank = s.rank if at.may_rank(s.node.code) else 0
        strips.append(charts.Strip(s.node.name, s.score, others, rank, s.ranked))
    title = _("%(unit)s：各部分得分，%(year)s 年") % {"unit": found.unit.name, "year": at.year}
    columns = (
        Column("code", _("代码"), "Code", Kind.CODE), Column("name", _("项目"), "Item", width=30), _number("score", _("得分"), "Score"),
        _number("rank", _("位次"), "Rank"), _number("median", _("中位数"), "Median"), _number("given", _("对总分的贡献"), "Contribution"),
        _number("raw", _("指标值"), "Value"), Column("symbol", pgettext("measure", "单位"), "Unit of measure"), Column("status", _("数据"), "Data", width=24),
    )  # fmt: skip
    rows = [
        [s.node.code, s.node.name, s.score, s.rank or None if at.may_rank(s.node.code) else None, s.median, s.given, s.raw,
         s.node.symbol if s.leaf else "", str(words.STATUS[s.status]) if s.status is not None else ""]
        for s in found.strips
    ]  # fmt: skip
    ranks = any(s.rank for s in strips)
    return Figure(
        "profile", title, _("每条细线是一个地区，圆点是%(unit)s。") % {"unit": found.unit.name},
        lambda f: charts.profile(strips, f, ranked=ranks), Table(title, columns, rows), at, {"unit": found.unit.code},
    )  # fmt: skip


def change_figure(at: Looking, asked: dict[str, str]) -> Figure:
    """A unit's score from the year before to this one, taken apart."""
    found = profile(at.subject, at.unit or asked.get("unit", ""), at.year)
    title = _("%(unit)s：%(a)s 到 %(b)s 年的变化") % {"unit": found.unit.name, "a": found.before, "b": found.year}
    parts = [charts.Part(words.bar_name(bar), bar.amount) for bar in found.change]
    ends = (
        charts.Part(str(found.before), found.score_before or 0.0),
        charts.Part(str(found.year), found.top.score or 0.0),
    )
    return Figure(
        "change", title, _("各项加起来等于两年得分之差。"), lambda f: charts.waterfall(ends[0], parts, ends[1], f),
        waterfall_table(title, ends, parts), at, {"unit": found.unit.code},
    )  # fmt: skip


def waterfall_table(title: str, ends: tuple[charts.Part, charts.Part], parts: Sequence[charts.Part]) -> Table:
    columns = Column("name", _("项目"), "Item", width=30), _number("value", _("数值"), "Value")
    return Table(title, columns, [[p.name, p.value] for p in (ends[0], *parts, ends[1])])


def correlation_figure(at: Looking, asked: dict[str, str]) -> Figure:
    """Correlations below a node, blue with, orange against."""
    method = "spearman" if asked.get("method") == "spearman" else "pearson"
    deep = asked.get("deep") == "1"
    found = structure(at.subject, at.node, method, deep, at.year)
    names = [n.name for n in found.codes]
    title = _("%(node)s之下的相关，%(year)s 年") % {"node": at.look.name, "year": at.year}
    columns = (Column("name", _("项目"), "Item", width=24), *(_number(f"c{i}", n, n) for i, n in enumerate(names)))
    rows = [[name, *values] for name, values in zip(names, found.matrix, strict=True)]
    desc = _("蓝色同向，橙色反向；最后一行是与上级的相关。")
    return Figure(
        "correlations", title, desc, lambda f: charts.heat(names, names, found.matrix, f, middle=0.0, reach=1.0),
        Table(title, columns, rows), at, {k: asked[k] for k in ("method", "deep") if asked.get(k)}, len(names) > 6,
        max(WIDE, 46 * len(names) + 220),
    )  # fmt: skip


def weights_figure(at: Looking, asked: dict[str, str]) -> Figure:
    """Each child's share, its share of importance."""
    rows = weighing(at.subject, at.year)
    mine = [w for w in rows if at.subject.result.framework.parent_of.get(w.node.code) == at.code]
    title = _("%(node)s之下的权重，%(year)s 年") % {"node": at.look.name, "year": at.year}
    columns = (
        Column("code", _("代码"), "Code", Kind.CODE), Column("name", _("项目"), "Item", width=30), _number("share", _("在上级里的权重"), "Share"),
        _number("effective", _("在总分里的权重"), "Effective weight"), _number("importance", _("重要性（与上级相关的平方）"), "Importance"),
        _number("part", _("重要性占比"), "Share of importance"),
    )  # fmt: skip
    table = Table(
        title,
        columns,
        [[w.node.code, w.node.name, w.share, w.effective, w.importance, w.importance_share] for w in rows],
    )
    bars = [Bar(w.node.name, None if w.share is None else 100 * w.share) for w in mine]
    return Figure("weights", title, "", lambda f: charts.bars(bars, f, unit="%"), table, at, asked)


def sensitivity_figure(at: Looking, asked: dict[str, str]) -> Figure:
    """How much of the spread hangs on each choice, for a unit's rank or the mean shift of ranks."""
    found = at.of.sensitivity
    target = asked.get("unit", "") if asked.get("unit", "") in found["targets"] else ""
    t = found["targets"].index(target)
    rows = [(name, found["first"][k][t] or 0.0, found["total"][k][t] or 0.0) for k, name in enumerate(found["factors"])]
    rows.sort(key=lambda r: -r[2])
    who = at.subject.unit(target).name if target else _("全部地区")
    title = _("哪种选择影响最大：%(who)s") % {"who": who}
    ends = [found.get(k) for k in ("first_interval", "total_interval")]
    columns = (
        Column("name", _("不确定因素"), "Factor", width=24), _number("first", _("一阶指数"), "First order"), _number("total", _("总指数"), "Total"),
        _number("fl", _("一阶下限"), "First from"), _number("fh", _("一阶上限"), "First to"),
        _number("tl", _("总指数下限"), "Total from"), _number("th", _("总指数上限"), "Total to"),
    )  # fmt: skip
    table = [
        [name, found["first"][k][t], found["total"][k][t], *(end[side][k][t] if end else None for end in ends for side in (0, 1))]
        for k, name in enumerate(found["factors"])
    ]  # fmt: skip
    desc = _("深色是它单独的作用，浅色是它和其他选择一起的作用。")
    return Figure("sensitivity", title, desc, lambda f: charts.indices(rows, f), Table(title, columns, table), at, {"unit": target})  # fmt: skip


def acceptability_figure(at: Looking, asked: dict[str, str]) -> Figure:
    """How often each unit takes each rank."""
    spread = at.subject.spreads[at.of.study_year or at.year]
    order = ordered(at, spread.units)
    names = [at.subject.unit(spread.units[i]).name for i in order]
    values = [[100 * (v or 0.0) if v else None for v in spread.acceptability[i]] for i in order]
    heads = [str(k + 1) for k in range(len(spread.units))]
    title = _("各地取得各位次的可能（%）")
    columns = (Column("name", _("地区"), "Unit", width=14), *(_number(f"r{h}", h, h) for h in heads))
    levels = charts.Levels((5.0, 10.0, 25.0, 50.0), 0)
    rows = [[n, *(v or 0.0 for v in row)] for n, row in zip(names, values, strict=True)]
    return Figure(
        "acceptability", title, _("一行一个地区，一列一个位次；颜色越深，变换方法后越常排在那里。"),
        lambda f: charts.heat(names, heads, values, f, decimals=0, levels=levels), Table(title, columns, rows), at, {}, True, 960,
    )  # fmt: skip


def beats_figure(at: Looking, asked: dict[str, str]) -> Figure:
    """How often the row's unit stands before the column's."""
    spread = at.subject.spreads[at.of.study_year or at.year]
    order = ordered(at, spread.units)
    names = [at.subject.unit(spread.units[i]).name for i in order]
    values = [[None if i == j or spread.beats[i][j] is None else 100 * (spread.beats[i][j] or 0.0) for j in order] for i in order]  # fmt: skip
    title = _("一地排在另一地之前的可能（%）")
    columns = (Column("name", _("地区"), "Unit", width=14), *(_number(f"u{i}", n, n) for i, n in enumerate(names)))
    rows = [[n, *row] for n, row in zip(names, values, strict=True)]
    return Figure(
        "beats", title, _("行排在列之前的次数占比；蓝色多于一半，橙色少于一半。"),
        lambda f: charts.heat(names, names, values, f, decimals=0, middle=50.0, reach=50.0), Table(title, columns, rows), at, {}, True, 960,
    )  # fmt: skip


def ordered(at: Looking, units: Sequence[str]) -> list[int]:
    """Places of the units in the order of the nominal result, or of their codes where that order has no numbers; those
    without a score are left out.
    """
    r = at.subject.result
    year = at.of.study_year or at.year
    places = dict(zip(r.panel.units, r.ranks_of("", year).tolist(), strict=True))
    there = [i for i, u in enumerate(units) if places.get(u, 0) > 0]
    if not at.may_rank(r.framework.root):
        return sorted(there, key=lambda i: units[i])
    return sorted(there, key=lambda i: places[units[i]])


def years_figure(at: Looking, asked: dict[str, str]) -> Figure:
    """Places of all units in two years of the result."""
    before = int(asked["before"])
    found = versus(State(at.subject, before), State(at.subject, at.year), at.node)
    return slope_figure(at, found.rows, str(before), str(at.year), {"before": str(before)})


def slope_figure(
    at: Looking, rows: Sequence[Any], before: str, after: str, query: dict[str, str], *, ranked: bool = True
) -> Figure:
    """Two states of all units, as places with the lines between. `ranked`: whether the state before may have numbers."""
    pairs = [Pair(r.unit.name, r.rank_a, r.rank_b, r.score_a, r.score_b) for r in rows]
    title = _("%(node)s：%(a)s 到 %(b)s") % {"node": at.look.name, "a": before, "b": after}
    numbered = at.ranked and ranked
    columns = (
        *_unit(), _number("rank_a", _("前一位次"), "Rank before"), _number("rank_b", _("后一位次"), "Rank after"), _number("gained", _("上升位数"), "Places gained"),
        _number("score_a", _("前一得分"), "Score before"), _number("score_b", _("后一得分"), "Score after"), _number("difference", _("得分之差"), "Difference"),
    )  # fmt: skip
    table = [
        [r.unit.code, r.unit.full or r.unit.name, (r.rank_a or None) if numbered else None, (r.rank_b or None) if numbered else None,
         r.gained, r.score_a, r.score_b, r.difference]
        for r in rows
    ]  # fmt: skip
    return Figure(
        "slope", title, _("线从前一次的位置连到后一次的位置；变动最大的画得最重。"),
        lambda f: slopes(pairs, f, before=before, after=after, numbered=numbered), Table(title, columns, table), at, query,
    )  # fmt: skip


FIGURES: dict[str, Callable[[Looking, dict[str, str]], Figure]] = {
    "ranking": ranking_figure, "map": map_figure, "profile": profile_figure, "change": change_figure,
    "correlations": correlation_figure, "weights": weights_figure, "sensitivity": sensitivity_figure,
    "acceptability": acceptability_figure, "beats": beats_figure, "slope": years_figure,
}  # fmt: skip
