"""Summons through the real actions: called, answered, judged, late, missed, refused."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from linli.coordination.actions.answers import ring_summons
from linli.coordination.actions.kinds import SHIPPED, load_kinds
from linli.coordination.actions.summons import Asked
from linli.coordination.actions.upkeep import erase_old_call_texts
from linli.coordination.models import SummonsAnswer, SummonsKind
from linli.coordination.queries import calls
from linli.coordination.rules import SUMMONS
from linli.core import clock
from linli.core.actor import SYSTEM, Actor, Post
from linli.core.errors import Conflict, Forbidden, Invalid, Missing
from linli.flow.models import Journal, Matter
from linli.flow.queries import history
from linli.organisations import actions as organisation_actions
from linli.response import actions as response
from linli.response import queries as cases
from linli.testing.fixtures import Cast

from .stories import DESHENG, NIUJIE, answered, body, call, matter, part, step

pytestmark = pytest.mark.django_db


def after(**delta: float):  # type: ignore[no-untyped-def]
    return clock.at(clock.now() + timedelta(**delta), actor=SYSTEM)


def verbs(pk: int) -> list[str]:
    return list(Journal.objects.filter(matter_id=pk).order_by("seq").values_list("verb", flat=True))


def test_the_whole_way_to_settled(district: Cast) -> None:
    pk = call(district)
    assert matter(pk).stage == "called" and matter(pk).alarm_at == matter(pk).due_at is not None
    answered(district, pk, "enforcement")
    assert matter(pk).stage == "called"
    answered(district, pk, "landscaping")
    now = matter(pk)
    assert now.stage == "judging" and now.alarm_at is None and now.due_at > clock.now()
    assert verbs(pk)[-2:] == ["answer", "all_answered"], "the system presses it in the same breath"
    said = {body("enforcement"): "done", body("landscaping"): "partly"}
    step(district.actor("chief-niujie"), pk, "settle", verdicts=said)
    assert matter(pk).stage == "settled" and matter(pk).ended_at
    assert {p.body_id: p.verdict for p in calls.parts_of(pk)} == said


def test_free_text_is_sealed_and_never_a_fact(district: Cast) -> None:
    pk = call(district, question="张三在门口摆摊")
    answered(district, pk, "enforcement", "landscaping")
    assert not any("张三" in line.body or "已处理" in line.body for line in Journal.objects.filter(matter_id=pk))
    assert "张三" not in matter(pk).title


def test_the_answer_names_its_line(district: Cast) -> None:
    pk = call(district)
    answered(district, pk, "enforcement")
    line = Journal.objects.get(matter_id=pk, seq=part(pk, "enforcement").answered_seq)
    assert line.verb == "answer" and json.loads(line.body)["facts"]["body"] == body("enforcement")


def test_a_double_click_calls_once(district: Cast) -> None:
    assert call(district, client_key="abc") == call(district, client_key="abc")
    assert call(district, client_key="abc") != call(district, client_key="other")
    assert SummonsAnswer.objects.count() == 4


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"bodies": ()}, "bodies_required"),
        ({"bodies": (Asked(10**9),)}, "unknown_body"),
        ({"question": " \0 "}, "text_required"),
        ({"question": "长" * 100_000}, "text_too_long"),
        ({"kind": "party"}, "unknown_kind"),
        ({"at": (0.0, 0.0)}, "zero_coordinates"),
        ({"at": (float("nan"), 39.9)}, "bad_coordinates"),
        ({"cases": ["261122-000000-0"]}, "no_such_case"),
    ],
)
def test_what_cannot_be_called(district: Cast, more: dict, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        call(district, **more)
    assert refused.value.code == code
    assert not Matter.objects.filter(kind="summons").exists()


def test_bodies_are_departments_and_enterprises_each_once(district: Cast) -> None:
    twice = (Asked(body("enforcement")), Asked(body("enforcement")))
    with pytest.raises(Invalid, match="same_body"):
        call(district, bodies=twice)
    team = calls.organisations.body_by_code("110102018-grid")
    with pytest.raises(Invalid, match="unknown_body"):
        call(district, bodies=(Asked(team.id),))


def test_times_are_bounded(district: Cast) -> None:
    for due in (clock.now(), clock.now() - timedelta(days=1), clock.now() + timedelta(days=400)):
        with pytest.raises(Invalid, match="due_out_of_bounds"):
            call(district, bodies=(Asked(body("enforcement"), due_at=due),))
    due = clock.now() + timedelta(days=2)
    pk = call(district, bodies=(Asked(body("enforcement"), "in_writing", due),))
    assert (part(pk, "enforcement").due_at, part(pk, "enforcement").mode) == (due, "in_writing")


def test_hostile_words_are_cleaned(district: Cast) -> None:
    pk = call(district, question="请\u202e到\0场")
    found, _parts = calls.load(district.actor("chief-niujie"), pk)
    assert history(found.matter, SUMMONS, personal=True)[0].personal == {"question": "请到场"}


def test_a_chief_calls_within_the_own_subdistrict_only(district: Cast) -> None:
    with pytest.raises(Forbidden, match="not_chief"):
        call(district, who="chief-desheng")
    with pytest.raises(Forbidden, match="not_chief"):
        call(district, who="dispatcher")
    assert matter(call(district, who="chief")).subdistrict == "110102018"


def test_who_sees_it(district: Cast) -> None:
    pk = call(district)
    for who in ("chief", "chief-niujie", "dispatcher-niujie", "auditor", "handler-enforcement"):
        assert calls.load(district.actor(who), pk)
    for who in ("chief-desheng", "dispatcher-desheng", "handler-water", "grid-niujie", "planner"):
        with pytest.raises(Missing):
            calls.load(district.actor(who), pk)


def test_a_body_answers_for_itself_only(district: Cast) -> None:
    pk = call(district)
    with pytest.raises(Forbidden, match="not_this_body"):
        step(district.actor("handler-enforcement"), pk, "sign", code="landscaping")
    with pytest.raises(Forbidden, match="not_this_body"):
        step(district.actor("chief-niujie"), pk, "arrive", code="landscaping")
    with pytest.raises(Missing):
        step(district.actor("handler-water"), pk, "sign", code="tap-water")


def test_answering_comes_after_arriving_and_once(district: Cast) -> None:
    pk, who = call(district), district.actor("handler-enforcement")
    with pytest.raises(Conflict, match="arrive_first"):
        step(who, pk, "answer", code="enforcement", text="好了")
    step(who, pk, "sign", code="enforcement")
    with pytest.raises(Conflict, match="not_possible_now"):
        step(who, pk, "sign", code="enforcement")
    step(who, pk, "arrive", code="enforcement")
    with pytest.raises(Invalid, match="text_required"):
        step(who, pk, "answer", code="enforcement", text="  ")
    step(who, pk, "answer", code="enforcement", text="好了")
    with pytest.raises(Conflict):
        step(who, pk, "answer", code="enforcement", text="又好了")
    assert verbs(pk).count("answer") == 1


def test_when_the_time_is_up_who_did_not_come_has_missed_it(district: Cast) -> None:
    pk = call(district)
    answered(district, pk, "enforcement")
    assert ring_summons() == 0
    with after(days=9):
        assert ring_summons() == 1 and ring_summons() == 0, "twice is as good as once"
        assert matter(pk).stage == "judging" and part(pk, "landscaping").state == "missed"
        assert part(pk, "enforcement").state == "answered" and not part(pk, "enforcement").late
        step(district.actor("handler-landscaping"), pk, "answer", code="landscaping", text="来晚了")
        late = part(pk, "landscaping")
        assert (late.state, late.late, matter(pk).stage) == ("answered", True, "judging")


def test_each_time_rings_for_itself(district: Cast) -> None:
    soon, later = clock.now() + timedelta(hours=2), clock.now() + timedelta(hours=9)
    asked = (Asked(body("enforcement"), due_at=soon), Asked(body("landscaping"), due_at=later))
    pk = call(district, bodies=asked)
    with after(hours=3):
        assert ring_summons() == 1
        assert (matter(pk).stage, matter(pk).alarm_at) == ("called", later)
        assert part(pk, "enforcement").state == "missed"
        step(district.actor("handler-enforcement"), pk, "arrive", code="enforcement")
        assert part(pk, "enforcement").late and part(pk, "enforcement").state == "arrived"
        answered(district, pk, "landscaping")
        assert matter(pk).stage == "judging", "the other one's time is up already"


def test_whoever_serves_a_called_body_does_not_judge(district: Cast) -> None:
    pk = call(district)
    answered(district, pk, "enforcement", "landscaping")
    chief = district.actor("chief-niujie")
    both = Actor("person", chief.id, chief.name, (*chief.posts, Post(0, "handler", "110102", body("enforcement"))))
    said = dict.fromkeys((body("enforcement"), body("landscaping")), "done")
    with pytest.raises(Forbidden, match="own_body"):
        step(both, pk, "settle", verdicts=said)


def test_settling_needs_a_verdict_for_each(district: Cast) -> None:
    pk, chief = call(district), district.actor("chief-niujie")
    with pytest.raises(Conflict, match="not_possible_now"):
        step(chief, pk, "settle", verdicts={})
    answered(district, pk, "enforcement", "landscaping")
    for said in ({}, {body("enforcement"): "done"}, {body("enforcement"): "great", body("landscaping"): "done"}):
        with pytest.raises(Invalid, match="verdict_missing"):
            step(chief, pk, "settle", verdicts=said)
    with pytest.raises(Invalid):
        step(chief, pk, "fail", text="")
    step(chief, pk, "fail", text="一家解决不了", verdicts={body("enforcement"): "not"})
    assert matter(pk).stage == "failed" and part(pk, "enforcement").verdict == "not" and matter(pk).due_at is None


def test_a_late_answer_while_judging_is_seen_before_the_verdict(district: Cast) -> None:
    pk = call(district)
    answered(district, pk, "enforcement")
    with after(days=9):
        ring_summons()
        seen = matter(pk)
        step(district.actor("handler-landscaping"), pk, "answer", code="landscaping", text="补答")
        said = dict.fromkeys((body("enforcement"), body("landscaping")), "not")
        with pytest.raises(Conflict) as late:
            step(district.actor("chief-niujie"), pk, "settle", verdicts=said, seq=seen.seq)
        assert late.value.details["first"] == district.actor("handler-landscaping").label


def test_release_and_withdraw(district: Cast) -> None:
    pk, chief = call(district), district.actor("chief-niujie")
    answered(district, pk, "enforcement")
    step(chief, pk, "release", code="landscaping", text="不用来了")
    assert matter(pk).stage == "judging", "who is left has answered"
    alone = call(district, "enforcement")
    with pytest.raises(Conflict, match="last_body"):
        step(chief, alone, "release", code="enforcement", text="不用了")
    step(chief, alone, "withdraw", text="吹错了")
    assert matter(alone).stage == "withdrawn" and matter(alone).alarm_at is None
    with pytest.raises(Conflict):
        step(district.actor("handler-enforcement"), alone, "sign", code="enforcement")


def test_a_stale_page_names_who_was_first(district: Cast) -> None:
    pk = call(district)
    step(district.actor("chief"), pk, "withdraw", text="区里已处理")
    with pytest.raises(Conflict) as late:
        step(district.actor("chief-niujie"), pk, "withdraw", text="吹错了", version=1)
    assert late.value.details["first"] == district.actor("chief").label


def test_the_merged_body_answers_for_the_old_one(district: Cast) -> None:
    pk = call(district)
    organisation_actions.merge_bodies(actor=SYSTEM, body_id=body("enforcement"), into_id=body("sanitation"))
    step(district.actor("handler-sanitation"), pk, "sign", body_id=body("enforcement"))
    assert part(pk, "enforcement").state == "signed"


def test_from_a_case(district: Cast) -> None:
    receipt = response.report_case(
        actor=SYSTEM, report=response.Report("web", "0102", *NIUJIE, description="垃圾", simulated=True)
    )
    pk = call(district, cases=[receipt.number, receipt.number])
    assert [c.matter_id for c in calls.Summons.objects.get(pk=pk).cases.all()] == [receipt.matter_id]
    assert matter(pk).simulated, "about something simulated"
    assert cases.case_for(district.actor("chief-niujie"), receipt.number)
    with pytest.raises(Invalid, match="no_such_case"):
        call(district, who="chief-desheng", at=DESHENG, cases=[receipt.number])


def test_kinds_are_versioned(district: Cast) -> None:
    load_kinds(actor=SYSTEM)
    assert load_kinds(actor=SYSTEM) == 0, "twice is as good as once"
    pk = call(district)
    text = SHIPPED.read_text(encoding="utf-8").replace("综合执法,Joint enforcement,1,", "综合执法,Joint enforcement,4,")
    assert load_kinds(actor=SYSTEM, text=text) == 1
    assert calls.Summons.objects.get(pk=pk).kind.number == 1
    assert SummonsKind.objects.get(code="enforcement", in_force=True).number == 2
    with pytest.raises(ValueError):
        load_kinds(actor=SYSTEM, text=text.replace("on_site", "by_pigeon"))


def test_old_words_are_erased_and_the_chain_holds(district: Cast) -> None:
    pk = call(district)
    step(district.actor("chief-niujie"), pk, "withdraw", text="吹错了")
    assert erase_old_call_texts() == 0
    with after(days=2000):
        assert erase_old_call_texts() == 1
