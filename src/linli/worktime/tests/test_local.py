"""Divisions with hours and days of their own: the nearest answers, the rest is as it was, every change can be undone."""

from __future__ import annotations

import timeit
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client

from linli.core.actor import RESIDENT
from linli.core.errors import Conflict, Forbidden, Invalid
from linli.worktime import actions, queries
from linli.worktime.clocks import Pause
from linli.worktime.local import read, write
from linli.worktime.models import Revision
from linli.worktime.rules import Limit, Unit

from .test_actions import ADMIN, DISPATCHER
from .test_rules import at, shown
from .test_web import PAGE, sign_in  # noqa: F401 - the fixture

pytestmark = pytest.mark.django_db
STREET, COMMUNITY, OTHER = "110102001", "110102001001", "110102003"
START, LIMIT = at("2026-03-02 08:00"), Limit(2, Unit.WORKING_HOUR)  # a Monday


def due_in(division: str) -> str:
    return shown(queries.due(START, LIMIT, division=division).at)


def own(division: str, spans: str, *, expected: int, day: date = date(2026, 1, 1)) -> None:
    actions.set_hours(actor=ADMIN, valid_from=day, spans=spans, division=division, expected=expected)


def test_the_nearest_division_answers() -> None:
    assert {due_in(d) for d in ("", STREET, COMMUNITY, COMMUNITY + "001", OTHER)} == {"2026-03-02 11:00"}
    own(STREET, "08:30-12:00 13:00-17:30", expected=0)
    assert [due_in(d) for d in ("", STREET, COMMUNITY, COMMUNITY + "001", OTHER)] == [
        "2026-03-02 11:00",
        *["2026-03-02 10:30"] * 3,
        "2026-03-02 11:00",
    ]
    own(COMMUNITY, "10:00-20:00", expected=1)
    assert [due_in(d) for d in (STREET, COMMUNITY, COMMUNITY + "001", "110102001004", "110102")] == [
        "2026-03-02 10:30",
        "2026-03-02 12:00",
        "2026-03-02 12:00",
        "2026-03-02 10:30",
        "2026-03-02 11:00",
    ]
    own("110102", "07:00-19:00", expected=2)
    assert [due_in(d) for d in ("", OTHER, STREET)] == ["2026-03-02 11:00", "2026-03-02 10:00", "2026-03-02 10:30"]
    assert [queries.owner(d) for d in (COMMUNITY + "001", "110102001004", OTHER, "")] == [
        COMMUNITY,
        STREET,
        "110102",
        "",
    ]
    assert queries.elapsed_s(START, at("2026-03-02 12:00"), Unit.WORKING_HOUR, division=COMMUNITY) == 7200
    lines = queries.explain(START, LIMIT, division=COMMUNITY)
    assert any("自己的工作时间" in line for line in lines)
    assert not any("自己的工作时间" in line for line in queries.explain(START, LIMIT))
    paused = queries.due(
        START, LIMIT, division=COMMUNITY, changes=[Pause(at("2026-03-02 11:00"), at("2026-03-02 15:00"))]
    )
    assert paused is not None and shown(paused.at) == "2026-03-02 16:00"


def test_hours_hold_from_a_day_on_and_may_go_back_to_those_above() -> None:
    own(STREET, "08:30-12:00", expected=0, day=date(2026, 3, 1))
    own(STREET, "", expected=1, day=date(2026, 6, 1))
    actions.set_hours(actor=ADMIN, valid_from=date(2026, 7, 1), spans="10:00-16:00", expected=2)
    spans = [
        [f"{a:%H:%M}" for a, _b in queries.calendar(STREET).spans_on(d)]
        for d in (date(2026, 2, 27), date(2026, 3, 2), date(2026, 5, 29), date(2026, 6, 1), date(2026, 7, 1))
    ]
    assert spans == [["09:00", "13:30"], ["08:30"], ["08:30"], ["09:00", "13:30"], ["10:00"]]
    assert [h.valid_from for h in queries.calendar().hours] == [date(2006, 1, 1), date(2026, 7, 1)]


def test_days_of_its_own_and_their_end() -> None:
    days = {"actor": ADMIN, "division": STREET, "first": date(2026, 3, 2), "last": date(2026, 3, 3)}
    actions.set_local_days(**days, kind="holiday", name="  搬迁 ", expected=0)  # type: ignore[arg-type]
    assert (due_in(STREET), due_in(COMMUNITY), due_in("")) == (
        "2026-03-04 11:00",
        "2026-03-04 11:00",
        "2026-03-02 11:00",
    )
    saturday = date(2026, 3, 7)
    actions.set_local_days(actor=ADMIN, division=COMMUNITY, first=saturday, last=saturday, kind="makeup_workday", name="补班", expected=1)  # fmt: skip
    assert queries.calendar(COMMUNITY).is_workday(saturday) and not queries.calendar(STREET).is_workday(saturday)
    assert not queries.calendar(COMMUNITY).is_workday(date(2026, 3, 2))  # from the street above
    assert [d.name for d in queries.local_views()[0].days] == ["搬迁", "搬迁"]
    actions.set_local_days(**days, kind="", expected=2)  # type: ignore[arg-type]
    assert [v.division for v in queries.local_views()] == [COMMUNITY]
    assert due_in(STREET) == "2026-03-02 11:00"
    assert not queries.calendar(COMMUNITY).is_provisional(date(2026, 12, 1))
    assert queries.calendar(COMMUNITY).is_provisional(date(2027, 1, 4))


