"""Yearly surveys for those who run them: the list, a new one, how far all are, reminders, letters, returning, closing."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.core import clock
from linli.core.errors import Conflict, Invalid
from linli.exchange.columns import Column, Kind
from linli.exchange.writing import Sheet, xlsx_response
from linli.site.refusals import onto_form
from linli.territory import queries as territory

from .. import permissions
from ..actions import surveys as write
from ..choices import SheetState
from ..queries import catalogue as catalogues
from ..queries import sheets
from ..queries import surveys as read
from ..queries import waves as wave_reads
from ..survey_forms import NoteForm, ReopenForm, SurveyForm
from . import sheets as sheet_pages
from . import survey_results, waves
from .records import division_of


@require_safe
@require(*permissions.READ_KINDS)
def home(request: ActorRequest) -> HttpResponse:
    """What waits to be filled by this person, all surveys, all waves."""
    context = {
        "mine": sheets.to_fill(actor=request.actor), "surveys": read.surveys(actor=request.actor),
        "waves": wave_reads.waves(actor=request.actor), "may_run": _may_run(request), "today": clock.today(),
    }  # fmt: skip
    return render(request, "circle/surveys_list.html", context)


def _may_run(request: ActorRequest) -> bool:
    return bool(permissions.can_run_survey(request.actor, territory.district().code))


@require_http_methods(["GET", "HEAD", "POST"])
@require(*permissions.KEEP_KINDS)
def new(request: ActorRequest) -> HttpResponse:
    permissions.can_run_survey(request.actor, territory.district().code).or_forbidden()
    today = clock.today()
    start = {"year": today.year, "name": _("社区服务年度调查"), "opens_on": today}
    form = SurveyForm(request.POST or None, initial=start)
    if request.method == "POST" and form.is_valid():
        try:
            made = write.create_survey(actor=request.actor, **form.cleaned_data)
        except (Invalid, Conflict) as refusal:
            onto_form(form, refusal)
        else:
            messages.success(request, _("已准备好。看过目录后再开始。"))
            return redirect("circle:survey", survey_id=made)
    return render(request, "circle/surveys_new.html", {"form": form}, status=422 if form.errors else 200)


@require_safe
@require(*permissions.READ_KINDS)
def survey(request: ActorRequest, survey_id: int) -> HttpResponse:
    """How far all are: by subdistrict, by community; `?left=1` lists only who has not finished."""
    return _overview(request, survey_id)


def _overview(request: ActorRequest, survey_id: int, reopen: ReopenForm | None = None) -> HttpResponse:
    division, left = division_of(request), request.GET.get("left") == "1"
    row = read.survey(actor=request.actor, survey_id=survey_id)
    everyone = sheets.progress(actor=request.actor, survey_id=survey_id)
    lines = [x for x in everyone if x.sheet.community.startswith(division) and not (left and x.done)]
    answered, total = sum(x.answered for x in everyone), sum(x.total for x in everyone)
    catalogue = catalogues.catalogue_by_id(row.catalogue_id)
    context = {
        "survey": row, "catalogue": catalogue, "leaves": len(catalogues.leaf_items(catalogue)),
        "groups": sheets.by_subdistrict(everyone), "lines": [(x, _sees(request, x)) for x in lines],
        "division": division, "left": left,
        "done": sum(x.done for x in everyone), "all": len(everyone), "answered": answered, "total": total,
        "percent": 100 * answered // total if total else 0, "waiting": sum(not x.done for x in everyone),
        "days": (row.closes_on - clock.today()).days, "may_run": _may_run(request),
        "divisions": territory.divisions(9, row.district), "reopen": reopen or ReopenForm(), "has_errors": reopen is not None,
    }  # fmt: skip
    return render(request, "circle/surveys_overview.html", context, status=422 if reopen else 200)


def _sees(request: ActorRequest, line: sheets.Line) -> bool:
    return bool(permissions.can_see_sheet(request.actor, line.sheet.community))


@require_safe
@require(*permissions.READ_KINDS)
def missing_xlsx(request: ActorRequest, survey_id: int) -> HttpResponse:
    """Who has not finished, as a workbook."""
    row = read.survey(actor=request.actor, survey_id=survey_id)
    lines = sheets.progress(actor=request.actor, survey_id=survey_id, division=division_of(request))
    columns = (
        Column("code", _("社区编码"), "Code", Kind.CODE), Column("subdistrict", _("街道"), "Subdistrict"),
        Column("community", _("社区"), "Community"), Column("state", _("状态"), "State"),
        Column("answered", _("已填"), "Answered", Kind.INTEGER), Column("total", _("全部"), "All", Kind.INTEGER),
        Column("reminded", _("最近催报"), "Last reminded", Kind.DATE),
    )  # fmt: skip
    rows = [
        {"code": x.sheet.community, "subdistrict": territory.division_name(x.sheet.community[:9]), "community": x.name,
         "state": str(SheetState(x.sheet.state).label), "answered": x.answered, "total": x.total,
         "reminded": clock.local(x.sheet.reminded_at).date() if x.sheet.reminded_at else None}
        for x in lines if not x.done
    ]  # fmt: skip
    about = [(_("调查"), f"{row.year} {row.name}"), (_("模拟数据"), _("是") if row.simulated else _("否"))]
    book = xlsx_response(
        f"{row.year}-{_('未完成社区')}-{clock.today()}", [Sheet(_("未完成社区"), columns, rows)], about=about
    )
    return cast(HttpResponse, book)  # a stream: for Django the two are alike


@require_safe
@require(*permissions.KEEP_KINDS)
def letters(request: ActorRequest, survey_id: int) -> HttpResponse:
    """A letter to print for every community that has not finished."""
    row = read.survey(actor=request.actor, survey_id=survey_id)
    permissions.can_run_survey(request.actor, row.district).or_forbidden()
    lines = sheets.progress(actor=request.actor, survey_id=survey_id, division=division_of(request))
    context = {"survey": row, "lines": [x for x in lines if not x.done], "today": clock.today(),
               "district": territory.division_name(row.district), "address": request.build_absolute_uri("/")}  # fmt: skip
    return render(request, "circle/surveys_letters.html", context)


@require_POST
@require(*permissions.KEEP_KINDS)
def open_survey(request: ActorRequest, survey_id: int) -> HttpResponse:
    made = write.open_survey(actor=request.actor, survey_id=survey_id)
    messages.success(request, _("已开始：%(n)s 个社区各有一张表。") % {"n": made})
    return redirect("circle:survey", survey_id=survey_id)


@require_POST
@require(*permissions.KEEP_KINDS)
def remind(request: ActorRequest, survey_id: int) -> HttpResponse:
    """One community, or all that have not finished."""
    one = request.POST.get("community", "")
    n = write.remind(actor=request.actor, survey_id=survey_id, communities=[one] if one else None)
    text = ngettext("已催报 %(n)s 个社区。填报员登录后会看到。", "已催报 %(n)s 个社区。填报员登录后会看到。", n)
    messages.success(request, text % {"n": n})
    return redirect("circle:survey", survey_id=survey_id)


@require_POST
@require(*permissions.KEEP_KINDS)
def return_sheet(request: ActorRequest, survey_id: int, community: str) -> HttpResponse:
    form = NoteForm(request.POST)
    if form.is_valid():
        try:
            write.return_sheet(actor=request.actor, survey_id=survey_id, community=community, **form.cleaned_data)
        except (Invalid, Conflict) as refusal:
            onto_form(form, refusal)
        else:
            messages.success(request, _("已退回，填报员会看到原因。"))
            return redirect("circle:sheet", survey_id=survey_id, community=community)
    return sheet_pages.page(request, survey_id, community, note=form, status=422)


@require_POST
@require(*permissions.KEEP_KINDS)
def close_survey(request: ActorRequest, survey_id: int) -> HttpResponse:
    write.close_survey(actor=request.actor, survey_id=survey_id)
    messages.success(request, _("已结束。没有填的项目按数据缺失统计。"))
    return redirect("circle:survey-results", survey_id=survey_id)


@require_POST
@require(*permissions.KEEP_KINDS)
def reopen_survey(request: ActorRequest, survey_id: int) -> HttpResponse:
    """Open again what was closed, with the reason."""
    form = ReopenForm(request.POST)
    if form.is_valid():
        try:
            write.reopen_survey(actor=request.actor, survey_id=survey_id, **form.cleaned_data)
        except Invalid as refusal:
            onto_form(form, refusal)
        else:
            messages.success(request, _("已重新开放。提交过的表要先退回才能改。"))
            return redirect("circle:survey", survey_id=survey_id)
    return _overview(request, survey_id, form)


urls: list[URLPattern] = [
    path("circle/surveys/", home, name="surveys"),
    path("circle/surveys/new/", new, name="survey-new"),
    path("circle/surveys/<int:survey_id>/", survey, name="survey"),
    path("circle/surveys/<int:survey_id>/missing.xlsx", missing_xlsx, name="survey-missing"),
    path("circle/surveys/<int:survey_id>/letters/", letters, name="survey-letters"),
    path("circle/surveys/<int:survey_id>/open", open_survey, name="survey-open"),
    path("circle/surveys/<int:survey_id>/remind", remind, name="survey-remind"),
    path("circle/surveys/<int:survey_id>/close", close_survey, name="survey-close"),
    path("circle/surveys/<int:survey_id>/reopen", reopen_survey, name="survey-reopen"),
    path("circle/surveys/<int:survey_id>/<slug:community>/return", return_sheet, name="sheet-return"),
    *survey_results.urls,
    *waves.urls,
    *sheet_pages.urls,
]
