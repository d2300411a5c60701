"""The settings page of the working calendar: look, enter a year (preview, then confirm), undo, hours, try a limit."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from linli.accounts import queries as people
from linli.accounts.choices import PostKind
from linli.accounts.permissions import require
from linli.core import clock
from linli.core.errors import Invalid
from linli.territory import queries as territory

from . import actions, hooks, queries, shipped, table
from .forms import HoursForm, LocalDayForm, NoticeForm, TrialForm
from .rules import Limit, Unit
from .yearview import WEEKDAY_HEADS, year_view


def _page(request: HttpRequest, *, status: int = 200, **forms: Any) -> HttpResponse:
    found = queries.calendar()
    first, last = found.first.year, found.last.year  # type: ignore[union-attr]  # both are set once built
    asked = request.GET.get("year", "")
    year = int(asked) if asked.isascii() and asked.isdigit() and len(asked) == 4 else clock.today().year
    year = min(max(year, first), last)
    history = queries.revisions(actor=request.actor)  # type: ignore[attr-defined]
    recomputed = queries.recomputed(actor=request.actor)  # type: ignore[attr-defined]
    names = people.names({int(r.actor.split(":")[1]) for r in history if ":" in r.actor})
    context = {
        "year": year_view(found, year, clock.today()),
        "previous": year - 1 if year > first else None,
        "next": year + 1 if year < last else None,
        "sources": queries.sources(found.revision).get(year, "").split(),
        "weekdays": WEEKDAY_HEADS,
        "hours_confirmed": queries.hours_confirmed(),
        "end": queries.table_end(),
        "provisional_count": hooks.count_provisional(),
        "revision": found.revision,
        "history": [
            (
                r,
                names.get(int(r.actor.split(":")[1]), "") if ":" in r.actor else _("系统"),
                territory.division_name(r.division) or r.division,
                recomputed.get(r.number),
            )
            for r in history
        ],
        "hours": found.hours,
        "form": forms.get("notice") or NoticeForm(initial={"year": queries.table_end().last_official.year + 1}),
        "locals": queries.local_views(),
        "hours_form": forms.get("hours") or HoursForm(initial={"valid_from": clock.today()}),
        "local_form": forms.get("local") or LocalDayForm(initial={"first": clock.today()}, auto_id="local_%s"),
        **_trial(request),
    }
    context["has_errors"] = any(f is not None and f.errors for f in (*forms.values(), context["trial"]))
    return render(request, "worktime/calendar.html", context, status=422 if context["has_errors"] else status)


def _trial(request: HttpRequest) -> dict[str, Any]:
    """The due time of a limit that somebody tries out, with its arithmetic."""
    if "amount" not in request.GET:
        return {"trial": TrialForm(initial={"amount": 3, "unit": Unit.WORKING_DAY, "start": clock.local(clock.now())})}
    form, found = TrialForm(request.GET), None
    if form.is_valid():
        limit = Limit(form.cleaned_data["amount"], Unit(form.cleaned_data["unit"]))
        try:
            found = queries.due(form.cleaned_data["start"], limit, division=form.cleaned_data["division"])
        except Invalid as refused:
            form.add_error(None, str(refused.message))
    return {"trial": form, "found": found}


@require(PostKind.ADMINISTRATOR)
@require_GET
def calendar(request: HttpRequest) -> HttpResponse:
    return _page(request)


@require(PostKind.ADMINISTRATOR)
@require_POST
def preview(request: HttpRequest) -> HttpResponse:
    """What the list says, day by day, before anything is kept; with problems there is nothing to confirm."""
    form = NoticeForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, notice=form)
    year = form.cleaned_data["year"]
    content = form.content()
    read = table.read(content, year)
    revision = queries.calendar().revision
    before = {d.date: d for d in queries.notice_days(revision).get(year, ())}
    context = {
        "form": form,
        "year": year,
        "days": [(d, before.get(d.date)) for d in read.days],
        "gone": [d for day, d in sorted(before.items()) if day not in {n.date for n in read.days}],
        "problems": read.problems,
        "doubts": () if read.problems else table.doubts(read.days, shipped.statutory().get(year, ())),
        "text": table.decode(content) if isinstance(content, bytes) else content,
        "normal": "\n".join(f"{d.date},{d.name},{d.kind}" for d in read.days),
        "revision": revision,
        "replaces": bool(before),
        "has_errors": bool(read.problems),
    }
    return render(request, "worktime/preview.html", context, status=422 if read.problems else 200)


@require(PostKind.ADMINISTRATOR)
@require_POST
def enter(request: HttpRequest) -> HttpResponse:
    form = NoticeForm(request.POST)
    if not form.is_valid():
        return _page(request, notice=form)
    year = form.cleaned_data["year"]
    read = table.read(form.cleaned_data["text"], year)
    if read.problems:
        return preview(request)
    changed = actions.enter_official_days(
        actor=request.actor,  # type: ignore[attr-defined]
        year=year,
        rows=read.days,
        source=form.cleaned_data["source"],
        expected=_expected(request),
    )
    messages.success(request, _("%(year)s 年的安排已启用，正在重算时限。") % {"year": year})
    return redirect("jobs:job", id=changed.job)


@require(PostKind.ADMINISTRATOR)
@require_POST
def restore(request: HttpRequest) -> HttpResponse:
    changed = actions.restore_previous(actor=request.actor, expected=_expected(request))  # type: ignore[attr-defined]
    messages.success(request, _("已恢复上一版日历，正在重算时限。"))
    return redirect("jobs:job", id=changed.job)


@require(PostKind.ADMINISTRATOR)
@require_POST
def hours(request: HttpRequest) -> HttpResponse:
    form = HoursForm(request.POST)
    if form.is_valid():
        try:
            changed = actions.set_hours(
                actor=request.actor,  # type: ignore[attr-defined]
                valid_from=form.cleaned_data["valid_from"],
                spans=form.cleaned_data["spans"],
                division=form.cleaned_data["division"],
                expected=_expected(request),
            )
        except Invalid as refused:
            _show(refused, form)
        else:
            messages.success(request, _("工作时间已启用，正在重算时限。"))
            return redirect("jobs:job", id=changed.job)
    return _page(request, hours=form)


@require(PostKind.ADMINISTRATOR)
@require_POST
def local_days(request: HttpRequest) -> HttpResponse:
    form = LocalDayForm(request.POST, auto_id="local_%s")
    if form.is_valid():
        data = form.cleaned_data
        try:
            changed = actions.set_local_days(
                actor=request.actor,  # type: ignore[attr-defined]
                division=data["division"],
                first=data["first"],
                last=data["last"] or data["first"],
                kind="" if data["kind"] == form.TAKE_BACK else data["kind"],
                name=data["name"],
                expected=_expected(request),
            )
        except Invalid as refused:
            _show(refused, form)
        else:
            messages.success(request, _("区划安排已启用，正在重算时限。"))
            return redirect("jobs:job", id=changed.job)
    return _page(request, local=form)


def _show(refused: Invalid, form: Form) -> None:
    """The refusal's sentences beside the fields that they concern."""
    for name, sentences in (refused.fields or {"": [refused.message]}).items():
        form.add_error(name if name in form.fields else None, [str(s) for s in sentences])


def _expected(request: HttpRequest) -> int:
    """The revision that the person saw."""
    text = request.POST.get("expected", "")
    if not (text.isascii() and text.isdigit() and len(text) < 9):
        raise Invalid("bad_revision", _("页面缺少版本号，请刷新后再试。"))
    return int(text)
