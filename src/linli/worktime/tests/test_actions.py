"""Revisions: entering a year, undo, two people at once, the recompute, the warning."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import transaction

from linli.core import clock
from linli.core.actor import RESIDENT, SYSTEM, Actor, Post
from linli.core.errors import Conflict, Forbidden, Invalid
from linli.jobs import worker
from linli.jobs.models import Job
from linli.worktime import actions, hooks, queries, shipped
from linli.worktime.models import NoticeDay, NoticeYear, Revision
from linli.worktime.rules import Limit, Unit
from linli.worktime.shipped import Day

from .test_rules import at, shown

pytestmark = pytest.mark.django_db

ADMIN = Actor("person", 7, "何静", (Post(1, "administrator", "110102"),))
DISPATCHER = Actor("person", 8, "赵敏", (Post(2, "dispatcher", "110102"),))
DAYS_2027 = (
    Day(date(2026, 12, 31), "元旦", "holiday"),
    Day(date(2027, 1, 1), "元旦", "holiday"),
    Day(date(2027, 1, 2), "元旦", "makeup_workday"),
)
START, LIMIT = at("2026-12-30 15:00"), Limit(1, Unit.WORKING_DAY)


def test_without_any_row_the_shipped_table_is_in_force() -> None:
    assert queries.calendar().revision == 0
    assert queries.calendar().last_official == date(2026, 12, 31)
    assert queries.calendar().last == date(2050, 12, 31)
    assert queries.calendar().is_workday(date(2026, 2, 14))
    assert not queries.calendar().is_workday(date(2027, 2, 8))
    assert queries.due(START, LIMIT).provisional


def test_asking_again_within_a_second_costs_no_query(django_assert_num_queries: Any) -> None:
    queries.calendar()
    with django_assert_num_queries(0):
        queries.due(START, LIMIT)


def test_entering_a_year_settles_its_deadlines_and_recomputes() -> None:
    seen: list[tuple[int, str, bool]] = []

    def recompute(*, actor: Actor, revision: int, progress: Any) -> int:
        found = queries.due(START, LIMIT)
        seen.append((revision, shown(found.at), found.provisional))
        progress(3, 3, "")
        return 3

    hooks.on_calendar_changed("test", recompute)
    try:
        before = queries.due(START, LIMIT)
        changed = actions.enter_official_days(actor=ADMIN, year=2027, rows=DAYS_2027, source="https://www.gov.cn/x")
        assert changed.revision == 1
        after = queries.due(START, LIMIT)
        assert (shown(before.at), before.provisional) == ("2026-12-31 18:00", True)
        assert (shown(after.at), after.provisional) == ("2027-01-02 18:00", False)
        assert queries.calendar().last_official == date(2027, 12, 31)
        job = Job.objects.get(pk=changed.job)
        assert (job.state, job.requested_by) == ("queued", "person:7")
        assert worker.run_until_empty() == 1
        job.refresh_from_db()
        assert job.state == "done" and job.result["changed"]["test"] == 3
        assert seen == [(1, "2027-01-02 18:00", False)]
    finally:
        hooks._registered.pop("test")


def test_undo_brings_the_previous_state_back_and_can_be_undone() -> None:
    actions.enter_official_days(actor=ADMIN, year=2027, rows=DAYS_2027)
    actions.enter_official_days(actor=ADMIN, year=2027, rows=DAYS_2027[1:])
    assert queries.calendar().is_workday(date(2026, 12, 31))
    undone = actions.restore_previous(actor=ADMIN, expected=2)
    assert undone.revision == 3
    assert not queries.calendar().is_workday(date(2026, 12, 31))
    actions.restore_previous(actor=ADMIN, expected=3)
    assert queries.calendar().is_workday(date(2026, 12, 31))
    assert queries.notice_days(1)[2027] == DAYS_2027  # every old state is still there
    assert 2027 not in queries.notice_days(0)
    assert [r.change for r in queries.revisions(actor=ADMIN)] == ["restore", "restore", "enter", "enter"]
    assert NoticeYear.objects.filter(year=2027, withdrawn__isnull=True).count() == 1


def test_undo_of_the_first_revision_returns_to_the_shipped_table() -> None:
    with pytest.raises(Invalid):
        actions.restore_previous(actor=ADMIN, expected=0)
    actions.enter_official_days(actor=ADMIN, year=2027, rows=DAYS_2027)
    actions.restore_previous(actor=ADMIN, expected=1)
    assert queries.calendar().last_official == date(2026, 12, 31)
    assert queries.due(START, LIMIT).provisional


def test_correcting_a_shipped_year() -> None:
    days = [d for n in shipped.notices() if n.year == 2026 for d in n.days if d.date != date(2026, 2, 14)]
    actions.enter_official_days(actor=ADMIN, year=2026, rows=days)
    assert not queries.calendar().is_workday(date(2026, 2, 14))
    assert queries.calendar().is_workday(date(2026, 2, 28))


def test_a_gap_in_the_years_stays_provisional() -> None:
    actions.enter_official_days(actor=ADMIN, year=2028, rows=[Day(date(2028, 1, 3), "元旦", "holiday")])
    assert queries.calendar().last_official == date(2026, 12, 31)
    assert not queries.calendar().is_workday(date(2028, 1, 3))
    assert queries.calendar().is_provisional(date(2028, 1, 3))


def test_two_people_at_once_one_is_told_who_was_first() -> None:
    actions.enter_official_days(actor=ADMIN, year=2027, rows=DAYS_2027, expected=0)
    with pytest.raises(Conflict) as refused:
        actions.enter_official_days(actor=SYSTEM, year=2027, rows=DAYS_2027[1:], expected=0)
    assert "person:7" in str(refused.value.message)
    assert Revision.objects.count() == 1 and Job.objects.count() == 1


@pytest.mark.parametrize("actor", [DISPATCHER, RESIDENT])
def test_only_administrators(actor: Actor) -> None:
    for call in (
        lambda: actions.enter_official_days(actor=actor, year=2027, rows=DAYS_2027),
        lambda: actions.load_holidays(actor=actor),
        lambda: actions.restore_previous(actor=actor, expected=1),
        lambda: actions.set_hours(actor=actor, valid_from=date(2027, 1, 1), spans="09:00-12:00", expected=0),
        lambda: queries.revisions(actor=actor),
    ):
        with pytest.raises(Forbidden):
            call()
    assert Revision.objects.count() == 0


@pytest.mark.parametrize(
    ("year", "rows", "source", "code"),
    [
        (2027, (), "", "bad_days"),
        (2027, (*DAYS_2027, DAYS_2027[0]), "", "bad_days"),
        (2027, (Day(date(2027, 1, 1), "元旦", "party"),), "", "bad_days"),
        (2027, (Day(date(2028, 1, 1), "元旦", "holiday"),), "", "bad_days"),
        (1999, (Day(date(1999, 1, 1), "元旦", "holiday"),), "", "bad_year"),
        (2027, DAYS_2027, "javascript:alert(1)", "bad_source"),
    ],
)
def test_bad_input_changes_nothing(year: int, rows: tuple[Day, ...], source: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        actions.enter_official_days(actor=ADMIN, year=year, rows=rows, source=source)
    assert refused.value.code == code and refused.value.fields
    assert (Revision.objects.count(), NoticeDay.objects.count(), Job.objects.count()) == (0, 0, 0)


def test_load_holidays_is_repeatable() -> None:
    assert actions.load_holidays(actor=SYSTEM) is None  # the shipped table is in force already
    changed = actions.load_holidays(
        actor=SYSTEM,
        csv="date,name,kind,notice_year,state_council_notice\n2027-01-01,元旦,holiday,2027,\n".encode("gb18030"),
    )
    assert changed and changed.revision == 1
    with pytest.raises(Invalid):
        actions.load_holidays(actor=SYSTEM, csv="a,b\n1,2\n")


def test_hours_are_versioned_and_undone() -> None:
    actions.set_hours(actor=ADMIN, valid_from=date(2027, 1, 1), spans="8:30-11:30，13:00－17:30", expected=0)
    assert shown(queries.due(at("2027-01-05 08:00"), Limit(1, Unit.WORKING_HOUR)).at) == "2027-01-05 09:30"
    assert shown(queries.due(at("2026-11-23 08:00"), Limit(1, Unit.WORKING_HOUR)).at) == "2026-11-23 10:00"
    for bad in ("", "9-12", "12:00-09:00", "09:00-12:00 11:00-13:00", "25:00-26:00"):
        with pytest.raises(Invalid):
            actions.set_hours(actor=ADMIN, valid_from=date(2027, 1, 1), spans=bad, expected=1)
    actions.restore_previous(actor=ADMIN, expected=1)
    assert shown(queries.due(at("2027-01-05 08:00"), Limit(1, Unit.WORKING_HOUR)).at) == "2027-01-05 10:00"


def test_a_change_and_its_recompute_come_together_or_not_at_all() -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        actions.enter_official_days(actor=ADMIN, year=2027, rows=DAYS_2027)
        raise RuntimeError
    queries.forget()
    assert queries.calendar().revision == 0 and Job.objects.count() == 0


@pytest.mark.parametrize(
    ("today", "warned", "left"),
    [("2026-10-28", False, 61), ("2026-10-29", True, 60), ("2026-12-28", True, 0), ("2027-01-05", True, -8)],
)
def test_administrators_are_warned_in_time(today: str, warned: bool, left: int) -> None:
    with clock.at(datetime.fromisoformat(today).replace(hour=4, tzinfo=UTC), actor=SYSTEM):
        end = queries.table_end()
    assert (bool(end.sentence), end.days_left) == (warned, left)
