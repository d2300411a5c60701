"""Ways around a verification, a level or a limit that somebody under pressure would try; each is closed."""

from __future__ import annotations

import csv
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from linli.accounts import actions as accounts
from linli.core import clock
from linli.core.actor import SYSTEM
from linli.core.errors import Conflict, Forbidden, Invalid
from linli.files import actions as files
from linli.flow import relay
from linli.flow.models import Matter
from linli.organisations import queries as organisations
from linli.response import actions
from linli.response.actions import alarms
from linli.response.class_rules import class_faults
from linli.response.models import Case
from linli.response.queries import checks
from linli.response.queries.calls import next_call
from linli.response.steps import checking
from linli.testing.fixtures import Cast
from linli.vault.models import Contact

from .test_merging import Press, again, grid_team, to_closed
from .test_web_case import picture

pytestmark = pytest.mark.django_db
QUESTION, NEED = "7107", "8106"
KEPT = {"phone": "13800138000", "consent": "case_contact-1"}


@pytest.fixture
def catalogue_rows() -> dict[str, dict[str, str]]:
    """The shipped types by code."""
    file = Path(alarms.__file__).parents[1] / "data" / "case_classes.csv"
    with file.open(encoding="utf-8-sig", newline="") as stream:
        return {row["code"]: row for row in csv.DictReader(stream)}


def split(press: Press, case: Case) -> list[Case]:
    press("dispatcher-niujie", case, "split", extra={"parts": [("0102", "清运"), ("0103", "平整")]})
    return list(Case.objects.select_related("matter").filter(matter__parent_id=case.pk).order_by("pk"))


# --- verification ---------------------------------------------------------------------------------------
def test_what_must_be_handled_does_not_end_with_the_answer_to_a_question(reported: Any, press: Press) -> None:
    """Merged into a question, a case would be closed by the answer, without anybody having verified anything."""
    question, other = reported(class_code=QUESTION), reported()
    with pytest.raises(Invalid) as refused:
        press("operator", other, "merge", extra={"parent": question})
    assert refused.value.code == "parent_is_question" and again(other).matter.stage == "reported"
    second = reported(class_code=QUESTION)
    press("operator", second, "merge", extra={"parent": question})
    assert again(second).matter.stage == "merged"
    third = reported(class_code=QUESTION)  # a question may end with what is handled
    press("operator", third, "merge", extra={"parent": press("operator", reported(), "accept")})
    assert again(third).matter.stage == "merged"


def mended(press: Press, district: Cast, case: Case) -> Case:
    actor = district.actor("grid-niujie")
    photo = files.accept_upload(actor=actor, stream=picture(), name="").key
    return again(press("grid-niujie", case, "mend", text="已清理。", photo_keys=[photo]))


def test_only_ones_own_find_may_be_spared_the_verification(
    reported: Any, press: Press, district: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "drawn", lambda *_a: False)
    worker = district.actor("grid-niujie")
    case = mended(press, district, reported())
    assert (case.matter.stage, case.sampled) == ("fed_back", None), "a resident's report is always verified"
    assert mended(press, district, reported(worker, channel="field")).matter.stage == "closed"
    found = reported(worker, channel="field")
    press("operator", reported(), "merge", extra={"parent": found})
    assert mended(press, district, found).matter.stage == "fed_back", "somebody else's report waits in it"


# --- parts and followers ----------------------------------------------------------------------------------
def test_a_whole_is_not_got_rid_of_by_merging(reported: Any, press: Press) -> None:
    whole, main = press("operator", reported(), "accept"), press("operator", reported(), "accept")
    part, _other = split(press, whole)
    with pytest.raises(Invalid) as of_whole:
        press("dispatcher-niujie", part, "merge", extra={"parent": main})
    assert of_whole.value.code == "part_of_another"
    with pytest.raises(Conflict) as waits:  # its follower could not be closed, nor could any after it
        press("dispatcher-niujie", again(whole), "merge", extra={"parent": main})
    assert waits.value.code == "children_open" and again(whole).matter.stage == "accepted"


