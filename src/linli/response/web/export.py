"""The filtered cases for a spreadsheet, CSV or XLSX: no free text and no contact. Who took it is recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from linli.accounts import actions as accounts
from linli.accounts.choices import AuditVerb
from linli.accounts.permissions import ActorRequest, require
from linli.core import clock
from linli.core.actor import Actor
from linli.exchange.columns import Column, Kind
from linli.exchange.writing import Sheet, csv_response, write_csv, xlsx_response
from linli.organisations import queries as organisations
from linli.territory import queries as territory

from .. import permissions, queries
from ..choices import Channel, Outcome, Satisfaction
from ..queries import CaseFilter
from ..rules import CASE
from . import cases as listing
from .rows import place_of

EXPORT_BATCH = 500


@require_safe
@never_cache
@require(*permissions.SEE_KINDS)
def as_csv(request: ActorRequest) -> Any:
    """CSV with a BOM, streamed."""
    wanted, _filter = _taken(request)
    told: list[str] = []
    lines = write_csv(columns(), rows(request.actor, wanted, told.append), last=told)
    return csv_response(_name(), lines)


@require_safe
@never_cache
@require(*permissions.SEE_KINDS)
def as_xlsx(request: ActorRequest) -> Any:
    """A workbook: numbers of cases are texts, times are times; the sheet 说明 says what was asked."""
    wanted, filtered = _taken(request)
    told: list[str] = []
    sheet = Sheet(_("案件"), columns(), list(rows(request.actor, wanted, told.append)))
    about = [
        (_("筛选条件"), filtered),
        (_("内容"), _("案件的环节和时限，不含描述和联系方式。")),
        (_("出处"), _("本系统的案件记录；标“演示数据”的是模拟的。")),
        *((_("注意"), sentence) for sentence in told),
    ]
    return xlsx_response(_name(), [sheet], about=about)


def _taken(request: ActorRequest) -> tuple[CaseFilter, str]:
    """The filter and its words, after the right to export was asked and the taking was recorded."""
    permissions.can_export(request.actor).or_forbidden()
    wanted = CaseFilter.from_mapping(request.GET.dict())
    filtered = _("、").join(chip.label for chip in listing.chips(wanted)) or _("全部")
    accounts.record(actor=request.actor, verb=AuditVerb.EXPORT_CASES, target="cases", filter=filtered)
    return wanted, filtered


def _name() -> str:
    return f"cases-{clock.local(clock.now()):%Y%m%d-%H%M}"


def rows(actor: Actor, wanted: CaseFilter, tell: Callable[[str], Any]) -> Iterator[list[Any]]:
    """Rows read by key in batches, so that memory and transactions stay small; `tell` hears when there were more."""
    language = get_language() or "zh-hans"
    after, left = "", listing.EXPORT_ROWS
    while left > 0:
        page = queries.case_page(actor, wanted, after=after, limit=min(EXPORT_BATCH, left))
        with override(language):
            batch = [_cells(case) for case in page.rows]
        yield from batch
        left -= len(page.rows)
        after = page.next_after
        if not after:
            return
    with override(language):
        tell(_("只导出前 %(n)s 件，请缩小筛选范围后再导出其余的。") % {"n": listing.EXPORT_ROWS})


def columns() -> list[Column]:
    """The columns of both files, named in the reader's language."""
    kinds = {
        _("编号"): Kind.CODE, _("受理时间"): Kind.DATE, _("本环节时限"): Kind.DATE, _("办结时限"): Kind.DATE,
        _("结案时间"): Kind.DATE, _("时限暂定"): Kind.YES_NO, _("按期结案"): Kind.YES_NO, _("演示数据"): Kind.YES_NO,
        _("退单次数"): Kind.INTEGER, _("返工次数"): Kind.INTEGER, _("重开次数"): Kind.INTEGER,
    }  # fmt: skip
    headings = [
        _("编号"), _("大类"), _("问题类型"), _("环节"), _("来源"), _("街道"), _("社区"), _("附近街道"), _("承办单位"),
        _("受理时间"), _("本环节时限"), _("办结时限"), _("时限暂定"), _("结案时间"), _("按期结案"), _("退单次数"),
        _("返工次数"), _("重开次数"), _("是否解决"), _("是否满意"), _("演示数据"),
    ]  # fmt: skip
    return [
        Column(
            f"c{i}", heading, heading, kinds.get(heading, Kind.TEXT), width=17 if kinds.get(heading) == Kind.DATE else 0
        )
        for i, heading in enumerate(headings)
    ]


def _cells(case: Any) -> list[Any]:
    matter, view = case.matter, queries.class_of(case)
    return [
        queries.number_of_case(case), view.top_name, view.name, CASE.stages[matter.stage].label,
        Channel(case.channel).label, territory.division_name(matter.subdistrict) if matter.subdistrict else "",
        territory.division_name(matter.community) if matter.community else place_of(matter) * (not matter.subdistrict),
        case.near, organisations.body_name(matter.body_id), matter.opened_at, matter.due_at, matter.final_due_at,
        matter.due_provisional, matter.closed_at, case.first_closed_on_time, case.return_count, case.rework_count,
        case.reopen_count, Outcome(case.outcome).label if case.outcome else "",
        Satisfaction(case.satisfaction).label if case.satisfaction else "", matter.simulated,
    ]  # fmt: skip
