"""The telephone queue by the real actions: whom next, one telephone a case, how a call ends, and what is never guessed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, connections

from linli.core import clock
from linli.core.actor import SYSTEM
from linli.core.errors import Conflict, Forbidden, Invalid
from linli.flow.models import Journal
from linli.response import actions, call_rules, queries
from linli.response.actions import Call
from linli.response.models import CallAttempt, CallLease, Case
from linli.response.queries import calls
from linli.testing.fixtures import Cast
from linli.worktime.rules import Limit, Unit

from .conftest import Press
from .test_chain import to_fed_back

pytestmark = pytest.mark.django_db
TEN = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)  # Tuesday, ten in the morning in Shanghai
PHONE = {"phone": "138 0013 8000", "consent": "case_contact-1", "name": "王"}

Closed = Callable[..., Case]


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    with clock.at(moment, actor=SYSTEM):
        yield


@pytest.fixture
def closed(reported: Any, press: Press) -> Closed:
    """A case that was verified and closed, with a telephone number unless told otherwise."""

    def make(**more: Any) -> Case:
        case = to_fed_back(reported(**{**PHONE, **more}), press)
        press("verifier", case, "pass")
        press("verifier", case, "close")
        return fresh(case)

    return make


def fresh(case: Case) -> Case:
    return Case.objects.select_related("matter").get(pk=case.pk)


def take(district: Cast, username: str = "operator", **more: Any) -> Case | None:
    return actions.take_call(actor=district.actor(username), **more)


def record(district: Cast, case: Case, result: str, username: str = "operator", **more: Any) -> str:
    case = fresh(case)
    call = Call(result, case.matter.version, **more)
    return actions.record_call(actor=district.actor(username), case=case, call=call)


def verbs(case: Case) -> list[str]:
    return list(Journal.objects.filter(matter_id=case.pk).order_by("seq").values_list("verb", flat=True))


# --- whom next ---------------------------------------------------------------------------------------------
def test_reopened_first_then_by_due_and_each_to_one_operator(closed: Closed, press: Press, district: Cast) -> None:
    with at(TEN):
        first, second, third = closed(), closed(), closed()
        Case.objects.filter(pk=third.pk).update(reopen_count=1)
        assert take(district) == third
        assert take(district) == third  # asked again: the same, not a second one
        assert take(district, "desk") == first  # the desk of the subdistrict takes calls too, and never the same
        actions.release_call(actor=district.actor("operator"), case=third)
        assert take(district) == third
        record(district, third, "no_answer")
        assert take(district) == second  # not before its time, and the first is on another telephone
        assert calls.waiting_calls(district.actor("operator"), clock.now()).taken == 1  # the desk's, not one's own
    with at(TEN + timedelta(minutes=11)):  # leases run out by themselves
        assert take(district) == first


def test_the_queue_knows_its_place_its_sample_and_its_contacts(closed: Closed, district: Cast) -> None:
    with at(TEN):
        case = closed()
        Case.objects.filter(pk=case.pk).update(call_sampled=False)
        assert take(district) is None
        Case.objects.filter(pk=case.pk).update(call_sampled=True)
        assert take(district, "desk") == case
        actions.release_call(actor=district.actor("desk"), case=case)
        for username in ("verifier", "chief", "grid-niujie", "administrator", "auditor", "dispatcher"):
            with pytest.raises(Forbidden):
                take(district, username)
        Case.objects.filter(pk=case.pk).update(contact_id=None)
        assert take(district) is None


def test_outside_the_hours_only_what_was_agreed_is_given_out(closed: Closed, district: Cast) -> None:
    night = TEN + timedelta(hours=11)  # nine in the evening
    with at(TEN):
        one, other = closed(), closed()
        assert take(district) == one
        record(district, one, "later", later=night)
    with at(night):
        assert take(district) == one
        record(district, one, "no_answer")
        assert Journal.objects.filter(matter_id=one.pk, verb="call", body__contains="outside_hours").count() == 1
        assert take(district) is None
        assert take(district, anyway=True) == other


# --- how a call ends -----------------------------------------------------------------------------------------
def test_talked_and_solved_in_one_go(closed: Closed, district: Cast) -> None:
    with at(TEN):
        case = closed()
        take(district)
        assert record(district, case, "talked", outcome="solved", satisfaction="fair", text="都清走了") == "solved"
        seen = fresh(case)
        assert (seen.matter.stage, seen.outcome, seen.satisfaction, seen.call_count) == ("ended", "solved", "fair", 1)
        assert verbs(case)[-2:] == ["call", "call_back"]
        lines = queries.history(district.actor("operator"), seen)
        assert lines[-1].personal == {"text": "都清走了"} and "都清走了" not in Journal.objects.last().body  # type: ignore[union-attr]
        assert not CallLease.objects.exists()
        shift = calls.shift_of(district.actor("operator"))
        assert (shift.done, shift.reached, shift.solved) == (1, 1, 1)
        assert calls.shift_of(district.actor("desk")).done == 0


def test_not_solved_reopens_with_the_reason(closed: Closed, district: Cast) -> None:
    with at(TEN):
        case = closed()
        with pytest.raises(Invalid) as asked:
            record(district, case, "talked", outcome="unsolved")
        assert "reason" in asked.value.fields and verbs(case)[-1] == "close"
        assert record(district, case, "talked", outcome="unsolved", text="又堆上了") == "reopened"
        seen = fresh(case)
        assert (seen.matter.stage, seen.reopen_count, seen.call_count, seen.outcome) == ("accepted", 1, 0, "")


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"result": "nonsense"}, "result"),
        ({"result": "later"}, "later"),
        ({"result": "later", "later": TEN - timedelta(hours=1)}, "later"),
        ({"result": "talked"}, "outcome"),
        ({"result": "talked", "outcome": "unreached", "satisfaction": "not_said"}, "outcome"),
        ({"result": "talked", "outcome": "solved"}, "satisfaction"),
    ],
)
def test_what_was_not_said_is_asked_for(closed: Closed, district: Cast, said: dict[str, Any], field: str) -> None:
    with at(TEN):
        case = closed()
        with pytest.raises(Invalid) as refused:
            record(district, case, **said)
        assert field in refused.value.fields
        assert not CallAttempt.objects.exists() and fresh(case).call_count == 0 and verbs(case)[-1] == "close"


def test_who_will_not_say_is_recorded_as_such(closed: Closed, district: Cast) -> None:
    with at(TEN):
        case = closed()
        assert record(district, case, "refused", outcome="solved", satisfaction="satisfied") == "refused"
        seen = fresh(case)
        assert (seen.outcome, seen.satisfaction) == ("refused", "not_said")


def test_satisfaction_of_nobody_is_refused_on_the_case_page_too(closed: Closed, press: Press) -> None:
    with at(TEN):
        case = closed()
        with pytest.raises(Invalid) as refused:
            press("operator", case, "call_back", outcome="refused", satisfaction="satisfied")
        assert refused.value.code == "not_heard"


def test_unreached_takes_the_attempts_that_the_rules_ask_for(closed: Closed, press: Press, district: Cast) -> None:
    rules = call_rules.rules()
    with at(TEN):
        case = closed()
        with pytest.raises(Invalid) as early:
            press("operator", case, "call_back", outcome="unreached")
        assert early.value.code == "too_few_attempts"
    moment = TEN
    for n in range(1, rules.attempts + 1):
        with at(moment):
            assert take(district) == case
            ended = record(district, case, "no_answer")
            assert ended == ("unreached" if n == rules.attempts else "again")
            assert take(district) is None
            moment = fresh(case).next_call_at or moment
            assert moment > clock.now() and rules.is_open(moment)
    seen = fresh(case)
    assert (seen.matter.stage, seen.outcome, seen.satisfaction) == ("ended", "unreached", "not_said")
    assert CallAttempt.objects.filter(case=case).count() == rules.attempts


def test_two_wrong_numbers_are_enough_and_attempts_before_a_reopening_do_not_count(
    closed: Closed, press: Press, district: Cast
) -> None:
    with at(TEN):
        case = closed()
        assert record(district, case, "wrong") == "again"
        press("operator", case, "reopen", text="又有了")
    with at(TEN + timedelta(hours=1)):
        press("dispatcher", case, "dispatch", body_id=fresh(case).suggested_body_id)
        press("grid-niujie", case, "sign")
        press("grid-niujie", case, "feed_back", text="清了")
        press("verifier", case, "pass")
        press("verifier", case, "close")
    with at(TEN + timedelta(hours=2)):
        assert record(district, case, "wrong") == "again"
        with pytest.raises(Conflict) as early:  # dialling again at once is no further attempt
            record(district, case, "wrong")
        assert early.value.code == "call_too_soon" and CallAttempt.objects.filter(case=case).count() == 2
        again = fresh(case).next_call_at
    assert again is not None
    with at(again):
        assert record(district, case, "wrong") == "unreached"


def test_attempts_in_vain_count_only_when_it_is_time_again(closed: Closed, press: Press, district: Cast) -> None:
    with at(TEN):
        case = closed()
        press("operator", case, "call", extra={"call": "no_answer"})
        for result in ("no_answer", "busy", "off", "wrong"):
            with pytest.raises(Conflict) as early:
                press("operator", case, "call", extra={"call": result})
            assert early.value.code == "call_too_soon"
        with pytest.raises(Invalid):
            press("operator", case, "call_back", outcome="unreached")
        assert record(district, case, "talked", outcome="solved", satisfaction="fair") == "solved", "an answer counts"


def test_nobody_is_said_to_have_answered_who_was_not_called(closed: Closed, press: Press) -> None:
    with at(TEN):
        case, silent = closed(), closed(phone="", consent="", name="")
        for outcome in ("solved", "explained", "refused"):
            with pytest.raises(Invalid) as invented:
                press("operator", case, "call_back", outcome=outcome)
            assert invented.value.code == "not_called" and "outcome" in invented.value.fields
            with pytest.raises(Invalid) as nobody:
                press("operator", silent, "call_back", outcome=outcome)
            assert nobody.value.code == "nobody_heard"
        press("operator", case, "call", extra={"call": "talked"})
        press("operator", case, "reopen", text="又有了")
    with at(TEN + timedelta(hours=1)):
        press("dispatcher", case, "dispatch", body_id=fresh(case).suggested_body_id)
        press("grid-niujie", case, "sign")
        press("grid-niujie", case, "feed_back", text="清了")
        press("verifier", case, "pass")
        press("verifier", case, "close")
        with pytest.raises(Invalid):  # the call of the earlier round says nothing about this one
            press("operator", case, "call_back", outcome="solved", satisfaction="fair")
        press("operator", case, "call", extra={"call": "talked"})
        press("operator", case, "call_back", outcome="solved", satisfaction="fair")
        assert fresh(case).matter.stage == "ended"


def test_without_a_contact_a_case_is_archived_when_its_time_for_an_answer_is_over(
    closed: Closed, press: Press, district: Cast
) -> None:
    with at(TEN):
        case, other = closed(phone="", consent="", name=""), closed()
        assert actions.end_without_contact(actor=district.actor("operator")) == 0
        with pytest.raises(Invalid) as known:
            press("operator", other, "call_back", outcome="no_contact")
        assert known.value.code == "has_contact"
        with pytest.raises(Invalid) as none:
            press("operator", case, "call_back", outcome="unreached")
        assert none.value.code == "no_contact"
    with at(TEN + timedelta(days=30)):
        assert actions.end_without_contact(actor=district.actor("operator")) == 1
    seen = fresh(case)
    assert (seen.matter.stage, seen.outcome, seen.satisfaction) == ("ended", "no_contact", "not_said")
    assert fresh(other).matter.stage == "closed"


def test_a_case_on_another_telephone_is_not_written_down_by_a_second(closed: Closed, district: Cast) -> None:
    with at(TEN):
        case = closed()
        assert take(district, "desk") == case
        with pytest.raises(Conflict) as late:
            record(district, case, "talked", outcome="solved", satisfaction="fair")
        assert actions.first_mover(late.value) == district.actor("desk").label
        assert not CallAttempt.objects.exists()
    with at(TEN + timedelta(minutes=11)):
        assert record(district, case, "talked", outcome="solved", satisfaction="fair") == "solved"


# --- the rules -------------------------------------------------------------------------------------------------
def test_waits_end_in_the_hours_for_telephoning() -> None:
    rules = call_rules.rules()
    evening = TEN + timedelta(hours=9, minutes=30)  # 19:30
    assert not rules.is_open(TEN + timedelta(hours=3)) and rules.is_open(evening)
    assert rules.again_at("busy", 1, evening) == TEN + timedelta(hours=23)  # nine the next morning
    assert rules.again_at("no_answer", 9, TEN) == rules.again_at("no_answer", 2, TEN)
    assert rules.waits["no_answer"][0] == Limit(2, Unit.WORKING_HOUR)
    assert {o.provenance for o in rules.origins} <= {"sourced", "provisional"} and all(o.source for o in rules.origins)


@pytest.mark.parametrize(
    "change",
    [
        {"hours": {"spans": [["12:00", "09:00"]], "provenance": "provisional", "source": "x"}},
        {"hours": {"spans": [["09:00", "12:00"], ["11:00", "13:00"]], "provenance": "provisional", "source": "x"}},
        {"attempts": {"any": 1, "wrong": 2, "provenance": "provisional", "source": "x"}},
        {"waits": {"busy": [[1, "urgent_hour"]], "provenance": "provisional", "source": "x"}},
    ],
)
def test_rules_that_cannot_be_are_refused(change: dict[str, Any]) -> None:
    import json

    data = json.loads(call_rules.SOURCE.read_text(encoding="utf-8"))
    assert call_rules.read(data) == call_rules.rules()
    with pytest.raises(ValueError):
        call_rules.read({**data, **change})


# --- at the same time --------------------------------------------------------------------------------------------
def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Each act in a thread of its own, all let go together; what each answered or raised."""
    gate, answers = threading.Barrier(len(acts)), [None] * len(acts)

    def run(n: int) -> None:
        try:
            gate.wait(10)
            with at(TEN):
                answers[n] = acts[n]()
        except Exception as error:
            answers[n] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return answers


