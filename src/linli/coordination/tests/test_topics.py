"""Topics: found by rule, never twice, grown, dismissed and back with new cases only; adopted, worked on, assessed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from linli.coordination.actions.topic_finding import NewTopic, find_topics, raise_topic
from linli.coordination.actions.topic_rules import load_topic_rules
from linli.coordination.actions.topics import TopicStep, move_topic
from linli.coordination.models import Measure, Topic, TopicCase
from linli.coordination.queries import topics as reads
from linli.coordination.queries.topic_cases import assessment, weeks_of
from linli.coordination.queries.topic_rules import rules
from linli.core import clock
from linli.core.actor import RESIDENT, SYSTEM
from linli.core.errors import Conflict, Forbidden, Invalid, Missing
from linli.flow.models import Journal
from linli.organisations import queries as organisations
from linli.response import actions as response
from linli.territory import queries as territory
from linli.testing.fixtures import Cast

pytestmark = pytest.mark.django_db
NIUJIE = (116.3596, 39.8862)
START = datetime(2026, 9, 1, 2, tzinfo=UTC)


@pytest.fixture
def ruled(district: Cast) -> Cast:
    load_topic_rules(actor=SYSTEM)
    return district


@pytest.fixture
def september() -> Iterator[None]:
    with clock.at(START, actor=SYSTEM):
        yield


def case(at: datetime, east_m: float = 0.0, north_m: float = 0.0, code: str = "0102") -> int:
    """A case somewhere around one place in Niujie."""
    lon, lat = NIUJIE[0] + east_m / 85_300, NIUJIE[1] + north_m / 111_195
    with clock.at(at, actor=SYSTEM):
        return response.report_case(
            actor=RESIDENT, report=response.Report("web", code, lon, lat, description="一堆")
        ).matter_id


def days(n: float) -> timedelta:
    return timedelta(days=n)


def find(at: datetime) -> Any:
    with clock.at(at, actor=SYSTEM):
        return find_topics()


def _community(east_m: float, north_m: float) -> str:
    found = territory.locate(NIUJIE[0] + east_m / 85_300, NIUJIE[1] + north_m / 111_195)
    return found.community if found else ""


def five(start: datetime = START) -> list[int]:
    return [case(start + days(n), east_m=10 * n) for n in range(5)]


def adopt(cast: Cast, topic: Topic, at: datetime, body: str = "110102-sanitation") -> Topic:
    owner = organisations.body_by_code(body)
    assert owner is not None
    with clock.at(at, actor=SYSTEM):
        step = TopicStep("adopt", topic.matter.version, body_id=owner.id, day=clock.today() + days(60))
        return move_topic(actor=cast.actor("chief-niujie"), topic=topic, step=step)


def worked(cast: Cast, topic: Topic, at: datetime) -> Topic:
    """One measure planned and done, and handed in."""
    actor, body = cast.actor("handler-sanitation"), topic.matter.body_id
    with clock.at(at, actor=SYSTEM):
        step = TopicStep("plan_measure", topic.matter.version, "加装两个垃圾桶", body, clock.today() + days(5))
        move_topic(actor=actor, topic=topic, step=step)
        measure = Measure.objects.get(topic=topic)
        move_topic(actor=actor, topic=topic, step=TopicStep("do_measure", topic.matter.version, measure_id=measure.pk))
        return move_topic(actor=actor, topic=topic, step=TopicStep("hand_in", topic.matter.version, "装好了"))


def test_five_at_one_place_make_one_topic_once(ruled: Cast) -> None:
    ids = five()
    case(START + days(1), east_m=400)  # elsewhere
    case(START + days(1), code="0103")  # another class
    found = find(START + days(6))
    assert (found.opened, found.cases) == (1, 5)
    topic = Topic.objects.select_related("matter").get()
    assert set(TopicCase.objects.values_list("matter_id", flat=True)) == set(ids)
    assert topic.matter.stage == "found"
    assert topic.matter.subdistrict == "110102018"
    assert "一堆" not in topic.matter.title
    assert find(START + days(6)).opened == 0
    assert Topic.objects.count() == 1


def test_four_are_none_and_old_ones_do_not_count(ruled: Cast) -> None:
    five(START - days(40))
    for n in range(4):
        case(START + days(n))
    assert find(START + days(5)).opened == 0


def test_an_open_topic_grows_and_takes_no_case_twice(ruled: Cast) -> None:
    five()
    find(START + days(6))
    new = case(START + days(7), north_m=30)
    found = find(START + days(8))
    assert (found.opened, found.grown, found.cases) == (0, 1, 1)
    topic = Topic.objects.select_related("matter").get()
    assert topic.case_count == 6
    assert TopicCase.objects.filter(matter_id=new, open=True).count() == 1
    assert Journal.objects.filter(matter=topic.matter, verb="grow").count() == 1
    assert find(START + days(8)).grown == 0


def test_a_dismissed_one_comes_back_with_new_cases_only(ruled: Cast) -> None:
    five()
    find(START + days(5))
    topic = reads.topic_for(SYSTEM, Topic.objects.get().pk)
    with clock.at(START + days(5), actor=SYSTEM):
        with pytest.raises(Invalid):  # the reason is needed
            move_topic(actor=ruled.actor("chief-niujie"), topic=topic, step=TopicStep("dismiss", 1))
        move_topic(actor=ruled.actor("chief-niujie"), topic=topic, step=TopicStep("dismiss", 1, "一次性装修"))
    assert find(START + days(6)).opened == 0
    for n in range(4):
        case(START + days(7 + n))
    assert find(START + days(12)).opened == 0
    case(START + days(12))
    assert find(START + days(13)).opened == 1
    body = Journal.objects.get(matter=topic.matter, verb="dismiss").body
    assert "装修" not in body  # sealed


def test_a_community_is_a_place_too(ruled: Cast) -> None:
    here = territory.locate(*NIUJIE)
    assert here is not None
    spread = [(e * 60.0, n * 60.0) for e in range(-8, 9) for n in range(-8, 9)]
    inside = [s for s in spread if _community(*s) == here.community]
    apart: list[tuple[float, float]] = []
    for spot in inside:  # no five of them within a hundred metres
        if all((spot[0] - x) ** 2 + (spot[1] - y) ** 2 > 55**2 for x, y in apart):
            apart.append(spot)
    assert len(apart) >= 8
    for n in range(8):
        case(START + days(n), *apart[n * (len(apart) // 8)])
    found = find(START + days(9))
    assert found.opened == 1
    topic = Topic.objects.select_related("matter", "rule").get()
    assert topic.radius_m == 0
    assert topic.rule is not None
    assert topic.rule.code == "same_community"
    assert topic.matter.community


def test_the_whole_way_to_cured(ruled: Cast) -> None:
    five()
    find(START + days(6))
    topic = adopt(ruled, reads.topic_for(SYSTEM, Topic.objects.get().pk), START + days(7))
    assert topic.matter.stage == "working"
    assert topic.matter.due_at is not None
    topic = worked(ruled, topic, START + days(10))
    case(START + days(20))
    chief = ruled.actor("chief-niujie")
    with clock.at(START + days(30), actor=SYSTEM), pytest.raises(Conflict) as early:
        move_topic(actor=chief, topic=topic, step=TopicStep("cure", topic.matter.version))
    assert early.value.code == "too_early"
    with clock.at(START + days(38), actor=SYSTEM):
        found = assessment(topic)
        assert found is not None
        assert (found.before, found.after, found.most, found.cured) == (5, 1, 1, True)
        move_topic(actor=chief, topic=topic, step=TopicStep("cure", topic.matter.version))
    topic.refresh_from_db()
    assert (topic.before_count, topic.after_count, topic.matter.stage) == (5, 1, "cured")
    assert not TopicCase.objects.filter(open=True).exists()
    weeks = weeks_of(topic, reads.measures(topic))
    assert sum(w.count for w in weeks) == 6
    assert sum(w.measures for w in weeks) == 1
    assert sum(w.adopted for w in weeks) == 1


def test_not_quiet_is_not_cured_but_sent_back(ruled: Cast) -> None:
    five()
    find(START + days(6))
    topic = worked(
        ruled, adopt(ruled, reads.topic_for(SYSTEM, Topic.objects.get().pk), START + days(7)), START + days(8)
    )
    for n in range(3):
        case(START + days(20 + n))
    chief = ruled.actor("chief-niujie")
    with clock.at(START + days(40), actor=SYSTEM):
        with pytest.raises(Conflict) as loud:
            move_topic(actor=chief, topic=topic, step=TopicStep("cure", topic.matter.version))
        assert loud.value.code == "not_cured"
        move_topic(actor=chief, topic=topic, step=TopicStep("send_back", topic.matter.version, "还在发生"))
    topic.refresh_from_db()
    assert (topic.matter.stage, topic.before_count, topic.after_count) == ("working", 5, 3)


def test_who_may_what(ruled: Cast) -> None:
    five()
    find(START + days(6))
    topic = reads.topic_for(SYSTEM, Topic.objects.get().pk)
    with pytest.raises(Missing):
        reads.topic_for(ruled.actor("chief-desheng"), topic.pk)
    with pytest.raises(Missing):
        reads.topic_for(ruled.actor("handler-sanitation"), topic.pk)
    with pytest.raises(Forbidden):
        move_topic(actor=ruled.actor("dispatcher-niujie"), topic=topic, step=TopicStep("adopt", 1))
    adopt(ruled, topic, START + days(7))
    assert reads.topic_for(ruled.actor("handler-sanitation"), topic.pk)
    with pytest.raises(Forbidden):
        move_topic(
            actor=ruled.actor("handler-works"), topic=topic, step=TopicStep("plan_measure", topic.matter.version)
        )
    with pytest.raises(Conflict):  # seen before it was adopted
        adopt(ruled, topic, START + days(8))
    hidden = reads.cases_of(ruled.actor("handler-sanitation"), topic)
    assert (hidden.rows, hidden.hidden) == ([], 5)
    assert len(reads.cases_of(ruled.actor("chief-niujie"), topic).rows) == 5


def test_steps_refuse_what_cannot_be(ruled: Cast) -> None:
    five()
    find(START + days(6))
    topic = reads.topic_for(SYSTEM, Topic.objects.get().pk)
    chief, owner = ruled.actor("chief"), organisations.body_by_code("110102-sanitation")
    assert owner is not None
    with clock.at(START + days(7), actor=SYSTEM):
        for bad in (
            TopicStep("adopt", 1, body_id=10**9, day=clock.today() + days(9)),
            TopicStep("adopt", 1, body_id=owner.id),
            TopicStep("adopt", 1, body_id=owner.id, day=clock.today()),
            TopicStep("adopt", 1, body_id=owner.id, day=clock.today() + days(3650)),
            TopicStep("adopt", 1, "长" * 3000, body_id=owner.id, day=clock.today() + days(9)),
        ):
            with pytest.raises(Invalid):
                move_topic(actor=chief, topic=topic, step=bad)
    adopt(ruled, topic, START + days(7))
    handler = ruled.actor("handler-sanitation")
    with clock.at(START + days(8), actor=SYSTEM):
        with pytest.raises(Conflict) as none:
            move_topic(actor=handler, topic=topic, step=TopicStep("hand_in", topic.matter.version, "好了"))
        assert none.value.code == "no_measure_done"
        step = TopicStep("plan_measure", topic.matter.version, "加桶", owner.id, clock.today() + days(3))
        move_topic(actor=handler, topic=topic, step=step)
        measure = Measure.objects.get()
        with pytest.raises(Conflict) as planned:
            move_topic(actor=handler, topic=topic, step=TopicStep("hand_in", topic.matter.version, "好了"))
        assert planned.value.code == "measures_open"
        drop = TopicStep("drop_measure", topic.matter.version, "不需要了", measure_id=measure.pk)
        move_topic(actor=handler, topic=topic, step=drop)
        with pytest.raises(Conflict):  # it is settled
            move_topic(
                actor=handler, topic=topic, step=TopicStep("do_measure", topic.matter.version, measure_id=measure.pk)
            )


def test_by_hand(ruled: Cast) -> None:
    ids = [case(START + days(n)) for n in range(3)]
    rule = rules()[0]
    with clock.at(START + days(5), actor=SYSTEM):
        wanted = NewTopic("0102", rule.id, *NIUJIE)
        with pytest.raises(Forbidden):
            raise_topic(actor=ruled.actor("chief-desheng"), wanted=wanted)
        with pytest.raises(Invalid):
            raise_topic(actor=ruled.actor("chief-niujie"), wanted=NewTopic("9999", rule.id, *NIUJIE))
        with pytest.raises(Invalid):
            raise_topic(actor=ruled.actor("chief-niujie"), wanted=NewTopic("0102", rule.id))
        with pytest.raises(Invalid):
            raise_topic(actor=ruled.actor("chief"), wanted=NewTopic("0102", rule.id, community="110102999999"))
        topic = raise_topic(actor=ruled.actor("chief-niujie"), wanted=wanted)
        assert topic.by_hand
        assert set(TopicCase.objects.values_list("matter_id", flat=True)) == set(ids)
        with pytest.raises(Conflict):
            raise_topic(actor=ruled.actor("chief"), wanted=wanted)
    assert find(START + days(6)).opened == 0


def test_numbers_and_lists(ruled: Cast) -> None:
    five()
    find(START + days(6))
    chief = ruled.actor("chief-niujie")
    with clock.at(START + days(7), actor=SYSTEM):
        found = reads.numbers(chief, "area")
        assert (found.stages, found.open, found.cases, found.in_topics) == ({"found": 1}, 1, 5, 5)
        listed, after = reads.topics(chief, reads.TopicFilter(stage="found", top="01"))
        assert (len(listed), after) == (1, 0)
        assert reads.topics(ruled.actor("chief-desheng"), reads.TopicFilter())[0] == []
        assert reads.topics(ruled.actor("handler-works"), reads.TopicFilter())[0] == []
