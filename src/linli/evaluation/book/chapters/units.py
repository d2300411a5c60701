"""One profile for each unit: where it stands, what makes its score, what changed, which cells were not observed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from linli_engines.composite import Status

from ... import charts
from ...charts.ranked import rank_words
from ...charts.svg import number
from ...queries.explore import Profile, Strip, profile
from ...web import explore_words
from ..blocks import Block, Cell, Chapter, Drawn, Fact, Facts, Grid, Paragraph, Section, heads
from ..edition import Edition, amount, score


def chapter(edition: Edition, codes: Sequence[str], title: str, *, first: bool) -> Chapter:
    blocks: list[Block] = []
    if first:
        blocks.append(Paragraph(_("每个地区一页。短竖线是各地区，粗竖线是中位数，圆点是本地区；越靠右越好。"), "note"))
    for k, code in enumerate(codes):
        blocks += _unit(edition, code, fresh=k > 0 or not first)
    return Chapter(
        "units" if first else f"units-{codes[0]}", _("地区概况"), tuple(blocks), title if first else "", listed=first
    )


def _unit(edition: Edition, code: str, fresh: bool) -> list[Block]:
    found = profile(edition.of.subject, code, edition.year)
    name = found.unit.full or found.unit.name
    blocks: list[Block] = [Section(name, f"unit-{code}", fresh=fresh), Facts(_facts(edition, found, code))]
    if found.top.score is None:
        blocks.append(Paragraph(_("这一年的实测数据不足，没有总指数得分。"), "warn"))
    blocks.append(_parts(edition, found, name))
    blocks += _change(edition, found, name)
    return [*blocks, _indicators(edition, found), Paragraph(_sentences(found), "note")]


def _facts(edition: Edition, found: Profile, code: str) -> tuple[Fact, ...]:
    spread = edition.of.subject.spreads.get(edition.year)
    at = spread.at(code) if spread else None
    facts = [Fact(found.top.node.name, score(found.top.score), _("%(year)s 年") % {"year": edition.year})]
    if edition.may_rank(edition.root):
        interval = rank_words(spread.low[at], spread.high[at]) if spread and at is not None else "—"
        rank = f"{found.top.rank} / {found.top.ranked}" if found.top.rank else "—"
        facts += [Fact(_("位次"), rank), Fact(_("位次区间"), interval, _("变换方法后的 90 %"))]
    elif spread and at is not None and edition.scores_spread:
        facts.append(
            Fact(_("得分区间"), f"{score(spread.score_low[at])}–{score(spread.score_high[at])}", _("变换方法后的 90 %"))
        )
    if (
        found.before is not None
        and found.score_before is not None
        and found.top.score is not None
        and not found.refused
    ):
        facts.append(Fact(_("比上年"), number(found.top.score - found.score_before, 2, True), _("%(year)s 年为 %(score)s") % {"year": found.before, "score": score(found.score_before)}))  # fmt: skip
    facts.append(Fact(_("实测指标"), f"{_observed(found)} / {sum(1 for s in found.strips if s.leaf)}"))
    return tuple(facts)


def _observed(found: Profile) -> int:
    return sum(1 for s in found.strips if s.leaf and s.status == Status.OBSERVED)


def _parts(edition: Edition, found: Profile, name: str) -> Drawn:
    result = edition.of.subject.result
    there = {s.node.code: s for s in found.parts}
    strips = []
    for part in edition.of.opened.parts or [s.node for s in found.parts]:
        strip = there.get(part.code)
        if strip is None:
            strips.append(charts.Strip(part.name, None, ()))
            continue
        others = tuple(None if np.isnan(v) else float(v) for v in result.of(part.code, edition.year))
        rank = strip.rank if edition.may_rank(part.code) else 0
        strips.append(charts.Strip(strip.node.name, strip.score, others, rank, strip.ranked))
    title = _("%(unit)s各部分得分，%(year)s 年") % {"unit": name, "year": edition.year}
    ranked = any(s.rank for s in strips)
    svg = charts.profile(strips, edition.frame(title), decimals=2, limits=_limits(edition), ranked=ranked)
    return Drawn(title, svg, f"unit-{found.unit.code}")


def _limits(edition: Edition) -> tuple[float, float]:
    """The same scale on every page."""
    result = edition.of.subject.result
    codes = [result.framework.at[c] for c in result.framework.children[result.framework.root]]
    held = result.scores[result.year_at(edition.year)][:, codes]
    return (float(np.nanmin(held)), float(np.nanmax(held))) if np.isfinite(held).any() else (0.0, 1.0)


def _change(edition: Edition, found: Profile, name: str) -> list[Block]:
    if found.before is None or not found.change or found.score_before is None or found.top.score is None:
        return []
    title = _("%(unit)s：从 %(before)s 年到 %(year)s 年") % {"unit": name, "before": found.before, "year": edition.year}
    bars = [charts.Part(explore_words.bar_name(c), c.amount) for c in found.change]
    year = _("%(year)s 年")
    svg = charts.waterfall(
        charts.Part(year % {"year": found.before}, found.score_before), bars,
        charts.Part(year % {"year": edition.year}, found.top.score), edition.frame(title),
    )  # fmt: skip
    return [Drawn(title, svg, f"change-{found.unit.code}")]


def _indicators(edition: Edition, found: Profile) -> Grid:
    leaves = [s for s in found.strips if s.leaf]
    ranked = any(edition.may_rank(s.node.code) for s in leaves)
    titles = [
        _("指标"),
        pgettext("measure", "单位"),
        _("数值"),
        _("数据"),
        _("得分"),
        _("中位数得分"),
        *([_("位次")] if ranked else []),
    ]
    rows = []
    for s in leaves:
        filled = s.status is not None and s.status >= Status.MEAN
        cells = [
            Cell(s.node.name), Cell(s.node.symbol), Cell(amount(s.raw), True, "filled" if filled else "" if s.raw is not None else "missing"),
            Cell(_status(s)), Cell(score(s.score), True), Cell(score(s.median), True),
        ]  # fmt: skip
        if ranked:
            cells.append(Cell(f"{s.rank}/{s.ranked}" if s.rank and edition.may_rank(s.node.code) else "—", True))
        rows.append(tuple(cells))
    return Grid("", heads(titles, [k for k in range(2, len(titles)) if k != 3]), tuple(rows), small=True)


def _status(strip: Strip) -> str:
    return str(explore_words.STATUS.get(strip.status, "—")) if strip.status is not None else "—"


def _sentences(found: Profile) -> str:
    said = []
    if found.strong:
        said.append(
            _("比中位数地区多得分最多的是%(names)s。") % {"names": _("、").join(s.node.name for s in found.strong[:3])}
        )
    if found.weak:
        said.append(_("少得分最多的是%(names)s。") % {"names": _("、").join(s.node.name for s in found.weak[:3])})
    if found.gaps:
        said.append(_("没有数据的是%(names)s。") % {"names": _("、").join(s.node.name for s in found.gaps)})
    return "".join(said)
