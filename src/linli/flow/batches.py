"""What a change of borders wrote, batch by batch: enough of it to put the old codes back.

A batch is written in one transaction with its update of the matters. On PostgreSQL rows that somebody else holds are
passed over, so that no move ever waits for us while we wait for it; nobody is overwritten on either database.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _
from numpy.typing import NDArray

from linli.core.errors import Conflict

from .models import RezonedBatch
from .placed import Ids, Placed, Texts, among, as_list

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Step:
    """Some matters on their way from one place to another. `old` and `new` are codes, or `area/subdistrict/community`
    where the two latter do not follow from the area."""

    id: Ids
    old: Texts
    new: Texts

    def __len__(self) -> int:
        return len(self.id)

    def only(self, these: Flags) -> Step:
        """Those where the mask is true."""
        return Step(self.id[these], self.old[these], self.new[these])

    def back(self) -> Step:
        """The same way back."""
        return Step(self.id, self.new, self.old)


def whole(area: Texts) -> tuple[Texts, Texts]:
    """(subdistrict, community) that follow from areas; '' where the area is wider than that."""
    digits = np.char.str_len(area)
    return np.where(digits >= 9, area.astype("U9"), ""), np.where(digits >= 12, area.astype("U12"), "")


def places(part: Placed) -> Texts:
    """What a step says of where these matters are."""
    subdistrict, community = whole(part.area)
    plain = (subdistrict == part.subdistrict) & (community == part.community)
    if plain.all():
        return part.area
    said = [f"{a}/{s}/{c}" for a, s, c in zip(part.area, part.subdistrict, part.community, strict=True)]
    return np.where(plain, part.area, np.array(said))


def columns(place: Texts) -> tuple[Texts, Texts, Texts]:
    """(area, subdistrict, community) of what a step says."""
    known, which = np.unique(place, return_inverse=True)
    areas = np.array([k.split("/")[0] for k in known], "U15")
    subdistrict, community = whole(areas)
    for at, code in enumerate(known):
        if "/" in code:
            subdistrict[at], community[at] = code.split("/")[1:]
    return areas[which], subdistrict[which], community[which]


# --- one row ----------------------------------------------------------------------------------------------
def pack(step: Step) -> tuple[bytes, str]:
    """A step as bytes, and the SHA-256 of them before they were compressed: about 3 bytes a matter."""
    codes, which = np.unique(np.concatenate([step.old, step.new]), return_inverse=True)
    head = json.dumps({"count": len(step), "codes": codes.tolist()}, separators=(",", ":")).encode()
    steps = np.diff(step.id, prepend=0)
    raw = b"\n".join([head, steps.astype("<i8").tobytes() + which.astype("<u4").tobytes()])
    return zlib.compress(raw, 1), hashlib.sha256(raw).hexdigest()


def unpack(packed: bytes) -> Step:
    """What `pack` put in."""
    head, rest = zlib.decompress(packed).split(b"\n", 1)
    said = json.loads(head)
    count, codes = said["count"], np.array(said["codes"] or [""])
    which = np.frombuffer(rest, "<u4", offset=8 * count)
    return Step(np.cumsum(np.frombuffer(rest, "<i8", count)), codes[which[:count]], codes[which[count:]])


def write_batch(change: UUID, number: int, step: Step) -> Flags:
    """Move these matters and keep what was done, in one transaction. Which were still where they had been.

    Raises Conflict if the change is being taken back.
    """
    packed, digest = pack(step)  # before the lock is taken: hardly ever is somebody else first
    move = Move(step)
    with transaction.atomic():
        if not RezonedBatch.objects.filter(change=change, number=0, undone_at=None).exists():
            raise undone()
        held = move.write()
        if not held.all():
            packed, digest = pack(step.only(held))
        if held.any():
            RezonedBatch.objects.create(
                change=change, number=number, count=int(held.sum()), packed=packed, digest=digest
            )
    return held


def put_back(step: Step) -> Flags:
    """Move these matters in a transaction of its own, and keep nothing. Which were still where they had been."""
    move = Move(step)
    with transaction.atomic():
        return move.write()


def undone() -> Conflict:
    """Nothing is rewritten by a change of borders that is being taken back."""
    return Conflict("rezone_undone", _("这次界线调整已经撤回，事项不能再按它改写。"))


@contextmanager
def unhurried() -> Iterator[None]:
    """Batches need not wait for the disk: one that a failing machine loses is lost whole, with what is kept of it, and is
    written again. The next commit that waits, which is the change's own line, takes all of them to the disk.

    On PostgreSQL each batch says so itself (`_UNHURRIED`); on SQLite `tidy` is called after each.
    """
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        yield
        return
    with connection.cursor() as cursor:
        before = [cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in ("synchronous", "wal_autocheckpoint")]
        cursor.execute("PRAGMA synchronous = NORMAL")
        cursor.execute("PRAGMA wal_autocheckpoint = 0")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA synchronous = {int(before[0])}")
            cursor.execute(f"PRAGMA wal_autocheckpoint = {int(before[1])}")


def tidy() -> None:
    """SQLite: bring what was written into the file, while others have the lock; who commits next need not do it then."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()


