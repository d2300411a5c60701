"""What a change of a type, of the limits or of the ladder would have done to last month's cases. Reads only.

Counted by the limits alone: pauses and extensions that single cases were given are left out on both sides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from linli.core import clock
from linli.flow import queries as flow
from linli.worktime import queries as worktime
from linli.worktime.rules import Limit, Unit

from .. import class_rules, ladder
from ..catalogue import Catalogue, ClassView, catalogue
from ..choices import Sheet
from ..deadlines import stage_limit
from ..ladder import Rung
from ..models import Case
from ..rules import CASE, number_of

DAYS = 30
BATCH = 400
EXAMPLES = 8


@dataclass
class Impact:
    """Counts over cases and over steps (one stay of one case in one stage), and examples."""

    days: int = DAYS
    cases: int = 0
    moved: int = 0  # another final due time
    earlier: int = 0
    more_late: int = 0
    fewer_late: int = 0
    steps: int = 0
    steps_moved: int = 0
    steps_more_late: int = 0
    steps_fewer_late: int = 0
    rungs_before: int = 0
    rungs_after: int = 0
    other_rungs: int = 0  # cases that would have met other rungs
    examples: list[dict[str, Any]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Stay:
    """One case in one stage: from when to when (None: still), and since when its whole limit counted."""

    stage: str
    start: datetime
    end: datetime | None
    counted_from: datetime


def cases_of(code: str = "") -> QuerySet[Case]:
    """The cases reported in the last 30 days, of one type or of all."""
    rows = Case.objects.filter(matter__opened_at__gte=clock.now() - timedelta(days=DAYS))
    return rows.filter(case_class__code=code) if code else rows


def with_type(known: Catalogue, row: Mapping[str, str]) -> Callable[[ClassView], ClassView]:
    """How a class would look for cases of the type of `row`; others stay."""
    limit, variant = class_rules.limit_of(row), class_rules.variant_of(row)

    def changed(view: ClassView) -> ClassView:
        if view.code != row["code"]:
            return view
        return replace(view, limit=limit, urgency=row["urgency"], variant=variant)

    return changed


def with_sheet(known: Catalogue, sheet: str, rows: Sequence[Mapping[str, str]]) -> Catalogue:
    """The catalogue with another sheet of limits or rungs."""
    if sheet == Sheet.LIMITS:
        limits = {(r["stage"], r["urgency"]): Limit(int(r["amount"]), Unit(r["unit"])) for r in rows}
        return replace(known, limits=limits)
    rungs = [
        Rung(
            int(r["order"]), r["trigger"], r.get("stage", ""), r.get("urgency", ""), int(r["amount"]),
            r.get("unit", ""), r["act"],
        )
        for r in rows
    ]  # fmt: skip
    return replace(known, ladder=tuple(sorted(rungs, key=lambda r: r.order)))


def measure(
    *,
    row: Mapping[str, str] | None = None,
    sheet: str = "",
    rows: Sequence[Mapping[str, str]] = (),
    progress: Callable[[int, int], object] | None = None,
) -> Impact:
    """Compare what is in force with a changed type (`row`) or a changed sheet (`rows`), over last month's cases."""
    known = catalogue()
    after = with_sheet(known, sheet, rows) if sheet else known
    changed = with_type(known, row) if row is not None else (lambda view: view)
    wanted = cases_of(row["code"] if row is not None else "").select_related("matter")
    total, now, found, last = wanted.count(), clock.now(), Impact(), 0
    found.cases = total
    done = 0
    while batch := list(wanted.filter(pk__gt=last).order_by("pk")[:BATCH]):
        lines = flow.moments_of([c.pk for c in batch])
        for case in batch:
            view = known.by_id[case.case_class_id]
            _compare(found, case, list(stays(case, lines[case.pk])), (known, view), (after, changed(view)), now)
        done, last = done + len(batch), batch[-1].pk
        if progress is not None:
            progress(done, total)
    return found


