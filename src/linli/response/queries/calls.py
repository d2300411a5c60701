"""Reads of the telephone queue: whom to call next, what to tell them, and one's own shift. No persons are compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from linli.core import clock
from linli.core.actor import Actor
from linli.files import queries as pictures
from linli.flow import queries as flow
from linli.flow.queries import Line

from .. import call_rules, permissions
from ..choices import CallResult, Outcome
from ..models import CallAttempt, CallLease, Case
from ..rules import number_of
from .cases import today_start
from .retracting import why_not

REACHED = (CallResult.TALKED, CallResult.REFUSED, CallResult.LATER)
DONE_VERBS = ("feed_back", "mend", "answer", "close_with")


def attempts_of(case: Case) -> tuple[str, ...]:
    """What came of each attempt since the case was closed, oldest first (1 SQL; none where nobody dialled)."""
    if not case.call_count:
        return ()
    rows = CallAttempt.objects.filter(case_id=case.pk, at__gte=case.matter.closed_at or case.counted_from)
    return tuple(rows.order_by("at", "pk").values_list("result", flat=True))


def _closed(actor: Actor) -> QuerySet[Case]:
    """What waits for a call-back where this actor has a desk or takes calls."""
    rows = Case.objects.select_related("matter").filter(matter__stage="closed", matter__ended_at=None)
    rows = rows.exclude(call_sampled=False)
    divisions = {p.division for p in actor.posts if p.kind in permissions.DESK_KINDS and p.division}
    if not divisions:
        return rows.none()
    own = actor.bodies(permissions.BODY_KINDS) | actor.serves
    if own:  # what his own body handled is somebody else's to ask about
        rows = rows.exclude(matter__body_id__in=own)
    condition = flow.in_area(divisions, "matter__")
    return rows if condition is None else rows.filter(condition)


def _callable(actor: Actor, now: datetime, *, anyway: bool) -> QuerySet[Case]:
    rows = _closed(actor).filter(contact_id__isnull=False)
    ready = Q(next_call_at__isnull=True) | Q(next_call_at__lte=now)
    if not anyway and not call_rules.rules().is_open(now):
        # only an hour that was agreed may lie outside
        agreed = CallAttempt.objects.filter(case_id=OuterRef("pk"), result=CallResult.LATER)
        return rows.filter(Exists(agreed), next_call_at__lte=now)
    return rows.filter(ready)


def _taken(now: datetime) -> Exists:
    return Exists(CallLease.objects.filter(case_id=OuterRef("pk"), until__gt=now))


def next_call(actor: Actor, now: datetime, *, anyway: bool = False) -> int | None:
    """The case to telephone about next: reopened ones first, then by when the call-back is due. None: nothing waits."""
    rows = _callable(actor, now, anyway=anyway).filter(~_taken(now))
    order = Q(reopen_count__gt=0)
    again = rows.filter(order).order_by("matter__due_at", "pk").values_list("pk", flat=True).first()
    if again is not None:
        return again
    return rows.exclude(order).order_by("matter__due_at", "pk").values_list("pk", flat=True).first()


def still_waits(pk: int, now: datetime) -> bool:
    """Whether this case is still to be called about."""
    rows = Case.objects.filter(pk=pk, matter__stage="closed")
    return rows.filter(Q(next_call_at__isnull=True) | Q(next_call_at__lte=now)).exists()


def held_call(actor: Actor) -> Case | None:
    """The case that this actor has on the telephone, while that lasts."""
    rows = Case.objects.select_related("matter").filter(
        call_lease__by=actor.label, call_lease__until__gt=clock.now(), matter__stage="closed"
    )
    return rows.first()


def on_telephone(pk: int, now: datetime, *, but: str = "") -> str:
    """The label of whoever has this case on the telephone now, `but` left out; "" for nobody."""
    rows = CallLease.objects.filter(case_id=pk, until__gt=now).exclude(by=but)
    return rows.values_list("by", flat=True).first() or ""


def without_contact(actor: Actor, now: datetime) -> QuerySet[Case]:
    """Closed, nobody to call, and the time in which the reporter may answer on the web is over."""
    return _closed(actor).filter(contact_id__isnull=True, matter__due_at__lt=now).order_by("matter__due_at", "pk")


@dataclass(frozen=True, slots=True)
class Waiting:
    """How much waits: to be called now, of these overdue, on others' telephones, later by rule, and without a contact."""

    now: int
    late: int
    taken: int
    later: int
    next_at: datetime | None
    no_contact: int


