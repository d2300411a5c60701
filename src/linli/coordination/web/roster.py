"""The duty roster: a week as a grid (on a phone a list of days), its changes, and who is on call now."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.core import clock
from linli.core.errors import Conflict, Invalid
from linli.site.refusals import onto_form
from linli.territory import queries as territory

from .. import permissions
from ..actions import roster as actions
from ..forms.choices import letters
from ..forms.roster import SlotForm
from ..queries import roster as read
from ..roster_rules import BACK_DAYS, FORWARD_DAYS, monday_of

KINDS = permissions.ROSTER_READ_KINDS
WEEKDAYS = (
    gettext_lazy("周一"), gettext_lazy("周二"), gettext_lazy("周三"), gettext_lazy("周四"), gettext_lazy("周五"),
    gettext_lazy("周六"), gettext_lazy("周日"),
)  # fmt: skip


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None
    return day if day is not None and 2000 <= day.year < 2100 else None


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 18 else 0


@require_safe
@never_cache
@require(*KINDS)
def week(request: ActorRequest) -> HttpResponse:
    """`/coordination/roster/?division=&week=2026-11-23`, with `add=<day>.<shift>` or `slot=<id>` what is being edited."""
    return _page(request, _division(request), _day(request.GET.get("week", "")) or clock.today())


def _division(request: ActorRequest) -> str:
    said = (request.POST if request.method == "POST" else request.GET).get("division", "")[:12]
    return said or read.home_of(request.actor)


def _page(
    request: ActorRequest,
    division: str,
    day: date,
    form: SlotForm | None = None,
    problem: str = "",
    slot: Any = None,
    status: int = 200,
) -> HttpResponse:
    found = read.week(request.actor, division, day)
    may = bool(permissions.can_keep_roster(request.actor, division))
    today = clock.today()
    if may and form is None and not problem:
        form, slot = _asked(request, found)
    english = (get_language() or "").startswith("en")
    names = {s.id: s.name_en if english else s.name for s in found.shifts}
    grid = _grid(found, names, today, may)
    context = {
        "tab": "roster",
        "found": found,
        "names": names,
        "shifts": [(s, names[s.id]) for s in found.shifts],
        "days": [(d, _weekday(d), d == today, d < today - timedelta(days=BACK_DAYS)) for d in found.days],
        "grid": grid,
        "by_day": _by_day(grid),
        "today": today,
        "gap_count": len(found.gaps),
        "kept": found.count > 0,
        "may": may,
        "form": form,
        "slot": slot,
        "where": _where(form, names),
        "others": _others(found, slot, names) if slot is not None else [],
        "problem": problem,
        "has_errors": status >= 400,
        "name": territory.division_name(division),
        "divisions": read.divisions_for(request.actor),
        "before": found.monday - timedelta(days=7),
        "after": found.monday + timedelta(days=7)
        if found.monday + timedelta(days=7) <= today + timedelta(days=FORWARD_DAYS)
        else None,
        "this_week": monday_of(today),
        "now_on": read.on_call(request.actor, division),
        "letters": letters(bodies=True) if form is not None and slot is None else None,
        "simulated": any(s.simulated for cell in found.slots.values() for s in cell),
        "import_kind": f"roster-{division}",
    }
    return render(request, "coordination/roster.html", context, status=status)


def _weekday(day: date) -> str:
    return str(WEEKDAYS[day.weekday()])


def _grid(found: read.WeekView, names: dict[int, str], today: date, may: bool) -> list[Any]:
    """Rows of the table: (shift, its name, cells); a cell is (day, weekday, slots, whether it is a gap, may be edited)."""
    gaps = {(d, s.id) for d, s in found.gaps}
    open_from, open_to = today - timedelta(days=BACK_DAYS), today + timedelta(days=FORWARD_DAYS)
    return [
        (
            shift,
            names[shift.id],
            [
                (d, _weekday(d), found.slots.get((d, shift.id), []), (d, shift.id) in gaps and found.count > 0,
                 may and open_from <= d <= open_to)
                for d in found.days
            ],
        )
        for shift in found.shifts
    ]  # fmt: skip


def _by_day(grid: list[Any]) -> list[Any]:
    """The same by day, for a phone: (day, weekday, its shifts: (shift, name, slots, gap, may be edited))."""
    if not grid:
        return []
    return [
        (
            grid[0][2][n][0],
            grid[0][2][n][1],
            [(s, name, cells[n][2], cells[n][3], cells[n][4]) for s, name, cells in grid],
        )
        for n in range(len(grid[0][2]))
    ]


def _asked(request: ActorRequest, found: read.WeekView) -> tuple[SlotForm | None, Any]:
    """The form that the address opens: a body put on call, or a slot that stands."""
    if slot_id := _number(request.GET.get("slot", "")):
        slot = next((s for cell in found.slots.values() for s in cell if s.id == slot_id), None)
        if slot is None:
            return None, None
        said = {"version": found.version, "day": slot.day.isoformat(), "shift": slot.shift.id, "body": slot.body_id,
                "telephone": slot.telephone, "account": slot.account_id}  # fmt: skip
        return SlotForm(found.division, slot, initial=said), slot
    day, _dot, shift = request.GET.get("add", "").partition(".")
    when = _day(day)
    if when is None or when not in found.days or _number(shift) not in {s.id for s in found.shifts}:
        return None, None
    return SlotForm(found.division, initial={"version": found.version, "day": day, "shift": shift}), None


def _where(form: SlotForm | None, names: dict[int, str]) -> str:
    if form is None:
        return ""
    day, shift = str(form["day"].value() or ""), str(form["shift"].value() or "")
    when = _day(day)
    return f"{day} {_weekday(when) if when else ''} {names.get(_number(shift), '')}"


def _others(found: read.WeekView, slot: Any, names: dict[int, str]) -> list[tuple[int, str]]:
    """The slots of this week that one may be swapped with."""
    return [
        (s.id, f"{s.day:%m-%d} {_weekday(s.day)} {names[s.shift.id]} · {s.body}{f' {s.name}' if s.name else ''}")
        for _key, cell in sorted(found.slots.items(), key=lambda i: i[0])
        for s in cell
        if s.id != slot.id and (s.day, s.shift.id) != (slot.day, slot.shift.id)
    ]


@require_POST
@never_cache
@require(*KINDS)
def change(request: ActorRequest) -> HttpResponse:
    """One change of a week: `verb` is put, cancel, swap, copy or undo; `version` is what was seen."""
    division, day = _division(request), _day(request.POST.get("week", "")) or clock.today()
    read.check_division(request.actor, division)
    permissions.can_keep_roster(request.actor, division).or_forbidden()
    verb = request.POST.get("verb", "")
    if verb == "put":
        return _put(request, division, day)
    try:
        messages.success(request, _do(request, division, day, verb))
    except (Invalid, Conflict) as refused:
        said = next(iter(refused.fields.values()), [refused.message])[0]
        return _page(request, division, day, problem=str(said), status=refused.status)
    return _back(division, day)


def _back(division: str, day: date) -> HttpResponse:
    return redirect(f"{reverse('coordination:roster')}?division={division}&week={monday_of(day)}")


def _do(request: ActorRequest, division: str, day: date, verb: str) -> str:
    """Take the step; the sentence that says so."""
    actor, data = request.actor, request.POST
    version, slot = _number(data.get("version", "")), _number(data.get("slot", ""))
    if verb == "cancel":
        actions.cancel_slot(actor=actor, slot_id=slot, version=version)
        return _("这一班已取消，可以撤销。")
    if verb == "swap":
        actions.swap_slots(actor=actor, slot_id=slot, other_id=_number(data.get("other", "")), version=version)
        return _("已换班，可以撤销。")
    if verb == "copy":
        n = actions.copy_week(actor=actor, division=division, monday=day, version=version)
        return _("从上一周复制了 %(n)s 班，可以撤销。") % {"n": n}
    if verb == "undo":
        actions.undo_week(actor=actor, division=division, monday=monday_of(day), version=version)
        return _("已撤销上一次修改。")
    raise Invalid("unknown_verb", _("没有这个动作。"))


def _put(request: ActorRequest, division: str, day: date) -> HttpResponse:
    found = read.week(request.actor, division, day)
    slot_id = _number(request.POST.get("slot", ""))
    slot = next((s for cell in found.slots.values() for s in cell if s.id == slot_id), None)
    form = SlotForm(division, slot, request.POST)
    status = 422
    if form.is_valid():
        try:
            said = form.slot()
            _row, twice = actions.put_slot(
                actor=request.actor, division=division, version=form.cleaned_data["version"], slot=said
            )
        except (Invalid, Conflict) as refused:
            onto_form(form, refused)
            status = refused.status
        else:
            messages.success(request, _("已保存。"))
            if twice:
                messages.warning(request, _("请留意：这个账号同一时间还在“%(body)s”值班。") % {"body": twice})
            return _back(division, said.day)
    again = request.POST.copy()
    again["version"] = str(found.version)
    form.data = again
    return _page(request, division, day, form=form, slot=slot, status=status)


@require_safe
@never_cache
@require(*KINDS)
def now(request: ActorRequest) -> HttpResponse:
    """`/coordination/on-call/?division=`: who is on call now, as a page of its own to keep open."""
    division = _division(request)
    found = read.on_call(request.actor, division)
    context = {"tab": "roster", "now_on": found, "name": territory.division_name(division), "division": division}
    return render(request, "coordination/roster_now.html", context)
