"""Reads of cases for staff and for the reporter. Actor first; lists are paged by key, never by offset."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from linli.core import clock
from linli.core.actor import Actor
from linli.core.decision import Decision
from linli.core.errors import Invalid, Missing
from linli.flow import queries as flow
from linli.flow.queries import SOON, Line
from linli.flow.rules import Move, narrow
from linli.flow.statements import fetch

from .. import permissions
from ..catalogue import catalogue
from ..models import Case
from ..receipts import code_matches
from ..rules import CASE, SYSTEM_VERBS, number_of, parse_number
from . import retracting, windows
from .classes import class_of
from .offered import offered_in_vain

_ROW = ("matter",)  # the class comes from the catalogue that the process keeps
DAYS = ("since", "until", "closed_since", "closed_until", "open_on", "late_on")
_NOT_OVER = frozenset(CASE.stages) - CASE.ends  # said with such a stage: what is open has indexes of its own


def case_for(actor: Actor, number: str) -> Case:
    """The case with this number, in the actor's scope. Raises Missing, Invalid (a mistyped number)."""
    case = fetch(Case, parse_number(number), follow="matter")
    if case is None or not permissions.can_see(actor, case.matter) or number_of_case(case) != _tidy(number):
        raise Missing("no_such_case", _("没有这件事，或它不在您的辖区。"))
    return case


def case_named(actor: Actor, number: str, field: str = "parent") -> Case:
    """The case that a form names by its number, in the actor's scope. Raises Invalid at that field."""
    try:
        return case_for(actor, number)
    except (Missing, Invalid):
        sentence = _("没有这件事，或它不在您的辖区。")
        raise Invalid("no_such_case", sentence, fields={field: [sentence]}) from None


def _tidy(number: str) -> str:
    digits = "".join(str(int(c)) for c in number if c.isdecimal())
    return f"{digits[:6]}-{digits[6:-1]}-{digits[-1]}"


def case_by_receipt(number: str, code: str) -> Case:
    """The case for a reporter who shows number and receipt code. Raises Missing alike for both being wrong."""
    try:
        pk = parse_number(number)
    except Invalid:
        pk = 0
    case = fetch(Case, pk, follow="matter")
    if case is None or not code_matches(case.matter.key.hex, code) or number_of_case(case) != _tidy(number):
        raise Missing("no_such_receipt", _("编号或查询码不对，请核对回执。"))
    return case


def own_report(actor: Actor, number: str) -> Case:
    """A case that this actor registered, wherever it lies: to read its receipt aloud. Raises Missing, Invalid."""
    case = fetch(Case, parse_number(number), follow="matter")
    if case is None or actor.id is None or actor.label not in flow.acted(case.pk, ("report",)):
        raise Missing("no_such_case", _("没有这件事，或不是您登记的。"))
    return case


def number_of_case(case: Case) -> str:
    return number_of(case.pk, case.matter.opened_at)


def options_for(actor: Actor, case: Case, lines: Sequence[Line] | None = None) -> tuple[tuple[Move, Decision], ...]:
    """Every verb of this stage but the reporter's own, in table order, with whether the actor may press it.

    `lines`, the journal if the caller has it, spares looking for what never happened.
    """
    table = narrow(CASE, class_of(case).variant)
    hidden = SYSTEM_VERBS | _out_of_place(case, None if lines is None else {line.verb for line in lines})
    moves = [m for m in table.verbs_from(case.matter.stage) if m.verb != "rate" and m.verb not in hidden]
    return tuple((m, permissions.can_move(actor, case.matter, m.verb)) for m in moves)


def _out_of_place(case: Case, happened: set[str] | None) -> set[str]:
    """Verbs that the state of this case leaves no use for, so that no button offers them."""
    hidden, stage = {"claim"}, case.matter.stage  # what is offered is claimed on the board, by those invited
    if not case.open_assists:
        hidden |= {"assist_sign", "assist_report", "release_assist"}
    if case.paused_at is None:
        hidden.add("resume")
    if case.contact_id is None or case.contacted_at is not None:
        hidden.add("contacted")
    asked = stage in ("dispatched", "handling") and (happened is None or "ask_time" in happened)
    if not asked or not case.time_changes.filter(state="asked").exists():
        hidden |= {"grant_time", "refuse_time"}
    offered = stage in ("handling", "closed", "ended") and (happened is None or "offer" in happened)
    offers = set(case.offers.values_list("state", flat=True)) if offered else set()
    if "claimed" not in offers:
        hidden.add("give_up")
    else:
        hidden |= {"ask_return", "ask_transfer"}  # what was claimed is given up, to the body that owes it
    if stage == "accepted" and _offer_is_over(case, happened):
        hidden.add("offer")
    if not offers & {"claimed", "done"}:
        hidden.add("thank")
    called = stage == "ended" and (happened is None or "call_back" in happened)
    if not called or retracting.why_not(case):
        hidden.add("retract")
    return hidden


