"""Circles, stations, records and designations: who may write, what is refused, what the counts say."""

from __future__ import annotations

import threading
from datetime import date

import pytest
from django.db import connection, connections

from linli.circle.actions import records as write
from linli.circle.actions.kinds import load_kinds
from linli.circle.queries import records as read
from linli.core.actor import SYSTEM, Actor, Post
from linli.core.errors import Conflict, Forbidden, Invalid, Missing, Refusal
from linli.territory import queries as territory

pytestmark = pytest.mark.django_db

DISTRICT, NIUJIE = "110102", "110102018"
PLANNER = Actor("person", 1, "规划员", (Post(1, "planner", DISTRICT),))
STREET = Actor("person", 2, "街道规划员", (Post(2, "planner", NIUJIE),))
CLERK = Actor("person", 3, "填报员", (Post(3, "community_worker", "110102018001"),))
AUDITOR = Actor("person", 4, "审计员", (Post(4, "auditor", DISTRICT),))
EAST, WEST = "110102018001", "110102018009"


@pytest.fixture(autouse=True)
def ground(xicheng: object) -> None:
    load_kinds(actor=SYSTEM)


def facts(**more: object) -> write.CircleFacts:
    given = {"code": "xc-001", "name": "牛街服务圈", "communities": (EAST, WEST), "year": 2025, "state": "built"}
    return write.CircleFacts(**(given | more))  # type: ignore[arg-type]


def test_a_circle_covers_its_communities_once() -> None:
    write.save_circle(actor=PLANNER, facts=facts())
    write.save_circle(actor=PLANNER, facts=facts(code="xc-002", communities=(EAST,), level="municipal"))
    write.save_circle(actor=PLANNER, facts=facts(code="xc-003", communities=("110102018010",), state="planned"))
    built = read.built(actor=AUDITOR)
    assert (built.circles, built.covered, built.by_level["municipal"]) == (2, 2, 1)
    assert built.communities == len(read.communities()) == 261
    assert read.built(actor=AUDITOR, by=2024).circles == 0
    assert [c.code for c in read.circles(actor=AUDITOR, division=WEST)] == ["xc-001"]


def test_whoever_read_an_older_version_does_not_overwrite() -> None:
    circle = write.save_circle(actor=PLANNER, facts=facts())
    write.save_circle(actor=PLANNER, facts=facts(name="牛街东圈"), circle_id=circle, version=1)
    with pytest.raises(Conflict):
        write.save_circle(actor=PLANNER, facts=facts(name="别的名字"), circle_id=circle, version=1)
    assert read.circle(actor=AUDITOR, circle_id=circle).name == "牛街东圈"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"communities": ()}, "no_community"),
        ({"communities": ("110102018999",)}, "no_such_community"),
        ({"year": 1066}, "bad_year"),
        ({"name": " "}, "bad_name"),
        ({"level": "galactic"}, "bad_choice"),
        ({"code": "圈"}, "bad_code"),
    ],
)
def test_what_is_no_circle_is_refused(change: dict[str, object], code: str) -> None:
    with pytest.raises(Invalid) as refused:
        write.save_circle(actor=PLANNER, facts=facts(**change))
    assert refused.value.code == code and not read.circles(actor=AUDITOR)


def test_a_subdistrict_keeps_only_its_own() -> None:
    circle = write.save_circle(actor=STREET, facts=facts())
    elsewhere = next(c.code for c in territory.divisions(12, "110102010"))
    for actor, change in ((STREET, {"communities": (EAST, elsewhere)}), (CLERK, {}), (AUDITOR, {})):
        with pytest.raises(Forbidden):
            write.save_circle(actor=actor, facts=facts(code="xc-009", **change))
    other = write.save_circle(actor=PLANNER, facts=facts(code="xc-010", communities=(elsewhere,)))
    with pytest.raises(Forbidden):
        write.save_circle(actor=STREET, facts=facts(), circle_id=other, version=1)
    with pytest.raises(Forbidden):
        write.add_member(actor=CLERK, circle_id=circle, kind="shop", name="便民菜店")


