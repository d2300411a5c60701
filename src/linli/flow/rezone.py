"""Where matters of any kind are answered for, rewritten by the hundred thousand when borders move; and taken back.

`area`, `subdistrict` and `community` follow the borders, of open and of ended matters; `grid_at_intake` never changes. Who
decides the new codes is the caller, in columns. No matter gets a line of its own: the change of borders is a matter itself,
and one line in its journal states how many were read and changed, and a digest of all that was written. That line is what
boards hear (`queries.announces`). The method and its figures: docs/methods/rezone.md.
"""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

import numpy as np
from django.db import IntegrityError, OperationalError, connection
from django.db.models import Max, Sum
from django.utils.translation import gettext_lazy as _

from linli.core import clock
from linli.core.errors import Conflict, Missing

from .batches import Given, Step, areas_of, number_of, places, put_back, tidy, undone, unhurried, unpack, write_batch
from .models import Matter, Outbox, RezonedBatch
from .placed import (  # fmt: skip
    LEVELS,
    Affected,
    Ids,
    Placed,
    Texts,
    affected,
    checked,
    ids_under,
    lies_under,
    points,
    read,
    register_points,
)
from .writing import Writing

__all__ = ["Affected", "Placed", "Rezoned", "affected", "last_id", "points", "register_points", "rezone", "sweep", "unrezone"]  # fmt: skip

MOST_PASSES = 5
SLACK = 1_000  # outbox rows before the first that are read again as well
LOCK_TRIES = 6  # each waits as long as the settings let a connection wait for SQLite's lock
AGAIN_S = 0.1  # before a pass that tries once more what others held; twice as long before each further one
LOCK_S = {
    "sqlite": 0.06,
    "postgresql": 0.1,
}  # how long a batch should hold its locks: batches grow and shrink towards it
PAUSE_S = 0.03  # SQLite: others ask for the lock every 25 ms at most in their first tenth of a second, and find it free
# matters in a batch: 2,000 are about 60 ms of CPU; fewer than 400 gain nothing, a transaction costs as much by itself
FIRST, SMALLEST, LARGEST = 1_000, 400, 2_000
SWEPT = 200  # batches deleted in one transaction

Compute = Callable[[Placed], Texts]
Progress = Callable[..., object]


@dataclass(frozen=True, slots=True)
class Rezoned:
    """What a change did in all its runs: matters looked at, changed, without an answer; a SHA-256 over what was written.

    `left` counts those that stayed although they should have changed, by reason: `held` (others held them until the end:
    run again); of an undo `moved` (somebody moved them since) and `later` (a later change of borders did).
    """

    read: int
    changed: int
    unplaced: int
    digest: str
    left: Mapping[str, int] = field(default_factory=dict)


def last_id() -> int:
    """The newest matter. Read in the transaction that puts the borders in force, and handed on as `upto`."""
    return int(Matter.objects.aggregate(last=Max("id"))["last"] or 0)


def rezone(
    compute: Compute,
    *,
    areas: Collection[str],
    change: UUID | str,
    upto: int | None = None,
    late: Compute | None = None,
    progress: Progress | None = None,
) -> Rezoned:
    """Give every matter whose area begins with one of `areas` the area that `compute` finds.

    An answer is a code of 6, 9, 12 or 15 digits; the same as before changes nothing, '' says that there is no answer.
    Matters after `upto` (kept at the first run) came in under the new borders: they are left alone, or asked of `late`.

    What this change has moved, and nobody since, is never asked again: codes may be exchanged in a circle. A matter is
    written only if its area is the one that was read; those that somebody held or moved meanwhile are read again, in at
    most MOST_PASSES. Safe to break off (`progress` raises) and to run again. Call it outside a transaction: it makes
    short ones of its own. Raises Invalid (a code), ValueError (an answer that is none), Conflict (two runs at once, or
    the change is being taken back).
    """
    run = _Run(checked(areas), UUID(str(change)), upto, progress)
    try:
        with unhurried(), Writing(partial(_write_one, run.change, run.pace)) as writing:
            missed = run.through(writing, compute, late)
    except IntegrityError:
        raise Conflict("rezone_twice", _("同一次界线调整正在另一处改写事项，请稍后再看。")) from None
    rows = RezonedBatch.objects.filter(change=run.change, number__gt=0)
    changed = rows.aggregate(n=Sum("count"))["n"] or 0
    left = {"held": len(missed)} if len(missed) else {}
    return Rezoned(run.read, changed, len(run.unplaced), _digest(run.change), left)


