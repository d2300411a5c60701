"""Where many matters are answered for when borders move: all of them, nobody's move lost, killed and taken back at will."""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections import Counter
from typing import Any

import numpy as np
import pytest
from django.db import connection, transaction

from linli.core.actor import SYSTEM
from linli.core.decision import YES
from linli.core.errors import Conflict, Invalid
from linli.flow import actions, batches, placed, rezone, seals
from linli.flow.models import Journal, Matter, Outbox, RezonedBatch

from .borders import FLOW, A, B, C, by, moved, opened, sound, where


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody need be let in between two batches of a handful."""
    monkeypatch.setattr(rezone, "PAUSE_S", 0.0)
    monkeypatch.setattr(rezone, "AGAIN_S", 0.01)


# --- what is written, and what is not ------------------------------------------------------------------------
@pytest.mark.django_db
def test_open_and_ended_matters_move_and_nothing_else_of_them() -> None:
    a, ended, b, other = opened(A, A, B + "001", C)
    moved(ended, "end")
    before, lines, news = {m.pk: m for m in Matter.objects.all()}, Journal.objects.count(), Outbox.objects.count()
    told: list[tuple[int, int]] = []
    found = rezone.rezone(
        by({A: C, B + "001": "110102"}), areas=["110102001"], change=uuid.uuid4(),
        progress=lambda done, total, _words: told.append((done, total)),
    )  # fmt: skip
    assert (found.read, found.changed, found.unplaced, dict(found.left)) == (3, 3, 0, {}) and told[0] == (3, 3)
    assert where(a, ended, b, other) == [C, C, "110102", C]
    sound()
    for fresh in Matter.objects.all():
        held = before[fresh.pk]
        assert (fresh.version, fresh.seq, fresh.head, fresh.grid_at_intake, fresh.stage) == (
            held.version, held.seq, held.head, held.grid_at_intake, held.stage,
        )  # fmt: skip
    assert (Journal.objects.count(), Outbox.objects.count()) == (lines, news)


@pytest.mark.django_db
def test_the_chain_of_a_matter_still_holds() -> None:
    with transaction.atomic():
        matter = actions.open_matter(actor=SYSTEM, flow=FLOW, verb="open", title="t", where=actions.Where(A, A[:9], A),
                                     due=actions.DueTimes(), facts={})  # fmt: skip
    change = uuid.uuid4()
    rezone.rezone(by({A: C}), areas=[A], change=change)
    moved(matter, "go")  # as it was read before: nothing of what a move compares has changed
    assert where(matter) == [C] and seals.verify().broken is None
    rezone.unrezone(change)
    assert where(matter) == [A] and seals.verify().broken is None


@pytest.mark.django_db
def test_no_answer_is_counted_and_left() -> None:
    a, b, c = opened(A, A, B)
    found = rezone.rezone(lambda p: np.where(p.area == A, "", p.area), areas=[A, B], change=uuid.uuid4())
    assert (found.read, found.changed, found.unplaced) == (3, 0, 2)
    assert where(a, b, c) == [A, A, B]


@pytest.mark.django_db
def test_codes_change_in_a_circle_and_a_second_run_changes_nothing() -> None:
    """A becomes B while B becomes C and C becomes A: whatever was moved once is not moved on."""
    matters = opened(*[A, B, C] * 4)
    change, circle = uuid.uuid4(), by({A: B, B: C, C: A})
    first = rezone.rezone(circle, areas=[A, B, C], change=change)
    assert where(*matters) == [B, C, A] * 4 and first.changed == 12
    again = rezone.rezone(circle, areas=[A, B, C], change=change)
    assert again == first and where(*matters) == [B, C, A] * 4
    sound()


@pytest.mark.django_db
def test_a_matter_that_came_in_under_the_new_codes_is_left_alone() -> None:
    change = uuid.uuid4()
    (old,) = opened(A)
    upto = rezone.last_id()
    (early,) = opened(B)
    late: list[Matter] = []

    def compute(part: placed.Placed) -> Any:
        late.extend(opened(B))
        return by({A: B, B: C})(part)

    assert rezone.rezone(compute, areas=[A, B], change=change, upto=upto).changed == 1
    assert where(old, early, *late) == [B, B, B]
    assert rezone.rezone(compute, areas=[A, B], change=change).changed == 1  # the first run said where it ends
    assert where(old, early, *late) == [B, B, *[B] * (len(late) - 0)]
    stale = opened(A)  # by a process that had not heard of the change: the caller knows what of it is certain
    assert rezone.rezone(compute, areas=[A, B], change=change, late=by({A: B})).changed == 2
    assert where(old, early, *stale) == [B, B, B]


@pytest.mark.django_db
def test_codes_and_answers_that_are_none_are_refused() -> None:
    opened(A, A)
    for bad in ("", "1101", "11010200100", "１１０１０２", A + "0010"):
        with pytest.raises(Invalid):
            rezone.rezone(by({}), areas=[bad], change=uuid.uuid4())
        with pytest.raises(Invalid):
            rezone.affected([bad])
    for answer in (np.array([B]), np.array([B, "11010"]), np.array([B, "x" * 12]), np.array([[A, B]])):
        with pytest.raises(ValueError):
            rezone.rezone(lambda p, a=answer: a, areas=[A], change=uuid.uuid4())
    with pytest.raises(ValueError):
        rezone.rezone(by({}), areas=[A], change="not one")
    assert rezone.rezone(by({A: B}), areas=[], change=uuid.uuid4()).read == 0
    assert rezone.rezone(by({A: B}), areas=[C], change=uuid.uuid4()).changed == 0
    assert set(Matter.objects.values_list("area", flat=True)) == {A}


@pytest.mark.django_db
@pytest.mark.parametrize("size", [1, 3, 50])
def test_parts_are_one_whole(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rezone, "FIRST", size)
    monkeypatch.setattr(rezone, "SMALLEST", size)
    monkeypatch.setattr(rezone, "LARGEST", size)
    matters = opened(*[A, B] * 10)
    change = uuid.uuid4()
    found = rezone.rezone(by({A: C}), areas=["110102"], change=change)
    assert (found.read, found.changed) == (20, 10) and where(*matters) == [C, B] * 10
    assert RezonedBatch.objects.filter(change=change, number__gt=0).count() == -(-10 // size)
    back = rezone.unrezone(change)
    assert (back.read, back.changed) == (10, 10) and where(*matters) == [A, B] * 10


@pytest.mark.django_db
def test_divisions_that_do_not_follow_from_the_area_come_back_as_they_were() -> None:
    (wide,) = opened("110102001")
    Matter.objects.filter(pk=wide.pk).update(community=A)
    change = uuid.uuid4()
    rezone.rezone(by({"110102001": C}), areas=["110102001"], change=change)
    fresh = Matter.objects.get()
    assert (fresh.area, fresh.subdistrict, fresh.community) == (C, C[:9], C)
    rezone.unrezone(change)
    fresh = Matter.objects.get()
    assert (fresh.area, fresh.subdistrict, fresh.community) == ("110102001", "110102001", A)


# --- killed, and run again -----------------------------------------------------------------------------------
class Killed(Exception):
    pass


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("after", [0, 1, 4])
def test_killed_in_the_middle_and_run_again(after: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch and what is kept of it are there together or not at all; codes in a circle are not moved twice."""
    monkeypatch.setattr(rezone, "FIRST", 3)
    monkeypatch.setattr(rezone, "LARGEST", 3)
    monkeypatch.setattr(rezone, "SMALLEST", 3)
    matters = opened(*[A, B, C] * 7)
    change, circle = uuid.uuid4(), by({A: B, B: C, C: A})
    create, calls = RezonedBatch.objects.create, []

    def dies(**values: Any) -> Any:
        calls.append(values)
        if len(calls) > after:
            raise Killed  # after the matters were written, before the commit
        return create(**values)

    with monkeypatch.context() as m:
        m.setattr(RezonedBatch.objects, "create", dies)
        with pytest.raises(Killed):
            rezone.rezone(circle, areas=["110102"], change=change)
    kept = sum(RezonedBatch.objects.values_list("count", flat=True))
    was = [A, B, C] * 7
    assert sum(now != old for now, old in zip(where(*matters), was, strict=True)) == kept
    found = rezone.rezone(circle, areas=["110102"], change=change)
    assert where(*matters) == [B, C, A] * 7 and (found.read, found.changed) == (21, 21)
    with monkeypatch.context() as m:
        calls.clear()
        put_back = batches.put_back

        def stops(step: Any) -> Any:
            calls.append(step)
            if len(calls) > after + 1:
                raise Killed
            return put_back(step)

        m.setattr(rezone, "put_back", stops)
        with pytest.raises(Killed):
            rezone.unrezone(change)
    with pytest.raises(Conflict, match="rezone_undone"):
        rezone.rezone(circle, areas=["110102"], change=change)
    back = rezone.unrezone(change)
    assert where(*matters) == was and (back.read, back.changed, dict(back.left)) == (21, 21, {})
    assert rezone.unrezone(change) == back