def stays(case: Case, lines: Sequence[tuple[str, datetime]]) -> Iterator[Stay]:
    """The stages that a case was in, from its journal; while in hand also the time until the reporter was spoken to."""
    stage, start, counted = CASE.start, case.matter.opened_at, case.matter.opened_at
    spoken: datetime | None = None
    for verb, at in lines:
        move = CASE.moves.get(verb)
        if verb == "contacted":
            spoken = spoken or at
        if move is None or move.target is None:
            continue
        yield Stay(stage, start, at, counted)
        if stage == "handling" and case.contact_id is not None:
            yield Stay(class_rules.CONTACT, start, spoken or at, counted)
        if verb == "reopen":
            counted = at
        stage, start, spoken = move.target, at, None
    yield Stay(stage, start, None, counted)
    if stage == "handling" and case.contact_id is not None:
        yield Stay(class_rules.CONTACT, start, spoken, counted)


Steering = tuple[Catalogue, ClassView]


def _compare(
    found: Impact, case: Case, stayed: Sequence[Stay], before: Steering, after: Steering, now: datetime
) -> None:
    matter = case.matter
    place = matter.community or matter.subdistrict or matter.area
    finals: dict[datetime, tuple[datetime, datetime]] = {}
    for stay in stayed:
        if stay.counted_from not in finals:
            limits = _wholes(case, stay, before, after)
            old, new = (_due(stay.counted_from, limit, place) for limit in limits)
            finals[stay.counted_from] = (old, new)
    old, new = finals[stayed[-1].counted_from]
    ended = matter.closed_at or matter.ended_at or now
    why: list[str] = []
    if old != new:
        found.moved += 1
        found.earlier += new < old
        found.more_late += old >= ended > new
        found.fewer_late += new >= ended > old
        if (ended > new) != (ended > old):
            why.append("late" if ended > new else "on_time")
    rungs = [0, 0]
    for stay in stayed:
        _compare_stay(found, stay, before, after, finals[stay.counted_from], place, now, rungs)
    found.rungs_before += rungs[0]
    found.rungs_after += rungs[1]
    if rungs[0] != rungs[1]:
        found.other_rungs += 1
        why.append("rungs")
    if (why or old != new) and (len(found.examples) < EXAMPLES or (why and not found.examples[-1]["why"])):
        example = {
            "number": number_of(matter.pk, matter.opened_at),
            "class": matter.type_version_id,
            "before": old.isoformat(),
            "after": new.isoformat(),
            "why": why,
            "rungs": rungs,
        }
        found.examples = sorted([*found.examples, example], key=lambda e: not e["why"])[:EXAMPLES]


def _wholes(case: Case, stay: Stay, before: Steering, after: Steering) -> tuple[Limit, Limit]:
    """The whole limit on both sides; one that was missed before the class was corrected is no other on either."""
    if case.limit_class_id is not None and stay.counted_from == case.counted_from:
        missed = before[0].by_id[case.limit_class_id].limit
        return missed, missed
    return before[1].limit, after[1].limit


def _compare_stay(
    found: Impact,
    stay: Stay,
    before: Steering,
    after: Steering,
    finals: tuple[datetime, datetime],
    place: str,
    now: datetime,
    rungs: list[int],
) -> None:
    if stay.stage == "handling":
        dues: tuple[datetime | None, datetime | None] = finals
    else:
        limits = (stage_limit(*before, stay.stage), stage_limit(*after, stay.stage))
        first = _due(stay.start, limits[0], place) if limits[0] else None
        dues = (first, first if limits[0] == limits[1] else _due(stay.start, limits[1], place) if limits[1] else None)
    if dues == (None, None):
        return
    end = stay.end or now
    found.steps += 1
    if dues[0] != dues[1]:
        late = [due is not None and end > due for due in dues]
        found.steps_moved += 1
        found.steps_more_late += late[1] and not late[0]
        found.steps_fewer_late += late[0] and not late[1]
    elif before[0].ladder == after[0].ladder and before[1].urgency == after[1].urgency:
        return  # nothing that a rung hangs on is another
    if stay.stage == class_rules.CONTACT:
        return  # its rungs are those of the stage that it lies in
    for side, ((known, view), due) in enumerate(zip((before, after), dues, strict=True)):
        reached = ladder.moments(known.ladder, stay.stage, view.urgency, stay.start, due, place)
        rungs[side] += sum(moment <= end for moment, _rung in reached)


def _due(start: datetime, limit: Limit, place: str) -> datetime:
    return worktime.due(start, limit, division=place).at
