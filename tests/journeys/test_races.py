"""Two people press at the same moment, on threads and connections of their own: one wins, the other is told who was first.

Each race is run some times. Both sides have loaded the case before either presses, as two open pages would have. After
each round the journal has exactly the lines of the winner and its chain holds.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections

from linli.core import clock
from linli.core.actor import RESIDENT, SYSTEM, Actor
from linli.core.errors import Conflict, Refusal
from linli.flow import chain
from linli.flow.models import Journal, Matter, Outbox
from linli.organisations import queries as organisations
from linli.response import actions
from linli.response.actions import Step
from linli.response.actions.alarms import ring_alarms
from linli.response.actions.calls import Call, record_call
from linli.response.models import Assist, Case, Handover, Offer, TimeChange
from linli.testing import cast as people
from linli.testing.fixtures import Cast

ROUNDS = 4
NIUJIE = (116.3596, 39.8862)
TEAM, OFFICE = "110102018-grid", "110102018"


# --- a case, brought to where the race begins ----------------------------------------------------------
def body(code: str) -> int:
    found = organisations.body_by_code(code)
    assert found is not None, code
    return found.id


def fresh(case: Case) -> Case:
    return Case.objects.select_related("matter").get(pk=case.pk)


def reported() -> Case:
    report = actions.Report(
        "web", "0102", *NIUJIE, description="垃圾两天没清。", phone="13800138000", consent="case_contact-1"
    )
    return Case.objects.select_related("matter").get(pk=actions.report_case(actor=RESIDENT, report=report).matter_id)


def press(who: str, case: Case, verb: str, **more: Any) -> Case:
    seen = fresh(case)
    actions.move_case(actor=people.actor(who), case=seen, step=Step(verb, seen.matter.version, **more))
    return seen


def accepted() -> Case:
    return press("operator", reported(), "accept")


def handling() -> Case:
    case = press("dispatcher", accepted(), "dispatch", body_id=body(TEAM))
    return press("grid-niujie", case, "sign")


def fed_back() -> Case:
    return press("grid-niujie", handling(), "feed_back", text="清了。")


def verified() -> Case:
    return press("verifier", fed_back(), "pass")


def closed() -> Case:
    return press("verifier", verified(), "close")


def offered(until: timedelta = timedelta(days=2)) -> Case:
    step = {"claim_by": clock.now() + until, "kinds": [], "bodies": []}
    return press("dispatcher-niujie", accepted(), "offer", body_id=body(TEAM), text="请帮助清理楼门口。", extra=step)


def time_asked() -> Case:
    more = {"time_kind": "extend", "amount": 1, "unit": "urgent_hour"}
    return press("grid-niujie", handling(), "ask_time", text="要等配件。", extra=more)


# --- the race ----------------------------------------------------------------------------------------------
Act = Callable[[Case], Any]


def race(turn: int, case: Case, *acts: Act) -> list[Any]:
    """What each of `acts` answered or raised: every one on its own connection, with its own copy of the case.

    In turn 0 all have loaded the case, but each presses only when the one before has done: a page left open.
    """
    start = threading.Barrier(len(acts))
    done = [threading.Event() for _act in acts]
    answers: list[Any] = [None] * len(acts)

    def run(n: int) -> None:
        try:
            copy = fresh(case)
            start.wait(20)
            if turn == 0 and n:
                done[n - 1].wait(20)
            answers[n] = acts[n](copy)
        except BaseException as error:
            answers[n] = error
        finally:
            connections.close_all()
            done[n].set()

    connection.close()  # SQLite waits for nobody who still reads
    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not any(t.is_alive() for t in threads), "a race that never ends"
    return answers


def move(who: str, verb: str, **more: Any) -> Act:
    actor = people.actor(who)
    return lambda case: actions.move_case(actor=actor, case=case, step=Step(verb, case.matter.version, **more)).stage


def claim(who: str, code: str) -> Act:
    actor, own = people.actor(who), body(code)
    step: Callable[[Case], Step] = lambda case: Step("claim", case.matter.version, body_id=own)  # noqa: E731
    return lambda case: actions.claim_case(actor=actor, case=case, step=step(case)).stage


@contextmanager
def exactly(more: int, case: Case) -> Iterator[None]:
    """The block adds exactly `more` lines to this case's journal, each announced once, and the chain holds."""
    before = Journal.objects.filter(matter_id=case.pk).count()
    yield
    lines = list(Journal.objects.filter(matter_id=case.pk).order_by("seq"))
    assert len(lines) == before + more, [line.verb for line in lines]
    assert Outbox.objects.filter(matter_id=case.pk).count() == len(lines)
    check_chain(case)