@pytest.mark.django_db(transaction=True)
def test_breaking_off_by_the_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    matters = opened(*[A] * 9)
    monkeypatch.setattr(rezone, "read", lambda ids: placed.read(ids, chunk=4))
    change = uuid.uuid4()

    def stop(*_words: Any) -> None:
        raise Killed

    with pytest.raises(Killed):
        rezone.rezone(by({A: B}), areas=[A], change=change, progress=stop)
    assert Counter(where(*matters))[B] in (0, 4)
    told: list[tuple[int, int]] = []
    rezone.rezone(by({A: B}), areas=[A], change=change, progress=lambda *w: told.append(w[:2]))
    assert where(*matters) == [B] * 9 and told[-1] == (9, 9)


# --- others beside it ------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_a_matter_that_was_moved_meanwhile_is_read_again() -> None:
    a, b, c = opened(A, A, A)
    passes = 0

    def racing(part: placed.Placed) -> Any:
        nonlocal passes
        passes += 1
        if passes == 1:  # after they were read and before they are written: one place is corrected, one matter ends
            moved(a, area=B, subdistrict=B[:9], community=B)
            moved(b, "end")
        return by({A: C, B: "110102002002"})(part)

    found = rezone.rezone(racing, areas=[A, B], change=uuid.uuid4())
    assert where(a, b, c) == ["110102002002", C, C]
    assert (found.read, found.changed) == (3, 3)
    assert Matter.objects.get(pk=b.pk).stage == "over"
    sound()


