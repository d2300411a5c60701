"""New due times for many open matters at once: exactly those that changed, never over somebody's move."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from django.db import connection, transaction
from django.db.models import F

from linli.core import clock
from linli.core.actor import SYSTEM
from linli.core.decision import YES
from linli.flow import actions, retime, seals, writing
from linli.flow.models import Journal, Matter, Outbox
from linli.flow.rules import Flow, Move, Stage

HOUR = 3_600_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FLOW = Flow(
    kind="test",
    start="waiting",
    ends=frozenset({"over"}),
    stages={s: Stage(s, s, s) for s in ("waiting", "going", "over")},
    moves={
        "go": Move("go", "go", frozenset({"waiting"}), "going", "test"),
        "end": Move("end", "end", frozenset({"waiting", "going"}), "over", "test"),
    },
)


def opened(n: int, *, hours: int | None = 1, at: datetime | None = None) -> list[Matter]:
    found = []
    for i in range(n):
        now = at or clock.now()
        due = actions.DueTimes(
            stage=now + timedelta(hours=hours, microseconds=i) if hours else None,
            final=now + timedelta(hours=9),
            revision=1,
        )
        with transaction.atomic():
            found.append(actions.open_matter(actor=SYSTEM, flow=FLOW, verb="open", title=f"t{i}",
                                             where=actions.Where("110102001", "110102001"), due=due, facts={}))  # fmt: skip
    return found


def moved(matter: Matter, verb: str, due: actions.DueTimes | None = None) -> None:
    with transaction.atomic():
        actions.move(actor=SYSTEM, matter=matter, version=matter.version, verb=verb, flow=FLOW, allowed=YES, facts={}, due=due)  # fmt: skip


def two_hours(part: retime.Open) -> retime.Times:
    """The stage is due two hours after it began, the whole stays."""
    return retime.Times(part.stage_started + 2 * HOUR, part.final, part.provisional)


@pytest.mark.django_db
def test_only_what_changed_is_written_and_nothing_else_moves() -> None:
    first, ended, unset, right = opened(4)
    moved(ended, "end")
    Matter.objects.filter(pk=unset.pk).update(due_at=None, final_due_at=None)
    Matter.objects.filter(pk=right.pk).update(due_at=F("stage_started_at") + timedelta(hours=2))
    lines, news = Journal.objects.count(), Outbox.objects.count()
    told: list[tuple[int, int]] = []
    found = retime.retime(two_hours, revision=7, progress=lambda done, total, _words: told.append((done, total)))
    assert (found.read, found.changed) == (3, 2) and told[0] == (3, 3)
    after = {m.pk: m for m in Matter.objects.all()}
    for matter in (first, unset):
        fresh = after[matter.pk]
        assert fresh.due_at == fresh.stage_started_at + timedelta(hours=2) and fresh.due_revision == 7
        assert (fresh.seq, fresh.version, fresh.head) == (matter.seq, matter.version, matter.head)
    assert after[unset.pk].final_due_at is None and after[first.pk].final_due_at == first.final_due_at
    assert after[right.pk].due_revision == 1 and after[ended.pk].due_revision == 1
    assert (Journal.objects.count(), Outbox.objects.count()) == (lines, news)
    assert seals.verify().broken is None
    again = retime.retime(two_hours, revision=8)
    assert (again.read, again.changed) == (3, 0) and again.digest != found.digest


@pytest.mark.django_db
@pytest.mark.parametrize(
    "at",
    [
        datetime(2026, 3, 2, 1, 0, 0, tzinfo=UTC),
        datetime(2026, 3, 2, 1, 0, 0, 1, tzinfo=UTC),
        datetime(2026, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2049, 2, 28, 15, 59, 59, 500_000, tzinfo=UTC),
    ],
)
def test_times_come_and_go_to_the_microsecond(at: datetime) -> None:
    (matter,) = opened(1, at=at, hours=3)
    seen: list[tuple[int, int]] = []

    def compute(part: retime.Open) -> retime.Times:
        seen.append((int(part.due[0]), int(part.final[0])))
        if len(seen) > 1:
            return retime.Times(part.due, part.final, part.provisional)
        return retime.Times(part.due + 1, np.full(len(part), retime.NEVER), ~part.provisional)

    assert retime.retime(compute, revision=2).changed == 1
    due, final = ((t - EPOCH) // timedelta(microseconds=1) for t in (matter.due_at, matter.final_due_at) if t)
    assert seen == [(due, final), (due + 1, retime.NEVER)]
    fresh = Matter.objects.get()
    assert fresh.due_at == matter.due_at + timedelta(microseconds=1) and fresh.final_due_at is None  # type: ignore[operator]
    assert fresh.due_provisional


@pytest.mark.django_db
def test_who_moved_meanwhile_is_not_overwritten_but_read_again() -> None:
    a, b, c = opened(3)
    old = actions.DueTimes(stage=clock.now() + timedelta(hours=5), final=a.final_due_at)
    passes = 0

    def racing(part: retime.Open) -> retime.Times:
        nonlocal passes
        passes += 1
        if passes == 1:  # somebody moves a, and b ends, after they were read and before they are written
            moved(a, "go", due=old)
            moved(b, "end")
        return two_hours(part)

    found = retime.retime(racing, revision=3)
    assert (found.read, found.changed) == (3, 2) and passes == 3
    fresh = {m.pk: m for m in Matter.objects.all()}
    assert fresh[a.pk].stage == "going" and fresh[a.pk].due_at == fresh[a.pk].stage_started_at + timedelta(hours=2)
    assert fresh[b.pk].due_at == b.due_at and fresh[b.pk].due_revision == 1
    assert fresh[c.pk].due_revision == 3
    moved(Matter.objects.get(pk=a.pk), "end")  # and the next one in line is not hindered
    assert seals.verify().broken is None


@pytest.mark.django_db
def test_one_who_took_over_an_old_time_is_found_by_the_next_pass() -> None:
    """The mover had read the final time before it was rewritten, and writes the old one back afterwards."""
    (matter,) = opened(1)
    stale = actions.DueTimes(stage=matter.due_at, final=matter.final_due_at)

    def compute(part: retime.Open) -> retime.Times:
        return retime.Times(part.due, part.opened + 4 * HOUR, part.provisional)

    def progress(*_words: object) -> None:  # heard after the first chunk is written
        if matter.stage == "waiting":
            moved(matter, "go", due=stale)

    found = retime.retime(compute, revision=3, progress=progress)
    fresh = Matter.objects.get()
    assert (fresh.stage, fresh.due_revision) == ("going", 3) and found.changed == 2
    assert fresh.final_due_at == fresh.opened_at + timedelta(hours=4)


@pytest.mark.django_db
def test_only_those_that_moved_are_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retime, "SLACK", 0)
    a, *_rest = opened(5)
    seen: list[list[int]] = []

    def compute(part: retime.Open) -> retime.Times:
        seen.append(part.id.tolist())
        if len(seen) == 1:
            moved(a, "go")
        return two_hours(part)

    found = retime.retime(compute, revision=2)
    assert (found.read, found.changed) == (5, 5)
    assert [len(ids) for ids in seen] == [5, 1, 1] and seen[1] == [a.pk]


@pytest.mark.django_db
@pytest.mark.parametrize("chunk", [1, 2, 7, 100])
def test_chunks_are_one_whole(chunk: int) -> None:
    matters = opened(7)
    sizes: list[int] = []

    def compute(part: retime.Open) -> retime.Times:
        sizes.append(len(part))
        return two_hours(part)

    found = retime.retime(compute, revision=2, chunk=chunk)
    assert (found.read, found.changed) == (7, 7)
    assert sum(sizes) == 14 and max(sizes) == min(chunk, 7)  # written once, read once more
    assert Matter.objects.filter(due_revision=2).count() == len(matters)


@pytest.mark.django_db
def test_further_columns_of_the_caller() -> None:
    opened(3)
    seen: list[Any] = []

    def compute(part: retime.Open) -> retime.Times:
        seen.append(part)
        return retime.Times(part.due, part.final, part.provisional)

    rows = Matter.objects.filter(kind="test", title__in=["t0", "t2"])
    also = ("title", "type_version_id", retime.MicrosOf(F("opened_at")), retime.MicrosOf(F("closed_at")))
    assert retime.retime(compute, revision=2, rows=rows, also=also).read == 2
    (part,) = seen
    assert part.also[0].tolist() == ["t0", "t2"] and part.also[1].tolist() == [retime.NEVER] * 2
    assert part.also[2].tolist() == part.opened.tolist() and part.also[3].tolist() == [retime.NEVER] * 2
    assert part.stage.tolist() == ["waiting"] * 2 and part.subdistrict.tolist() == ["110102001"] * 2


@pytest.mark.django_db
def test_the_moment_when_a_rule_acts_moves_with_the_times() -> None:
    a, b = opened(2)
    Matter.objects.filter(pk=b.pk).update(alarm_at=b.due_at)

    def compute(part: retime.Open) -> retime.Times:
        assert part.alarm.tolist()[0] == retime.NEVER or found_once
        return retime.Times(part.due, part.final, part.provisional, part.opened + 5 * HOUR)

    found_once: list[bool] = []
    assert retime.retime(lambda p: (compute(p), found_once.append(True))[0], revision=2).changed == 2
    assert {m.alarm_at - m.opened_at for m in Matter.objects.all() if m.alarm_at} == {timedelta(hours=5)}
    assert retime.retime(two_hours, revision=3).changed == 2  # who says nothing of it leaves it
    assert {m.alarm_at - m.opened_at for m in Matter.objects.all() if m.alarm_at} == {timedelta(hours=5)}
    assert Matter.objects.get(pk=a.pk).due_revision == 3


@pytest.mark.django_db
def test_nothing_open_is_nothing_done() -> None:
    told: list[Any] = []
    found = retime.retime(two_hours, revision=2, progress=lambda *words: told.append(words))
    assert (found.read, found.changed, told) == (0, 0, [])


@pytest.mark.django_db(transaction=True)
def test_writers_beside_write_the_same() -> None:
    """On PostgreSQL chunks are written by threads with connections of their own; an error in one is an error of all."""
    opened(25)
    assert retime.retime(two_hours, revision=4, chunk=4).changed == 25
    assert Matter.objects.filter(due_revision=4).count() == 25

    def broken(part: retime.Open) -> retime.Times:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        retime.retime(broken, revision=5)

    class Stop(Exception):
        pass

    def stop(*_words: Any) -> None:
        raise Stop

    with pytest.raises(Stop):
        retime.retime(lambda p: retime.Times(p.due + 1, p.final, p.provisional), revision=6, chunk=5, progress=stop)
    assert Matter.objects.filter(due_revision=6).count() in (0, 5)
    if connection.vendor == "postgresql":
        assert writing.Writing(two_hours).writers == writing.WRITERS
