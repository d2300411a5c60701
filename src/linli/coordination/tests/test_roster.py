"""The duty roster: shifts over midnight, changes that swap the week, warnings, undo, tables in and out, forgetting."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from linli.coordination.actions import roster
from linli.coordination.actions.roster import NewSlot
from linli.coordination.models import DutySlot, RosterWeek, Shift
from linli.coordination.queries import roster as reads
from linli.coordination.roster_imports import RosterImporter
from linli.coordination.roster_rules import ShiftView, covers, overlap, telephone_problem, tidy_telephone
from linli.core import clock
from linli.core.actor import SYSTEM
from linli.core.errors import Conflict, Forbidden, Invalid, Missing
from linli.exchange import actions as exchange
from linli.exchange import importers
from linli.exchange import queries as uploads
from linli.organisations import queries as organisations
from linli.testing.fixtures import Cast

NIUJIE = "110102018"
MONDAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)  # Monday 23:30 in Shanghai
pytestmark = pytest.mark.django_db


@pytest.fixture
def kept(district: Cast) -> Iterator[Cast]:
    roster.load_shifts(actor=SYSTEM)
    importers.register_family("roster", RosterImporter)  # as config/wiring.py does once the addresses are loaded
    with clock.at(NOW, actor=SYSTEM):
        yield district


def body(code: str = NIUJIE) -> int:
    found = organisations.body_by_code(code)
    assert found is not None
    return found.id


def shift(code: str = "early") -> int:
    return Shift.objects.get(code=code).pk


def version(monday: date = MONDAY) -> int:
    return RosterWeek.objects.filter(division=NIUJIE, monday=monday).values_list("version", flat=True).first() or 0


def put(cast: Cast, day: date = MONDAY, code: str = "early", who: str = NIUJIE, **more: Any) -> Any:
    slot = NewSlot(day, shift(code), body(who), **more)
    actor = cast.actor("chief-niujie")
    return roster.put_slot(
        actor=actor, division=NIUJIE, version=version(day - timedelta(days=day.weekday())), slot=slot
    )


@given(st.times(), st.times(), st.datetimes(datetime(2026, 1, 5), datetime(2026, 1, 8)))
def test_a_shift_covers_what_its_span_says(starts: time, ends: time, moment: datetime) -> None:
    here = moment.replace(tzinfo=clock.SHANGHAI)
    for back in (0, 1):
        day = here.date() - timedelta(days=back)
        begin, end = ShiftView(1, "", "", "", starts, ends, 0, "", "").span(day, clock.SHANGHAI)
        assert covers(starts, ends, day, here) == (begin <= here < end)
        assert timedelta(0) < end - begin <= timedelta(days=1)
    assert not overlap((begin, end), (end, end + timedelta(hours=1)))


def test_a_private_number_is_no_duty_telephone() -> None:
    for bad in ("13800138000", "138 0013 8000", "+86 138-0013-8000", "打给老李", "1"):
        assert telephone_problem(bad)
    for good in ("", "010-66001234", "66001234转8001", "12345"):
        assert not telephone_problem(good)
    assert tidy_telephone("０１０－6600 1234 转 8001") == "010-6600 1234转8001"


def test_the_night_shift_is_on_call_after_midnight(kept: Cast) -> None:
    put(kept, MONDAY, "night", telephone="010-66001234")
    actor = kept.actor("handler-niujie")
    for hours, on in ((0, True), (6, True), (7, False), (-2, False)):
        found = reads.on_call(actor, NIUJIE, NOW + timedelta(hours=hours))
        assert bool(found.slots) is on, hours
        assert bool(found.gaps) is not on
    assert reads.on_call(actor, NIUJIE).slots[0].telephone == "010-66001234"


def test_a_change_swaps_the_week_and_can_be_undone(kept: Cast) -> None:
    chief = kept.actor("chief-niujie")
    row, twice = put(kept, telephone="010-66001234")
    assert (twice, version()) == ("", 1)
    with pytest.raises(Conflict):
        roster.put_slot(actor=chief, division=NIUJIE, version=0, slot=NewSlot(MONDAY, shift(), body(f"{NIUJIE}-grid")))
    put(kept, telephone="010-66009999")  # the same body in the same shift: its slot changes
    assert DutySlot.objects.get().telephone == "010-66009999"
    roster.undo_week(actor=chief, division=NIUJIE, monday=MONDAY, version=version())
    assert DutySlot.objects.get().telephone == "010-66001234"
    with pytest.raises(Conflict):  # nothing is undone twice
        roster.undo_week(actor=chief, division=NIUJIE, monday=MONDAY, version=version())
    roster.cancel_slot(actor=chief, slot_id=row.pk, version=version())
    assert reads.week(chief, NIUJIE, MONDAY).count == 0
    roster.undo_week(actor=chief, division=NIUJIE, monday=MONDAY, version=version())
    assert reads.week(chief, NIUJIE, MONDAY).count == 1


def test_two_change_places_and_back(kept: Cast) -> None:
    chief, team = kept.actor("chief-niujie"), f"{NIUJIE}-grid"
    one, _w = put(kept, MONDAY, "early")
    other, _w = put(kept, MONDAY + timedelta(days=8), "night", team)
    roster.swap_slots(actor=chief, slot_id=one.pk, other_id=other.pk, version=version())
    now = {(s.day, s.shift.code): s.body_id for s in DutySlot.objects.filter(state="on").select_related("shift")}
    assert now == {(MONDAY, "early"): body(team), (MONDAY + timedelta(days=8), "night"): body()}
    with pytest.raises(Missing):  # it stands no more
        roster.cancel_slot(actor=chief, slot_id=one.pk, version=version())
    roster.undo_week(actor=chief, division=NIUJIE, monday=MONDAY, version=version())
    assert set(DutySlot.objects.filter(state="on").values_list("pk", flat=True)) == {one.pk, other.pk}
    put(kept, MONDAY, "early", team)
    with pytest.raises(Invalid):  # the team would stand twice in one shift
        roster.swap_slots(actor=chief, slot_id=one.pk, other_id=other.pk, version=version())


def test_a_week_is_copied_once_and_without_what_stands(kept: Cast) -> None:
    for n in range(7):
        put(kept, MONDAY + timedelta(days=n), telephone="010-66001234")
    chief, after = kept.actor("chief-niujie"), MONDAY + timedelta(days=7)
    put(kept, after, telephone="010-66000000")
    assert roster.copy_week(actor=chief, division=NIUJIE, monday=after, version=version(after)) == 6
    assert reads.week(chief, NIUJIE, after).count == 7
    assert DutySlot.objects.get(day=after).telephone == "010-66000000"
    with pytest.raises(Invalid):
        roster.copy_week(actor=chief, division=NIUJIE, monday=after, version=version(after))
    roster.undo_week(actor=chief, division=NIUJIE, monday=after, version=version(after))
    assert reads.week(chief, NIUJIE, after).count == 1


def test_one_account_in_two_places_is_warned_of(kept: Cast) -> None:
    handler = kept.id("handler-niujie")
    put(kept, account_id=handler)
    other = NewSlot(MONDAY, shift("early"), body(), account_id=handler)
    with pytest.raises(Invalid):  # no post at that body
        put(kept, who=f"{NIUJIE}-grid", account_id=handler)
    elsewhere = "110102"
    row, twice = roster.put_slot(actor=kept.actor("chief"), division=elsewhere, version=0, slot=other) if (
        body() in {b.id for b in reads.bodies_for(elsewhere)}
    ) else (None, "")  # fmt: skip
    assert row is not None
    assert twice
    shown = reads.week(kept.actor("chief-niujie"), NIUJIE, MONDAY)
    assert [s.twice != "" for cell in shown.slots.values() for s in cell] == [True]


def test_what_cannot_be_is_refused(kept: Cast) -> None:
    for bad in (
        {"day": MONDAY - timedelta(days=9)},
        {"day": MONDAY + timedelta(days=300)},
        {"telephone": "13800138000"},
        {"who": "110102010"},  # another subdistrict's office
    ):
        with pytest.raises(Invalid):
            put(kept, **bad)  # type: ignore[arg-type]
    with pytest.raises(Invalid):
        roster.put_slot(actor=kept.actor("chief"), division=NIUJIE, version=0, slot=NewSlot(MONDAY, 10**9, body()))


def test_who_keeps_and_who_reads(kept: Cast) -> None:
    slot = NewSlot(MONDAY, shift(), body())
    with pytest.raises(Missing):
        roster.put_slot(actor=kept.actor("chief-desheng"), division=NIUJIE, version=0, slot=slot)
    with pytest.raises(Forbidden):
        roster.put_slot(actor=kept.actor("handler-niujie"), division=NIUJIE, version=0, slot=slot)
    assert reads.week(kept.actor("community-niujie"), NIUJIE, MONDAY).may_undo is False
    with pytest.raises(Missing):
        reads.on_call(kept.actor("chief"), "110102018001")


def test_names_are_forgotten_bodies_stay(kept: Cast) -> None:
    put(kept, account_id=kept.id("handler-niujie"))
    assert roster.forget_duty_accounts(actor=SYSTEM, before=MONDAY) == 0
    assert roster.forget_duty_accounts(actor=SYSTEM, before=MONDAY + timedelta(days=30)) == 1
    assert DutySlot.objects.get().account_id is None
    assert RosterWeek.objects.get().memo == {}


# --- tables ---------------------------------------------------------------------------------------------------
HEAD = ["日期", "班次", "单位编码", "单位", "值班电话", "带班登录名"]


def book(*rows: list[Any], head: list[str] = HEAD) -> bytes:
    made, stream = Workbook(), io.BytesIO()
    sheet = made.active
    assert sheet is not None
    for row in (head, *rows):
        sheet.append(row)
    made.save(stream)
    return stream.getvalue()


def take(cast: Cast, data: bytes, name: str = "roster.xlsx") -> Any:
    kind = f"roster-{NIUJIE}"
    upload = exchange.take(actor=cast.actor("chief-niujie"), kind=kind, data=data, name=name)
    return uploads.preview(actor=cast.actor("chief-niujie"), kind=kind, id=upload.pk)


def test_a_table_in_and_back(kept: Cast) -> None:
    put(kept, telephone="010-66001234")
    found = take(kept, book(["2026-11-23", "早班", NIUJIE, "", "010-66000000", ""],
                            ["2026-11-24", "夜班", f"{NIUJIE}-grid", "", "", "grid-niujie"]))  # fmt: skip
    assert (len(found.plan.new), len(found.plan.changed), found.plan.refused_count) == (1, 1, 0)
    actor, kind = kept.actor("chief-niujie"), f"roster-{NIUJIE}"
    exchange.confirm(actor=actor, kind=kind, id=found.upload.pk, expected=found.expected)
    assert DutySlot.objects.filter(state="on").count() == 2
    assert DutySlot.objects.get(day=MONDAY).telephone == "010-66000000"
    exchange.undo(actor=actor, kind=kind, id=found.upload.pk)
    assert DutySlot.objects.get(state="on").telephone == "010-66001234"


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (["2026-02-30", "早班", NIUJIE, "", "", ""], "no_such_day"),
        (["25:00", "早班", NIUJIE, "", "", ""], "not_a_date"),
        (["2026-11-24", "凌晨班", NIUJIE, "", "", ""], "not_a_choice"),
        (["2020-11-24", "早班", NIUJIE, "", "", ""], "bad_day"),
        (["2026-11-24", "早班", "110102010", "", "", ""], "bad_body"),
        (["2026-11-24", "早班", NIUJIE, "", "13800138000", ""], "bad_telephone"),
        (["2026-11-24", "早班", NIUJIE, "", "", "nobody"], "bad_account"),
        (["2026-11-24", "早班", NIUJIE, "", "", "grid-niujie"], "bad_account"),
    ],
)
def test_a_table_with_a_wrong_row_is_refused(kept: Cast, row: list[Any], code: str) -> None:
    found = take(kept, book(row))
    assert [r.code for r in found.plan.refused] == [code]
    with pytest.raises(Invalid):
        exchange.confirm(
            actor=kept.actor("chief-niujie"), kind=f"roster-{NIUJIE}", id=found.upload.pk, expected=found.expected
        )
    assert not DutySlot.objects.exists()


def test_a_table_twice_the_same_row_in_gb18030_without_a_column(kept: Cast) -> None:
    row = ["2026-11-24", "早班", NIUJIE, "", "", ""]
    assert "row_twice" in {r.code for r in take(kept, book(row, row)).plan.refused}
    text = "日期,班次,单位编码,值班电话\n2026-11-24,早班,110102018,010-66001234\n"
    found = take(kept, text.encode("gb18030"), "值班表.csv")
    assert (len(found.plan.new), found.plan.refused_count) == (1, 0)
    with pytest.raises(Invalid):
        take(kept, book(["2026-11-24", "早班"], head=["日期", "班次"]))
    with pytest.raises(Missing):
        importers.importer_for("roster-999999999")
    with pytest.raises(Missing):
        exchange.take(actor=kept.actor("chief-desheng"), kind=f"roster-{NIUJIE}", data=book(row), name="x.xlsx")


def test_what_is_written_is_read_again(kept: Cast) -> None:
    put(kept, telephone="010-66001234", account_id=kept.id("handler-niujie"))
    client = kept.client("chief-niujie")
    with clock.at(NOW, actor=SYSTEM):
        answer = client.get(f"/settings/import/roster-{NIUJIE}/table.xlsx")
    data = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    assert load_workbook(io.BytesIO(data)).active is not None
    found = take(kept, data)
    assert (found.plan.same, found.plan.changes, found.plan.refused_count) == (1, 0, 0)
