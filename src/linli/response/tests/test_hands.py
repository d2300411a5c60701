"""Returns, transfers, joint bodies, the joint finding: who answers, who sees, who waits for whom, who was first."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection

from linli.core import clock
from linli.core.actor import SYSTEM
from linli.core.errors import Conflict, Forbidden, Invalid, Missing, Refusal
from linli.flow.models import Journal
from linli.organisations import actions as bodies
from linli.organisations import queries as organisations
from linli.response import actions, queries
from linli.response.models import Assist, Case, Handover
from linli.testing.fixtures import Cast

from .conftest import Press

Reported = Callable[..., Case]


def body(code: str) -> int:
    found = organisations.body_by_code(code)
    assert found is not None, code
    return found.id


def fresh(case: Case) -> Case:
    return Case.objects.select_related("matter").get(pk=case.pk)


def given(reported: Reported, press: Press, *joint: str) -> Case:
    """At the grid team of 牛街, with these joint bodies."""
    case = reported(class_code="0110")
    press("operator", case, "accept")
    extra = {"joint": [body(code) for code in joint]}
    return press("dispatcher", case, "dispatch", body_id=body("110102018-grid"), extra=extra)


def test_the_third_return_is_the_districts(reported: Reported, press: Press) -> None:
    case = given(reported, press)
    for n in (1, 2):
        press("grid-niujie", case, "ask_return", text="不归我们。")
        with pytest.raises(Invalid):
            press("dispatcher-niujie", case, "refuse_return")  # a refusal says why
        press("dispatcher-niujie", case, "refuse_return", text="归你们。")
        assert fresh(case).return_count == n and fresh(case).level == "subdistrict"
    press("grid-niujie", case, "ask_return", text="真的不归我们。")
    assert fresh(case).level == "district"
    line = Journal.objects.filter(matter_id=case.pk).order_by("-seq").first()
    assert line is not None and (line.verb, line.actor) == ("escalate", "system") and '"count":3' in line.body
    for who in ("dispatcher-niujie", "chief-niujie"):
        for verb in ("grant_return", "refuse_return"):
            with pytest.raises(Forbidden) as refused:
                press(who, case, verb, text="归你们。")
            assert refused.value.code == "district_decides"
    press("dispatcher", case, "grant_return")
    assert fresh(case).matter.stage == "accepted" and fresh(case).matter.body_id is None
    with pytest.raises(Forbidden):
        press("dispatcher-niujie", case, "dispatch", body_id=body("110102018-grid"))
    press("chief", case, "dispatch", body_id=body("110102-sanitation"))
    assert list(Handover.objects.order_by("pk").values_list("state", flat=True)) == ["refused", "refused", "granted"]


def test_who_sees_a_transfer(reported: Reported, press: Press, district: Cast) -> None:
    case = given(reported, press)
    number = queries.number_of_case(case)

    def sees(username: str) -> bool:
        try:
            return bool(queries.case_for(district.actor(username), number))
        except Missing:
            return False

    assert not sees("handler-sanitation")
    press("grid-niujie", case, "ask_transfer", body_id=body("110102-sanitation"), text="要清运车。")
    assert sees("handler-sanitation") and sees("grid-niujie")
    with pytest.raises(Invalid):
        press("handler-sanitation", case, "refuse_transfer")
    press("handler-sanitation", case, "refuse_transfer", text="不是垃圾。")
    assert not sees("handler-sanitation") and fresh(case).matter.body_id == body("110102018-grid")
    press("grid-niujie", case, "ask_transfer", body_id=body("110102-sanitation"), text="是垃圾。")
    press("handler-sanitation", case, "take_transfer")
    assert fresh(case).matter.stage == "handling" and sees("handler-sanitation")
    assert fresh(case).from_body_id is None


def test_the_lead_waits_for_the_joint_bodies(reported: Reported, press: Press, district: Cast) -> None:
    case = given(reported, press, "110102-sanitation", "110102-drainage")
    press("grid-niujie", case, "sign")
    with pytest.raises(Conflict) as early:
        press("grid-niujie", case, "feed_back", text="好了。")
    assert early.value.code == "joint_open" and early.value.details["open"] == 2
    press("handler-sanitation", case, "assist_sign")
    press("handler-sanitation", case, "assist_report", text="清了。")
    with pytest.raises(Forbidden):
        press("handler-sanitation", case, "assist_report", text="再报一次。")
    with pytest.raises(Invalid):
        press("grid-niujie", case, "ask_transfer", body_id=body("110102-drainage"), text="给它。")
    with pytest.raises(Forbidden):
        press("grid-niujie", case, "release_assist", text="不要了。", extra={"joint": [body("110102-drainage")]})
    for wrong in ([], [body("110102-sanitation")]):
        with pytest.raises(Refusal):
            press("dispatcher-niujie", case, "release_assist", text="不要了。", extra={"joint": wrong})
    with pytest.raises(Invalid):
        press("dispatcher-niujie", case, "release_assist", extra={"joint": [body("110102-drainage")]})
    press("dispatcher-niujie", case, "release_assist", text="不堵了。", extra={"joint": [body("110102-drainage")]})
    with pytest.raises(Missing):
        queries.case_for(district.actor("handler-drainage"), queries.number_of_case(case))
    press("grid-niujie", case, "feed_back", text="好了。")
    assert fresh(case).matter.stage == "fed_back" and fresh(case).open_assists == 0


def test_a_merged_joint_body_answers_through_its_heir(reported: Reported, press: Press) -> None:
    case = given(reported, press, "110102-drainage")
    press("grid-niujie", case, "sign")
    bodies.merge_bodies(actor=SYSTEM, body_id=body("110102-drainage"), into_id=body("110102-tap-water"))
    organisations.forget()
    press("handler-water", case, "assist_report", text="疏通了。")
    press("grid-niujie", case, "feed_back", text="好了。")
    assert Assist.objects.get().state == "reported"


def test_a_joint_finding(reported: Reported, press: Press, district: Cast, sent_photo: str) -> None:
    case = reported()
    press("operator", case, "accept")
    extra = {"joint": [body("110102-sanitation"), body("110102-drainage")]}
    press("dispatcher-niujie", case, "seek_finding", text="污水还是垃圾，说不清。", extra=extra)
    drainage = district.actor("handler-drainage")
    waiting = queries.assisting(drainage)
    assert waiting is not None and [m.pk for m in waiting] == [case.pk]
    assert queries.asks_of(drainage, waiting)[case.pk].words == "请您单位到场认定"
    assert queries.case_for(drainage, queries.number_of_case(case))
    with pytest.raises(Forbidden):
        press("dispatcher-niujie", case, "find", body_id=body("110102-sanitation"), text="是垃圾。")
    press("dispatcher", case, "find", body_id=body("110102-sanitation"), text="现场看是垃圾。", photo_keys=[sent_photo])
    case = fresh(case)
    assert (case.matter.stage, case.matter.body_id, case.photos) == ("dispatched", body("110102-sanitation"), 1)
    assert case.open_assists == 0 and not Assist.objects.exclude(state="released").exists()
    with pytest.raises(Missing):
        queries.case_for(district.actor("handler-drainage"), queries.number_of_case(case))


@pytest.fixture
def sent_photo(district: Cast) -> str:
    import io

    from PIL import Image

    from linli.files import actions as files

    picture = io.BytesIO()
    Image.new("RGB", (64, 48), (90, 120, 60)).save(picture, "JPEG")
    picture.seek(0)
    return files.accept_upload(actor=district.actor("dispatcher"), stream=picture, name="x.jpg").key


def at_once(*calls: Callable[[], Any]) -> list[str]:
    """Run these at the same moment, each in its own thread; what came of each."""
    ready, results = threading.Barrier(len(calls)), []

    def run(call: Callable[[], Any]) -> None:
        try:
            ready.wait()
            call()
            results.append("done")
        except Conflict as late:
            results.append(late.code if late.details.get("first") else "nobody named")
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(results)


@pytest.mark.django_db(transaction=True)
def test_two_dispatchers_answer_a_return_at_once(reported: Reported, press: Press, district: Cast) -> None:
    for _round in range(3):
        case = given(reported, press)
        press("grid-niujie", case, "ask_return", text="不归我们。")
        one, two = district.actor("dispatcher"), district.actor("dispatcher-niujie")
        first, second = fresh(case), fresh(case)
        version = first.matter.version
        results = at_once(
            partial(actions.move_case, actor=one, case=first, step=actions.Step("grant_return", version)),
            partial(actions.move_case, actor=two, case=second, step=actions.Step("refuse_return", version, "归你们。")),
        )
        assert results == ["done", "moved_meanwhile"]
        assert Journal.objects.filter(matter_id=case.pk, verb__in=["grant_return", "refuse_return"]).count() == 1
        assert Handover.objects.filter(case=case).exclude(state="asked").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_press_each_rung_once(reported: Reported, press: Press) -> None:
    begin = clock.now()
    case = given(reported, press)
    due = fresh(case).matter.due_at
    assert due is not None and due > begin

    def work() -> None:
        with clock.at(due + timedelta(hours=5), actor=SYSTEM):
            actions.ring_alarms()

    assert at_once(work, work) == ["done", "done"]
    verbs = list(Journal.objects.filter(matter_id=case.pk).order_by("seq").values_list("verb", flat=True))
    assert verbs.count("remind") == 1 and verbs.count("alarm") == 1, verbs
    case = fresh(case)
    assert case.reminded == 1 and case.warned_for == due
    work()
    assert fresh(case).matter.seq == case.matter.seq
