"""Ways around somebody else's hands: matters passed round, earlier bodies, old notices, closed bodies, other scopes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from linli.core import clock
from linli.core.actor import SYSTEM
from linli.core.errors import Forbidden, Missing
from linli.flow.models import Journal, Matter
from linli.organisations import queries as organisations
from linli.response import actions, queries
from linli.response.actions.sheets import change_sheet
from linli.response.choices import HandoverState
from linli.response.class_rules import variant_faults, variant_of
from linli.response.models import Case, Handover, Offer
from linli.response.queries import offers
from linli.testing.fixtures import Cast

from .test_merging import Press, again, grid_team, to_closed
from .test_ways_around import NEED, give, offer

pytestmark = pytest.mark.django_db


def body(code: str) -> int:
    found = organisations.body_by_code(code)
    assert found is not None, code
    return found.id


def at_the_team(reported: Any, press: Press, *joint: int, **more: Any) -> Case:
    case = press("operator", reported(**more), "accept")
    press("dispatcher-niujie", case, "dispatch", body_id=grid_team(), extra={"joint": list(joint)})
    return press("grid-niujie", case, "sign")


def verbs(case: Case) -> list[str]:
    return list(Journal.objects.filter(matter_id=case.pk).order_by("seq").values_list("verb", flat=True))


# --- passed round -------------------------------------------------------------------------------------------
def test_the_third_transfer_is_the_districts_and_who_commands_may_take_it_back(reported: Any, press: Press) -> None:
    case = at_the_team(reported, press)
    for n in (1, 2, 3):
        press("grid-niujie", case, "ask_transfer", text="归他们", body_id=body("110102018"))
        assert again(case).level == ("district" if n == 3 else "subdistrict"), n
        if n < 3:
            press("handler-niujie", case, "refuse_transfer", text="不归我们")
    with pytest.raises(Forbidden) as level:
        press("dispatcher-niujie", case, "recall_transfer", text="别推了")
    assert level.value.code == "district_decides"
    press("dispatcher", case, "recall_transfer", text="别推了")
    case = again(case)
    assert (case.matter.stage, case.matter.body_id, case.from_body_id) == ("accepted", None, None)
    assert set(Handover.objects.filter(case=case).values_list("state", flat=True)) == {HandoverState.REFUSED}
    press("dispatcher", case, "dispatch", body_id=grid_team())


# --- who reads, who verifies ----------------------------------------------------------------------------------
def test_a_joint_body_of_an_earlier_round_reads_no_more(reported: Any, press: Press, district: Cast) -> None:
    office = body("110102018")
    case = at_the_team(reported, press, office)
    press("handler-niujie", case, "assist_report", text="我们的部分做完了")
    press("grid-niujie", case, "feed_back", text="清了")
    press("verifier", case, "pass")
    press("verifier", case, "close")
    handler, number = district.actor("handler-niujie"), queries.number_of_case(case)
    assert queries.case_for(handler, number)
    with clock.at(clock.now() + timedelta(hours=1), actor=SYSTEM):
        press("operator", case, "reopen", text="又有了")
        with pytest.raises(Missing):
            queries.case_for(handler, number)
        press("dispatcher-niujie", again(case), "dispatch", body_id=grid_team(), extra={"joint": [office]})
        assert queries.case_for(handler, number), "asked again, it takes part again"


def test_nobody_of_a_body_that_passed_it_on_verifies_it(reported: Any, press: Press, district: Cast) -> None:
    case = at_the_team(reported, press)
    press("grid-niujie", case, "ask_transfer", text="归他们", body_id=body("110102018"))
    press("handler-niujie", case, "take_transfer")
    press("handler-niujie", case, "feed_back", text="清了")
    assert queries.checks.to_check(district.actor("verifier")).filter(pk=case.pk).exists()
    give(district, "verifier", "grid_worker", grid_team())
    assert not queries.checks.to_check(district.actor("verifier")).filter(pk=case.pk).exists()
    with pytest.raises(Forbidden) as refused:
        press("verifier", case, "pass")
    assert refused.value.code == "own_body"


def test_nobody_of_a_body_that_gave_it_up_verifies_it(reported: Any, press: Press, district: Cast) -> None:
    case = offer(press, press("operator", reported(class_code=NEED), "accept"))
    team = body("110102018-volunteers") if organisations.body_by_code("110102018-volunteers") else None
    actor = district.actor("claim-volunteers")
    team = team or min(actor.bodies({"handler"}))
    actions.claim_case(
        actor=actor, case=again(case), step=actions.Step("claim", again(case).matter.version, body_id=team)
    )
    press("claim-volunteers", case, "give_up", text="办不了")
    press("grid-niujie", case, "sign")
    press("grid-niujie", case, "feed_back", text="修好了")
    give(district, "verifier", "handler", team)
    assert not queries.checks.to_check(district.actor("verifier")).filter(pk=case.pk).exists()
    with pytest.raises(Forbidden):
        press("verifier", case, "pass")


def test_an_old_notice_is_for_the_claimant_alone(reported: Any, press: Press, district: Cast) -> None:
    case = offer(press, press("operator", reported(class_code=NEED), "accept"))
    care, volunteers = district.actor("claim-care"), district.actor("claim-volunteers")
    row = Offer.objects.get(case=case)
    assert offers.offer_for(care, row.pk)[0].notice
    version, team = again(case).matter.version, min(volunteers.bodies({"handler"}))
    actions.claim_case(actor=volunteers, case=again(case), step=actions.Step("claim", version, body_id=team))
    late, _case = offers.offer_for(care, row.pk)
    assert late.claimed_by and not late.notice and not late.mine, "who was first, and no more"
    assert offers.offer_for(volunteers, row.pk)[0].notice
    press("claim-volunteers", case, "give_up", text="办不了")
    with pytest.raises(Missing):
        offers.offer_for(care, row.pk)


def test_a_part_elsewhere_has_no_number(reported: Any, press: Press, district: Cast) -> None:
    case = at_the_team(reported, press)
    press("dispatcher-niujie", case, "split", extra={"parts": [("0102", "清运"), ("0103", "平整")]})
    team, lines = district.actor("grid-niujie"), queries.history(SYSTEM, again(case))
    part = Matter.objects.filter(parent_id=case.pk).order_by("pk")[0]
    Matter.objects.filter(pk=part.pk).update(subdistrict="110102001", community="", area="110102001", body_id=None)
    shown = queries.hands.hands_of(team, again(case), lines).parts
    hidden = [k for k in shown if not k.visible]
    assert len(shown) == 2 and hidden and all((k.number, k.title) == ("", "另一件") for k in hidden)
    assert all(k.number for k in queries.hands.hands_of(district.actor("chief"), again(case), lines).parts)


# --- offers ----------------------------------------------------------------------------------------------------
def test_what_lapses_to_a_closed_body_waits_for_a_dispatcher(
    reported: Any, press: Press, monkeypatch: pytest.MonkeyPatch
) -> None:
    team = grid_team()
    case = offer(press, press("operator", reported(class_code=NEED), "accept"))
    known = organisations.body

    def closed(body_id: int) -> Any:
        found = known(body_id)
        return replace(found, is_active=False) if found is not None and found.id == team else found

    monkeypatch.setattr(organisations, "body", closed)
    with clock.at(clock.now() + timedelta(hours=6), actor=SYSTEM):
        assert actions.ring_alarms() >= 1
        case = again(case)
        assert (case.matter.stage, case.matter.body_id) == ("accepted", None)
        assert verbs(case)[-2:] == ["lapse", "fall_back"] and case.matter.alarm_at is not None
        press("dispatcher-niujie", case, "dispatch", body_id=body("110102018"))


def test_no_button_for_a_late_or_a_second_offer(reported: Any, press: Press, district: Cast) -> None:
    def buttons(case: Case) -> set[str]:
        return {m.verb for m in queries.verbs_for(district.actor("dispatcher-niujie"), again(case))}

    case = press("operator", reported(class_code=NEED), "accept")
    assert "offer" in buttons(case) and case.matter.final_due_at is not None
    with clock.at(case.matter.final_due_at + timedelta(minutes=1), actor=SYSTEM):
        assert "offer" not in buttons(case) and "dispatch" in buttons(case)
    offer(press, case)
    with clock.at(clock.now() + timedelta(hours=6), actor=SYSTEM):
        actions.ring_alarms()
        press("grid-niujie", case, "ask_return", text="不归我们")
        press("dispatcher-niujie", case, "grant_return")
        assert "offer" not in buttons(case) and "dispatch" in buttons(case)


# --- types and the ladder ---------------------------------------------------------------------------------------
def test_a_type_asks_only_for_what_the_form_can_give() -> None:
    from linli.response.forms import StepForm
    from linli.response.step_fields import FIELDS

    for words in ("sign:photos", "dispatch:satisfaction", "feed_back:reason", "close:outcome"):
        assert ("needs", "need_not_given") in [(f.field, f.code) for f in variant_faults(variant_of({"needs": words}))]
    for words in ("feed_back:photos", "call_back:satisfaction", "close:text", "dispatch:text"):
        assert not variant_faults(variant_of({"needs": words})), words
    from linli.response.class_rules import OWN_NEEDS, givable
    from linli.response.rules import CASE

    for verb, move in CASE.moves.items():
        assert set(move.needs) <= givable(verb), f"{verb}: its own form could not meet {move.needs}"
        assert StepForm(verb).takes_photos == ("photos" in givable(verb))
    names = {"time": "time_kind"}
    for verb in set(OWN_NEEDS) - {"rate"}:
        assert {names.get(n, n) for n in OWN_NEEDS[verb]} <= set(FIELDS[verb]), verb


def test_a_new_ladder_presses_nothing_twice(reported: Any, press: Press, district: Cast) -> None:
    from linli.response.queries import types as reads

    case = at_the_team(reported, press)
    final = case.matter.final_due_at
    assert final is not None
    with clock.at(final + timedelta(hours=1, minutes=1), actor=SYSTEM):
        actions.ring_alarms()
        assert verbs(case)[-2:] == ["alarm", "remind"] or verbs(case)[-1] == "remind"
        reminded, before = again(case).reminded, len(verbs(case))
        rows = reads.sheet_rows("ladder")
        first = {**rows[0], "order": "99", "amount": "50"}  # one more rung before those that were reached
        number = reads.sheet_number("ladder") if hasattr(reads, "sheet_number") else 1
        change_sheet(actor=SYSTEM, sheet="ladder", expected=number, rows=[*rows, first])
    alarm = again(case).matter.alarm_at
    assert alarm is not None
    with clock.at(alarm + timedelta(seconds=5), actor=SYSTEM):
        assert actions.ring_alarms() >= 1 and again(case).reminded == reminded
        assert verbs(case)[before:] == ["supervise"]
        assert actions.ring_alarms() == 0


def test_whoever_came_in_person_was_asked_at_the_desk(reported: Any, press: Press) -> None:
    case = to_closed(press, press("operator", reported(), "accept"))
    Case.objects.filter(pk=case.pk).update(channel="onsite")
    press("operator", case, "call_back", outcome="solved", satisfaction="fair")