def test_a_part_that_is_reopened_still_belongs_to_its_whole(reported: Any, press: Press) -> None:
    whole = press("operator", reported(), "accept")
    part, other = split(press, whole)
    to_closed(press, part)
    press("operator", part, "reopen", text="没清干净")
    assert again(part).matter.parent_id == whole.pk
    to_closed(press, other)
    with pytest.raises(Conflict) as waiting:
        to_closed(press, again(whole))
    assert waiting.value.code == "children_open"


# --- level ------------------------------------------------------------------------------------------------
def test_a_level_never_falls(reported: Any, press: Press) -> None:
    case = reported()
    press("chief", case, "escalate", text="请区里定")
    assert again(case).level == "district"
    press("operator", case, "accept", class_code="0103")
    assert again(case).level == "district", "another class is no way down"
    main = press("operator", reported(), "accept")
    assert again(main).level != "district"
    press("operator", case, "merge", extra={"parent": main})
    assert again(main).level == "district", "nor is another case"


# --- time ----------------------------------------------------------------------------------------------------
def offer(press: Press, case: Case) -> Case:
    extra = {"claim_by": clock.now() + timedelta(hours=5), "kinds": []}
    team = organisations.body_by_code("110102018-grid")
    assert team is not None
    return press("dispatcher-niujie", case, "offer", text="扶手松了，请帮忙。", body_id=team.id, extra=extra)


def test_an_offer_gives_new_time_once_and_never_to_what_is_late(reported: Any, press: Press) -> None:
    late = press("operator", reported(class_code=NEED), "accept")
    assert late.matter.final_due_at is not None
    with clock.at(late.matter.final_due_at + timedelta(minutes=1), actor=SYSTEM):
        with pytest.raises(Conflict) as too_late:
            offer(press, late)
        assert too_late.value.code == "offered_too_late"
    case = offer(press, press("operator", reported(class_code=NEED), "accept"))
    with clock.at(clock.now() + timedelta(hours=6), actor=SYSTEM):
        assert actions.ring_alarms() >= 1 and again(case).matter.stage == "dispatched"
        press("grid-niujie", case, "ask_return", text="不归我们")
        press("dispatcher-niujie", case, "grant_return")
        with pytest.raises(Conflict) as twice:
            offer(press, case)
        assert twice.value.code == "offered_before"


# --- honest lines -------------------------------------------------------------------------------------------
def test_nobody_is_said_to_have_been_spoken_to_without_a_contact(reported: Any, press: Press) -> None:
    def in_hand(**more: Any) -> Case:
        case = press("operator", reported(**more), "accept")
        press("dispatcher-niujie", case, "dispatch", body_id=grid_team())
        return press("grid-niujie", case, "sign")

    with pytest.raises(Conflict) as refused:
        press("grid-niujie", in_hand(), "contacted", text="说好下午去")
    assert refused.value.code == "no_contact"
    case = in_hand(**KEPT)
    with pytest.raises(Invalid) as silent:  # it stops a clock: what was said is written down
        press("grid-niujie", case, "contacted")
    assert silent.value.code == "need_missing" and again(case).contacted_at is None
    assert again(press("grid-niujie", case, "contacted", text="说好下午去")).contacted_at is not None


@pytest.mark.parametrize("verb", ["answer", "spare", "close_with", "archive"])
def test_every_way_to_the_end_shortens_the_life_of_the_contact(reported: Any, verb: str) -> None:
    case = reported(**KEPT)
    before = Contact.objects.get(pk=case.contact_id).erase_at
    Matter.objects.filter(pk=case.pk).update(closed_at=clock.now())
    actions.settle_contact(relay.Announcement(0, case.pk, "case", verb, "system"))
    assert (before - Contact.objects.get(pk=case.contact_id).erase_at).days > 200