@pytest.mark.django_db
def test_an_old_area_that_comes_back_behind_the_reader_is_found() -> None:
    """A mover that had read the old place writes it back after the batch; its line in the outbox says so."""
    (matter,) = opened(A)

    def progress(*_words: object) -> None:
        if matter.stage == "waiting":
            moved(matter, area=A, subdistrict=A[:9], community=A)

    change = uuid.uuid4()
    found = rezone.rezone(by({A: C}), areas=[A], change=change, progress=progress)
    assert where(matter) == [C] and found.changed == 2
    assert rezone.unrezone(change).changed == 2 and where(matter) == [A]


@pytest.mark.django_db(transaction=True)
def test_moves_and_batches_at_the_same_time_lose_neither(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads move matters, some to a place of their own, while a change rewrites all of them and takes it back."""
    monkeypatch.setattr(rezone, "FIRST", 5)
    monkeypatch.setattr(rezone, "LARGEST", 5)
    monkeypatch.setattr(rezone, "SMALLEST", 5)
    monkeypatch.setattr(rezone, "PAUSE_S", 0.005)
    matters, own = opened(*[A] * 120), "110102009001"
    done: dict[int, int] = Counter()
    errors: list[BaseException] = []
    stop = threading.Event()

    def movers(seed: int) -> None:
        dice = random.Random(seed)
        try:
            while not stop.is_set():
                pk = dice.choice(matters).pk
                with transaction.atomic():
                    matter = Matter.objects.get(pk=pk)
                    places = pk % 4 == 0 and matter.area != own
                    values = {"area": own, "subdistrict": own[:9], "community": own} if places else {}
                    try:
                        actions.move(actor=SYSTEM, matter=matter, version=matter.version, verb="go", flow=FLOW,
                                     allowed=YES, facts={}, values=values)  # fmt: skip
                    except Conflict:
                        continue
                done[pk] += 1
                time.sleep(0.001)  # nobody asks for SQLite's one lock without drawing breath
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=movers, args=(n,)) for n in range(2)]
    for thread in threads:
        thread.start()
    change = uuid.uuid4()
    try:
        found = rezone.rezone(by({A: C}), areas=[A], change=change)
        area = dict(Matter.objects.values_list("pk", "area"))
        assert not found.left and set(area.values()) <= {C, own}
        assert all(code == C for pk, code in area.items() if pk % 4)
        back = rezone.unrezone(change)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not errors
    area = dict(Matter.objects.values_list("pk", "area"))
    assert set(area.values()) <= {A, own} and all(code == A for pk, code in area.items() if pk % 4)
    assert back.changed + sum(back.left.values()) == back.read and set(back.left) <= {"moved"}
    assert sum(done.values()) == Journal.objects.count()
    for pk, count in done.items():  # every move that was said to be made was made, with its line
        assert Matter.objects.get(pk=pk).version == 1 + count
    sound()


@pytest.mark.django_db(transaction=True)
def test_a_row_that_somebody_holds_is_not_waited_for() -> None:
    """PostgreSQL passes over it and comes back; whoever holds it until the end is told of. SQLite has one writer only."""
    if connection.vendor != "postgresql":
        pytest.skip("one writer at a time: nobody can hold a single row")
    held, free = opened(A, A)
    holding, let_go = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Matter.objects.filter(pk=held.pk).update(title="held")
            holding.set()
            let_go.wait(30)
        connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    holding.wait(30)
    change = uuid.uuid4()
    try:
        found = rezone.rezone(by({A: C}), areas=[A], change=change)
        assert (found.changed, dict(found.left)) == (1, {"held": 1}) and where(held, free) == [A, C]
    finally:
        let_go.set()
        thread.join()
    assert rezone.rezone(by({A: C}), areas=[A], change=change).changed == 2
    assert where(held, free) == [C, C]


@pytest.mark.django_db(transaction=True)
def test_two_runs_of_one_change_do_not_write_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    opened(*[A] * 4)
    change = uuid.uuid4()

    def second(part: placed.Placed) -> Any:  # a worker that was given up and lives
        if not RezonedBatch.objects.filter(change=change, number=1).exists():
            rezone.rezone(by({A: B}), areas=[A], change=change)
        moved(Matter.objects.order_by("pk")[0], area=A, subdistrict=A[:9], community=A)
        return by({A: B})(part)

    with pytest.raises(Conflict, match="rezone_twice"):
        rezone.rezone(second, areas=[A], change=change)
    assert rezone.rezone(by({A: B}), areas=[A], change=change).changed >= 4
    assert set(Matter.objects.values_list("area", flat=True)) == {B}