class _Run:
    """One run of a change: what it has read, what it found no answer for, what was done before."""

    def __init__(self, areas: tuple[str, ...], change: UUID, upto: int | None, progress: Progress | None) -> None:
        self.areas, self.change, self._progress = areas, change, progress
        # every move leaves an outbox row; the slack is for transactions that drew their number before and are still open
        self._since = (Outbox.objects.aggregate(last=Max("id"))["last"] or 0) - SLACK
        self._upto = _begin(change, upto)
        self.given = Given(_steps(change))
        self.read = len(self.given)
        self._next = 1 + (RezonedBatch.objects.filter(change=change).aggregate(n=Max("number"))["n"] or 0)
        self.unplaced, self.pace = np.zeros(0, np.int64), _Pace()

    def through(self, writing: Writing[tuple[int, Step], _Wrote], compute: Compute, late: Compute | None) -> Ids:
        """All passes. The matters that others still held at the end."""
        missed, total = np.zeros(0, np.int64), 0
        for number in range(MOST_PASSES):
            before = self._next
            early, later = self._wanted(number, missed, late is not None)
            if not number:
                total = self.read + int((~self.given.knows(early)).sum()) + len(later)
            for ask, ids in ((compute, early), (late, later)):
                for part in read(ids):
                    assert ask is not None
                    for step in self.pace.cut(self._differing(part, ask, first=not number)):
                        writing.put((self._next, step))
                        self._next += 1
                    if self._progress is not None:
                        self._progress(min(self.read, total), max(total, 1), _("正在按新界线改写事项的归属"))
            writing.wait()
            missed = np.sort(np.concatenate([missed[:0], *(wrote.missed for wrote in writing.answers)]))
            for wrote in writing.answers:
                self.given.add(wrote.ids, wrote.areas)
            writing.answers.clear()
            if number and self._next == before:
                break
            if len(missed):
                time.sleep(AGAIN_S * 2**number)
        return missed

    def _wanted(self, number: int, missed: Ids, with_later: bool) -> tuple[Ids, Ids]:
        """The matters of a pass, up to `upto` and after it: at first all, then those that moved and those that missed."""
        none = missed[:0]
        if not number:
            return ids_under(self.areas, through=self._upto), ids_under(self.areas, after=self._upto) if with_later else none  # fmt: skip
        moved = Outbox.objects.filter(id__gt=self._since).values_list("matter_id", flat=True).distinct()
        ids = np.unique(np.concatenate([missed, np.fromiter(moved, np.int64)]))
        return ids[ids <= self._upto], ids[ids > self._upto] if with_later else none

    def _differing(self, part: Placed, ask: Compute, *, first: bool) -> Step:
        """What is to be written of a part: what gets another code, and was not done already."""
        part = part.only(lies_under(part.area, self.areas))
        if len(self.given):
            part = part.only(~self.given.knows(part.id, part.area))
        if first:
            self.read += int((~self.given.knows(part.id)).sum())
        if not len(part):
            return Step(part.id, part.area, part.area)
        fresh = _codes(ask(part), len(part))
        blank = fresh == ""
        before = self.unplaced if first else np.setdiff1d(self.unplaced, part.id)
        self.unplaced = np.concatenate([before, part.id[blank]])
        these = ~blank & (fresh != part.area)
        part = part.only(these)
        return Step(part.id, places(part), fresh[these])


def _codes(answer: Texts, wanted: int) -> Texts:
    fresh = np.asarray(answer, np.str_)
    if fresh.shape != (wanted,):
        raise ValueError(f"{fresh.shape} answers for {wanted} matters")
    for code in np.unique(fresh):
        if code and not (len(code) in LEVELS and code.isascii() and code.isdigit() and code[0] != "0"):
            raise ValueError(f"no code: {code!r}")
    return fresh.astype("U15")


