"""Days and periods against a slow replay of the whole journal, over cases that wander at random through two weeks."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from linli.core import clock
from linli.core.actor import SYSTEM
from linli.core.errors import Forbidden, Invalid, Missing, Refusal
from linli.flow.models import Journal
from linli.organisations import queries as organisations
from linli.response import queries
from linli.response.models import Case
from linli.response.queries import CaseFilter
from linli.response.queries.happened import Ground, day, midnight
from linli.response.queries.periods import listed_late, period
from linli.testing.fixtures import Cast

from .conftest import NIUJIE, Press

DISTRICT, IN_NIUJIE, IN_DESHENG = "110102", "110102018", "110102010"
DESHENG = (116.3793, 39.9585)
WAYS = (
    ("accept",), ("decline",), ("accept", "dispatch"), ("accept", "dispatch", "sign", "feed_back"),
    ("accept", "dispatch", "ask_return", "grant_return", "dispatch", "sign", "feed_back", "pass", "close"),
    ("accept", "dispatch", "sign", "feed_back", "pass", "close", "call", "call_back"),
    ("accept", "dispatch", "sign", "feed_back", "rework", "feed_back", "pass", "close", "reopen", "dispatch"),
    ("accept", "dispatch", "sign", "feed_back", "pass", "close", "reopen", "dispatch", "sign", "feed_back", "pass", "close"),
)  # fmt: skip
WHO = {
    "accept": "operator", "decline": "operator", "dispatch": "dispatcher", "grant_return": "dispatcher", "pass": "verifier",
    "rework": "verifier", "close": "operator", "reopen": "operator", "call": "operator", "call_back": "operator",
}  # fmt: skip
SAID: dict[str, dict[str, Any]] = {
    "decline": {"text": "重复"}, "feed_back": {"text": "清了"}, "rework": {"text": "没清完"}, "reopen": {"text": "又有了"},
    "ask_return": {"text": "不归我们"}, "call": {"extra": {"call": "talked"}},
    "call_back": {"outcome": "solved", "satisfaction": "satisfied"},
}  # fmt: skip
NOW = datetime(2026, 11, 18, 4, 30, tzinfo=UTC)  # a Wednesday, half past twelve in Shanghai


@pytest.fixture(params=[1, 2])
def wandered(district: Cast, reported: Callable[..., Case], press: Press, request: Any) -> Iterator[Cast]:
    """Twenty cases, each on a way of its own, some seconds before or after midnight among them."""
    dice = random.Random(request.param)
    teams = {code: organisations.body_by_code(f"{code}-grid") for code in (IN_NIUJIE, IN_DESHENG)}
    for n in range(20):
        place, where = ((IN_NIUJIE, NIUJIE), (IN_DESHENG, DESHENG))[n % 2]
        team, member = teams[place], "grid-niujie" if place == IN_NIUJIE else "grid-desheng"
        assert team is not None
        at = NOW - timedelta(days=dice.uniform(0.2, 14))
        if n % 5 == 0:
            at = midnight(clock.local(at).date()) + timedelta(microseconds=dice.choice((-1, 0, 1)))
        with clock.at(at, actor=SYSTEM):
            case = reported(lon=where[0], lat=where[1], class_code=dice.choice(("0102", "0101")))
        for verb in WAYS[n % len(WAYS)]:
            at += timedelta(hours=dice.choice((0.1, 3, 20, 50)))
            if at >= NOW:
                break
            more = SAID.get(verb, {}) | ({"body_id": team.id} if verb == "dispatch" else {})
            with clock.at(at, actor=SYSTEM):
                try:
                    press(WHO.get(verb, member), case, verb, **more)
                except Refusal:
                    break  # a way that this case may not go, such as a call in the night
    with clock.at(NOW, actor=SYSTEM):
        yield district


class Replay:
    """Every case's lines, read one by one."""

    def __init__(self, subdistrict: str = "", kind: str = "") -> None:
        self.cases = [
            c
            for c in Case.objects.select_related("matter", "case_class")
            if c.matter.subdistrict.startswith(subdistrict) and c.case_class.code.startswith(kind)
        ]
        self.lines = {
            c.pk: [
                (j.at, j.verb, json.loads(j.body)["to"]) for j in Journal.objects.filter(matter_id=c.pk).order_by("seq")
            ]
            for c in self.cases
        }

    def stage(self, case: Case, moment: datetime) -> str:
        stage = ""
        for at, _verb, target in self.lines[case.pk]:
            if at < moment:
                stage = target or stage
        return stage

    def open(self, moment: datetime) -> list[Case]:
        return [c for c in self.cases if self.stage(c, moment) not in ("", "closed", "ended", "declined")]

    def late(self, moment: datetime, now: datetime) -> list[Case]:
        end = min(moment, now)
        return [c for c in self.open(moment) if c.matter.final_due_at and c.matter.final_due_at < end]

    def opened(self, first: datetime, end: datetime) -> list[Case]:
        return [c for c in self.cases if first <= self.lines[c.pk][0][0] < end]

    def closed(self, first: datetime, end: datetime) -> list[tuple[Case, datetime]]:
        """Closed for the last time within the window, and not reopened since."""
        found = []
        for c in self.cases:
            closings = [at for at, verb, _to in self.lines[c.pk] if verb in ("close", "answer", "spare", "close_with")]
            reopened = [at for at, verb, _to in self.lines[c.pk] if verb == "reopen"]
            if closings and first <= closings[-1] < end and not (reopened and reopened[-1] > closings[-1]):
                found.append((c, closings[-1]))
        return found


