"""The list of cases: filters in the address, pages by key, and the same rows as CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from linli.accounts import actions as accounts
from linli.accounts.choices import AuditVerb
from linli.accounts.permissions import ActorRequest, require
from linli.core import clock
from linli.core.actor import Actor
from linli.core.errors import Invalid
from linli.organisations import queries as organisations
from linli.territory import queries as territory

from .. import permissions, queries
from ..choices import Channel, Outcome, Satisfaction
from ..queries import CaseFilter
from ..rules import CASE
from .rows import options, place_of, table_rows

PAGE = 50
EXPORT_ROWS = 20_000
EXPORT_BATCH = 500
MORE = ("class_code", "community", "channel", "since", "until")


@dataclass(frozen=True, slots=True)
class Page:
    """What the pager part needs."""

    next_url: str = ""
    prev_url: str = ""
    say: str = ""


@dataclass(frozen=True, slots=True)
class Select:
    """A filter that is chosen from a list."""

    name: str
    label: str
    every: str
    options: list[tuple[str, Any]]
    value: str
    applies: bool = False  # choosing applies at once: other lists depend on it

    @property
    def inner(self) -> SafeString:
        return options(self.options, self.value)


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is on, and the address without it."""

    label: str
    url: str


def _is_key(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18


def address(wanted: CaseFilter, **changes: str) -> str:
    """`?…` of a filter with some values changed ("" removes one)."""
    said = {k: v for k, v in {**wanted.as_query(), **changes}.items() if v}
    query = QueryDict(mutable=True)
    query.update(said)
    return f"?{query.urlencode()}" if said else reverse("response:cases")


@require_safe
@never_cache
@require(*permissions.SEE_KINDS)
def cases(request: ActorRequest) -> HttpResponse:
    """`/cases/?stage=&top=&…&after=`: newest first."""
    wanted, problem = read_filter(request)
    after = request.GET.get("after", "")
    page = queries.case_page(request.actor, wanted, after=after if _is_key(after) else "", limit=PAGE)
    return render(
        request,
        "response/cases.html",
        {
            "rows": table_rows(page.rows) if page.rows else "",
            "problem": problem,
            "has_errors": bool(problem),
            "wanted": wanted,
            "views": views(request.actor, wanted),
            "selects": selects(request.actor, wanted),
            "more": more(wanted),
            "more_open": any(getattr(wanted, name) for name in MORE),
            "chips": chips(wanted),
            "page": Page(
                address(wanted, after=page.next_after) if page.next_after else "",
                address(wanted) if after else "",
                _("本页 %(n)s 件") % {"n": len(page.rows)} if page.rows else "",
            ),
            "export": permissions.can_export(request.actor),
            "export_url": reverse("response:cases_csv") + (address(wanted) if wanted.as_query() else ""),
            "export_rows": EXPORT_ROWS,
        },
        status=422 if problem else 200,
    )


def read_filter(request: ActorRequest) -> tuple[CaseFilter, str]:
    """What the address asks for; a mistyped date is said and left out. Who has bodies only sees those."""
    given = request.GET.dict()
    problem = ""
    try:
        wanted = CaseFilter.from_mapping(given)
    except Invalid as refused:
        problem = str(refused.message)
        wanted = CaseFilter.from_mapping({k: v for k, v in given.items() if k not in ("since", "until")})
    if "view" not in given and not request.actor.holds(permissions.AREA_KINDS):
        wanted = CaseFilter(**{n: getattr(wanted, n) for n in CaseFilter.__dataclass_fields__} | {"view": "body"})
    return wanted, problem


def views(actor: Actor, wanted: CaseFilter) -> list[tuple[str, str, bool]]:
    """The two lists, for whoever has both: of the area, of the body."""
    if not (actor.holds(permissions.AREA_KINDS) and actor.holds(permissions.BODY_KINDS)):
        return []
    names = (("area", _("辖区的")), ("body", _("本单位的")))
    return [(label, address(wanted, view=value), wanted.view == value) for value, label in names]


def _divisions(actor: Actor) -> list[tuple[str, str]]:
    """The subdistricts that this actor may choose among; none when there is only one."""
    held = {p.division for p in actor.posts if p.kind in permissions.AREA_KINDS or p.kind in permissions.BODY_KINDS}
    wide = any(len(code) == 6 for code in held)
    found = [(d.code, d.short_name) for d in territory.divisions(9) if wide or d.code in held]
    return found if len(found) > 1 else []


def selects(actor: Actor, wanted: CaseFilter) -> list[Select]:
    """The filters that everybody uses."""
    tops = dict.fromkeys((v.top_code, v.top_name) for v in queries.classes())
    found = [
        Select("stage", _("环节"), _("全部环节"), [(s.token, s.label) for s in CASE.stages.values()], wanted.stage),
        Select(
            "due",
            _("时限"),
            _("全部时限"),
            [("late", _("已超期")), ("soon", _("4 小时内到期"))],
            wanted.due,
        ),
        Select("top", _("大类"), _("全部大类"), list(tops), wanted.top, applies=True),
    ]
    if places := _divisions(actor):
        found.append(Select("subdistrict", _("街道"), _("全部街道"), places, wanted.subdistrict, applies=True))
    return found


def more(wanted: CaseFilter) -> list[Select]:
    """The filters behind "more". Lists that would be long wait for the one above them."""
    found = [Select("channel", _("来源"), _("全部来源"), list(Channel.choices), wanted.channel)]
    if wanted.top:
        names = [(v.code, v.name) for v in queries.classes() if v.top_code == wanted.top]
        found.append(Select("class_code", _("小类"), _("全部小类"), names, wanted.class_code))
    if wanted.subdistrict:
        names = [(d.code, d.name) for d in territory.divisions(12, wanted.subdistrict)]
        found.append(Select("community", _("社区"), _("全部社区"), names, wanted.community))
    return found


def chips(wanted: CaseFilter) -> list[Chip]:
    """The filters that are on, in words."""
    words = {
        "stage": lambda v: CASE.stages[v].label if v in CASE.stages else v,
        "due": lambda v: {"late": _("已超期"), "soon": _("4 小时内到期")}.get(v, v),
        "top": lambda v: next((c.top_name for c in queries.classes() if c.top_code == v), v),
        "class_code": lambda v: view.name if (view := queries.class_by_code(v)) else v,
        "subdistrict": lambda v: territory.division_name(v),
        "community": lambda v: territory.division_name(v),
        "channel": lambda v: dict(Channel.choices).get(v, v),
        "body": lambda v: organisations.body_name(int(v)) if _is_key(v) else v,
        "since": lambda v: _("%(day)s 起") % {"day": v},
        "until": lambda v: _("到 %(day)s") % {"day": v},
        "opened": lambda v: _("今天受理"),
        "closed": lambda v: _("今天结案"),
        "open": lambda v: _("没办完的"),
    }
    goes_with = {"top": ("class_code",), "subdistrict": ("community",)}
    return [
        Chip(str(words[name](value)), address(wanted, **dict.fromkeys((name, *goes_with.get(name, ())), "")))
        for name, value in wanted.as_query().items()
        if name in words
    ]


# --- the same rows for a spreadsheet ------------------------------------------------------------------
@require_safe
@never_cache
@require(*permissions.SEE_KINDS)
def export(request: ActorRequest) -> Any:
    """The filtered cases as CSV with a BOM, at most EXPORT_ROWS, no free text and no contact. Who took it is recorded."""
    permissions.can_export(request.actor).or_forbidden()
    wanted = CaseFilter.from_mapping(request.GET.dict())
    accounts.record(
        actor=request.actor,
        verb=AuditVerb.EXPORT_CASES,
        target="cases",
        filter=_("、").join(chip.label for chip in chips(wanted)) or _("全部"),
    )
    name = f"cases-{clock.local(clock.now()):%Y%m%d-%H%M}.csv"
    lines = csv_lines(request.actor, wanted, get_language() or "zh-hans")
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


class _Line:
    """What csv.writer writes to: hands each line on."""

    def write(self, text: str) -> str:
        return text


def csv_lines(actor: Actor, wanted: CaseFilter, language: str) -> Iterator[str]:
    """Header and rows, read by key in batches, so that memory and transactions stay small."""
    writer = csv.writer(_Line())
    with override(language):
        yield "\ufeff" + writer.writerow(_header())
    after, left = "", EXPORT_ROWS
    while left > 0:
        page = queries.case_page(actor, wanted, after=after, limit=min(EXPORT_BATCH, left))
        with override(language):
            batch = "".join(writer.writerow([plain(cell) for cell in _cells(case)]) for case in page.rows)
        yield batch
        left -= len(page.rows)
        after = page.next_after
        if not after:
            return
    with override(language):
        yield writer.writerow([_("只导出前 %(n)s 件，请缩小筛选范围后再导出其余的。") % {"n": EXPORT_ROWS}])


def plain(cell: Any) -> str:
    """Text of a cell. What a spreadsheet would take for a formula gets a quote in front."""
    text = "" if cell is None else str(cell)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _header() -> list[str]:
    return [
        _("编号"), _("大类"), _("问题类型"), _("环节"), _("来源"), _("街道"), _("社区"), _("附近街道"), _("承办单位"),
        _("受理时间"), _("本环节时限"), _("办结时限"), _("时限暂定"), _("结案时间"), _("按期结案"), _("退单次数"),
        _("返工次数"), _("重开次数"), _("是否解决"), _("是否满意"), _("演示数据"),
    ]  # fmt: skip


def _time(moment: Any) -> str:
    return f"{clock.local(moment):%Y-%m-%d %H:%M}" if moment else ""


def _yes(value: bool | None) -> str:
    return "" if value is None else _("是") if value else _("否")


def _cells(case: Any) -> list[Any]:
    matter, view = case.matter, queries.class_of(case)
    return [
        queries.number_of_case(case), view.top_name, view.name, CASE.stages[matter.stage].label,
        Channel(case.channel).label, territory.division_name(matter.subdistrict) if matter.subdistrict else "",
        territory.division_name(matter.community) if matter.community else place_of(matter) * (not matter.subdistrict),
        case.near, organisations.body_name(matter.body_id), _time(matter.opened_at), _time(matter.due_at),
        _time(matter.final_due_at), _yes(matter.due_provisional), _time(matter.closed_at),
        _yes(case.first_closed_on_time), case.return_count, case.rework_count, case.reopen_count,
        Outcome(case.outcome).label if case.outcome else "",
        Satisfaction(case.satisfaction).label if case.satisfaction else "", _yes(matter.simulated),
    ]  # fmt: skip