def _begin(change: UUID, upto: int | None) -> int:
    """The first run says which matters were there before; every later one hears it. Raises Conflict after an undo."""
    if RezonedBatch.objects.filter(change=change, undone_at__isnull=False).exists():
        raise undone()
    said = str(last_id() if upto is None else upto).encode()
    row, _made = RezonedBatch.objects.get_or_create(
        change=change, number=0, defaults={"count": 0, "packed": said, "digest": hashlib.sha256(said).hexdigest()}
    )
    return int(bytes(row.packed))


def _steps(change: UUID) -> Iterator[Step]:
    rows = RezonedBatch.objects.filter(change=change, number__gt=0).order_by("number")
    for packed in rows.values_list("packed", flat=True).iterator(chunk_size=100):
        yield unpack(bytes(packed))


def _digest(change: UUID, *also: object) -> str:
    digest = hashlib.sha256()
    rows = RezonedBatch.objects.filter(change=change, number__gt=0).order_by("number")
    for one in rows.values_list("digest", flat=True):
        digest.update(bytes.fromhex(one))
    for word in also:
        digest.update(str(word).encode())
    return digest.hexdigest()


# --- batches that nobody waits for -----------------------------------------------------------------------------
class _Pace:
    """How many matters go into one batch, by how long the last ones took; and on SQLite, the time in between for others."""

    def __init__(self) -> None:
        self.size, self._over = FIRST, 0.0

    def cut(self, step: Step) -> Iterator[Step]:
        """A step in batches of the size that is right by then."""
        begin = 0
        while begin < len(step):
            these = slice(begin, begin + self.size)
            yield Step(step.id[these], step.old[these], step.new[these])
            begin = these.stop

    def write(self, work: Callable[[], _Flags], count: int) -> _Flags:
        """Do one batch; the next will be larger or smaller."""
        alone = connection.vendor == "sqlite" and not connection.in_atomic_block
        if alone:
            time.sleep(max(0.0, self._over + PAUSE_S - time.monotonic()))
        began = time.monotonic()
        held = _patiently(work) if alone else work()
        self._over = time.monotonic()
        if alone:
            tidy()  # the time of it is part of the pause
        by = min(1.3, max(0.5, LOCK_S[connection.vendor] / max(self._over - began, 1e-6)))
        if by < 1 or count >= self.size:  # a short rest of a part says nothing about a longer batch
            self.size = int(min(LARGEST, max(SMALLEST, self.size * by)))
        return held


_Flags = np.ndarray[tuple[int], np.dtype[np.bool_]]


def _patiently(work: Callable[[], _Flags]) -> _Flags:
    """One batch on SQLite, whose lock goes to whoever asks at the right moment: who was unlucky asks again."""
    for _turn in range(LOCK_TRIES - 1):
        with contextlib.suppress(OperationalError):
            return work()
    return work()


@dataclass(frozen=True, slots=True)
class _Wrote:
    """Of one batch: which were written and with what, which were not where they had been."""

    ids: Ids
    areas: Ids
    missed: Ids


def _write_one(change: UUID, pace: _Pace, numbered: tuple[int, Step]) -> _Wrote:
    number, step = numbered
    held = pace.write(lambda: write_batch(change, number, step), len(step))
    return _Wrote(step.id[held], number_of(step.new[held]), step.id[~held])