def waiting_calls(actor: Actor, now: datetime) -> Waiting:
    """The size of this actor's queue (2 SQL)."""
    ready = Q(contact_id__isnull=False) & (Q(next_call_at__isnull=True) | Q(next_call_at__lte=now))
    later = Q(contact_id__isnull=False, next_call_at__gt=now)
    taken = _taken(now)
    others = Q(taken=True) & ~Q(call_lease__by=actor.label)
    found = (
        _closed(actor)
        .annotate(taken=taken)
        .aggregate(
            now=Count("pk", filter=ready & Q(taken=False)),
            late=Count("pk", filter=ready & Q(taken=False, matter__due_at__lt=now)),
            busy=Count("pk", filter=ready & others),
            later=Count("pk", filter=later),
            none=Count("pk", filter=Q(contact_id__isnull=True, matter__due_at__lt=now)),
        )
    )
    soonest = None
    if found["later"] and not found["now"]:
        rows = _closed(actor).filter(later).order_by("next_call_at")
        soonest = rows.values_list("next_call_at", flat=True).first()
    return Waiting(found["now"], found["late"], found["busy"], found["later"], soonest, found["none"])


@dataclass(frozen=True, slots=True)
class Shift:
    """One's own work of today, as counts of work."""

    done: int
    reached: int
    solved: int


def shift_of(actor: Actor) -> Shift:
    """What this actor has done on the telephone today (1 SQL). Nobody else's is told."""
    found = CallAttempt.objects.filter(by=actor.label, at__gte=today_start()).aggregate(
        done=Count("pk"),
        reached=Count("pk", filter=Q(result__in=REACHED)),
        solved=Count("pk", filter=Q(outcome=Outcome.SOLVED)),
    )
    return Shift(found["done"], found["reached"], found["solved"])


@dataclass(frozen=True, slots=True)
class Recorded:
    """What this actor recorded last, where it may still be taken back."""

    number: str
    outcome: str
    at: datetime


def recorded_last(actor: Actor) -> Recorded | None:
    """The result that this actor recorded last, while that may be taken back (1 or 2 SQL)."""
    since = clock.now() - call_rules.rules().retract
    rows = CallAttempt.objects.filter(by=actor.label, at__gte=since, case__matter__stage="ended").exclude(outcome="")
    row = rows.select_related("case__matter").order_by("-at", "-pk").first()
    if row is None or why_not(row.case):
        return None
    matter = row.case.matter
    return Recorded(number_of(matter.pk, matter.opened_at), str(Outcome(row.case.outcome).label), row.at)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt, as the page shows it."""

    at: datetime
    by: str
    result: str
    now: bool  # since the last closing


def attempts(case: Case) -> list[Attempt]:
    """Every attempt on this case, newest first (1 SQL)."""
    since = case.matter.closed_at
    rows = CallAttempt.objects.filter(case_id=case.pk).order_by("-at", "-pk")
    return [Attempt(r.at, r.by, str(CallResult(r.result).label), since is not None and r.at >= since) for r in rows]


@dataclass(frozen=True, slots=True)
class Shown:
    """The photographs of a case by what they show: as reported, after the work, and taken when it was checked."""

    before: tuple[Any, ...]
    after: tuple[Any, ...]
    checked: tuple[Any, ...]

    def __len__(self) -> int:
        return len(self.before) + len(self.after) + len(self.checked)


AFTER, CHECKED = frozenset({"feed_back", "mend", "assist_report"}), frozenset({"pass", "rework"})


def photos_of(actor: Actor, case: Case, lines: Sequence[Line]) -> Shown:
    """The photographs in their groups (1 SQL; none where there are none). A line names its photographs; one that an
    older release wrote counts them, and they are the last that had been sent by then."""
    if not case.photos:
        return Shown((), (), ())
    rows = pictures.for_subject(actor=actor, subject=f"case:{case.pk}")
    kind: dict[str, str] = {}
    for line in lines:
        group = "after" if line.verb in AFTER else "checked" if line.verb in CHECKED else ""
        if not group or not line.facts.get("photos"):
            continue
        named = line.facts.get("photo_keys")
        if not named:
            sent = [r.key for r in rows if r.created_at <= line.at and r.key not in kind]
            named = sent[-int(line.facts["photos"]) :]
        kind |= dict.fromkeys(named, group)
    groups: dict[str, list[Any]] = {"": [], "after": [], "checked": []}
    for row in rows:
        groups[kind.get(row.key, "")].append(row)
    return Shown(tuple(groups[""]), tuple(groups["after"]), tuple(groups["checked"]))


@dataclass(frozen=True, slots=True)
class Throw:
    """What the dice said of a case: drawn or spared, by which share in per cent, by which version of its type."""

    of: str
    drawn: bool
    share: int
    type_id: int


def throws_of(lines: Sequence[Line]) -> tuple[Throw, ...]:
    """The throws of the dice in a journal, the last of each step."""
    found: dict[str, Throw] = {}
    for line in lines:
        for name in ("sample", "call_sample"):
            said = line.facts.get(name)
            if isinstance(said, Mapping):
                found[name] = Throw(said["of"], bool(said["drawn"]), int(said["share"]), int(said["type"]))
    return tuple(found.values())


def last_result(lines: Sequence[Line]) -> tuple[str, datetime | None]:
    """What the body says that it did, in its own words, and when; "" where nothing was written or it was erased."""
    for line in reversed(lines):
        if line.verb in DONE_VERBS:
            return str(line.personal.get("result") or line.personal.get("text") or ""), line.at
    return "", None
