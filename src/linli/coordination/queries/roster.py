"""Reads of the duty roster: shifts, a week, who is on call now, who may be named, where somebody stands twice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from linli.accounts import queries as accounts
from linli.core import clock
from linli.core.actor import Actor
from linli.core.errors import Missing
from linli.organisations import queries as organisations
from linli.territory import queries as territory

from .. import permissions
from ..choices import SlotState
from ..models import DutySlot, RosterWeek, Shift
from ..roster_rules import ShiftView, covers, monday_of, overlap

LEADERS = permissions.BODY_KINDS | permissions.ROSTER_KINDS | {"operator", "desk", "verifier"}
"""Posts whose holders may be named in a slot of their body or division."""


def shifts_of(division: str) -> list[ShiftView]:
    """The shifts in force for a division: its own, else those of the district, else those of all (1 SQL)."""
    levels = (division, division[:6], "")
    rows = list(Shift.objects.filter(in_force=True, division__in=levels).order_by("order", "starts", "pk"))
    for level in levels:
        if found := [r for r in rows if r.division == level]:
            return [_shift(r) for r in found]
    return []


def _shift(row: Shift) -> ShiftView:
    return ShiftView(
        row.pk, row.code, row.name, row.name_en, row.starts, row.ends, row.order, row.provenance, row.source
    )


def check_division(actor: Actor, division: str) -> None:
    """Raises Missing for a division that is none, has no roster, or lies out of the actor's scope."""
    known = territory.division(division) if len(division) in (6, 9) else None
    if known is None or not permissions.can_read_roster(actor, division):
        raise Missing("no_such_roster", _("没有这个值班表，或它不在您的辖区。"))


def home_of(actor: Actor) -> str:
    """The roster that this actor opens first: of the narrowest subdistrict held, else of the district."""
    held = {p.division[:9] for p in actor.posts if p.kind in permissions.ROSTER_READ_KINDS and p.division}
    own = sorted((d for d in held if len(d) == 9), key=lambda d: d) or sorted(held)
    return own[0] if own else territory.district().code


def divisions_for(actor: Actor) -> list[tuple[str, str]]:
    """The rosters that this actor may read: (code, name)."""
    every = [(d.code, d.name) for size in (6, 9) for d in territory.divisions(size)]
    return [(code, name) for code, name in every if permissions.can_read_roster(actor, code)]


@dataclass(frozen=True, slots=True)
class SlotView:
    """One body on call. `twice`: the account it names stands in another slot at the same time."""

    id: int
    division: str
    day: date
    shift: ShiftView
    body_id: int
    body: str
    telephone: str
    account_id: int | None
    name: str
    simulated: bool
    twice: str = ""


@dataclass(frozen=True, slots=True)
class WeekView:
    """A week of a roster. `slots` by (day, shift id); `gaps` are pairs in which nobody is on call, from today on."""

    division: str
    monday: date
    version: int
    may_undo: bool
    shifts: tuple[ShiftView, ...]
    days: tuple[date, ...]
    slots: dict[tuple[date, int], list[SlotView]]
    gaps: tuple[tuple[date, ShiftView], ...]

    @property
    def count(self) -> int:
        return sum(len(s) for s in self.slots.values())


def week(actor: Actor, division: str, day: date) -> WeekView:
    """The week that holds `day` (5 SQL). Raises Missing."""
    check_division(actor, division)
    monday = monday_of(day)
    days = tuple(monday + timedelta(days=n) for n in range(7))
    shifts = shifts_of(division)
    rows = _on(division, days[0], days[-1])
    known = {s.id: s for s in shifts} | {r.shift_id: _shift(r.shift) for r in rows}
    used = {r.shift_id for r in rows}
    every = [*shifts, *(known[i] for i in sorted(used) if i not in {s.id for s in shifts})]
    views = _views(rows, known, twice_in(rows))
    slots: dict[tuple[date, int], list[SlotView]] = {}
    for view in views:
        slots.setdefault((view.day, view.shift.id), []).append(view)
    parent = RosterWeek.objects.filter(division=division, monday=monday).first()
    today = clock.today()
    gaps = tuple((d, s) for d in days for s in shifts if d >= today and (d, s.id) not in slots)
    version = parent.version if parent else 0
    may_undo = bool(parent and parent.memo.get("weeks", {}).get(str(monday)) == version)
    return WeekView(division, monday, version, may_undo, tuple(every), days, slots, gaps)


def _on(division: str, first: date, last: date) -> list[DutySlot]:
    rows = DutySlot.objects.filter(division=division, day__gte=first, day__lte=last, state=SlotState.ON)
    return list(rows.select_related("shift").order_by("day", "shift__order", "pk"))