def check_chain(case: Case) -> None:
    head = chain.GENESIS
    for n, line in enumerate(Journal.objects.filter(matter_id=case.pk).order_by("seq"), start=1):
        assert line.seq == n and json.loads(line.body)["seq"] == n
        assert line.hash == chain.line_hash(head, line.body)
        head = line.hash
    assert Matter.objects.get(pk=case.pk).head == head


def one_wins(answers: list[Any], who: tuple[str, ...], verbs: tuple[str, ...]) -> int:
    """Which of them won. The other was told who was first, with what."""
    lost = [n for n, answer in enumerate(answers) if isinstance(answer, BaseException)]
    assert len(lost) == len(answers) - 1, answers
    (winner,) = set(range(len(answers))) - set(lost)
    for n in lost:
        late = answers[n]
        assert isinstance(late, Conflict), repr(late)
        assert late.details.get("first") == people.actor(who[winner]).label, (late.code, late.details)
        assert late.details.get("verb") == verbs[winner] and late.details.get("at"), late.details
    return winner


# --- two people -----------------------------------------------------------------------------------------
def two_dispatchers(ground: Cast) -> None:
    who = ("dispatcher", "dispatcher-niujie")
    for turn in range(ROUNDS):
        case, bodies = accepted(), (body(TEAM), body(OFFICE))
        with exactly(1, case):
            answers = race(turn, case, *(move(w, "dispatch", body_id=b) for w, b in zip(who, bodies, strict=True)))
            winner = one_wins(answers, who, ("dispatch", "dispatch"))
        assert fresh(case).matter.body_id == bodies[winner]


def two_dispatchers_with_joint_bodies(ground: Cast) -> None:
    who = ("dispatcher", "dispatcher-niujie")
    joint = (body("110102-sanitation"), body("110102-enforcement"))
    for turn in range(ROUNDS):
        case = accepted()
        with exactly(1, case):
            acts = (
                move(w, "dispatch", body_id=body(TEAM), extra={"joint": [b]}) for w, b in zip(who, joint, strict=True)
            )
            winner = one_wins(race(turn, case, *acts), who, ("dispatch", "dispatch"))
        assert list(Assist.objects.filter(case_id=case.pk).values_list("body_id", flat=True)) == [joint[winner]]
        assert fresh(case).open_assists == 1


def two_verifiers(ground: Cast) -> None:
    who, verbs = ("verifier", "verifier-second"), ("pass", "rework")
    for turn in range(ROUNDS):
        case = fed_back()
        with exactly(1, case):
            winner = one_wins(
                race(turn, case, move(who[0], "pass"), move(who[1], "rework", text="没清完。")), who, verbs
            )
        seen = fresh(case)
        assert seen.matter.stage == ("verified", "handling")[winner] and seen.rework_count == winner


def two_claimants_of_one_offer(ground: Cast) -> None:
    who = ("claim-volunteers", "claim-stationed")
    codes = ("110102018-volunteers", "110102018-bank")
    for turn in range(ROUNDS):
        case = offered()
        with exactly(1, case):
            winner = one_wins(race(turn, case, *map(claim, who, codes)), who, ("claim", "claim"))
        offer = Offer.objects.get(case_id=case.pk)
        assert (offer.state, offer.claimed_by_id) == ("claimed", body(codes[winner]))
        assert fresh(case).matter.body_id == body(codes[winner])