# --- two axes ------------------------------------------------------------------------------------------------
def give(cast: Cast, username: str, kind: str, body_id: int | None = None) -> None:
    accounts.give_post(actor=SYSTEM, account_id=cast.id(username), kind=kind, division="110102018", body_id=body_id)


def test_nobody_of_a_joint_body_verifies_what_it_did(reported: Any, press: Press, district: Cast) -> None:
    office = organisations.body_by_code("110102018")
    assert office is not None
    case = press("operator", reported(), "accept")
    press("dispatcher-niujie", case, "dispatch", body_id=grid_team(), extra={"joint": [office.id]})
    press("grid-niujie", case, "sign")
    press("handler-niujie", case, "assist_report", text="我们的部分做完了")
    press("grid-niujie", case, "feed_back", text="清了")
    assert checks.to_check(district.actor("verifier")).filter(pk=case.pk).exists()
    give(district, "verifier", "handler", office.id)
    assert not checks.to_check(district.actor("verifier")).filter(pk=case.pk).exists()
    with pytest.raises(Forbidden) as refused:
        press("verifier", case, "pass")
    assert refused.value.code == "own_body"


def test_nobody_grants_what_he_asked_for(reported: Any, press: Press, district: Cast) -> None:
    case = press("operator", reported(), "accept")
    press("dispatcher-niujie", case, "dispatch", body_id=grid_team())
    give(district, "chief-niujie", "grid_worker", grid_team())
    press("chief-niujie", case, "sign")
    press("chief-niujie", case, "ask_time", text="等料", extra={"time_kind": "pause"})
    with pytest.raises(Forbidden) as time:
        press("chief-niujie", case, "grant_time")
    press("chief-niujie", case, "ask_return", text="不归我们")
    with pytest.raises(Forbidden) as back:
        press("chief-niujie", case, "grant_return")
    assert time.value.code == back.value.code == "own_request"
    assert press("dispatcher-niujie", case, "grant_return").matter.stage == "accepted"


# --- types ----------------------------------------------------------------------------------------------------
def test_no_type_ends_without_verification_but_a_question(catalogue_rows: dict[str, dict[str, str]]) -> None:
    event, question = catalogue_rows["0102"], catalogue_rows[QUESTION]
    assert not class_faults(question) and "answer" in question["chosen"]
    faults = class_faults({**event, "chosen": f"{event['chosen']} answer"})
    assert [(f.field, f.code) for f in faults] == [("chosen", "not_a_question")]


def test_what_the_clock_presses_asks_for_nothing(
    catalogue_rows: dict[str, dict[str, str]], reported: Any, press: Press, monkeypatch: pytest.MonkeyPatch
) -> None:
    for verb in ("remind", "escalate", "resume", "lapse", "archive"):
        faults = class_faults({**catalogue_rows["0102"], "needs": f"{verb}:text"})
        assert ("needs", "pressed_verb") in [(f.field, f.code) for f in faults], verb

    def refused(*_a: Any, **_k: Any) -> None:
        raise Invalid("need_missing", "")

    case = press("operator", reported(), "accept")
    assert case.matter.alarm_at is not None
    monkeypatch.setattr(alarms, "_climb", refused)
    with clock.at(case.matter.alarm_at + timedelta(days=1), actor=SYSTEM):
        assert actions.ring_alarms() == 0, "and the clock goes on to the next case"


def test_nobody_hears_the_judgement_on_what_his_body_did(reported: Any, press: Press, district: Cast) -> None:
    case = to_closed(press, press("operator", reported(**KEPT), "accept"))
    assert next_call(district.actor("operator"), clock.now(), anyway=True) == case.pk
    give(district, "operator", "grid_worker", grid_team())
    assert next_call(district.actor("operator"), clock.now(), anyway=True) is None
    with pytest.raises(Forbidden) as refused:
        press("operator", case, "call_back", outcome="solved", satisfaction="satisfied")
    assert refused.value.code == "own_body" and again(case).matter.stage == "closed"