GROUNDS = [
    ("chief", Ground(DISTRICT)), ("chief", Ground(IN_NIUJIE)), ("chief-niujie", Ground(IN_NIUJIE)),
    ("auditor", Ground(DISTRICT, "01")), ("desk", Ground(IN_NIUJIE, "0102")), ("chief-desheng", Ground(IN_DESHENG)),
]  # fmt: skip


def replay_of(ground: Ground) -> Replay:
    return Replay(ground.division if ground.inside else "", ground.kind)


def test_a_period_is_what_the_journal_says(wandered: Cast) -> None:
    seen = 0
    for username, ground in GROUNDS:
        replay = replay_of(ground)
        for first, days in (
            (date(2026, 11, 2), 7),
            (date(2026, 11, 9), 7),
            (date(2026, 11, 16), 3),
            (date(2026, 11, 1), 30),
        ):
            last = first + timedelta(days=days - 1)
            start, end = midnight(first), midnight(last + timedelta(days=1))
            found = period(wandered.actor(username), ground, first, last)
            opened, closed = replay.opened(start, end), replay.closed(start, end)
            assert found.all.opened == len(opened)
            assert found.all.closed == len(closed)
            assert found.all.on_time == sum(at <= c.matter.final_due_at for c, at in closed)
            assert found.all.returned == sum(c.return_count > 0 for c, _at in closed)
            assert found.all.reworked == sum(c.rework_count > 0 for c, _at in closed)
            assert found.all.reopened == sum(c.reopen_count > 0 for c, _at in closed)
            assert found.all.content == found.all.said == sum(c.satisfaction == "satisfied" for c, _at in closed)
            assert found.all.open == len(replay.open(min(end, NOW))), (username, ground, first)
            assert found.all.late == len(replay.late(end, NOW))
            hours = Counter(clock.local(c.matter.opened_at).hour for c in opened)
            assert found.hours == tuple(hours[h] for h in range(24))
            weekdays = Counter(clock.local(c.matter.opened_at).weekday() for c in opened)
            assert found.weekdays == tuple(weekdays[d] for d in range(7))
            by = Counter(c.matter.community if ground.inside else c.matter.subdistrict for c in opened)
            assert {code: s.opened for code, s in found.places.items() if s.opened} == by
            assert sum(s.late for s in found.places.values()) == found.all.late
            assert sum(s.open for s in found.kinds.values()) == found.all.open
            seen += found.all.opened + found.all.closed + found.all.reopened
    assert seen > 50


def test_a_day_is_what_the_journal_says(wandered: Cast) -> None:
    moves = late = 0
    for username, ground in GROUNDS:
        replay = replay_of(ground)
        for on in (date(2026, 11, d) for d in (4, 7, 9, 12, 15, 17, 18)):
            start = midnight(on)
            end = min(start + timedelta(days=1), NOW)
            found = day(wandered.actor(username), ground, on)
            told = sorted(
                (at, verb) for lines in replay.lines.values() for at, verb, _to in lines
                if start <= at < end and verb not in ("call", "note", "alarm", "redue", "remind")
            )  # fmt: skip
            assert [(line.at, line.verb) for line in found.lines if line.verb != "remind"] == told
            assert (found.open, found.late) == (len(replay.open(start)), len(replay.late(start, NOW)))
            for second, opened, overdue in found.steps:
                moment = start + timedelta(seconds=second + 1)
                assert opened == len(replay.open(moment)), (on, second)
                whole = moment.replace(second=0, microsecond=0) + timedelta(minutes=1)
                certain = [c for c in replay.open(moment) if c.matter.final_due_at < moment - timedelta(minutes=1)]
                possible = [c for c in replay.open(moment) if c.matter.final_due_at < whole]
                assert len(certain) <= overdue <= len(possible), (on, second)
            moves, late = moves + len(told), late + found.late
    assert moves > 60 and late > 0


