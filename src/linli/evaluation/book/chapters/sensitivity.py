"""How much hangs on the method: intervals of ranks, and which choice moves them most."""

from __future__ import annotations

from django.utils.translation import gettext as _

from ... import charts
from ...charts.svg import number
from ...queries.explore import ranking
from ..blocks import Block, Cell, Chapter, Drawn, Grid, Paragraph, heads
from ..edition import Edition, percent


def chapter(edition: Edition) -> Chapter:
    summary = edition.of.opened.summary
    title = _("结果稳不稳")
    if not summary.get("units"):
        return Chapter("sensitivity", title, (Paragraph(_("这份结果没有做不确定性和敏感度分析。"), "warn"),))
    blocks: list[Block] = [*_indices(edition)]
    if summary.get("year") != edition.year:
        blocks.append(Paragraph(_("不确定性分析做的是 %(year)s 年。") % {"year": summary["year"]}, "note"))
    elif edition.may_rank(edition.root):
        blocks += [_intervals(edition), *_acceptability(edition)]
    else:
        blocks.append(Paragraph(_("结果是实验性的，不印各地的位次区间；得分区间见第二章。"), "note"))
    return Chapter("sensitivity", title, tuple(blocks))


def _indices(edition: Edition) -> list[Block]:
    found = edition.of.sensitivity
    if not found:
        return [Paragraph(_("这份结果没有做敏感度分析。"), "warn")]
    at = found["targets"].index("")
    rows = [
        (name, float(found["first"][k][at] or 0), float(found["total"][k][at] or 0))
        for k, name in enumerate(found["factors"])
    ]
    rows.sort(key=lambda r: -r[2])
    lead = _("各地位次平均移动多少，最取决于“%(name)s”：单独解释 %(first)s，连同与其他选择的交互解释 %(total)s。") % {
        "name": rows[0][0], "first": percent(rows[0][1]), "total": percent(rows[0][2]),
    }  # fmt: skip
    title = _("各种选择对位次的影响")
    how = _("Sobol 指数，逐一列举全部组合得到，没有抽样误差。") if found["exact"] else _("Sobol 指数，抽样 %(n)s 次估计。") % {"n": number(found["runs"], 0)}  # fmt: skip
    figure = charts.indices(rows, edition.frame(title, how))
    grid = Grid(
        title, heads((_("选择"), _("单独的影响"), _("连同交互的影响")), (1, 2)),
        tuple((Cell(n), Cell(percent(f), True), Cell(percent(t), True)) for n, f, t in rows),
    )  # fmt: skip
    return [Paragraph(lead, "lead"), Drawn(title, figure, "indices", how), grid]


def _intervals(edition: Edition) -> Drawn:
    found = ranking(edition.of.subject, "", edition.year)
    rows = [charts.Row(r.unit.name, r.score, rank=r.rank, rank_low=r.low, rank_high=r.high) for r in found.rows]
    title = _("位次区间，%(year)s 年") % {"year": edition.year}
    desc = _("横条是变换方法后 90 % 的情形里的位次，圆点是本书的位次。")
    return Drawn(title, charts.rank_intervals(rows, edition.frame(title, desc)), "intervals", desc)


def _acceptability(edition: Edition) -> list[Block]:
    subject = edition.of.subject
    spread = subject.spreads.get(edition.year)
    if spread is None or not spread.acceptability:
        return []
    found = ranking(subject, "", edition.year)
    order = [spread.at(r.unit.code) for r in found.rows if r.rank]
    names = [r.unit.name for r in found.rows if r.rank]
    values = [[v if v else None for v in spread.acceptability[k]] for k in order if k is not None]
    title = _("每个位次出现的机会，%(year)s 年") % {"year": edition.year}
    desc = _("一行是一个地区，一列是一个位次，颜色越深，变换方法时排到这一位的次数越多。")
    columns = [str(k + 1) for k in range(len(spread.acceptability[0]))]
    svg = charts.heat(names, columns, values, edition.frame(title, desc), middle=0.0, reach=1.0, written=False)
    return [Drawn(title, svg, "acceptability", desc)]
