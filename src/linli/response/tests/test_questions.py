"""Questions: answered and closed in one transaction, without a point, with the version that was read out; reports joined in one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from linli.core import clock
from linli.core.actor import SYSTEM
from linli.core.errors import Conflict, Forbidden, Invalid, Refusal
from linli.flow.models import Journal, Matter, Sealed
from linli.knowledge import actions as knowledge
from linli.knowledge import queries as answers
from linli.knowledge.models import Gap, Use
from linli.knowledge.rules import Content
from linli.response import actions, queries
from linli.response.models import Case
from linli.response.steps import checking
from linli.testing.fixtures import Cast
from linli.vault.models import Contact

from .conftest import NIUJIE

pytestmark = pytest.mark.django_db
SUBDISTRICT, DISTRICT = "110102018", "110102"
Report = actions.Report


@pytest.fixture
def article(district: Cast) -> int:
    """The version in use of an answer about water."""
    knowledge.load_categories(actor=SYSTEM, text="code,name\n02,住房\n0202,供水\n")
    content = Content("停水了怎么办", "先看阀门。", "0202", spoken="请先看家里的阀门。")
    code = knowledge.create_article(actor=SYSTEM, content=content, owner_body=None, code="no-water")
    knowledge.publish(actor=SYSTEM, code=code, seq=1)
    found = answers.article(code)
    assert found is not None
    return found.version_id


def question(**more: Any) -> actions.Report:
    said: dict[str, Any] = {
        "channel": "phone", "class_code": "7109", "description": "停水了怎么办", "division": SUBDISTRICT,
    }  # fmt: skip
    return Report(**(said | more))


def answer(district: Cast, report: actions.Report, **more: Any) -> Case:
    said = {"result": "请先看家里的阀门。", **more}
    receipt = actions.answer_question(actor=district.actor("operator"), report=report, **said)
    return Case.objects.select_related("matter").get(pk=receipt.matter_id)


def test_one_press_registers_answers_and_counts_the_version(district: Cast, article: int) -> None:
    case = answer(district, question(), article=article)
    matter = case.matter
    assert (matter.stage, matter.closed_at is not None, case.first_closed_on_time) == ("closed", True, True)
    lines = queries.history(SYSTEM, case)
    assert [line.verb for line in lines] == ["report", "answer"]
    assert lines[1].facts["article"] == {"version": article, "code": "no-water", "number": 1}
    assert lines[1].personal == {"result": "请先看家里的阀门。"}, "what was said is sealed, not in the facts"
    assert Use.objects.get(version_id=article, kind="answer").count == 1


def test_a_question_belongs_to_a_division_and_has_no_point_of_its_own(district: Cast) -> None:
    case = answer(district, question())
    matter = case.matter
    assert (matter.area, matter.subdistrict, matter.community, matter.grid_at_intake) == (
        SUBDISTRICT,
        SUBDISTRICT,
        "",
        "",
    )
    assert case.place_source == "list" and case.near == ""
    whole = answer(district, question(division=DISTRICT))
    assert (whole.matter.area, whole.matter.subdistrict) == (DISTRICT, "")
    for report in (question(division=""), question(division="110105"), question(division=SUBDISTRICT + "001")):
        with pytest.raises(Invalid) as refused:
            answer(district, report)
        assert refused.value.fields.keys() == {"division"}
    with pytest.raises(Invalid) as ordinary:
        actions.report_case(actor=district.actor("operator"), report=question(class_code="0102"))
    assert ordinary.value.code == "place_required"


@pytest.mark.parametrize(
    ("who", "report", "more", "code"),
    [
        ("operator", {"class_code": "0102", "lon": NIUJIE[0], "lat": NIUJIE[1]}, {}, "not_a_question"),
        ("operator", {"class_code": "9999"}, {}, "unknown_class"),
        ("operator", {}, {"result": "  "}, "need_missing"),
        ("operator", {}, {"article": 10**9}, "no_such_article"),
        ("desk", {"division": "110102007"}, {}, "no_such_case"),
        ("verifier", {}, {}, "not_intake"),
    ],
)
def test_a_refusal_leaves_nothing_behind(
    district: Cast, who: str, report: dict[str, Any], more: dict[str, Any], code: str
) -> None:
    said = {"result": "请先看阀门。", **more}
    with pytest.raises(Refusal) as refused:
        actions.answer_question(
            actor=district.actor(who),
            report=question(phone="13800138000", consent="case_contact_spoken-1", **report),
            **said,
        )
    assert refused.value.code == code
    assert not Case.objects.exists() and not Matter.objects.exists() and not Contact.objects.exists()


def test_pressed_twice_it_is_one_answer(district: Cast, article: int) -> None:
    first = answer(district, question(client_key="k"), article=article)
    assert answer(district, question(client_key="k"), article=article).pk == first.pk
    assert Use.objects.get(version_id=article, kind="answer").count == 1


def test_what_the_sample_leaves_out_is_archived_when_its_call_back_is_due(
    district: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "drawn", lambda *_a: False)
    case = answer(district, question(phone="13800138000", consent="case_contact_spoken-1"))
    assert case.call_sampled is False and case.matter.alarm_at is not None
    with clock.at(case.matter.alarm_at + timedelta(seconds=1), actor=SYSTEM):
        actions.ring_alarms()
    assert Matter.objects.get(pk=case.pk).stage == "ended"


def test_what_the_sample_draws_waits_for_the_call_back(district: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "drawn", lambda *_a: True)
    case = answer(district, question(phone="13800138000", consent="case_contact_spoken-1"))
    assert case.call_sampled is True and case.matter.stage == "closed"


def test_a_question_that_nothing_answers_is_a_case_and_a_gap(district: Cast) -> None:
    operator = district.actor("operator")
    asked = "宠物医院几点开门 13800138000"
    receipt = actions.report_question(
        actor=operator, report=question(class_code="7199", description=asked), asked=asked
    )
    case = Case.objects.select_related("matter").get(pk=receipt.matter_id)
    assert case.matter.stage == "reported" and queries.history(SYSTEM, case)[0].personal["description"] == asked
    assert Gap.objects.get().words == "宠物医院几点开门"
    matter = Report("phone", "0102", *NIUJIE, description="垃圾没清")
    actions.report_question(actor=operator, report=matter, asked="垃圾没清")
    assert Gap.objects.count() == 1, "what is to be done is no question without an answer"


def test_a_question_that_is_a_matter_takes_its_own_class(district: Cast, press: Callable[..., Case]) -> None:
    operator = district.actor("operator")
    receipt = actions.report_question(actor=operator, report=question(), asked="")
    case = Case.objects.select_related("matter").get(pk=receipt.matter_id)
    asked_until = case.matter.final_due_at
    case = press("operator", case, "accept", class_code="0402")
    view = queries.class_of(Case.objects.get(pk=case.pk))
    assert (view.code, case.matter.stage) == ("0402", "accepted")
    assert case.matter.final_due_at != asked_until


def test_questions_are_no_duplicates_of_what_lies_near_the_label(district: Cast) -> None:
    case = answer(district, question())
    for actor in (None, district.actor("operator")):
        near = queries.nearby(case.lon, case.lat, actor=actor, public=actor is None)
        assert queries.number_of_case(case) not in {n.number for n in near}
    assert case.pk not in {c.pk for c in queries.public_cases()}


@pytest.mark.parametrize("category", ["0202", "0501", "07", "99", ""])
def test_every_category_has_a_class_of_questions(district: Cast, category: str) -> None:
    found = queries.question_class(category)
    assert found is not None and found in queries.question_classes()
    assert {"0202": "7109", "0501": "7101", "07": "7107", "99": "7199", "": "7199"}[category] == found.code


# --- the same thing reported once more --------------------------------------------------------------------
def test_one_press_registers_and_merges(district: Cast, reported: Any, press: Callable[..., Case]) -> None:
    main = press("operator", reported(), "accept")
    receipt = actions.report_same(
        actor=district.actor("operator"),
        report=Report("phone", "0102", *NIUJIE, phone="13800138000", consent="case_contact_spoken-1"),
        main=main,
    )
    other = Case.objects.select_related("matter").get(pk=receipt.matter_id)
    assert (other.matter.stage, other.matter.parent_id) == ("merged", main.pk)
    assert receipt.code and other.contact_id is not None, "a receipt and a contact of their own"
    assert Case.objects.get(pk=main.pk).report_count == 2
    assert [line.verb for line in queries.history(SYSTEM, other)] == ["report", "merge"]


def test_into_a_case_that_is_over_nothing_is_registered(district: Cast, reported: Any) -> None:
    main = reported()
    Matter.objects.filter(pk=main.pk).update(stage="declined")
    main = Case.objects.select_related("matter").get(pk=main.pk)
    before = (Case.objects.count(), Journal.objects.count(), Sealed.objects.count())
    with pytest.raises(Invalid) as refused:
        actions.report_same(
            actor=district.actor("operator"), report=Report("phone", "0102", *NIUJIE, description="又一次"), main=main
        )
    assert refused.value.code == "parent_over"
    assert (Case.objects.count(), Journal.objects.count(), Sealed.objects.count()) == before


def test_a_desk_does_not_merge_into_what_it_cannot_see(district: Cast, reported: Any) -> None:
    main = reported(lon=116.3773, lat=39.9535)
    with pytest.raises(Forbidden):
        actions.report_same(
            actor=district.actor("desk"), report=Report("onsite", "0102", *NIUJIE, description="又一次"), main=main
        )
    assert Case.objects.count() == 1


def test_a_main_case_is_not_declined_over_the_heads_of_others(reported: Any, press: Callable[..., Case]) -> None:
    main, other = reported(), reported()
    press("operator", other, "merge", extra={"parent": main})
    with pytest.raises(Conflict) as held:
        press("operator", main, "decline", text="不属实")
    assert held.value.code == "has_merged"
    press("operator", other, "unmerge", text="不是同一处")
    main = Case.objects.select_related("matter").get(pk=main.pk)
    assert press("operator", main, "decline", text="不属实").matter.stage == "declined"