def a_claim_against_taking_the_offer_back(ground: Cast) -> None:
    who, verbs = ("claim-volunteers", "dispatcher-niujie"), ("claim", "withdraw_offer")
    for turn in range(ROUNDS):
        case = offered()
        with exactly(1, case):
            acts = (claim(who[0], "110102018-volunteers"), move(who[1], "withdraw_offer", text="不用了。"))
            winner = one_wins(race(turn, case, *acts), who, verbs)
        assert Offer.objects.get(case_id=case.pk).state == ("claimed", "withdrawn")[winner]


def two_chiefs_answer_one_request_for_time(ground: Cast) -> None:
    who, verbs = ("chief-niujie", "chief"), ("grant_time", "refuse_time")
    for turn in range(ROUNDS):
        case = time_asked()
        with exactly(1, case):
            acts = (move(who[0], "grant_time"), move(who[1], "refuse_time", text="来得及。"))
            winner = one_wins(race(turn, case, *acts), who, verbs)
        asked = TimeChange.objects.get(case_id=case.pk)
        assert asked.state == ("granted", "refused")[winner]
        assert asked.answered_by == ground.actor(who[winner]).label
        assert fresh(case).time_changed == (winner == 0)


def two_dispatchers_answer_one_return(ground: Cast) -> None:
    who, verbs = ("dispatcher", "dispatcher-niujie"), ("grant_return", "refuse_return")
    for turn in range(ROUNDS):
        case = press("grid-niujie", handling(), "ask_return", text="不归我们。")
        with exactly(1, case):
            acts = (move(who[0], "grant_return"), move(who[1], "refuse_return", text="归你们。"))
            winner = one_wins(race(turn, case, *acts), who, verbs)
        assert Handover.objects.get(case_id=case.pk).state == ("granted", "refused")[winner]


# --- two cases of one family -------------------------------------------------------------------------------
def merging(who: str, main: Case, other: Case) -> Act:
    """Merge `other` into `main`, as seen before the race."""
    actor: Actor = people.actor(who)
    seen_main, seen = fresh(main), fresh(other)

    def act(_case: Case) -> str:
        step = Step("merge", seen.matter.version, extra={"parent": seen_main})
        return actions.move_case(actor=actor, case=seen, step=step).stage

    return act


def a_merge_against_the_closing_of_its_main_case(ground: Cast) -> None:
    who, verbs = ("desk", "verifier"), ("joined", "close")
    for turn in range(ROUNDS):
        main, other = verified(), accepted()
        before = Journal.objects.filter(matter_id=other.pk).count()
        with exactly(1, main):
            winner = one_wins(race(turn, main, merging("desk", main, other), move("verifier", "close")), who, verbs)
        merged = winner == 0
        assert fresh(other).matter.stage == ("merged" if merged else "accepted")
        assert fresh(other).matter.parent_id == (main.pk if merged else None)
        assert Journal.objects.filter(matter_id=other.pk).count() == before + merged
        assert fresh(main).report_count == 1 + merged
        check_chain(other)


def two_merges_into_one_main_case(ground: Cast) -> None:
    for turn in range(ROUNDS):
        main, one, two = accepted(), accepted(), accepted()
        with exactly(1, main):
            one_wins(
                race(turn, main, merging("desk", main, one), merging("operator", main, two)),
                ("desk", "operator"),
                ("joined",) * 2,
            )
        stages = sorted(fresh(c).matter.stage for c in (one, two))
        assert stages == ["accepted", "merged"] and fresh(main).report_count == 2
        check_chain(one)
        check_chain(two)


