"""A wrong click in a call-back is taken back: by whom, how long, and what the dice and the queue make of it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from linli.core import clock
from linli.core.actor import RESIDENT, SYSTEM
from linli.core.errors import Conflict, Forbidden, Invalid, Missing
from linli.flow.models import Journal
from linli.response import actions, call_rules, queries
from linli.response.models import CallAttempt, Case
from linli.response.queries import calls
from linli.testing.fixtures import Cast

from .conftest import Press
from .test_chain import to_fed_back

PHONE = {"phone": "13800138000", "consent": "case_contact-1"}
PATIENCE = call_rules.rules().retract


def closed(reported: Any, press: Press) -> Case:
    case = to_fed_back(reported(**PHONE), press)
    press("verifier", case, "pass")
    press("verifier", case, "close")
    return again(case)


def ended(case: Case, district: Cast, who: str = "operator") -> Case:
    """Called back by mistake: "solved", which nobody had said."""
    call = actions.Call("talked", case.matter.version, "solved", "satisfied")
    actions.record_call(actor=district.actor(who), case=case, call=call)
    return again(case)


def again(case: Case) -> Case:
    return Case.objects.select_related("matter").get(pk=case.pk)


def retract(district: Cast, case: Case, who: str, why: str = "点错了。") -> Case:
    case = again(case)
    step = actions.Step("retract", case.matter.version, why)
    actions.move_case(actor=district.actor(who), case=case, step=step)
    return again(case)


def buttons(district: Cast, case: Case, who: str) -> set[str]:
    actor = district.actor(who)
    return {m.verb for m in queries.verbs_for(actor, again(case))}


def test_taken_back_it_waits_again_and_the_call_need_not_be_repeated(
    reported: Any, press: Press, district: Cast
) -> None:
    case = ended(closed(reported, press), district)
    operator, closed_at = district.actor("operator"), case.matter.closed_at
    shown = calls.recorded_last(operator)
    assert shown is not None and shown.number == queries.number_of_case(case)
    assert (case.matter.stage, case.outcome, calls.shift_of(operator).solved) == ("ended", "solved", 1)
    case = retract(district, case, "operator")
    assert (case.matter.stage, case.matter.ended_at, case.matter.closed_at) == ("closed", None, closed_at)
    assert (case.outcome, case.satisfaction, case.next_call_at) == ("", "", None)
    assert case.matter.due_at is not None and case.matter.due_at > clock.now()
    line = Journal.objects.filter(matter_id=case.pk).order_by("-seq")[0]
    assert line.verb == "retract" and json.loads(line.body)["facts"]["outcome"] == "solved"
    assert calls.shift_of(operator).solved == 0 and calls.recorded_last(operator) is None
    assert list(CallAttempt.objects.filter(case=case).values_list("result", "outcome")) == [("talked", "")]
    press("operator", case, "call_back", outcome="explained", satisfaction="fair")  # what was really said
    assert again(case).outcome == "explained"


def test_who_may(reported: Any, press: Press, district: Cast) -> None:
    case = ended(closed(reported, press), district)
    may = {w for w in ("operator", "desk", "chief", "chief-niujie", "chief-desheng", "dispatcher", "verifier",
                       "grid-niujie", "auditor", "administrator") if "retract" in buttons(district, case, w)}  # fmt: skip
    assert may == {"operator", "chief", "chief-niujie"}
    with pytest.raises(Forbidden) as other:
        retract(district, case, "desk")
    assert other.value.code == "not_who_called"
    with pytest.raises(Missing):
        retract(district, case, "chief-desheng")
    with pytest.raises(Invalid) as silent:
        retract(district, case, "chief-niujie", " ")
    assert silent.value.code == "need_missing"
    assert retract(district, case, "chief-niujie").matter.stage == "closed"


def test_only_the_last_one_who_called(reported: Any, press: Press, district: Cast) -> None:
    case = retract(district, ended(closed(reported, press), district), "operator")
    step = actions.Step("call_back", case.matter.version, outcome="solved", satisfaction="fair")
    actions.move_case(actor=district.actor("desk"), case=case, step=step)
    assert "retract" not in buttons(district, case, "operator") and "retract" in buttons(district, case, "desk")


def test_only_within_the_time_that_is_data(reported: Any, press: Press, district: Cast) -> None:
    case = ended(closed(reported, press), district)
    at = case.matter.ended_at
    assert at is not None
    with clock.at(at + PATIENCE + timedelta(seconds=1), actor=SYSTEM):
        assert "retract" not in buttons(district, case, "chief")
        assert calls.recorded_last(district.actor("operator")) is None
        with pytest.raises(Conflict) as late:
            retract(district, case, "operator")
        assert late.value.code == "retract_too_late" and again(case).matter.stage == "ended"
    with clock.at(at + PATIENCE, actor=SYSTEM):
        assert retract(district, case, "operator").matter.stage == "closed"


def test_what_the_resident_said_or_the_dice_spared_is_not_taken_back(
    reported: Any, press: Press, district: Cast
) -> None:
    case = closed(reported, press)
    code = actions.receipt_code(case.matter.key.hex)
    step = actions.Step("rate", case.matter.version, outcome="solved", satisfaction="fair")
    actions.rate_case(actor=RESIDENT, case=case, code=code, step=step)
    assert not {"retract"} & (buttons(district, case, "chief") | buttons(district, case, "operator"))
    with pytest.raises(Conflict) as refused:
        retract(district, case, "chief")
    assert refused.value.code == "not_called_back"


@pytest.mark.parametrize("drawn", [True, False])
def test_the_dice_are_not_thrown_again(reported: Any, press: Press, district: Cast, drawn: bool) -> None:
    from linli.response.steps import checking

    case = ended(closed(reported, press), district)
    view = queries.class_of(case)
    variant = replace(view.variant, chosen=view.variant.chosen | {"archive"}, samples=(("call_back", 50),))
    Case.objects.filter(pk=case.pk).update(call_sampled=drawn)

    def no_dice(*_args: object) -> bool:
        raise AssertionError("thrown again")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checking, "drawn", no_dice)
        patch.setattr("linli.response.actions.chain.view_of", lambda *_a: replace(view, variant=variant))
        case = retract(district, case, "operator")
    assert case.call_sampled is drawn
    assert (case.matter.alarm_at == case.matter.due_at) is not drawn, "what was spared is archived when it is due"


def test_the_button_and_the_page(reported: Any, press: Press, district: Cast) -> None:
    case = ended(closed(reported, press), district)
    address = f"/cases/{queries.number_of_case(case)}/"
    client = district.client("operator")
    page = client.get("/callbacks/").content.decode()
    assert "记错了？撤销" in page and address in page
    assert "撤销回访结果" in client.get(address).content.decode()
    assert (
        "撤销回访结果" not in district.client("desk").get(address).content.decode().split("<main")[1].split("经过")[0]
    )
    refused = client.post(f"{address}retract/", {"version": case.matter.version, "text": ""})
    assert refused.status_code == 422
    done = client.post(f"{address}retract/", {"version": case.matter.version, "text": "点错了"})
    assert done.status_code == 303 and again(case).matter.stage == "closed"
