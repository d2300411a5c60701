"""Campaigns: the list, the board of one, the cases behind a number, its table, making and changing one."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.core import clock
from linli.core.errors import Conflict, Invalid
from linli.exchange.columns import Column, Kind
from linli.exchange.writing import Sheet, xlsx_response
from linli.organisations import queries as organisations
from linli.response import board as board_words
from linli.response import queries as response
from linli.site.refusals import onto_form
from linli.site.urgency import of as urgency_of
from linli.territory import queries as territory

from .. import permissions
from ..actions import campaigns as actions
from ..campaign_chart import chart
from ..choices import CampaignState
from ..forms.campaigns import CampaignForm
from ..forms.choices import letters
from ..models import Campaign
from ..queries import campaigns as read
from ..queries.campaigns import Board, BoardFilter, Sum

KINDS = permissions.READ_KINDS
CHIEFS = permissions.CHIEF_KINDS
TONES = {"draft": "", "running": "ok", "ended": "done", "cancelled": ""}
STATES = {
    "open": gettext_lazy("在办"),
    "late": gettext_lazy("超期"),
    "closed": gettext_lazy("已结案"),
    "on_time": gettext_lazy("按期结案"),
}
WIDE, SLIM = 720, 340


@require_safe
@never_cache
@require(*KINDS)
def listed(request: ActorRequest) -> HttpResponse:
    """`/coordination/campaigns/?state=`"""
    state = request.GET.get("state", "")
    found = [_about(c) for c in read.campaigns(request.actor, state)]
    may = request.actor.kind == "person" and request.actor.holds(CHIEFS)
    context = {"tab": "campaigns", "found": found, "state": state, "states": CampaignState.choices, "may": may}
    return render(request, "coordination/campaigns.html", context)


def _about(found: Campaign) -> dict[str, Any]:
    """A campaign in words."""
    names = [territory.division_name(d) for d in found.divisions.split()]
    return {
        "row": found,
        "state": CampaignState(found.state).label,
        "tone": TONES[found.state],
        "classes": [_class_word(c) for c in found.classes.split()],
        "places": names,
        "body": organisations.body_name(found.body_id) if found.body_id else "",
    }


def _class_word(code: str) -> str:
    view = response.class_by_code(code)
    return view.name if view else board_words.tops().get(code, code)


@require_safe
@never_cache
@require(*KINDS)
def one(request: ActorRequest, id: int) -> HttpResponse:
    """`/coordination/campaigns/7/?place=&code=`: its board."""
    actor, wanted = request.actor, BoardFilter.from_mapping(request.GET.dict())
    found = read.campaign_for(actor, id)
    shown = read.board(actor, found, wanted)
    rows = read.queue(actor, found, wanted)
    seen = {c.pk for c in response.cases_by_id(actor, [c.pk for c in rows])}
    may = bool(permissions.can_campaign(actor, tuple(found.divisions.split())))
    context = {
        "tab": "campaigns",
        "about": _about(found),
        "campaign": found,
        "board": shown,
        "tiles": _tiles(found, shown, wanted),
        "places": [_line(found, wanted, s, "place") for s in shown.places],
        "classes": [_line(found, wanted, s, "code") for s in shown.classes],
        "longest": max((s.open for s in shown.places), default=0),
        "longest_class": max((s.open for s in shown.classes), default=0),
        "charts": [("wide", chart(shown.days, WIDE)), ("slim", chart(shown.days, SLIM))],
        "queue": [_case(c) for c in rows if c.pk in seen],
        "features": [_feature(c) for c in read.points(actor, found, wanted)],
        "chips": _chips(found, wanted),
        "wanted": wanted,
        "xlsx": f"{reverse('coordination:campaign-xlsx', args=[id])}?{urlencode(wanted.as_query())}",
        "all_url": _cases_url(found, wanted),
        "may": may and found.state in (CampaignState.DRAFT, CampaignState.RUNNING),
        "map_tiles": f"/tiles/{territory.revision()}/{{z}}/{{x}}/{{y}}.mvt",
    }
    return render(request, "coordination/campaign.html", context)


def _cases_url(found: Campaign, wanted: BoardFilter, **changes: str) -> str:
    query = urlencode(wanted.as_query(**changes))
    address = reverse("coordination:campaign-cases", args=[found.pk])
    return f"{address}?{query}" if query else address


def _tiles(found: Campaign, shown: Board, wanted: BoardFilter) -> list[dict[str, Any]]:
    """The numbers at the top: label, value, unit, hint, tone, address."""
    n = shown.total
    rate = f"{n.rate:.1f}" if n.rate is not None else "—"
    say = _("%(n)s / %(all)s 件") % {"n": n.on_time, "all": n.judged}

    def tile(label: str, value: Any, unit: str, hint: str, tone: str, state: str) -> dict[str, Any]:
        return {"label": label, "value": value, "unit": unit, "hint": hint, "tone": tone,
                "url": _cases_url(found, wanted, state=state)}  # fmt: skip

    return [
        tile(_("受理"), n.opened, _("件"), _("行动期间受理的"), "", ""),
        tile(_("已结案"), n.closed, _("件"), _("其中到现在结案的"), "", "closed"),
        tile(_("按期结案率"), rate, "%" if n.rate is not None else "", say, "", "on_time"),
        tile(_("在办"), n.open, _("件"), _("还没有结案的"), "", "open"),
        tile(_("超期"), n.late, _("件"), _("在办里过了本环节时限的"), "late" if n.late else "", "late"),
    ]


def _line(found: Campaign, wanted: BoardFilter, row: Sum, name: str) -> dict[str, Any]:
    narrowed = wanted.as_query(**{name: row.key})
    rate = f"{row.rate:.0f}%" if row.rate is not None else "—"
    return {
        "sum": row,
        "rate": rate,
        "url": f"?{urlencode(narrowed)}" if row.key else "",
        "late_url": _cases_url(found, wanted, **{name: row.key, "state": "late"}),
        "open_url": _cases_url(found, wanted, **{name: row.key, "state": "open"}),
        "opened_url": _cases_url(found, wanted, **{name: row.key}),
        "rest": row.open - row.late,
        "lit": getattr(wanted, name) == row.key and bool(row.key),
    }


def _case(case: Any) -> dict[str, Any]:
    view = response.class_of(case)
    return {
        "case": case,
        "number": response.number_of_case(case),
        "name": view.name,
        "place": " ".join(
            filter(None, (territory.division_name(case.matter.subdistrict, short=True) if case.matter.subdistrict else "",
                          territory.division_name(case.matter.community) if case.matter.community else ""))
        ),
        "stage": board_words.stage_label(case.matter.stage),
    }  # fmt: skip


def _feature(case: Any) -> dict[str, Any]:
    properties = {"id": case.pk, "u": urgency_of(case.matter)}
    return {
        "type": "Feature",
        "properties": properties,
        "geometry": {"type": "Point", "coordinates": [case.lon, case.lat]},
    }


def _chips(found: Campaign, wanted: BoardFilter, *, base: str = "") -> list[tuple[str, str]]:
    """The filters that are on, in words, and the address without each."""
    words = {
        "place": lambda v: territory.division_name(v) or v,
        "code": _class_word,
        "day": lambda v: v,
        "state": lambda v: str(STATES.get(v, v)),
    }
    return [
        (words[name](value), f"{base}?{urlencode(wanted.as_query(**{name: ''}))}")
        for name, value in wanted.as_query().items()
    ]


@require_safe
@never_cache
@require(*KINDS)
def cases(request: ActorRequest, id: int) -> HttpResponse:
    """`/coordination/campaigns/7/cases/?state=&place=&code=&day=&after=`: what a number counts."""
    actor, wanted = request.actor, BoardFilter.from_mapping(request.GET.dict())
    found, after = read.campaign_for(actor, id), request.GET.get("after", "")
    rows, following = read.board_cases(
        actor, found, wanted, after=int(after) if after.isdecimal() and len(after) < 18 else 0
    )
    seen = {c.pk for c in response.cases_by_id(actor, [c.pk for c in rows])}
    context = {
        "tab": "campaigns",
        "campaign": found,
        "rows": [_case(c) | {"seen": c.pk in seen} for c in rows],
        "chips": _chips(found, wanted),
        "states": [(v, w, f"?{urlencode(wanted.as_query(state=v))}", wanted.state == v)
                   for v, w in (("", _("全部")), *STATES.items())],
        "next_url": f"?{urlencode(wanted.as_query() | {'after': str(following)})}" if following else "",
        "board_url": f"{reverse('coordination:campaign', args=[id])}?{urlencode(wanted.as_query(state='', day=''))}",
        "now": clock.now(),
    }  # fmt: skip
    return render(request, "coordination/campaign_cases.html", context)


@require_safe
@never_cache
@require(*KINDS)
def as_xlsx(request: ActorRequest, id: int) -> Any:
    """The board as a workbook: by place, by class, by day, with the calibre."""
    found, wanted = read.campaign_for(request.actor, id), BoardFilter.from_mapping(request.GET.dict())
    shown = read.board(request.actor, found, wanted)
    counts = [
        Column("opened", _("受理"), "Opened", Kind.INTEGER), Column("closed", _("已结案"), "Closed", Kind.INTEGER),
        Column("on_time", _("按期结案"), "On time", Kind.INTEGER),
        Column("judged", _("知道是否按期的"), "Of which known", Kind.INTEGER),
        Column("open", _("在办"), "Open", Kind.INTEGER), Column("late", _("超期"), "Late", Kind.INTEGER),
    ]  # fmt: skip

    def rows(sums: list[Sum]) -> list[dict[str, Any]]:
        return [{"key": s.key, "name": s.name} | {c.key: getattr(s, c.key) for c in counts} for s in sums]

    head = [Column("key", _("编码"), "Code", Kind.CODE), Column("name", _("名称"), "Name", width=24)]
    days = [
        Column("day", _("日期"), "Day", Kind.DATE), Column("count", _("受理"), "Opened", Kind.INTEGER),
        Column("usual", _("之前同一星期几平均"), "Usual", Kind.DECIMAL),
    ]  # fmt: skip
    by_day = [{"day": d.day, "count": d.count, "usual": round(d.usual, 2)} for d in shown.days]
    about = [(_("专项行动"), found.name), (_("时间"), f"{found.first_day} — {found.last_day}"),
             (_("问题类型"), "、".join(_about(found)["classes"])), (_("区划"), "、".join(_about(found)["places"])),
             *calibre()]  # fmt: skip
    sheets = [
        Sheet(_("分区划"), [*head, *counts], rows(shown.places)),
        Sheet(_("分类型"), [*head, *counts], rows(shown.classes)),
        Sheet(_("分日期"), days, by_day),
    ]
    return xlsx_response(f"campaign-{found.pk}-{clock.today():%Y%m%d}", sheets, about=about)


def calibre() -> list[tuple[str, str]]:
    """The measures in words, on the page and in the file alike."""
    return [
        (
            _("受理"),
            _("行动期间（首尾两天都算）受理、属于这些类型和区划的案件。并案的、拆分出来的、不予立案的不另计。"),
        ),
        (_("按期结案率"), _("分母是其中已经结案、知道是否按期的，分子是首次结案不晚于办结时限的。")),
        (_("超期"), _("在办的里面，过了本环节时限的。")),
        (_("同一星期几"), _("行动开始前四周里同一星期几的平均，按同样的类型和区划。")),
    ]


# --- making and changing -----------------------------------------------------------------------------------------
@require(*CHIEFS)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: ActorRequest) -> HttpResponse:
    """`/coordination/campaigns/new/`"""
    form = CampaignForm(_held(request), request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.draft_campaign(actor=request.actor, plan=form.plan())
        except Invalid as refused:
            onto_form(form, refused)
        else:
            messages.success(request, _("已保存，到开始日期自动开始。"))
            return redirect("coordination:campaign", id=made.pk)
    return _form(request, form, None)


@require(*CHIEFS)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: ActorRequest, id: int) -> HttpResponse:
    """Change a draft or a running campaign."""
    found = read.campaign_for(request.actor, id)
    permissions.can_campaign(request.actor, tuple(found.divisions.split())).or_forbidden()
    initial = {
        "name": found.name, "aim": found.aim, "classes": found.classes.split(), "divisions": found.divisions.split(),
        "first_day": found.first_day, "last_day": found.last_day, "body": found.body_id, "version": found.version,
    }  # fmt: skip
    form = CampaignForm(_held(request), request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        seen = form.cleaned_data["version"] or 0
        try:
            actions.change_campaign(actor=request.actor, campaign_id=id, version=seen, plan=form.plan())
        except (Invalid, Conflict) as refused:
            onto_form(form, refused)
        else:
            messages.success(request, _("已保存。"))
            return redirect("coordination:campaign", id=id)
    return _form(request, form, found)


def _held(request: ActorRequest) -> list[str]:
    return [p.division for p in request.actor.posts if p.kind in CHIEFS and p.division]


def _form(request: ActorRequest, form: CampaignForm, found: Campaign | None) -> HttpResponse:
    context = {"tab": "campaigns", "form": form, "campaign": found, "has_errors": bool(form.errors),
               "letters": letters(classes=True, bodies=True, divisions=True)}  # fmt: skip
    return render(request, "coordination/campaign_form.html", context, status=422 if form.errors else 200)


@require_POST
@never_cache
@require(*CHIEFS)
def turn(request: ActorRequest, id: int) -> HttpResponse:
    """Start, end or cancel: `verb` of the form."""
    verbs: dict[str, tuple[Any, str]] = {
        "start": (actions.start_campaign, _("专项行动已开始。")),
        "end": (actions.end_campaign, _("专项行动已结束。")),
        "cancel": (actions.cancel_campaign, _("专项行动已取消。")),
    }
    read.campaign_for(request.actor, id)
    step = verbs.get(request.POST.get("verb", ""))
    if step is None:
        raise Invalid("unknown_verb", _("没有这个动作。"))
    version = request.POST.get("version", "")
    step[0](
        actor=request.actor, campaign_id=id, version=int(version) if version.isdecimal() and len(version) < 9 else 0
    )
    messages.success(request, step[1])
    return redirect("coordination:campaign", id=id)