def two_merges_crosswise(ground: Cast) -> None:
    for turn in range(ROUNDS):
        one, two = accepted(), accepted()
        answers = race(turn, one, merging("desk", one, two), merging("operator", two, one))
        won = [a for a in answers if not isinstance(a, BaseException)]
        assert won == ["merged"] and any(isinstance(a, Refusal) for a in answers), answers
        assert sorted(fresh(c).matter.stage for c in (one, two)) == ["accepted", "merged"]
        check_chain(one)
        check_chain(two)


# --- the telephone -------------------------------------------------------------------------------------------
def two_operators_on_one_call_back(ground: Cast) -> None:
    who = ("operator", "desk")
    said = {"outcome": "no_contact", "satisfaction": "not_said"}
    for turn in range(ROUNDS):
        case = press("operator", closed(), "call", extra={"call": "talked"})
        Case.objects.filter(pk=case.pk).update(contact_id=None)  # with one it ends by a call: the next race
        with exactly(1, case):
            answers = race(turn, case, *(move(w, "call_back", **said) for w in who))
            one_wins(answers, who, ("call_back", "call_back"))


def telephoning(who: str, case: Case) -> Act:
    actor = people.actor(who)
    call = Call("talked", case.matter.version, outcome="solved", satisfaction="fair")
    return lambda copy: record_call(actor=actor, case=copy, call=call)


def two_operators_telephone_about_one_case(ground: Cast) -> None:
    who = ("operator", "desk")
    for turn in range(ROUNDS):
        case = closed()
        acts = (telephoning(w, case) for w in who)
        with exactly(2, case):  # the call, and what it ended with
            one_wins(race(turn, case, *acts), who, ("call_back", "call_back"))
        assert fresh(case).call_count == 1


# --- the clock ----------------------------------------------------------------------------------------------
def two_workers_ring_the_same_alarms(ground: Cast) -> None:
    for turn in range(ROUNDS):
        Matter.objects.update(alarm_at=None)
        late, lapsing, dispatched = (
            handling(),
            offered(),
            press("dispatcher", accepted(), "dispatch", body_id=body(TEAM)),
        )
        cases = (late, lapsing, dispatched)
        rings = [fresh(c).matter.alarm_at for c in cases]
        moment = max(at for at in rings if at is not None) + timedelta(minutes=1)
        before = {c.pk: Journal.objects.filter(matter_id=c.pk).count() for c in cases}

        def ring(_case: Case, moment: Any = moment) -> int:
            with clock.at(moment, actor=SYSTEM):
                return ring_alarms()

        answers = race(turn, late, ring, ring, ring)
        assert all(isinstance(a, int) for a in answers) and sum(answers) >= len(cases), answers
        for case in cases:
            lines = Journal.objects.filter(matter_id=case.pk).order_by("seq").values_list("verb", "body")
            said = [(verb, str(json.loads(text)["facts"])) for verb, text in lines[before[case.pk] :]]
            assert said and len(said) == len(set(said)), said  # nothing was pressed twice
            check_chain(case)
        assert fresh(lapsing).matter.stage == "dispatched"
        assert Offer.objects.get(case_id=lapsing.pk).state == "lapsed"


RACES = (
    two_dispatchers,
    two_dispatchers_with_joint_bodies,
    two_verifiers,
    two_claimants_of_one_offer,
    a_claim_against_taking_the_offer_back,
    two_chiefs_answer_one_request_for_time,
    two_dispatchers_answer_one_return,
    a_merge_against_the_closing_of_its_main_case,
    two_merges_into_one_main_case,
    two_merges_crosswise,
    two_operators_on_one_call_back,
    two_operators_telephone_about_one_case,
    two_workers_ring_the_same_alarms,
)


@pytest.mark.django_db(transaction=True)
def test_one_wins_and_the_other_is_told(district: Cast, subtests: pytest.Subtests) -> None:
    """All races on one ground: loading it again for each would take longer than the races."""
    for run in RACES:
        with subtests.test(run.__name__):
            run(district)
