"""The only writer of the duty roster. Every change swaps the week's row first and leaves there what undoes it.

A slot is never written over by a swap or a cancellation: it keeps its row, with the state that says what became of it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from linli.core import clock
from linli.core.actor import Actor
from linli.core.errors import Conflict, Invalid
from linli.organisations import queries as organisations

from .. import permissions
from ..choices import SlotState
from ..models import DutySlot, RosterWeek, Shift
from ..queries import roster as reads
from ..roster_rules import day_problem, monday_of, telephone_problem, tidy_telephone

DATA = Path(__file__).resolve().parent.parent / "data"


@dataclass(frozen=True, slots=True)
class NewSlot:
    """A body on call in a shift of a day. `account_id` names who leads it; nobody must be named."""

    day: date
    shift_id: int
    body_id: int
    telephone: str = ""
    account_id: int | None = None
    simulated: bool = False


@dataclass(slots=True)
class _Change:
    """What is written at once: slots that are added, that end in a state, whose columns change."""

    add: list[NewSlot] = field(default_factory=list)
    end: dict[int, str] = field(default_factory=dict)
    alter: dict[int, dict[str, Any]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.add or self.end or self.alter)


def load_shifts(*, actor: Actor, text: str = "") -> int:
    """The shifts of a table (the shipped one by default), where a division has none yet. Returns how many are new."""
    permissions.can_keep_roster(actor, "").or_forbidden()
    rows = list(csv.DictReader(io.StringIO(text or (DATA / "shifts.csv").read_text(encoding="utf-8"))))
    known = set(Shift.objects.values_list("division", flat=True))
    fresh = [
        Shift(
            division=r["division"], code=r["code"], name=r["name"], name_en=r["name_en"],
            starts=time.fromisoformat(r["starts"]), ends=time.fromisoformat(r["ends"]), order=int(r["order"]),
            provenance=r["provenance"], source=r["source"],
        )
        for r in rows
        if r["division"] not in known
    ]  # fmt: skip
    Shift.objects.bulk_create(fresh)
    return len(fresh)


def put_slot(*, actor: Actor, division: str, version: int, slot: NewSlot) -> tuple[DutySlot, str]:
    """Put a body on call, or change what its slot says. The slot, and the other body where the account stands at the
    same time ('' if nowhere): that is a warning, for the keeper to judge.

    Raises Forbidden, Missing, Invalid (day, shift, body, telephone, account), Conflict (the week changed meanwhile).
    """
    _may(actor, division)
    checked = _checked(division, slot)
    held = _standing(division, checked)
    change = _Change()
    if held is None:
        change.add.append(checked)
    else:
        change.alter[held.pk] = {"telephone": checked.telephone, "account_id": checked.account_id}
    added = _write(actor, division, {monday_of(slot.day): version}, change)
    row = reads.slot_for(actor, held.pk if held else added[0])
    return row, reads.twice_in([row]).get(row.pk, "")


def cancel_slot(*, actor: Actor, slot_id: int, version: int) -> None:
    """Take a body off a shift. Raises Forbidden, Missing, Invalid (too long ago), Conflict."""
    row = reads.slot_for(actor, slot_id)
    _may(actor, row.division)
    _check_day(row.day)
    _write(actor, row.division, {monday_of(row.day): version}, _Change(end={row.pk: SlotState.CANCELLED}))


def swap_slots(*, actor: Actor, slot_id: int, other_id: int, version: int) -> None:
    """Two slots of one roster change places: body, leader and telephone go along. Raises as `put_slot`."""
    one, other = reads.slot_for(actor, slot_id), reads.slot_for(actor, other_id)
    _may(actor, one.division)
    if one.division != other.division or one.pk == other.pk:
        raise _bad("other", _("只能和同一张值班表里的另一班对换。"))
    if (one.day, one.shift_id) == (other.day, other.shift_id):
        raise _bad("other", _("这两个单位在同一班，不用对换。"))
    for row, into in ((one, other), (other, one)):
        _check_day(row.day)
        there = DutySlot.objects.filter(division=row.division, day=into.day, shift_id=into.shift_id, state=SlotState.ON)
        if row.body_id != into.body_id and there.filter(body_id=row.body_id).exists():
            raise _bad("other", _("%(body)s在那一班已经有人值班。") % {"body": organisations.body_name(row.body_id)})
    change = _Change(
        add=[
            NewSlot(into.day, into.shift_id, row.body_id, row.telephone, row.account_id, row.simulated)
            for row, into in ((one, other), (other, one))
        ],
        end={one.pk: SlotState.SWAPPED, other.pk: SlotState.SWAPPED},
    )
    weeks: dict[date, int | None] = {monday_of(other.day): None, monday_of(one.day): version}
    _write(actor, one.division, weeks, change)


def copy_week(*, actor: Actor, division: str, monday: date, version: int) -> int:
    """The slots of the week before, into this one, where their body stands in no such shift yet. Days that are over, and
    bodies that no longer answer, are left out. Returns how many. Raises Forbidden, Missing, Invalid, Conflict.
    """
    _may(actor, division)
    monday, today = monday_of(monday), clock.today()
    _check_day(monday + timedelta(days=6))
    shift_ids = {s.id for s in reads.shifts_of(division)}
    there = _keys(division, monday)
    change = _Change()
    for row in _week_rows(division, monday - timedelta(days=7)):
        day = row.day + timedelta(days=7)
        body = organisations.body(row.body_id)
        usable = row.shift_id in shift_ids and body is not None and body.is_active and day >= today
        if usable and (day, row.shift_id, row.body_id) not in there:
            named = row.account_id if row.account_id in reads.accounts_at(row.body_id, division) else None
            change.add.append(NewSlot(day, row.shift_id, row.body_id, row.telephone, named, row.simulated))
    if not change:
        raise _bad("week", _("上一周没有可以复制的班次。"))
    return len(_write(actor, division, {monday: version}, change))


def undo_week(*, actor: Actor, division: str, monday: date, version: int) -> None:
    """Take back the last change of a week, if nothing changed since. Raises Forbidden, Missing, Invalid (too long ago),
    Conflict.
    """
    _may(actor, division)
    parent = RosterWeek.objects.filter(division=division, monday=monday).first()
    memo = parent.memo if parent else {}
    weeks = {date.fromisoformat(day): seen for day, seen in memo.get("weeks", {}).items()}
    if not weeks or weeks.get(monday) != version:
        raise Conflict("nothing_to_undo", _("没有可以撤销的修改，或者之后又改过。"))
    change = _Change(
        end=dict.fromkeys(memo["added"], str(SlotState.CANCELLED)),
        alter={int(pk): values for pk, values in memo["before"].items()},
    )
    touched = DutySlot.objects.filter(pk__in=[*change.end, *change.alter])
    for day in set(touched.values_list("day", flat=True)):
        _check_day(day)
    _write(actor, division, dict(weeks), change, undoable=False)


def write_slots(*, actor: Actor, division: str, slots: Sequence[NewSlot]) -> dict[str, Any]:
    """Many slots at once, all or none: new ones are added, standing ones take what is said. What undoes it (JSON).

    Call inside a transaction. Raises Forbidden, Missing, Invalid, Conflict.
    """
    _may(actor, division)
    change = _Change()
    for slot in slots:
        checked = _checked(division, slot)
        held = _standing(division, checked)
        if held is None:
            change.add.append(checked)
        else:
            change.alter[held.pk] = {"telephone": checked.telephone, "account_id": checked.account_id}
    before = _before(change)
    weeks: dict[date, int | None] = dict.fromkeys((monday_of(s.day) for s in slots), None)
    return {"added": _write(actor, division, weeks, change), "before": before}


def take_back(*, actor: Actor, division: str, memo: Mapping[str, Any]) -> None:
    """Bring back what `write_slots` changed. Call inside a transaction."""
    _may(actor, division)
    ids = [*memo["added"], *(int(pk) for pk in memo["before"])]
    days = DutySlot.objects.filter(pk__in=ids, division=division).values_list("day", flat=True)
    weeks: dict[date, int | None] = dict.fromkeys((monday_of(d) for d in days), None)
    end = dict.fromkeys(memo["added"], str(SlotState.CANCELLED))
    _write(actor, division, weeks, _Change(end=end, alter={int(k): v for k, v in memo["before"].items()}))


def forget_duty_accounts(*, actor: Actor, before: date) -> int:
    """Who was named in slots of days before `before` is no longer said; the body stays. Returns how many. System only."""
    if actor.kind != "system":
        raise PermissionError("only the system forgets by itself")
    RosterWeek.objects.filter(monday__lt=before - timedelta(days=6)).exclude(memo={}).update(memo={})
    return DutySlot.objects.filter(day__lt=before, account__isnull=False).update(account=None)


# --- what all of them share -----------------------------------------------------------------------------------
def _may(actor: Actor, division: str) -> None:
    reads.check_division(actor, division)
    permissions.can_keep_roster(actor, division).or_forbidden()


def _bad(name: str, sentence: str, code: str = "bad_slot") -> Invalid:
    return Invalid(code, sentence, fields={name: [sentence]})


def _check_day(day: date) -> None:
    if problem := day_problem(day, clock.today()):
        raise _bad("day", problem, "bad_day")


def _checked(division: str, slot: NewSlot) -> NewSlot:
    """The slot as it will be written. Raises Invalid."""
    _check_day(slot.day)
    if slot.shift_id not in {s.id for s in reads.shifts_of(division)}:
        raise _bad("shift", _("没有这个班次。"))
    if slot.body_id not in {b.id for b in reads.bodies_for(division)}:
        raise _bad("body", _("这个单位不在本区划，或已经停用。"))
    telephone = tidy_telephone(slot.telephone)
    if problem := telephone_problem(telephone):
        raise _bad("telephone", problem, "bad_telephone")
    if slot.account_id is not None and slot.account_id not in reads.accounts_at(slot.body_id, division):
        raise _bad("account", _("这个账号在这个单位没有岗位。"))
    return NewSlot(slot.day, slot.shift_id, slot.body_id, telephone, slot.account_id, slot.simulated)


def _standing(division: str, slot: NewSlot) -> DutySlot | None:
    rows = DutySlot.objects.filter(division=division, day=slot.day, shift_id=slot.shift_id, body_id=slot.body_id)
    return rows.filter(state=SlotState.ON).first()


def _week_rows(division: str, monday: date) -> list[DutySlot]:
    rows = DutySlot.objects.filter(division=division, day__gte=monday, day__lt=monday + timedelta(days=7))
    return list(rows.filter(state=SlotState.ON).order_by("pk"))


def _keys(division: str, monday: date) -> set[tuple[date, int, int]]:
    return {(r.day, r.shift_id, r.body_id) for r in _week_rows(division, monday)}


def _before(change: _Change) -> dict[str, dict[str, Any]]:
    """What the slots that end or change say now, as JSON."""
    rows = DutySlot.objects.filter(pk__in=[*change.end, *change.alter]).order_by("pk")
    return {str(r.pk): {"telephone": r.telephone, "account_id": r.account_id, "state": str(r.state)} for r in rows}


def _write(
    actor: Actor, division: str, weeks: Mapping[date, int | None], change: _Change, *, undoable: bool = True
) -> list[int]:
    """Swap the weeks (None: whatever version they have), then write. The ids of what was added. Raises Conflict."""
    before = _before(change) if undoable else {}
    now = clock.now()
    try:
        with transaction.atomic():
            versions = {day: _swap(division, day, weeks[day]) for day in sorted(weeks)}
            for pk, state in change.end.items():
                if not DutySlot.objects.filter(pk=pk, state=SlotState.ON).update(
                    state=state, changed_by=actor.label, changed_at=now
                ):
                    raise _changed()
            for pk, values in change.alter.items():
                DutySlot.objects.filter(pk=pk).update(changed_by=actor.label, changed_at=now, **values)
            rows = [_row(actor, division, slot) for slot in change.add]
            for row in rows:
                row.save(force_insert=True)
            added = [row.pk for row in rows]
            _remember(division, versions, {"added": added, "before": before} if undoable else {})
    except IntegrityError:  # the same body in the same shift, by another way
        raise _changed() from None
    return added


def _changed() -> Conflict:
    return Conflict("roster_changed", _("别人刚改过这一周的值班表，请看最新的再改。"))


def _swap(division: str, monday: date, version: int | None) -> int:
    """Take the week's turn; the version it has now."""
    RosterWeek.objects.bulk_create([RosterWeek(division=division, monday=monday)], ignore_conflicts=True)
    mine = RosterWeek.objects.select_for_update().filter(division=division, monday=monday)
    seen = mine.values_list("version", flat=True).get() if version is None else version
    if not mine.filter(version=seen).update(version=seen + 1):
        raise _changed()
    return int(seen) + 1


def _remember(division: str, versions: Mapping[date, int], memo: Mapping[str, Any]) -> None:
    whole = {**memo, "weeks": {str(day): version for day, version in versions.items()}} if memo else {}
    RosterWeek.objects.filter(division=division, monday__in=list(versions)).update(memo=whole)


def _row(actor: Actor, division: str, slot: NewSlot) -> DutySlot:
    return DutySlot(
        division=division, day=slot.day, shift_id=slot.shift_id, body_id=slot.body_id, telephone=slot.telephone,
        account_id=slot.account_id, simulated=slot.simulated, changed_by=actor.label, changed_at=clock.now(),
    )  # fmt: skip
