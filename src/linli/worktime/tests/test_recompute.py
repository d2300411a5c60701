"""A change of the calendar: every open matter gets its new times, the calendar gets one line. The example for rooms."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from linli.core import clock
from linli.core.actor import SYSTEM, Actor
from linli.core.errors import Forbidden
from linli.flow import actions as flow
from linli.flow import retime, seals
from linli.flow.models import Journal, Matter, Outbox
from linli.flow.rules import Flow, Stage
from linli.jobs import worker
from linli.jobs.models import Job
from linli.worktime import actions, hooks, queries
from linli.worktime.clocks import Pause
from linli.worktime.many import due_by_key, micros
from linli.worktime.rules import Calendar, Limit, Unit

from .test_actions import ADMIN, DAYS_2027, DISPATCHER
from .test_rules import at, shown
from .test_web import PAGE, sign_in  # noqa: F401 - the fixture

pytestmark = pytest.mark.django_db
STREET, OTHER = "110102001", "110102003"
LIMITS = {
    "hours": Limit(4, Unit.WORKING_HOUR),
    "days": Limit(5, Unit.WORKING_DAY),
    "clock": Limit(48, Unit.URGENT_HOUR),
}
FLOW = Flow("toy", "waiting", frozenset({"over"}), {"waiting": Stage("waiting", "w", "w")}, {})
OPENED = datetime(2026, 12, 29, 2, tzinfo=UTC)  # Tuesday, 10:00 in Beijing
PAUSES: dict[int, list[Pause]] = {}


def recompute(*, actor: Actor, revision: int, progress: Callable[..., object]) -> retime.Retimed:
    """What a room registers: its limits by key, its divisions, its pauses one by one because they are few."""

    def rule(key: str) -> tuple[Calendar, Limit]:
        division, name = key.split("/")
        return queries.calendar(division), LIMITS[name]

    def compute(part: retime.Open) -> retime.Times:
        keys = [f"{d}/{title}" for d, title in zip(part.subdistrict, part.also[0], strict=True)]
        due, provisional = due_by_key(part.opened, keys, rule)
        for place, pk in enumerate(part.id.tolist()):
            if pk in PAUSES:
                _calendar, limit = rule(keys[place])
                found = queries.due(OPENED, limit, division=keys[place].split("/")[0], changes=PAUSES[pk])
                due[place], provisional[place] = (
                    (micros(found.at), found.provisional) if found else (retime.NEVER, False)
                )
        return retime.Times(due, due, provisional)

    rows = Matter.objects.filter(kind="toy")
    return retime.retime(compute, revision=revision, rows=rows, also=("title",), progress=progress)


@pytest.fixture(autouse=True)
def no_other_hooks(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the rooms above do when the calendar changes is their tests' business."""
    monkeypatch.setattr(hooks, "_registered", {})


@pytest.fixture
def matters(no_other_hooks: None) -> Iterator[dict[str, Matter]]:
    hooks.on_calendar_changed("toy", recompute)
    found = {}
    with clock.at(OPENED, actor=SYSTEM), transaction.atomic():
        for division in (STREET, OTHER):
            for name, limit in LIMITS.items():
                due = queries.due(OPENED, limit, division=division)
                times = flow.DueTimes(due.at, due.at, name, due.provisional)
                found[f"{division}/{name}"] = flow.open_matter(
                    actor=SYSTEM, flow=FLOW, verb="open", title=name, where=flow.Where(division, division), due=times, facts={}
                )  # fmt: skip
    yield found
    PAUSES.clear()


def dues() -> dict[str, tuple[str, bool, int]]:
    rows = Matter.objects.filter(kind="toy")
    return {
        f"{m.subdistrict}/{m.title}": (shown(m.due_at), m.due_provisional, m.due_revision) for m in rows if m.due_at
    }