def _views(rows: Sequence[DutySlot], shifts: dict[int, ShiftView], twice: dict[int, str]) -> list[SlotView]:
    names = accounts.names(r.account_id for r in rows if r.account_id)
    return [
        SlotView(
            r.pk, r.division, r.day, shifts[r.shift_id], r.body_id, organisations.body_name(r.body_id, short=True),
            r.telephone, r.account_id, names.get(r.account_id or 0, ""), r.simulated, twice.get(r.pk, ""),
        )
        for r in rows
    ]  # fmt: skip


def twice_in(rows: Iterable[DutySlot]) -> dict[int, str]:
    """Slots whose account is on call elsewhere at the same time, in any division: slot id to the other body (1 SQL)."""
    mine = [r for r in rows if r.account_id]
    if not mine:
        return {}
    around = timedelta(days=1)
    others = DutySlot.objects.filter(
        account_id__in={r.account_id for r in mine},
        day__gte=min(r.day for r in mine) - around,
        day__lte=max(r.day for r in mine) + around,
        state=SlotState.ON,
    ).select_related("shift")
    every = [(o, _shift(o.shift).span(o.day, clock.SHANGHAI)) for o in others]
    found: dict[int, str] = {}
    for row in mine:
        span = _shift(row.shift).span(row.day, clock.SHANGHAI)
        for other, when in every:
            if other.pk != row.pk and other.account_id == row.account_id and overlap(span, when):
                found[row.pk] = organisations.body_name(other.body_id, short=True)
                break
    return found


def slot_for(actor: Actor, slot_id: int) -> DutySlot:
    """A slot that stands, in a roster that the actor may read. Raises Missing."""
    found = DutySlot.objects.select_related("shift").filter(pk=slot_id, state=SlotState.ON).first()
    if found is None or not permissions.can_read_roster(actor, found.division):
        raise Missing("no_such_slot", _("没有这一班，或它已经改过。"))
    return found


# --- now ------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class OnCall:
    """Who is on call at a moment: `shifts` that run then, `slots` in them; `gaps` are shifts with nobody."""

    division: str
    at: datetime
    shifts: tuple[ShiftView, ...]
    slots: tuple[SlotView, ...]
    gaps: tuple[ShiftView, ...]

    @property
    def kept(self) -> bool:
        """Whether a roster is kept at all, so that a gap means something."""
        return bool(self.slots)


def on_call(actor: Actor, division: str, at: datetime | None = None) -> OnCall:
    """Who is on call in a division, now or at `at` (2 to 4 SQL). Raises Missing."""
    check_division(actor, division)
    moment = clock.local(at or clock.now())
    today = moment.date()
    days = (today - timedelta(days=1), today)
    shifts = shifts_of(division)
    running = [(d, s) for s in shifts for d in days if covers(s.starts, s.ends, d, moment)]
    rows = [r for r in _on(division, *days) if covers(r.shift.starts, r.shift.ends, r.day, moment)]
    views = _views(rows, {r.shift_id: _shift(r.shift) for r in rows}, {})
    held = {(v.day, v.shift.id) for v in views}
    gaps = tuple(s for d, s in running if (d, s.id) not in held)
    return OnCall(division, moment, tuple(s for _d, s in running), tuple(views), gaps)


def is_kept(division: str) -> bool:
    """Whether anybody has written a roster for this division lately: else a gap is nothing to warn of (1 SQL)."""
    since = clock.today() - timedelta(days=14)
    return DutySlot.objects.filter(division=division, day__gte=since, state=SlotState.ON).exists()


# --- who may stand there ----------------------------------------------------------------------------------
def bodies_for(division: str) -> list[Any]:
    """The bodies that may be on call in a roster: those of the division and inside it, and the district's."""
    wide = {division, division[:6]}
    return [
        b for b in organisations.bodies() if b.is_active and (b.division in wide or b.division.startswith(division))
    ]


def accounts_at(body_id: int, division: str) -> dict[int, str]:
    """Who may be named for a body: holders of a post there, or of a duty post of the division (2 SQL)."""
    of_body = set(accounts.holders(kinds=LEADERS, body_id=body_id).values_list("account_id", flat=True))
    of_division = accounts.holders(kinds=LEADERS, division=division).filter(body__isnull=True)
    return accounts.names(of_body | set(of_division.values_list("account_id", flat=True)))


def revision_of(division: str) -> str:
    """Changes whenever the roster of a division does, of this week or a later one."""
    rows = RosterWeek.objects.filter(division=division, monday__gte=monday_of(clock.today()))
    return ".".join(f"{m:%m%d}-{v}" for m, v in rows.order_by("monday").values_list("monday", "version")) or "0"


def coming(division: str) -> list[DutySlot]:
    """The slots from this Monday on, in their order (1 SQL)."""
    return _on(division, monday_of(clock.today()), clock.today() + timedelta(days=400))