def test_members_come_and_go_and_stay_in_the_history() -> None:
    circle = write.save_circle(actor=PLANNER, facts=facts())
    member = write.add_member(actor=PLANNER, circle_id=circle, kind="shop", name="便民菜店", joined_on=date(2025, 3, 1))
    with pytest.raises(Conflict):
        write.add_member(actor=PLANNER, circle_id=circle, kind="shop", name="便民菜店")
    with pytest.raises(Invalid):
        write.end_member(actor=PLANNER, member_id=member, left_on=date(2025, 2, 1))
    write.end_member(actor=PLANNER, member_id=member, left_on=date(2026, 2, 1))
    assert read.circle(actor=AUDITOR, circle_id=circle).members.get().left_on == date(2026, 2, 1)
    assert write.add_member(actor=PLANNER, circle_id=circle, kind="shop", name="便民菜店") == member


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("left_before", [False, True])
def test_a_member_entered_by_many_at_once_is_there_once(left_before: bool) -> None:
    circle = write.save_circle(actor=PLANNER, facts=facts())
    if left_before:
        member = write.add_member(actor=PLANNER, circle_id=circle, kind="shop", name="早餐店")
        write.end_member(actor=PLANNER, member_id=member, left_on=date(2026, 3, 1))
    start, said = threading.Barrier(6), []

    def enter() -> None:
        try:
            start.wait()
            write.add_member(actor=PLANNER, circle_id=circle, kind="shop", name="早餐店")
            said.append("in")
        except Refusal as refusal:
            said.append(refusal.code)
        except Exception as error:
            said.append(type(error).__name__)  # SQLite may be busy: the web answers 503
        finally:
            connections.close_all()

    threads = [threading.Thread(target=enter) for _n in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert said.count("in") == 1, said
    assert [m.left_on for m in read.circle(actor=AUDITOR, circle_id=circle).members.all()] == [None]
    if connection.vendor == "postgresql":
        assert said.count("member_there") == 5


def test_the_newest_day_speaks_and_silence_is_missing() -> None:
    for amount, day in ((300, date(2024, 1, 1)), (360, date(2026, 1, 1)), (200, date(2025, 1, 1))):
        write.add_record(actor=CLERK, community=EAST, kind="premises", amount=amount, as_of=day, evidence="不动产登记")
    write.add_record(
        actor=PLANNER, community=WEST, kind="premises", amount=120, as_of=date(2026, 1, 1), evidence="租赁合同"
    )
    premises = {c.kind.code: c for c in read.coverage(actor=AUDITOR, division=NIUJIE)}["premises"]
    assert (premises.said, premises.met, premises.missing) == (2, 1, premises.communities - 2)
    assert premises.percent == 50.0
    before = {c.kind.code: c for c in read.coverage(actor=AUDITOR, division=NIUJIE, on=date(2024, 6, 1))}["premises"]
    assert (before.said, before.met) == (1, 0)
    kind, newest, said = read.record_of(actor=AUDITOR, code=EAST).kinds[1]
    assert kind.code == "premises" and newest is not None and newest.amount == 360 and len(said) == 3


def test_a_record_needs_evidence_a_known_kind_and_its_own_community() -> None:
    given = {"community": EAST, "kind": "premises", "amount": 1, "as_of": date(2026, 1, 1), "evidence": "合同"}
    for change, error in (
        ({"evidence": " "}, Invalid),
        ({"kind": "gold"}, Missing),
        ({"amount": -1}, Invalid),
        ({"kind": "standardised", "amount": 2}, Invalid),
        ({"as_of": date(2999, 1, 1)}, Invalid),
        ({"community": WEST}, Forbidden),
    ):
        with pytest.raises(error):
            write.add_record(actor=CLERK, **(given | change))  # type: ignore[arg-type]
    assert {c.said for c in read.coverage(actor=AUDITOR)} == {0}


def test_one_station_may_serve_several_communities() -> None:
    write.save_station(actor=PLANNER, code="st-1", name="牛街联合服务站", communities=(EAST, WEST))
    write.save_station(actor=PLANNER, code="st-2", name="西里服务站", communities=("110102018010",))
    ((station, names),) = read.shared_stations(actor=AUDITOR)
    assert station.code == "st-1" and len(names) == 2
    assert read.record_of(actor=AUDITOR, code=EAST).stations[0][1] == (territory.division_name(WEST),)


def test_a_designation_is_said_once_a_year_and_can_be_withdrawn() -> None:
    given = {"programme": "standardisation", "community": EAST, "year": 2025, "evidence": "区民政局通知"}
    write.designate(actor=PLANNER, state="pilot", met=("premises",), **given)  # type: ignore[arg-type]
    with pytest.raises(Conflict):
        write.designate(actor=PLANNER, state="pilot", **given)  # type: ignore[arg-type]
    write.designate(actor=PLANNER, state="met", **given)  # type: ignore[arg-type]
    with pytest.raises(Invalid):
        write.designate(actor=PLANNER, state="withdrawn", met=("charm",), **given)  # type: ignore[arg-type]
    with pytest.raises(Forbidden):
        write.designate(actor=CLERK, state="designated", **given)  # type: ignore[arg-type]
    counts = {p.code: years for p, years in read.programmes(actor=AUDITOR)}["standardisation"]
    assert counts[2025]["pilot"] == 1 and counts[2025]["met"] == 1


def test_residents_read_nothing_here() -> None:
    with pytest.raises(Forbidden):
        read.circles(actor=Actor("resident"))