# --- back again ----------------------------------------------------------------------------------------------------
def unrezone(change: UUID | str, *, progress: Progress | None = None) -> Rezoned:
    """Put the old areas back where a matter still has the one that the change gave it; the others are left and counted.

    Each batch says in its own transaction that it is undone, so that this may be broken off and run again. Matters that came
    in since are not known here. Raises Missing where nothing of the change is kept.
    """
    key = UUID(str(change))
    rows = RezonedBatch.objects.filter(change=key)
    first = rows.filter(number=0).values_list("pk", flat=True).first()
    if first is None:
        raise Missing("no_such_rezone", _("这次界线调整改写了哪些事项已经没有记录，不能撤回。"))
    rows.filter(number=0, undone_at=None).update(undone_at=clock.now())  # no run of the change writes from here on
    kept = rows.filter(number__gt=0)
    total, done, tried = kept.aggregate(n=Sum("count"))["n"] or 0, 0, list[int]()
    later = Given(_steps_after(first))
    with unhurried(), Writing(partial(_undo_one, later, _Pace())) as writing:
        while waiting := list(kept.filter(undone_at=None).exclude(pk__in=tried).values_list("pk", "count")):
            for pk, count in waiting:  # a batch of a run that just ends may still come in behind the first look
                tried.append(pk)
                writing.put(pk)
                done += count
                if progress is not None:
                    progress(min(done, total), max(total, 1), _("正在恢复事项原来的归属"))
            writing.wait()
    total = kept.aggregate(n=Sum("count"))["n"] or 0
    left: dict[str, int] = {"held": sum(writing.answers)}
    for said in kept.values_list("left", flat=True):
        for reason, count in said.items():
            left[reason] = left.get(reason, 0) + count
    left = {reason: count for reason, count in sorted(left.items()) if count}
    return Rezoned(total, total - sum(left.values()), 0, _digest(key, "undo", *left.items()), left)


def _steps_after(first: int) -> Iterator[Step]:
    """Everything that changes of borders wrote which began after the row `first`, and were not taken back."""
    begun = RezonedBatch.objects.filter(number=0, pk__gt=first, undone_at=None).order_by("pk")
    for change in begun.values_list("change", flat=True):
        yield from _steps(change)


def _undo_one(later: Given, pace: _Pace, pk: int) -> int:
    """Take one batch back. How many of it others still hold; then it is not done."""
    row = RezonedBatch.objects.get(pk=pk)
    step, left = unpack(bytes(row.packed)).back(), {"moved": 0, "later": 0}
    for number in range(MOST_PASSES):
        again = [part.only(~pace.write(partial(put_back, part), len(part))) for part in pace.cut(step)]
        rest = Step(*(np.concatenate([getattr(step, c)[:0], *(getattr(p, c) for p in again)]) for c in ("id", "old", "new")))  # fmt: skip
        step = rest.only(_elsewhere(rest, later, left))
        if not len(step):
            RezonedBatch.objects.filter(pk=pk).update(undone_at=clock.now(), left=left)
            break
        time.sleep(AGAIN_S * 2**number)
    return len(step)


def _elsewhere(rest: Step, later: Given, left: dict[str, int]) -> _Flags:
    """Of matters that were not put back: which only were held by others. Those that are elsewhere are counted."""
    now = areas_of(rest.id)
    by_later = later.knows(rest.id)
    held = np.zeros(len(rest), np.bool_)
    for at, (key, old, new) in enumerate(zip(rest.id.tolist(), rest.old.tolist(), rest.new.tolist(), strict=True)):
        area = now.get(key, "")
        held[at] = area == old
        if area not in (old, new.split("/")[0]):  # where it shall go it may be already: an earlier run was broken off
            left["later" if by_later[at] else "moved"] += 1
    return held


def is_kept(change: UUID | str) -> bool:
    """Whether what a change rewrote is still known, so that it can be taken back."""
    return RezonedBatch.objects.filter(change=UUID(str(change)), number=0).exists()


def sweep(*, older_than: UUID | str) -> int:
    """Delete what is kept of the changes that began before this one: they cannot be taken back any more. How many batches.

    Raises Missing for a change that never began.
    """
    first = RezonedBatch.objects.filter(change=UUID(str(older_than)), number=0).values_list("pk", flat=True).first()
    if first is None:
        raise Missing("no_such_rezone", _("这次界线调整还没有改写过事项。"))
    changes = list(RezonedBatch.objects.filter(number=0, pk__lt=first).values_list("change", flat=True))
    gone = 0
    while keys := list(
        RezonedBatch.objects.filter(change__in=changes).order_by("-number").values_list("pk", flat=True)[:SWEPT]
    ):
        gone += RezonedBatch.objects.filter(pk__in=keys).delete()[0]
    return gone
