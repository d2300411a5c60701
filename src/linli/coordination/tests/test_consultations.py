"""Consultations through the real actions: agenda, decisions, both sides of each in one transaction."""

from __future__ import annotations

from datetime import timedelta

import pytest

from linli.coordination.models import AgendaItem
from linli.core import clock
from linli.core.errors import Conflict, Forbidden, Invalid, Missing
from linli.flow.models import Journal, Matter
from linli.testing.fixtures import Cast

from .stories import answered, body, call, failed, items, matter, meeting, part, press, step

pytestmark = pytest.mark.django_db


def state(pk: int) -> str:
    return Matter.objects.get(pk=pk).stage


def test_the_whole_way(district: Cast) -> None:
    chief, one, two = district.actor("chief"), failed(district), failed(district)
    pk = meeting(district)
    press(chief, pk, "list_item", summons_id=one)
    press(chief, pk, "list_item", summons_id=two)
    press(chief, pk, "list_item", title="地铁口共享单车停放")
    assert [matter(s).stage for s in (one, two)] == ["tabled", "tabled"]
    first, second, third = items(pk)
    press(chief, pk, "reorder", order=(third.pk, first.pk, second.pk))
    assert [i.pk for i in items(pk)] == [third.pk, first.pk, second.pk]
    press(chief, pk, "hold")
    due = clock.today() + timedelta(days=10)
    press(chief, pk, "decide_item", item_id=first.pk, text="由城管委牵头", body_id=body("urban-management"), due_on=due)
    assert matter(one).stage == "following" and clock.local(matter(one).due_at).date() == due
    press(chief, pk, "defer_item", item_id=second.pk, text="材料不全")
    assert matter(two).stage == "failed"
    press(chief, pk, "reject_item", item_id=third.pk, text="不属于本区")
    assert state(pk) == "held"
    press(chief, pk, "do_item", item_id=first.pk, text="已整改")
    assert (matter(one).stage, state(pk)) == ("settled", "closed"), "closed by itself"
    verbs = list(Journal.objects.filter(matter_id=pk).order_by("seq").values_list("verb", flat=True))
    assert verbs[-2:] == ["do_item", "close"]
    assert not any("整改" in line.body or "牵头" in line.body for line in Journal.objects.filter(matter_id=pk))


def test_what_is_turned_down_goes_back_to_the_chief(district: Cast) -> None:
    chief, one, pk = district.actor("chief"), failed(district), meeting(district)
    press(chief, pk, "list_item", summons_id=one)
    press(chief, pk, "hold")
    press(chief, pk, "reject_item", item_id=items(pk)[0].pk, text="街道能办")
    assert (matter(one).stage, state(pk)) == ("judging", "closed") and matter(one).due_at
    step(district.actor("chief-niujie"), one, "settle", verdicts={body("enforcement"): "done"})


def test_deferred_items_go_on_the_next_agenda(district: Cast) -> None:
    chief, one, pk = district.actor("chief"), failed(district), meeting(district)
    press(chief, pk, "list_item", summons_id=one)
    press(chief, pk, "hold")
    press(chief, pk, "defer_item", item_id=items(pk)[0].pk, text="下次")
    later = meeting(district)
    press(chief, later, "list_item", summons_id=one)
    assert matter(one).stage == "tabled" and AgendaItem.objects.filter(subject_id=one).count() == 2


def test_the_same_summons_is_on_one_agenda(district: Cast) -> None:
    chief, one = district.actor("chief"), failed(district)
    first, second = meeting(district), meeting(district)
    press(chief, first, "list_item", summons_id=one)
    with pytest.raises(Conflict) as late:
        press(chief, second, "list_item", summons_id=one)
    assert late.value.details["first"] == chief.label and not items(second)


def test_only_what_failed_is_listed(district: Cast) -> None:
    pk, called = meeting(district), call(district)
    for summons in (called, 10**12):
        with pytest.raises((Conflict, Missing)):
            press(district.actor("chief"), pk, "list_item", summons_id=summons)


def test_dropping_and_cancelling_give_back(district: Cast) -> None:
    chief, one, two, pk = district.actor("chief"), failed(district), failed(district), meeting(district)
    for summons in (two, one):
        press(chief, pk, "list_item", summons_id=summons)
    press(chief, pk, "drop_item", item_id=items(pk)[0].pk)
    assert matter(two).stage == "failed" and len(items(pk)) == 1
    press(chief, pk, "cancel", text="改到下月")
    assert (state(pk), matter(one).stage) == ("cancelled", "failed")
    step(district.actor("chief-niujie"), one, "withdraw", text="已自行解决")