def test_every_change_is_a_revision_and_comes_back() -> None:
    own(STREET, "08:30-12:00", expected=0)
    own(OTHER, "10:00-12:00", expected=1)
    actions.enter_official_days(actor=ADMIN, year=2026, rows=queries.notice_days(0)[2026][1:], expected=2)
    assert set(queries.local(3)) == {STREET, OTHER}  # other changes leave the divisions alone
    actions.restore_previous(actor=ADMIN, expected=3)
    actions.restore_previous(actor=ADMIN, expected=4)
    assert set(queries.local(5)) == {STREET, OTHER}
    own(STREET, "", expected=5, day=date(2026, 1, 1))
    assert set(queries.local(6)) == {OTHER} and due_in(STREET) == "2026-03-02 11:00"
    actions.restore_previous(actor=ADMIN, expected=6)
    assert due_in(STREET) == "2026-03-02 10:30"
    assert set(queries.local(1)) == {STREET} and queries.local(0) == {}
    kinds = [(r.change, r.division) for r in queries.revisions(actor=ADMIN)]
    assert kinds[:2] == [("restore", STREET), ("local", STREET)] and kinds[-1] == ("local", STREET)
    assert read(write(queries.local(7))) == queries.local(7)


@pytest.mark.parametrize("code", ["1101", "110102001001001", "西城区", "11010200１", "110102 001"])
def test_only_divisions(code: str) -> None:
    with pytest.raises(Invalid):
        own(code, "09:00-12:00", expected=0)
    assert Revision.objects.count() == 0


def test_bad_input_changes_nothing() -> None:
    day = date(2026, 3, 2)
    good: dict[str, Any] = {"actor": ADMIN, "division": STREET, "first": day, "last": day, "kind": "holiday", "name": "搬迁", "expected": 0}  # fmt: skip
    for wrong, refusal in (
        ({"last": date(2026, 3, 1)}, Invalid),
        ({"last": date(2026, 9, 1)}, Invalid),
        ({"first": date(1999, 1, 1), "last": date(1999, 1, 1)}, Invalid),
        ({"kind": "party"}, Invalid),
        ({"name": " "}, Invalid),
        ({"name": "长" * 61}, Invalid),
        ({"kind": "", "name": ""}, Invalid),  # nothing there to take back
        ({"actor": DISPATCHER}, Forbidden),
        ({"actor": RESIDENT}, Forbidden),
        ({"expected": 1}, Conflict),
    ):
        with pytest.raises(refusal):
            actions.set_local_days(**{**good, **wrong})
    for spans in ("9-12", "12:00-09:00", "25:00-26:00", ""):
        with pytest.raises(Invalid):
            own(STREET, spans, expected=0)
    assert Revision.objects.count() == 0
    actions.set_local_days(**good)
    with pytest.raises(Conflict):
        actions.set_local_days(**{**good, "name": "别的"})


def test_asking_costs_no_query_and_next_to_no_time(django_assert_num_queries: Any) -> None:
    own(STREET, "08:30-12:00 13:00-17:30", expected=0)
    queries.due(START, LIMIT, division=COMMUNITY)
    with django_assert_num_queries(0):
        plain = min(timeit.repeat(lambda: queries.due(START, LIMIT), number=300, repeat=7)) / 300
        local = min(timeit.repeat(lambda: queries.due(START, LIMIT, division=COMMUNITY), number=300, repeat=7)) / 300
    print(f"due {plain * 1e6:.1f} µs, in a division {local * 1e6:.1f} µs")
    assert local - plain < 10e-6


def test_the_page_shows_and_edits_them(sign_in: Callable[[str], Client]) -> None:  # noqa: F811
    web = sign_in("administrator")
    assert "所有街道和社区都用全区的工作时间" in web.get(PAGE).content.decode()
    own(STREET, "08:30-12:00 13:00-17:30", expected=0)
    actions.set_local_days(actor=ADMIN, division=STREET, first=date(2026, 3, 2), last=date(2026, 3, 2), kind="holiday", name="搬迁", expected=1)  # fmt: skip
    text = web.get(PAGE).content.decode()
    assert "08:30–12:00 · 13:00–17:30" in text and "搬迁" in text and "调整区划安排" in text
    tried = web.get(PAGE, {"amount": "2", "unit": "working_hour", "start": "2026-03-02T08:00", "division": STREET})
    assert "到 2026-03-03 10:30（星期二）截止。" in tried.content.decode()
    assert (
        web.post(PAGE + "hours/", {"spans": "", "division": "", "valid_from": "2026-01-01", "expected": 2}).status_code
        == 422
    )
    assert (
        web.post(
            PAGE + "local/", {"division": "x", "first": "2026-01-05", "kind": "holiday", "expected": 2}
        ).status_code
        == 422
    )
    assert sign_in("dispatcher").post(PAGE + "local/", {}).status_code == 403
    assert Revision.objects.count() == 2