@pytest.mark.django_db(transaction=True)
def test_two_operators_never_get_the_same_case(closed: Closed, district: Cast) -> None:
    with at(TEN):
        cases = {closed().pk, closed().pk, closed().pk}
    actors = [district.actor(u) for u in ("operator", "desk")]
    connection.close()
    for _round in range(6):
        answers = at_once(*(lambda a=a: actions.take_call(actor=a) for a in actors))  # type: ignore[misc]
        assert all(isinstance(case, Case) for case in answers), answers
        assert len({case.pk for case in answers}) == 2 and {case.pk for case in answers} <= cases
        CallLease.objects.all().delete()


@pytest.mark.django_db(transaction=True)
def test_of_two_who_close_one_call_back_one_wins(closed: Closed, district: Cast) -> None:
    with at(TEN):
        case = closed()
    actors = [district.actor(u) for u in ("operator", "desk")]
    copies = [fresh(case), fresh(case)]
    said = Call("talked", case.matter.version, outcome="solved", satisfaction="fair")
    connection.close()
    answers = at_once(
        *(
            lambda a=a, c=c: actions.record_call(actor=a, case=c, call=said)  # type: ignore[misc]
            for a, c in zip(actors, copies, strict=True)
        )
    )
    assert sorted(map(str, (type(x).__name__ for x in answers))) == ["Conflict", "str"], answers
    late = next(x for x in answers if isinstance(x, Conflict))
    assert actions.first_mover(late) == actors[answers.index("solved")].label
    assert CallAttempt.objects.count() == 1 and verbs(case).count("call_back") == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_verifiers_one_wins_and_the_other_is_told(reported: Any, press: Press, district: Cast) -> None:
    with at(TEN):
        case = to_fed_back(reported(), press)
    actors = [district.actor(u) for u in ("verifier", "verifier-second")]
    copies = [fresh(case), fresh(case)]
    steps = [actions.Step("pass", case.matter.version), actions.Step("rework", case.matter.version, "没有清完")]
    connection.close()
    answers = at_once(
        *(
            lambda a=a, c=c, s=s: actions.move_case(actor=a, case=c, step=s).stage  # type: ignore[misc]
            for a, c, s in zip(actors, copies, steps, strict=True)
        )
    )
    assert sorted(type(x).__name__ for x in answers) == ["Conflict", "str"], answers
    late = next(x for x in answers if isinstance(x, Conflict))
    winner = next(n for n, x in enumerate(answers) if isinstance(x, str))
    assert actions.first_mover(late) == actors[winner].label and late.details["verb"] == steps[winner].verb
    assert fresh(case).matter.stage == answers[winner]
