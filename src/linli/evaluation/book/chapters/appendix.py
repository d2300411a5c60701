"""The data themselves: every value with its mark, every series with where it was printed, what is not there; the tree."""

from __future__ import annotations

from collections import Counter

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from linli_engines.composite import Status

from ...charts.svg import number
from ...choices import ObsStatus
from ...queries.books import SeriesSource
from ...queries.explore import filled, treated, weighing
from ...web import explore_words
from ..blocks import Block, Cell, Chapter, Grid, Listing, Paragraph, Section, heads
from ..edition import Edition, amount, percent

AT_ONCE = 8
"""Columns of values on one page."""


def data(edition: Edition) -> Chapter:
    blocks: list[Block] = [
        Section(_("数据从哪里来"), "data-sources"), *_sources(edition), Section(_("各地指标值"), "data-values", fresh=True),
        *_values(edition), Section(_("缺的和填补的"), "data-gaps", fresh=True), *_gaps(edition), *_treated(edition),
    ]  # fmt: skip
    return Chapter("data", _("附录一　数据"), tuple(blocks))


def _sources(edition: Edition) -> list[Block]:
    if not edition.sources:
        return [Paragraph(_("没有登记数据的出处。"), "warn")]
    rows = []
    for s in edition.sources:
        cells = (Cell(s.name), Cell(s.symbol), Cell(s.calibre or "—"))
        printed = _("；").join(
            _("%(title)s（%(publisher)s，%(vintage)s 版，%(n)s 个数）") % {
                "title": p.title, "publisher": p.publisher, "vintage": p.vintage, "n": number(p.cells, 0)}
            for p in s.printed
        )  # fmt: skip
        rows.append((*cells, Cell(printed or _("没有数据"), mark="" if printed else "missing"), Cell(_said(s))))
    titles = (_("数据"), pgettext("measure", "单位"), _("口径"), _("出处"), _("状态"))
    return [Grid(_("数据的出处"), heads(titles), tuple(rows), edition.data_day, small=True)]


def _said(source: SeriesSource) -> str:
    """The counts of states, the usual one first."""
    labels = dict(ObsStatus.choices)
    return _("、").join(f"{labels.get(code, code)} {number(n, 0)}" for code, n in source.statuses) or "—"


def _values(edition: Edition) -> list[Block]:
    """Units by indicators, a few columns at a time; a filled value is marked."""
    subject = edition.of.subject
    r = subject.result
    y = r.year_at(edition.year)
    leaves = r.framework.leaves
    blocks: list[Block] = [Paragraph(_("带 * 的不是实测，是按方案填补的；横线表示没有数据，不是零。"), "note")]
    for start in range(0, len(leaves), AT_ONCE):
        lot = leaves[start : start + AT_ONCE]
        looks = [subject.node(c) for c in lot]
        rows = []
        for u, code in enumerate(r.panel.units):
            cells = [Cell(subject.unit(code).name)]
            for leaf in lot:
                i = r.framework.at[leaf]
                is_filled = int(r.status[y, u, i]) >= Status.MEAN
                text = amount(float(r.imputed[y, u, i]))
                cells.append(Cell(f"{text}*" if is_filled else text, True, "filled" if is_filled else ""))
            rows.append(tuple(cells))
        names = [_("地区"), *(f"{n.name}（{n.symbol}）" if n.symbol else n.name for n in looks)]
        title = _("%(year)s 年各地指标值（%(a)s–%(b)s）") % {
            "year": edition.year,
            "a": start + 1,
            "b": start + len(lot),
        }
        blocks.append(Grid(title, heads(names, range(1, len(names))), tuple(rows), edition.foot(), small=True))
    return blocks


def _gaps(edition: Edition) -> list[Block]:
    cells = filled(edition.of.subject, edition.year)
    blocks: list[Block] = []
    gone = edition.of.absent_nodes
    if gone:
        blocks.append(Paragraph(_("体系里没有任何数据的部分和指标，没有进入测算："), "warn"))
        blocks.append(Listing(tuple(f"{n.name}：{n.definition}" if n.definition else n.name for n in gone)))
    if edition.of.absent_units:
        blocks.append(Paragraph(_("没有任何数据、没有进入测算的地区：%(names)s。") % {"names": _("、").join(u.full or u.name for u in edition.of.absent_units)}))  # fmt: skip
    if not cells:
        return [*blocks, Paragraph(_("这一年进入测算的指标全部是实测，没有填补。"))]
    count = Counter((c.node.name, c.status) for c in cells)
    by = {key: [c.unit.name for c in cells if (c.node.name, c.status) == key] for key in count}
    rows = tuple(
        (Cell(name), Cell(str(explore_words.STATUS[status])), Cell(str(n), True), Cell(_("、").join(by[name, status]) if n < len(edition.of.subject.result.panel.units) else _("全部地区")))
        for (name, status), n in count.items()
    )  # fmt: skip
    titles = (_("指标"), _("怎样填补"), _("地区数"), _("地区"))
    return [
        *blocks,
        Grid(_("%(year)s 年填补和缺失的指标值") % {"year": edition.year}, heads(titles, (2,)), rows, small=True),
    ]


def _treated(edition: Edition) -> list[Block]:
    found = treated(edition.of.subject, edition.year)
    if not found:
        return []
    rows = tuple(
        (
            Cell(t.node.name),
            Cell(explore_words.steps(t.decision.steps)),
            Cell(_("通过") if t.decision.passed else _("未通过")),
        )
        for t in found
    )
    return [
        Section(_("异常值的处理"), "data-treated"),
        Grid(_("异常值的处理"), heads((_("指标"), _("处理"), _("结果"))), rows, small=True),
    ]


def tree(edition: Edition) -> Chapter:
    """Every row of the framework with its weights; definitions and sources."""
    rows = tuple(
        (Cell("　" * w.depth + w.node.name), Cell(percent(w.share), True), Cell(percent(w.effective), True), Cell(percent(w.importance_share), True))
        for w in weighing(edition.of.subject, edition.year)
    )  # fmt: skip
    titles = (_("名称"), _("同级权重"), _("在总指数中的权重"), _("实际的影响"))
    note = _("“实际的影响”是与上一级得分相关系数的平方在同级中的份额；它与权重相差大时，说明权重没有起到想要的作用。")
    weights = Grid(_("权重"), heads(titles, (1, 2, 3)), rows, note, small=True)
    nodes = [n for n in edition.of.opened.nodes if n.kind == "indicator"]
    lines = tuple(
        (Cell(n.name), Cell(n.definition or "—"), Cell(_("有出处") if n.provenance == "sourced" else _("暂定")), Cell(n.source or "—"))
        for n in nodes
    )  # fmt: skip
    meant = Grid(_("指标的含义"), heads((_("指标"), _("含义"), _("来历"), _("出处"))), lines, small=True)
    blocks: tuple[Block, ...] = (
        Section(_("权重"), "tree-weights"),
        weights,
        Section(_("指标的含义"), "tree-meaning", fresh=True),
        meant,
    )
    return Chapter("tree", _("附录二　评价体系"), blocks)
