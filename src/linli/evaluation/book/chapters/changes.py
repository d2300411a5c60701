"""Since last year: who moved, and what each change is made of, adding up exactly."""

from __future__ import annotations

from django.utils.translation import gettext as _

from ... import charts
from ...charts.slopes import Pair, slopes
from ...charts.svg import number
from ...queries.explore import State, profile, versus
from ...web import explore_words
from ..blocks import Block, Cell, Chapter, Drawn, Grid, Listing, Paragraph, heads
from ..edition import Edition, score


def chapter(edition: Edition) -> Chapter:
    title = _("比上年的变化和原因")
    before = edition.before
    if before is None:
        text = _("这份结果只测算了一年，没有上年可比。")
        return Chapter("changes", title, (Paragraph(text, "warn"),))
    subject = edition.of.subject
    both = versus(State(subject, before), State(subject, edition.year))
    blocks: list[Block] = []
    if both.problems:
        blocks.append(Paragraph(_("两年的得分不在同一把尺子上，不能相减，本章只比较位次。原因如下："), "warn"))
        blocks.append(Listing(tuple(explore_words.problem_sentences(both.problems, subject))))
    else:
        rows = [r for r in both.rows if r.difference is not None]
        up = sum(1 for r in rows if (r.difference or 0) > 0)
        words = {"before": before, "year": edition.year, "n": len(rows), "up": up, "down": len(rows) - up}
        blocks.append(
            Paragraph(
                _("%(before)s 年到 %(year)s 年，%(n)s 个地区里 %(up)s 个得分上升，%(down)s 个没有上升。") % words,
                "lead",
            )
        )
    if edition.may_rank(edition.root):
        pairs = [Pair(r.unit.name, r.rank_a, r.rank_b, r.score_a, r.score_b) for r in both.rows]
        heading = _("位次的变化，%(before)s 年到 %(year)s 年") % {"before": before, "year": edition.year}
        svg = slopes(
            pairs,
            edition.frame(heading),
            before=_("%(year)s 年") % {"year": before},
            after=_("%(year)s 年") % {"year": edition.year},
        )
        blocks.append(Drawn(heading, svg, "slopes"))
    if not both.problems:
        blocks += _pieces(edition, before)
    return Chapter("changes", title, tuple(blocks))


def _pieces(edition: Edition, before: int) -> list[Block]:
    """Each unit's change by part of the index."""
    subject = edition.of.subject
    found = [profile(subject, code, edition.year) for code in subject.result.panel.units]
    names = list(dict.fromkeys(explore_words.bar_name(c) for p in found for c in p.change))
    held = [(p, {explore_words.bar_name(c): c.amount for c in p.change}) for p in found]
    rows = []
    for p, bars in held:
        whole = p.top.score - p.score_before if p.top.score is not None and p.score_before is not None else None
        rows.append((
            Cell(p.unit.name), Cell(score(p.score_before), True), *(Cell(number(bars.get(n), 2, True), True) for n in names),
            Cell(number(whole, 2, True), True, "" if whole is None else "up" if whole > 0 else "down" if whole < 0 else ""),
            Cell(score(p.top.score), True),
        ))  # fmt: skip
    title = _("得分变化的组成，%(before)s 年到 %(year)s 年") % {"before": before, "year": edition.year}
    columns = [_("地区"), str(before), *names, _("合计"), str(edition.year)]
    note = _("各列是该部分数据的变化带来的得分；权重、指标增减另列。各列之和恰好等于两年得分之差，没有剩余。")
    grid = Grid(title, heads(columns, range(1, len(columns))), tuple(rows), note, small=True)
    values = [[bars.get(n) for n in names] for _p, bars in held]
    if not names:
        return [grid]
    reach = max((abs(v) for row in values for v in row if v is not None), default=1.0)
    frame = edition.frame(title, _("蓝色增加，橙色减少。"))
    figure = charts.heat([p.unit.name for p, _b in held], names, values, frame, middle=0.0, reach=reach)
    return [Drawn(title, figure, "changes", frame.desc), grid]
