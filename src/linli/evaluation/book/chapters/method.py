"""How it was computed, what this edition may say and what it may not."""

from __future__ import annotations

from django.utils.translation import gettext as _

from linli_engines.composite.digest import METHOD

from ... import documents
from ...charts.svg import number
from ...web import explore_words
from .. import method as said
from ..blocks import Block, Chapter, Fact, Facts, Grid, Listing, Paragraph, Section, heads, words
from ..edition import Edition


def chapter(edition: Edition) -> Chapter:
    blocks: list[Block] = [*_standing(edition), *_what(edition), *_how(edition), *_spread(edition), *_notes(edition)]
    return Chapter("method", _("方法"), tuple(blocks))


def _standing(edition: Edition) -> list[Block]:
    row = edition.row
    found: list[Block] = []
    if not edition.released:
        found.append(Paragraph(_("内部稿：这份结果还没有发布，不得对外引用。"), "warn"))
    if row.experimental:
        found.append(Paragraph(_("实验性：本书不印总指数的位次。原因如下："), "warn"))
        found.append(Listing(tuple(
            _("%(why)s：%(parts)s") % {"why": r["sentence"], "parts": _("、").join(r["parts"])} if r["parts"] else r["sentence"]
            for r in explore_words.reasons(row.reasons, edition.of.opened)
        )))  # fmt: skip
    return found


def _what(edition: Edition) -> list[Block]:
    row, subject = edition.row, edition.of.subject
    panel = subject.result.panel
    text = _("本书评价%(units)s个地区%(from)s年至%(to)s年的“%(framework)s”。评价的对象是地区，不是个人。") % {
        "units": len(panel.units), "from": panel.years[0], "to": panel.years[-1], "framework": row.framework,
    }  # fmt: skip
    facts = (
        Fact(_("地区"), str(len(panel.units))),
        Fact(_("年份"), f"{panel.years[0]}–{panel.years[-1]}" if len(panel.years) > 1 else str(panel.years[0])),
        Fact(_("有数据的指标"), str(len(subject.result.framework.leaves)), _("体系共 %(n)s 个") % {"n": sum(1 for n in edition.of.opened.nodes if n.kind == "indicator")}),
        Fact(_("变换测算的次数"), number(edition.of.opened.summary.get("replicates"), 0) if edition.of.opened.summary.get("replicates") else "—"),
    )  # fmt: skip
    lines = (
        words(_("评价体系"), _("%(name)s，第 %(n)s 版") % {"name": row.framework, "n": row.edition}),
        words(_("测算方案"), row.scenario),
        words(_("数据"), edition.data_day),
        words(_("结果码"), row.digest),
        words(_("核对"), f"linli verify-result {row.digest}"),
        words(_("计算方法的版本"), str(METHOD)),
    )
    return [Paragraph(text, "lead"), Facts(facts), Grid("", heads((_("项目"), _("内容"))), lines)]


def _how(edition: Edition) -> list[Block]:
    result = edition.of.subject.result
    names = {c: edition.of.subject.node(c).name for c in result.framework.codes}
    note = _(
        "步骤的次序依经济合作与发展组织和欧盟联合研究中心《综合指标构建手册》（2008）。每一步的选择都写在方案里，与数据一起决定结果码；同样的数据和方案总得到同样的结果码。"
    )
    return [
        Section(_("怎样测算"), "method-steps"),
        Listing(tuple(said.steps(result.scenario, names))),
        Paragraph(note, "note"),
    ]


def _spread(edition: Edition) -> list[Block]:
    summary = edition.of.opened.summary
    found: list[Block] = [Section(_("区间是怎么来的"), "method-spread")]
    if not summary.get("units"):
        return [*found, Paragraph(_("这份结果没有做不确定性分析，本书只印得分，不印区间。"), "warn")]
    varied = said.factors(documents.factors_of(summary.get("factors") or []))
    words_ = {"n": number(summary["replicates"], 0), "level": f"{summary['level'] * 100:g}%", "year": summary["year"]}
    text = _(
        "把下列选择随机组合，重新测算 %(n)s 次（%(year)s 年），每个地区 %(level)s 的结果所在的范围就是它的区间。区间越宽，位次越取决于方法，越不宜据以比较先后。"
    )
    return [*found, Paragraph(text % words_), Listing(tuple(varied))]


def _notes(edition: Edition) -> list[Block]:
    notes = [str(p) for p in edition.row.problems if not p.stops]
    if not notes:
        return []
    return [Section(_("测算时的提示"), "method-notes"), Listing(tuple(notes))]