def _offer_is_over(case: Case, happened: set[str] | None) -> bool:
    """An invitation is no new time for what is late, nor a second one since the limit began."""
    final = case.matter.final_due_at
    if final is not None and clock.now() >= final:
        return True
    return (happened is None or "offer" in happened) and offered_in_vain(case)


def verbs_for(actor: Actor, case: Case) -> tuple[Move, ...]:
    """Exactly the buttons this person may press now, in table order."""
    return tuple(move for move, allowed in options_for(actor, case) if allowed)


def refusals_for(actor: Actor, case: Case) -> tuple[tuple[Move, Any], ...]:
    """The buttons of this stage that the actor may not press, with the reason."""
    return tuple((m, said.reason) for m, said in options_for(actor, case) if not said and m.verb != "note")


def history(actor: Actor, case: Case) -> list[Line]:
    """The whole journal of a case, with free text where this actor may read it."""
    return flow.history(case.matter, CASE, personal=bool(permissions.can_read_text(actor, case.matter)))


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """What the address bar says. Empty means all."""

    stage: str = ""
    top: str = ""
    class_code: str = ""
    subdistrict: str = ""
    community: str = ""
    due: str = ""  # late | soon: not closed yet, unless the stage asked for is the call-back
    channel: str = ""
    body: str = ""
    since: str = ""  # 2026-11-22
    until: str = ""
    opened: str = ""  # today
    closed: str = ""  # today
    view: str = "area"  # area | body
    open: str = ""  # '1': neither closed nor ended
    closed_since: str = ""  # 2026-11-22: closed for the last time on that day or later
    closed_until: str = ""
    on_time: str = ""  # 1 | 0, of what is closed
    open_on: str = ""  # a day: not closed when it ended
    late_on: str = ""  # a day: not closed when it ended, and past the whole limit
    had: str = ""  # return | rework | reopen
    rated: str = ""  # content | said

    @classmethod
    def from_mapping(cls, data: Mapping[str, str]) -> CaseFilter:
        """From query parameters; unknown ones are ignored, mistyped dates raise Invalid."""
        known = {name: str(data.get(name, "")).replace("\0", "").strip()[:24] for name in cls.__dataclass_fields__}
        known["view"] = known["view"] or "area"
        for name in DAYS:
            if known[name]:
                _day_start(known[name], name)
        return cls(**known)

    def as_query(self) -> dict[str, str]:
        """The parameters that differ from the default, for links."""
        default = CaseFilter()
        return {n: v for n in self.__dataclass_fields__ if (v := getattr(self, n)) != getattr(default, n)}