def test_one_decision_an_item(district: Cast) -> None:
    chief, one, pk = district.actor("chief"), failed(district), meeting(district)
    press(chief, pk, "list_item", summons_id=one)
    press(chief, pk, "list_item", title="另一项")
    press(chief, pk, "hold")
    item = items(pk)[0].pk
    said = {"item_id": item, "text": "议定", "body_id": body("sanitation"), "due_on": clock.today()}
    press(chief, pk, "decide_item", **said)
    for verb in ("decide_item", "defer_item", "reject_item"):
        with pytest.raises(Conflict, match="moved_meanwhile"):
            press(chief, pk, verb, **said)
    press(chief, pk, "do_item", item_id=item, text="办好了")
    with pytest.raises(Conflict, match="moved_meanwhile"):
        press(chief, pk, "do_item", item_id=item, text="又办好了")


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"text": ""}, "text_required"),
        ({"text": "长" * 100_000}, "text_too_long"),
        ({"text": "好", "body_id": None}, "unknown_body"),
        ({"text": "好", "due_on": None}, "due_on_required"),
        ({"text": "好", "due_on": timedelta(days=-1)}, "due_on_out_of_bounds"),
        ({"text": "好", "due_on": timedelta(days=4000)}, "due_on_out_of_bounds"),
    ],
)
def test_what_cannot_be_decided(district: Cast, more: dict, code: str) -> None:
    chief, pk = district.actor("chief"), meeting(district)
    press(chief, pk, "list_item", title="一项")
    press(chief, pk, "hold")
    given = {"item_id": items(pk)[0].pk, "body_id": body("sanitation"), "due_on": timedelta(days=1), **more}
    if given["due_on"]:
        given["due_on"] = clock.today() + given["due_on"]
    with pytest.raises(Invalid) as refused:
        press(chief, pk, "decide_item", **given)
    assert refused.value.code == code and items(pk)[0].state == "listed"


def test_a_stale_order_is_refused(district: Cast) -> None:
    chief, pk = district.actor("chief"), meeting(district)
    for title in ("一", "二"):
        press(chief, pk, "list_item", title=title)
    order = [i.pk for i in items(pk)]
    for wrong in (order[:1], [*order, 10**9], [order[0], order[0]]):
        with pytest.raises(Conflict):
            press(chief, pk, "reorder", order=wrong)


def test_who_convenes(district: Cast) -> None:
    for who in ("chief-niujie", "dispatcher", "auditor", "handler-water", "administrator"):
        with pytest.raises(Forbidden, match="not_district_chief"):
            meeting(district, who=who)
    pk = meeting(district)
    with pytest.raises(Forbidden):
        press(district.actor("chief-niujie"), pk, "note", text="说一句")


def test_a_meeting_is_planned_once_and_not_in_the_past(district: Cast) -> None:
    assert meeting(district, client_key="k") == meeting(district, client_key="k")
    pk = meeting(district)
    for days in (-2, 500):
        with pytest.raises(Invalid, match="meets_at_out_of_bounds"):
            press(district.actor("chief"), pk, "reschedule", meets_at=clock.now() + timedelta(days=days))
    with pytest.raises(Conflict, match="empty_agenda"):
        press(district.actor("chief"), pk, "hold")


def test_a_failure_in_the_second_half_leaves_nothing(district: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    chief, one, pk = district.actor("chief"), failed(district), meeting(district)
    monkeypatch.setattr(AgendaItem, "save", lambda self, *a, **k: 1 / 0)
    lines = Journal.objects.count()
    with pytest.raises(ZeroDivisionError):
        press(chief, pk, "list_item", summons_id=one)
    assert Journal.objects.count() == lines and matter(one).stage == "failed"


def test_the_answers_stay_as_they_were(district: Cast) -> None:
    pk = call(district, "enforcement")
    answered(district, pk, "enforcement")
    step(district.actor("chief-niujie"), pk, "fail", text="不行", verdicts={body("enforcement"): "partly"})
    assert part(pk, "enforcement").verdict == "partly"
