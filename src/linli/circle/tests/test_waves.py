"""Satisfaction waves: one voice a slip, whoever comes first; nothing ties them; small groups stay hidden."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection, connections

from linli.circle.actions import waves as run
from linli.circle.actions.waves import Question
from linli.circle.models import Slip, Voice
from linli.circle.queries import waves as read
from linli.core import clock
from linli.core.errors import Conflict, Forbidden, Invalid, Missing, Refusal
from linli.vault import slips

from .conftest import AUDITOR, EAST, PLANNER, STREET

WEST, FAR = "110102018009", "110102001001"
QUESTIONS = (Question("办事满意吗？", "Satisfied?"), Question("环境满意吗？"))


def make(places: dict[str, int] | None = None, *, opened: bool = True) -> tuple[int, dict[str, list[str]]]:
    today = clock.today()
    wave = run.create_wave(actor=PLANNER, name="满意度", questions=QUESTIONS, opens_on=today, closes_on=today)
    codes = run.make_slips(actor=PLANNER, wave_id=wave, communities=places) if places else {}
    if opened:
        run.open_wave(actor=PLANNER, wave_id=wave)
    return wave, codes


def say(code: str, *marks: int) -> None:
    run.give_voice(code=code, answers={f"q{n}": m for n, m in enumerate(marks, 1)})


@pytest.mark.django_db
def test_one_slip_lets_one_voice_in(xicheng: object) -> None:
    wave, codes = make({EAST: 2})
    first, second = codes[EAST]
    say(first, 5, 4)
    with pytest.raises(Missing) as used:
        say(first, 1)
    with pytest.raises(Missing) as wrong:
        say(slips.new_code(), 1)
    assert str(used.value.message) == str(wrong.value.message)
    with pytest.raises(Invalid):
        run.give_voice(code=second, answers={})
    for answers in ({"q1": 6}, {"q1": 0}, {"q9": 3}):
        with pytest.raises(Invalid):
            run.give_voice(code=second, answers=answers)
    assert Voice.objects.filter(wave=wave).values_list("community", "answers").get() == (EAST, {"q1": 5, "q2": 4})
    assert not Slip.objects.get(digest=slips.mark(second)).used


@pytest.mark.django_db
def test_a_voice_has_no_slip_no_hour_no_order(xicheng: object) -> None:
    assert {f.name for f in Voice._meta.get_fields()} == {"id", "wave", "community", "answers"}
    assert not {"at", "voice", "answers"} & {f.name for f in Slip._meta.get_fields()}
    _wave, codes = make({EAST: 12})
    for n, code in enumerate(codes[EAST]):
        say(code, n % 5 + 1)
    ids = list(Voice.objects.values_list("pk", flat=True))
    assert len(set(ids)) == 12 and max(ids) > 10**9
    kept = " ".join(Slip.objects.values_list("digest", flat=True))
    assert not any(code in kept for code in codes[EAST])


@pytest.mark.django_db(transaction=True)
def test_a_slip_used_by_many_at_once_counts_once(xicheng: object) -> None:
    wave, codes = make({EAST: 1})
    (code,) = codes[EAST]
    start, said = threading.Barrier(6), []

    def use() -> None:
        try:
            start.wait()
            say(code, 3)
            said.append("in")
        except Refusal as refusal:
            said.append(refusal.code)
        except Exception as error:
            said.append(type(error).__name__)  # SQLite may be busy: the web answers 503
        finally:
            connections.close_all()

    threads = [threading.Thread(target=use) for _n in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert said.count("in") == 1 == Voice.objects.filter(wave=wave).count()
    if connection.vendor == "postgresql":
        assert said.count("slip_unusable") == 5


@pytest.mark.django_db
def test_before_after_and_outside_its_days_no_voice_comes_in(xicheng: object) -> None:
    wave, codes = make({EAST: 3}, opened=False)
    first, second, third = codes[EAST]
    with pytest.raises(Missing):
        say(first, 3)
    run.open_wave(actor=PLANNER, wave_id=wave)
    say(first, 3)
    read.WaveView.objects.filter(pk=wave).update(
        opens_on=clock.today() - timedelta(9), closes_on=clock.today() - timedelta(1)
    )
    with pytest.raises(Missing):
        say(second, 3)
    run.close_wave(actor=PLANNER, wave_id=wave)
    with pytest.raises(Missing):
        say(third, 3)
    for again in (run.open_wave, run.close_wave):
        with pytest.raises(Conflict):
            again(actor=PLANNER, wave_id=wave)
    with pytest.raises(Conflict):
        run.make_slips(actor=PLANNER, wave_id=wave, communities={EAST: 1})


@pytest.mark.django_db
def test_letters_that_were_lost_are_void_only_before_the_start(xicheng: object) -> None:
    wave, _codes = make({EAST: 3, WEST: 2}, opened=False)
    assert run.void_slips(actor=PLANNER, wave_id=wave, community=EAST) == 3
    run.open_wave(actor=PLANNER, wave_id=wave)
    with pytest.raises(Conflict):
        run.void_slips(actor=PLANNER, wave_id=wave, community=WEST)
    assert Slip.objects.filter(wave=wave).count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("places", "code"),
    [
        ({"110102999999": 1}, "no_such_community"),
        ({EAST: 0}, "bad_count"),
        ({EAST: 601}, "too_many_slips"),
        ({}, "too_many_slips"),
    ],
)
def test_slips_for_nobody_or_too_many(xicheng: object, places: dict[str, int], code: str) -> None:
    wave, _codes = make()
    with pytest.raises(Invalid) as refused:
        run.make_slips(actor=PLANNER, wave_id=wave, communities=places)
    assert refused.value.code == code and not Slip.objects.exists()


@pytest.mark.django_db
def test_who_may_run_a_wave_and_what_is_none(xicheng: object) -> None:
    today = clock.today()
    given = {"name": "满意度", "questions": QUESTIONS, "opens_on": today, "closes_on": today}
    for actor in (STREET, AUDITOR):
        with pytest.raises(Forbidden):
            run.create_wave(actor=actor, **given)  # type: ignore[arg-type]
    for change in ({"questions": ()}, {"questions": QUESTIONS * 7}, {"name": ""}, {"closes_on": today - timedelta(1)}):
        with pytest.raises(Invalid):
            run.create_wave(actor=PLANNER, **(given | change))  # type: ignore[arg-type]


@pytest.mark.django_db
def test_results_come_after_the_end_and_small_groups_stay_hidden(xicheng: object) -> None:
    wave, codes = make({EAST: 40, WEST: 50, FAR: 10})
    for place, n in ((EAST, 35), (WEST, 45), (FAR, 8)):
        for code in codes[place][:n]:
            say(code, 5 if place == EAST else 3)
    shown: Callable[[read.Group], bool] = lambda g: g.answers[0].shown  # noqa: E731
    during = read.results(actor=AUDITOR, wave_id=wave)
    assert during.district.voices == 88 and not shown(during.district) and not any(map(shown, during.communities))
    run.close_wave(actor=PLANNER, wave_id=wave)
    after = read.results(actor=AUDITOR, wave_id=wave)
    groups = {g.code: g for g in (after.district, *after.subdistricts, *after.communities)}
    assert groups[WEST].rate == 90.0 and groups[FAR].voices == 8 and not shown(groups[FAR])
    # the district less Niujie would be the eight of the far community: Niujie's total and one of its own are hidden too
    assert shown(groups["110102"]) and not shown(groups["110102018"])
    assert [shown(groups[c]) for c in (EAST, WEST)] == [False, True]
    assert groups["110102"].answers[0].mean == pytest.approx((35 * 5 + 53 * 3) / 88)
    assert groups["110102"].answers[1].n == 0 and not groups["110102"].answers[1].shown