def _key(text: str) -> int | None:
    """A row's key as an address says it; None for anything else ("²" is a digit too, and 10^30 fits no database)."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def _day_start(text: str, field: str) -> datetime:
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=clock.SHANGHAI)
        if not 1900 < day.year < 9000:  # at the ends of the calendar another zone is another era
            raise ValueError(text)
    except ValueError:
        sentence = _("日期要写成 2026-11-22 这样。")
        raise Invalid("bad_date", sentence, fields={field: [sentence]}) from None
    return day


def today_start(now: datetime | None = None) -> datetime:
    """Midnight of today in Shanghai."""
    return clock.local(now or clock.now()).replace(hour=0, minute=0, second=0, microsecond=0)


def cases(actor: Actor, wanted: CaseFilter) -> QuerySet[Case]:
    """The actor's cases that match, newest first."""
    rows = permissions.scope(actor, Case.objects.select_related(*_ROW), wanted.view)
    now = clock.now()
    exact = {
        "matter__stage": wanted.stage,
        "matter__subdistrict": wanted.subdistrict,
        "matter__community": wanted.community,
        "channel": wanted.channel,
    }
    rows = rows.filter(**{k: v for k, v in exact.items() if v})
    if wanted.class_code or wanted.top:  # by number: through the table of classes no index of cases is of use
        views = catalogue().by_id.values()
        known = [v.id for v in views if wanted.class_code in ("", v.code) and wanted.top in ("", v.top_code)]
        rows = rows.filter(case_class_id__in=sorted(known))
    if (body := _key(wanted.body)) is not None:
        rows = rows.filter(matter__body_id=body)
    if wanted.open or wanted.due or wanted.stage in _NOT_OVER:
        rows = rows.filter(matter__ended_at=None)
    if (wanted.open or wanted.due) and wanted.stage != "closed":
        # a call-back has its own limit, but the case itself is late no more
        rows = rows.filter(matter__closed_at=None)
    if wanted.due == "late":
        rows = rows.filter(matter__due_at__lt=now)
    elif wanted.due == "soon":
        rows = rows.filter(matter__due_at__gte=now, matter__due_at__lt=now + SOON)
    if wanted.since:
        rows = rows.filter(matter__opened_at__gte=_day_start(wanted.since, "since"))
    if wanted.until:
        rows = rows.filter(matter__opened_at__lt=_day_start(wanted.until, "until") + timedelta(days=1))
    if wanted.opened == "today":
        rows = rows.filter(matter__opened_at__gte=today_start(now))
    if wanted.closed == "today":
        rows = rows.filter(matter__closed_at__gte=today_start(now))
    if wanted.closed_since:
        rows = rows.filter(matter__closed_at__gte=_day_start(wanted.closed_since, "closed_since"))
    if wanted.closed_until:
        end = _day_start(wanted.closed_until, "closed_until") + timedelta(days=1)
        rows = rows.filter(matter__closed_at__lt=end)
    rows = rows.filter(windows.closed_how(wanted.on_time, wanted.had, wanted.rated))
    if wanted.open_on:
        rows = rows.filter(windows.open_at(_day_start(wanted.open_on, "open_on") + timedelta(days=1), "matter__"))
    if wanted.late_on:
        end = _day_start(wanted.late_on, "late_on") + timedelta(days=1)
        rows = rows.filter(windows.late_at(end, now, "matter__"))
    # the matter's own id, not the case's equal one: only so does SQLite walk (subdistrict, id) backwards without sorting
    return rows.extra(order_by=["-flow_matter.id"])


@dataclass(frozen=True, slots=True)
class CasePage:
    """One page of cases; `next_after` is the key to go on with, '' at the end."""

    rows: list[Case]
    next_after: str


def case_page(actor: Actor, wanted: CaseFilter, *, after: str = "", limit: int = 50) -> CasePage:
    """A page by key: rows with ids below `after`."""
    found = list(below(cases(actor, wanted), after)[: limit + 1])
    return CasePage(found[:limit], str(found[limit - 1].pk) if len(found) > limit else "")


def below(rows: QuerySet[Case], after: str) -> QuerySet[Case]:
    """The rows that a page after the key `after` begins with; all of them for ''. Raises Invalid."""
    if not after:
        return rows
    key = _key(after)
    if key is None:
        raise Invalid("bad_page", _("页码不对。"))
    return rows.extra(where=["flow_matter.id < %s"], params=[key])


def cases_by_id(actor: Actor, ids: Iterable[int]) -> list[Case]:
    """The cases among `ids` that the actor may see (what changed, for live pages)."""
    rows = Case.objects.select_related(*_ROW).filter(pk__in=list(ids))
    return [case for case in rows if permissions.can_see(actor, case.matter)]


def case_news(actor: Actor, case_id: int, after: int) -> dict[str, Any]:
    """For the live page of one case: whether it changed after a position, if the actor may see it."""
    position, ids = flow.changed_after(after)
    seen = cases_by_id(actor, [case_id]) if case_id in ids else []
    return {"position": position, "ids": [case.pk for case in seen]}


def count_provisional() -> int:
    """Open cases whose due time was counted over days that no notice has settled."""
    return Case.objects.filter(matter__ended_at=None, matter__due_provisional=True).count()