def test_one_line_for_the_calendar_and_none_for_the_matters(matters: dict[str, Matter]) -> None:
    before = dues()
    lines, news = Journal.objects.count(), Outbox.objects.count()
    actions.enter_official_days(actor=ADMIN, year=2027, rows=DAYS_2027)
    assert worker.run_until_empty() == 1
    after = dues()
    assert before[f"{STREET}/days"] == ("2027-01-06 18:00", True, 0)
    assert after[f"{STREET}/days"] == ("2027-01-06 18:00", False, 1)  # the 31st off, Saturday the 2nd worked
    assert before[f"{STREET}/hours"] == ("2026-12-29 15:30", True, 0)  # the last three days of a year may still move
    assert after[f"{STREET}/hours"] == ("2026-12-29 15:30", False, 1)
    assert after[f"{STREET}/clock"] == before[f"{STREET}/clock"]  # nothing new: the revision stays the one that gave it
    assert (
        Journal.objects.count() == lines + 2 and Outbox.objects.count() == news + 2
    )  # the calendar opens, and is revised
    (_opened, line) = queries.calendar_lines()
    assert (line.verb, line.actor, line.seq) == ("revise", SYSTEM.label, 2)
    facts = dict(line.facts)
    assert len(facts.pop("digest")) == 64
    assert facts == {"revision": 1, "in_force": 1, "change": "enter", "by": "person:7", "recomputed": 6, "changed": 4}
    assert seals.verify().broken is None


def test_a_second_revision_adds_one_line_and_a_second_run_none(matters: dict[str, Matter]) -> None:
    actions.set_hours(actor=ADMIN, valid_from=date(2026, 12, 1), spans="08:00-12:00 13:00-17:00", expected=0)
    actions.set_hours(actor=ADMIN, valid_from=date(2026, 12, 1), spans="09:00-12:00", division=OTHER, expected=1)
    assert worker.run_until_empty() == 2
    after = dues()
    assert after[f"{STREET}/hours"][0] == "2026-12-29 15:00" and after[f"{OTHER}/hours"][0] == "2026-12-30 11:00"
    assert after[f"{STREET}/days"][0] == "2027-01-06 17:00" and after[f"{OTHER}/days"][0] == "2027-01-06 12:00"
    told = [(x.facts["revision"], x.facts["in_force"], x.facts["changed"]) for x in queries.calendar_lines()[1:]]
    assert told == [(1, 2, 4), (2, 2, 0)]  # the first run found the second change in force already
    actions.note_recompute(actor=SYSTEM, revision=2, done={"toy": recompute(actor=SYSTEM, revision=2, progress=print)})
    assert len(queries.calendar_lines()) == 3
    assert Matter.objects.filter(kind="calendar").count() == 1
    assert {line.facts["revision"] for line in queries.recomputed(actor=ADMIN).values()} == {1, 2}


def test_paused_matters_are_counted_one_by_one(matters: dict[str, Matter]) -> None:
    key = f"{STREET}/hours"
    PAUSES[matters[key].pk] = [Pause(at("2026-12-29 11:00"), at("2026-12-29 15:00"))]
    PAUSES[matters[f"{OTHER}/hours"].pk] = [Pause(at("2026-12-29 11:00"))]
    actions.set_hours(actor=ADMIN, valid_from=date(2026, 12, 1), spans="08:00-12:00 13:00-17:00", expected=0)
    worker.run_until_empty()
    assert dues()[key][0] == "2026-12-30 09:00"  # two hours before and after noon did not count
    assert f"{OTHER}/hours" not in dues()


def test_only_administrators_and_the_system_write_the_line(matters: dict[str, Matter]) -> None:
    with pytest.raises(Forbidden):
        actions.note_recompute(actor=DISPATCHER, revision=1, done={})
    with pytest.raises(Forbidden):
        queries.recomputed(actor=DISPATCHER)
    assert queries.calendar_lines() == []


def test_a_hook_that_only_counts_is_heard_as_before() -> None:
    def counts(*, actor: Actor, revision: int, progress: Any) -> int:
        return 5

    hooks.on_calendar_changed("counts", counts)
    changed = actions.enter_official_days(actor=ADMIN, year=2027, rows=DAYS_2027)
    worker.run_until_empty()
    assert Job.objects.get(pk=changed.job).result["changed"] == {"counts": 5}
    assert queries.calendar_lines()[-1].facts["changed"] == 5


def test_the_history_shows_what_was_recomputed(
    matters: dict[str, Matter],
    sign_in: Callable[[str], Client],  # noqa: F811
) -> None:
    web = sign_in("administrator")
    actions.enter_official_days(actor=ADMIN, year=2027, rows=DAYS_2027)
    assert "正在重算" in web.get(PAGE).content.decode()
    worker.run_until_empty()
    assert "看了 6 件，改了 4 件" in web.get(PAGE).content.decode()