WINDOWS = {
    "opened": {"since": "2026-11-05", "until": "2026-11-11"},
    "closed": {"closed_since": "2026-11-05", "closed_until": "2026-11-11"},
    "on_time": {"closed_since": "2026-11-05", "closed_until": "2026-11-11", "on_time": "1"},
    "returned": {"closed_since": "2026-11-05", "closed_until": "2026-11-11", "had": "return"},
    "reworked": {"closed_since": "2026-11-05", "closed_until": "2026-11-11", "had": "rework"},
    "reopened": {"closed_since": "2026-11-05", "closed_until": "2026-11-11", "had": "reopen"},
    "said": {"closed_since": "2026-11-05", "closed_until": "2026-11-11", "rated": "said"},
    "content": {"closed_since": "2026-11-05", "closed_until": "2026-11-11", "rated": "content"},
    "open": {"open_on": "2026-11-11"},
    "late": {"late_on": "2026-11-11"},
}


def test_every_count_is_a_list_of_cases(wandered: Cast) -> None:
    chief = wandered.actor("chief")
    found = period(chief, Ground(DISTRICT), date(2026, 11, 5), date(2026, 11, 11))
    for name, said in WINDOWS.items():
        assert queries.cases(chief, CaseFilter.from_mapping(said)).count() == getattr(found.all, name), name
    assert found.all.on_time + queries.cases(
        chief, CaseFilter.from_mapping(WINDOWS["closed"] | {"on_time": "0"})
    ).count() == found.all.closed  # fmt: skip
    rows = listed_late(chief, Ground(DISTRICT), midnight(date(2026, 11, 12)), 100)
    assert len(rows) == found.all.late
    assert [due for _p, due in rows] == sorted(due for _p, due in rows)


def test_who_holds_another_subdistrict_is_told_nothing(wandered: Cast) -> None:
    on = date(2026, 11, 12)
    for actor in (wandered.actor("chief-desheng"), wandered.actor("desk")):
        elsewhere = Ground(IN_NIUJIE if actor.label == wandered.actor("chief-desheng").label else IN_DESHENG)
        for ground in (elsewhere, Ground(DISTRICT), Ground("110102999"), Ground("")):
            with pytest.raises(Missing):
                day(actor, ground, on)
            with pytest.raises(Missing):
                period(actor, ground, on, on)
            with pytest.raises(Missing):
                listed_late(actor, ground, NOW, 5)
    with pytest.raises(Forbidden):
        day(wandered.actor("grid-niujie"), Ground(IN_NIUJIE), on)
    assert all(
        line.subdistrict == IN_DESHENG for line in day(wandered.actor("chief-desheng"), Ground(IN_DESHENG), on).lines
    )


def test_nobody_is_in_it(wandered: Cast) -> None:
    """What is read of a line is its moment, its verb and its place: no label of an actor, no text, no contact."""
    with CaptureQueriesContext(connection) as captured:
        day(wandered.actor("chief"), Ground(DISTRICT), date(2026, 11, 12))
        period(wandered.actor("chief"), Ground(DISTRICT), date(2026, 11, 2), date(2026, 11, 12))
    asked = [q["sql"] for q in captured if "flow_" in q["sql"]]
    assert len(asked) == 7
    for word in ('"actor"', "flow_sealed", "contact_id", '"body"', "accounts_"):
        assert not any(word in sql for sql in asked), word


@pytest.mark.parametrize("field", ["closed_since", "closed_until", "open_on", "late_on"])
@pytest.mark.parametrize("text", ["2026-02-30", "gestern", "0000-00-00", "99999-01-01"])
def test_a_mistyped_day_is_said_at_its_field(field: str, text: str) -> None:
    with pytest.raises(Invalid) as refused:
        CaseFilter.from_mapping({field: text})
    assert list(refused.value.fields) == [field]