class Move:
    """A step with all its columns, made before a lock is taken."""

    def __init__(self, step: Step) -> None:
        self._old, _subdistrict, _community = columns(step.old)
        self._id, self._columns = step.id, (step.id, *columns(step.new))
        self._keys = as_list(step.id)

    def write(self) -> Flags:
        """Move the matters that still are where the step says, inside the caller's transaction. Which they were."""
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute(_UNHURRIED)
                cursor.execute(_HOLD, [self._keys, self._old.tolist()])
                held: Flags = np.isin(self._id, np.array(cursor.fetchall(), np.int64))
                if held.any():
                    cursor.execute(_POSTGRESQL, [c[held].tolist() for c in self._columns])
                return held
            cursor.execute(_LOOK, [self._keys])
            now = dict(cursor.fetchall())
            held = np.array(
                [now.get(key) == code for key, code in zip(self._id.tolist(), self._old.tolist(), strict=True)],
                np.bool_,
            )
            key, *codes = (c[held].tolist() for c in self._columns)
            cursor.executemany(_SQLITE, list(zip(*codes, key, strict=True)))
            return held


_UNHURRIED = "SET LOCAL synchronous_commit TO OFF"
_HOLD = (
    "SELECT m.id FROM flow_matter AS m JOIN unnest(%s::bigint[], %s::text[]) AS u(id, area) ON m.id = u.id"
    " WHERE m.area = u.area ORDER BY m.id FOR NO KEY UPDATE OF m SKIP LOCKED"
)
_POSTGRESQL = (
    "UPDATE flow_matter AS m SET area = u.area, subdistrict = u.subdistrict, community = u.community"
    " FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[]) AS u(id, area, subdistrict, community)"
    " WHERE m.id = u.id"
)
# SQLite's one writer is ours by now: what is read here stays so
_LOOK = "SELECT id, area FROM flow_matter WHERE id IN (SELECT value FROM json_each(%s))"
_SQLITE = "UPDATE flow_matter SET area = %s, subdistrict = %s, community = %s WHERE id = %s"


def areas_of(ids: Ids) -> dict[int, str]:
    """The areas of these matters now (1 SQL)."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id, area FROM flow_matter WHERE {among('id')}", [as_list(ids)])  # noqa: S608
        return dict(cursor.fetchall())


# --- all of a change ----------------------------------------------------------------------------------------
class Given:
    """The area that a change gave each matter last: a matter that still has it is done."""

    def __init__(self, steps: Iterable[Step] = ()) -> None:
        self._parts: list[tuple[Ids, Ids]] = []
        self._id, self._area = np.zeros(0, np.int64), np.zeros(0, np.int64)
        for step in steps:
            self.add(step.id, number_of(step.new))

    def add(self, ids: Ids, areas: Ids) -> None:
        """These were moved, after all that were added before; areas as `number_of` gives them."""
        self._parts.append((ids, areas))

    def _settle(self) -> None:
        if self._parts:
            ids, areas = (np.concatenate([first, *more]) for first, *more in zip((self._id, self._area), *self._parts, strict=True))  # fmt: skip
            order = np.argsort(ids, kind="stable")
            ids, areas = ids[order], areas[order]
            last = np.append(ids[1:] != ids[:-1], True)  # of one that was moved twice the second counts
            self._id, self._area, self._parts = ids[last], areas[last], []

    def __len__(self) -> int:
        self._settle()
        return len(self._id)

    def knows(self, ids: Ids, areas: Texts | None = None) -> Flags:
        """Which matters were moved by this change (and still are where it put them, if `areas` says where they are)."""
        self._settle()
        at = np.searchsorted(self._id, ids)
        found = at < len(self._id)
        at[~found] = 0
        if found.any():
            found &= self._id[at] == ids
            if areas is not None:
                found &= self._area[at] == number_of(areas)
        return found


def number_of(areas: Texts) -> Ids:
    """Codes as numbers, which take an eighth of the room; no code begins with a zero."""
    return areas.astype("U15").astype(np.int64) if len(areas) else np.zeros(0, np.int64)
