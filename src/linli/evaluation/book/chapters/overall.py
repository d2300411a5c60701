"""The total: ranking with intervals, on the map, and how sure one place before another is."""

from __future__ import annotations

from django.utils.translation import gettext as _

from ... import charts
from ...charts.ranked import rank_words
from ...queries.explore import Ranking, ranking
from ...web import explore_words
from ..blocks import Block, Cell, Chapter, Drawn, Grid, Paragraph, Section, heads
from ..edition import Edition, percent, score


def chapter(edition: Edition) -> Chapter:
    subject = edition.of.subject
    found = ranking(subject, "", edition.year)
    ranked = edition.may_rank(edition.root)
    blocks: list[Block] = [Paragraph(_summary(edition, found, ranked), "lead"), _figure(edition, found, ranked)]
    blocks += [
        *_map(edition, found),
        Section(_("各地得分"), "overall-table", fresh=True),
        _table(edition, found, ranked),
    ]
    return Chapter("overall", _("排名与区间") if ranked else _("得分与区间"), tuple(blocks))


def _summary(edition: Edition, found: Ranking, ranked: bool) -> str:
    there = [r for r in found.rows if r.rank]
    if not there:
        return _("%(year)s 年没有一个地区有总指数得分。") % {"year": edition.year}
    words = {
        "year": edition.year,
        "n": len(there),
        "top": score(found.top),
        "bottom": score(found.bottom),
        "name": found.node.name,
    }
    if not ranked:
        return (
            _(
                "%(year)s 年有 %(n)s 个地区算出“%(name)s”，得分在 %(bottom)s 到 %(top)s 之间。结果是实验性的，不排名次，下图按地区代码排列。"
            )
            % words
        )
    first = there[:3]
    words |= {"first": _("、").join(r.unit.name for r in first), "unsure": found.unsure}
    text = (
        _("%(year)s 年有 %(n)s 个地区算出“%(name)s”，得分在 %(bottom)s 到 %(top)s 之间，位列前三的是%(first)s。")
        % words
    )
    if found.intervals:
        text += _("有 %(unsure)s 个地区与下一名的先后把握不到 90%%，不宜强分高低。") % words
    return text


def _figure(edition: Edition, found: Ranking, ranked: bool) -> Drawn:
    rows = found.rows if ranked else tuple(sorted(found.rows, key=lambda r: r.unit.code))
    spread = edition.scores_spread
    bars = [
        charts.Row(
            r.unit.name,
            r.score,
            r.score_low if spread else None,
            r.score_high if spread else None, r.rank if ranked else 0, r.low if ranked else None,
            r.high if ranked else None, note=explore_words.why_missing(r) if r.score is None else "",
        )
        for r in rows
    ]  # fmt: skip
    title = _("%(name)s，%(year)s 年") % {"name": found.node.name, "year": edition.year}
    desc = (
        _("圆点是得分，浅色横条是变换方法后 90 % 的情形所在的范围。")
        if found.intervals and spread
        else _("圆点是得分。")
    )
    if found.intervals and not spread:
        desc += _("标准化方法也在变换之列，各次得分的尺度不同，所以只有位次区间，没有得分区间。")
    return Drawn(title, charts.ranking(bars, edition.frame(title, desc), ranked=ranked, decimals=2), "ranking", desc)


def _map(edition: Edition, found: Ranking) -> list[Block]:
    codes = {r.unit.code: r.score for r in found.rows}
    if len(set(codes) & charts.tile_codes()) < 10:
        return []
    title = _("%(name)s的分布，%(year)s 年") % {"name": found.node.name, "year": edition.year}
    return [Drawn(title, charts.tile_map(codes, edition.frame(title, charts.tile_note())), "map", charts.tile_note())]


def _table(edition: Edition, found: Ranking, ranked: bool) -> Grid:
    names = [
        _("位次"),
        _("地区"),
        _("得分"),
        _("得分区间"),
        _("位次区间"),
        _("先于下一名的把握"),
        _("较上年位次"),
        _("填补的指标"),
    ]
    keep = [0, 1, 2, 3, 4, 5, 6, 7] if ranked else [1, 2, 3, 7]
    if not found.intervals:
        keep = [k for k in keep if k not in (3, 4, 5)]
    elif not edition.scores_spread:
        keep.remove(3)
    rows = []
    for r in found.rows if ranked else sorted(found.rows, key=lambda r: r.unit.code):
        span = f"{score(r.score_low)}–{score(r.score_high)}" if r.score_low is not None else "—"
        moved = "—" if r.moved is None else _("升 %(n)s") % {"n": r.moved} if r.moved > 0 else _("降 %(n)s") % {"n": -r.moved} if r.moved else _("不变")  # fmt: skip
        cells = [
            Cell(str(r.rank) + ("=" if r.tied else "") if r.rank else "—", True),
            Cell(r.unit.full or r.unit.name),
            Cell(score(r.score), True) if r.score is not None else Cell(explore_words.why_missing(r), mark="missing"),
            Cell(span, True),
            Cell(rank_words(r.low, r.high), True),
            Cell(percent(r.beats_next, 0), True),
            Cell(moved, True),
            Cell(str(r.filled), True),
        ]
        rows.append(tuple(cells[k] for k in keep))
    note = _("“填补的指标”是这一年不是实测、而是按方案填补的指标个数。") + (
        _("位次后的“=”表示并列。") if ranked else ""
    )
    return Grid(_("%(year)s 年各地得分") % {"year": edition.year}, heads([names[k] for k in keep], [i for i, k in enumerate(keep) if k != 1]), tuple(rows), note, small=True)  # fmt: skip
