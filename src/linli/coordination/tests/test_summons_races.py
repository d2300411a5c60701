"""Several press at the same moment, on threads and connections of their own: both sides of a decision, or neither."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection, connections

from linli.coordination.actions.answers import ring_summons
from linli.coordination.models import AgendaItem
from linli.core import clock
from linli.core.errors import Conflict
from linli.flow import chain
from linli.flow.models import Journal, Matter
from linli.testing.fixtures import Cast

from .stories import answered, body, call, failed, items, matter, meeting, part, press, step

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def race(*acts: Callable[[], Any]) -> list[Any]:
    """What each answered or raised."""
    start, answers = threading.Barrier(len(acts)), [None] * len(acts)

    def run(n: int) -> None:
        try:
            start.wait(20)
            answers[n] = acts[n]()
        except BaseException as error:
            answers[n] = error  # type: ignore[call-overload]
        finally:
            connections.close_all()

    connection.close()
    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(isinstance(a, OperationalError) for a in answers), answers
    return answers


def whole(pk: int) -> None:
    """The chain of this matter holds."""
    head = chain.GENESIS
    for n, line in enumerate(Journal.objects.filter(matter_id=pk).order_by("seq"), start=1):
        assert json.loads(line.body)["seq"] == n and line.hash == chain.line_hash(head, line.body)
        head = line.hash
    assert Matter.objects.get(pk=pk).head == head


def lost(answers: list[Any]) -> list[Conflict]:
    found = [a for a in answers if isinstance(a, BaseException)]
    assert all(isinstance(a, Conflict) for a in found), answers
    return found


def test_all_bodies_answer_at_once_and_the_last_one_closes_the_call(district: Cast) -> None:
    codes = ("enforcement", "landscaping", "sanitation")
    pk = call(district, *codes, kind="key_work")
    actors = {c: district.actor(f"handler-{c}") for c in codes}
    answers = race(*(lambda c=c: step(actors[c], pk, "answer", code=c, text="办好了") for c in codes))  # type: ignore[misc]
    assert not lost(answers) and matter(pk).stage == "judging"
    assert {part(pk, c).state for c in codes} == {"answered"}
    assert len({part(pk, c).answered_seq for c in codes}) == 3
    assert Journal.objects.filter(matter_id=pk, verb="all_answered").count() == 1
    whole(pk)


def test_a_double_submit_answers_once(district: Cast) -> None:
    pk = call(district, "enforcement", kind="key_work")
    actor, version = district.actor("handler-enforcement"), matter(pk).version
    say = lambda: step(actor, pk, "answer", code="enforcement", text="办好了", version=version)  # noqa: E731
    assert len(lost(race(say, say, say))) == 2
    assert Journal.objects.filter(matter_id=pk, verb="answer").count() == 1
    whole(pk)


def test_two_chiefs_judge_at_once(district: Cast) -> None:
    pk = call(district, "enforcement")
    answered(district, pk, "enforcement")
    said, version = {body("enforcement"): "done"}, matter(pk).version
    one, two = district.actor("chief-niujie"), district.actor("chief")
    answers = race(
        lambda: step(one, pk, "settle", verdicts=said, version=version),
        lambda: step(two, pk, "fail", text="没办好", version=version),
    )
    (late,) = lost(answers)
    winner = one if matter(pk).stage == "settled" else two
    assert late.details.get("first") == winner.label
    whole(pk)


def test_the_same_summons_on_two_agendas_at_once(district: Cast) -> None:
    summons, actor = failed(district), district.actor("chief")
    first, second = meeting(district), meeting(district)
    answers = race(
        lambda: press(actor, first, "list_item", summons_id=summons),
        lambda: press(actor, second, "list_item", summons_id=summons),
    )
    assert len(lost(answers)) == 1
    assert AgendaItem.objects.filter(subject_id=summons).count() == 1 and matter(summons).stage == "tabled"
    for pk in (first, second, summons):
        whole(pk)


def test_two_chiefs_decide_one_item_at_once(district: Cast) -> None:
    summons, actor, pk = failed(district), district.actor("chief"), meeting(district)
    press(actor, pk, "list_item", summons_id=summons)
    press(actor, pk, "hold")
    item = items(pk)[0].pk
    answers = race(
        lambda: press(actor, pk, "defer_item", item_id=item, text="下次"),
        lambda: press(actor, pk, "reject_item", item_id=item, text="不办"),
    )
    assert len(lost(answers)) == 1
    state, stage = items(pk)[0].state, matter(summons).stage
    assert (state, stage) in (("deferred", "failed"), ("rejected", "judging"))
    assert Matter.objects.get(pk=pk).stage == "closed"
    whole(pk)
    whole(summons)


def test_two_workers_ring_one_alarm(district: Cast, monkeypatch: pytest.MonkeyPatch) -> None:

    pk, real = call(district), clock.now()
    monkeypatch.setattr(clock, "now", lambda: real + timedelta(days=9))
    assert sum(race(ring_summons, ring_summons)) == 1
    assert matter(pk).stage == "judging" and Journal.objects.filter(matter_id=pk, verb="lapse").count() == 1
    whole(pk)
