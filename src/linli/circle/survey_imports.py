"""A filled workbook of the open survey, as exchange takes it in: one row a community and sub-item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from linli.core import clock
from linli.core.actor import Actor
from linli.core.decision import Decision
from linli.core.errors import Missing
from linli.exchange.columns import Column, Kind, Refused, shown
from linli.exchange.plan import Plan
from linli.exchange.reading import Row
from linli.territory import queries as territory

from . import permissions
from .actions import answers
from .choices import Offer, SheetState
from .models import Answer, Sheet
from .queries import catalogue as catalogues
from .queries import surveys as reads

FIELDS = ("offer", "fulfilled_pct", "evidence", "evidence_on")
NOTHING = {"fulfilled_pct": None, "evidence": "", "evidence_on": None}


class AnswerImporter:
    """Answers of the survey that is being filled. Rows that the file does not name stay as they are."""

    kind = "circle-answers"
    title = gettext_lazy("社区服务调查答案")
    hint = gettext_lazy(
        "写进正在填报的调查：一行是一个社区的一个小类。文件里没有的行不动；已提交的社区要先退回才能导入。"
    )
    home = "circle:surveys"
    retires = False

    def can(self, actor: Actor) -> Decision:
        return permissions.can_run_survey(actor, territory.district().code)

    def columns(self) -> Sequence[Column]:
        offers = {str(k): (str(v),) for k, v in Offer.choices}
        return (
            Column("community", _("社区编码"), "Community", Kind.CODE, required=True, pattern="[0-9]{12}", width=16,
                   pattern_says=_("社区编码是 12 位数字。")),
            Column("community_name", _("社区"), "Community name", compared=False, hint=_("给人看的，导入时不用。")),
            Column("item", _("小类编码"), "Item", Kind.CODE, required=True, width=10),
            Column("item_name", _("小类"), "Item name", compared=False, width=28, hint=_("给人看的，导入时不用。")),
            Column("offer", _("是否提供"), "Offer", Kind.CHOICE, required=True, choices=offers),
            Column("fulfilled_pct", _("满足度（%）"), "Fulfilled (%)", Kind.INTEGER, low=0, high=100, hint=_("可以不填。")),
            Column("evidence", _("依据"), "Evidence", most=answers.EVIDENCE_MOST, width=36),
            Column("evidence_on", _("依据日期"), "Evidence date", Kind.DATE),
        )  # fmt: skip

    def key(self, values: Mapping[str, Any]) -> str:
        return f"{values['community']}|{values['item']}"

    def name(self, values: Mapping[str, Any]) -> str:
        return f"{territory.division_name(str(values['community']))} {values['item']}"

    def _survey(self) -> reads.SurveyView | None:
        return reads.open_now(territory.district().code)

    def current(self) -> Mapping[str, Mapping[str, Any]]:
        survey = self._survey()
        if survey is None:
            return {}
        names = {i.code: i.name for i in catalogues.catalogue_by_id(survey.catalogue_id).items}
        rows = Answer.objects.filter(sheet__survey=survey).order_by("sheet__community", "item")
        found = {}
        for community, item, *said in rows.values_list("sheet__community", "item", *FIELDS):
            values = {"community": community, "item": item, **dict(zip(FIELDS, said, strict=True))}
            values |= {"community_name": territory.division_name(community), "item_name": names.get(item, "")}
            found[self.key(values)] = values
        return found

    def revision(self) -> str:
        survey = self._survey()
        return "" if survey is None else "{}:{}.{}".format(survey.pk, *reads.stamp(survey.pk))

    def check(self, rows: Sequence[Row]) -> Sequence[Refused]:
        survey = self._survey()
        if survey is None:
            return [Refused(r.number, "", "", _("现在没有填报中的调查。"), "no_open_survey") for r in rows]
        items = {i.code for i in catalogues.leaf_items(catalogues.catalogue_by_id(survey.catalogue_id))}
        sheets = dict(Sheet.objects.filter(survey=survey).values_list("community", "state"))
        wrong = []
        for r in rows:
            place, item, day = str(r.values["community"]), str(r.values["item"]), r.values.get("evidence_on")
            if place not in sheets:
                wrong.append(
                    Refused(r.number, _("社区编码"), shown(place), _("这个社区不在这次调查里。"), "no_such_sheet")
                )
            elif sheets[place] == SheetState.SUBMITTED:
                wrong.append(
                    Refused(r.number, _("社区编码"), shown(place), _("这个社区已经提交，要改请先退回。"), "submitted")
                )
            if item not in items:
                wrong.append(
                    Refused(r.number, _("小类编码"), shown(item), _("这次调查的目录里没有这一项。"), "no_such_item")
                )
            if day is not None and day > clock.today():
                wrong.append(Refused(r.number, _("依据日期"), shown(day), _("日期不能晚于今天。"), "in_the_future"))
        return wrong

    def notes(self, rows: Sequence[Row], plan: Plan) -> Sequence[str]:
        survey = self._survey()
        if survey is None:
            return []
        communities = {r.values["community"] for r in rows}
        said = {"survey": survey.name, "year": survey.year, "communities": len(communities), "rows": len(rows)}
        return [_("写进 %(year)s 年的“%(survey)s”：%(communities)s 个社区，%(rows)s 行。") % said]

    def about(self) -> Sequence[tuple[Any, Any]]:
        survey = self._survey()
        named = f"{survey.year} {survey.name}" if survey else _("现在没有填报中的调查。")
        return [
            (_("表格"), self.title),
            (_("调查"), named),
            (_("满足度"), _("按社区所报，不由提供情况或步行可达推算。")),
        ]

    def apply(self, *, actor: Actor, rows: Sequence[Row], plan: Plan) -> Mapping[str, Any]:
        survey = self._survey()
        if survey is None:
            raise Missing("no_open_survey", _("现在没有填报中的调查。"))
        touched = {r.number for r in plan.new} | {c.number for c in plan.changed}
        standing, said = self.current(), []
        for r in rows:
            if r.number in touched:  # a column that the file does not have leaves what stands
                values = {**NOTHING, **standing.get(self.key(r.values), {}), **r.values}
                said.append((str(values["community"]), answers.Said(str(values["item"]), *(values[f] for f in FIELDS))))
        return {"survey": survey.pk, "before": answers.answer_many(actor=actor, survey_id=survey.pk, rows=said)}

    def undo(self, *, actor: Actor, memo: Mapping[str, Any]) -> None:
        answers.restore(actor=actor, survey_id=int(memo["survey"]), before=memo["before"])
