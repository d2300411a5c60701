"""What the page of a preview shows: little enough to be kept, so that a large file is checked once and looked at often."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from math import isfinite
from typing import Any

from linli.core import clock

from ..facility_files import RawTable
from ..models import FacilityImport
from ..names import limits
from .import_rows import Candidate
from .imports import Preview, stamp, unpacked

AT_ONCE = 1_000  # rows that a request checks, writes and clears itself; more is a job's work
LISTED, POINTS_MOST, PAIRS_MOST = 100, 3_000, 20
Rows = list[list[Any]]


@dataclass(frozen=True)
class Shown:
    """`refused` holds all of them as [row, column, value, sentence, code]; of the others the first of `taken`.

    `lines`: number, name, class, community, whether it is there already, metres to the streets if far, whether alike.
    `similar`: name, id and name of the facility, metres. `twice`: number and name of both rows, metres.
    """

    stamp: str
    at: str
    headings: list[str]
    taken: int
    new: int
    refused: Rows
    far: int
    similar: Rows
    similar_count: int
    twice: Rows
    twice_count: int
    told: str
    compared: int
    median_m: float
    lines: Rows
    points: Rows

    @property
    def changes(self) -> int:
        return self.taken - self.new

    @property
    def checked_at(self) -> datetime:
        return datetime.fromisoformat(self.at)


def shown(found: Preview) -> Shown:
    """The page's part of a preview."""
    alike = {c.number for c, *_rest in found.similar} | {c.number for pair in found.twice for c in pair[:2]}
    return Shown(
        stamp=stamp(found.row), at=clock.now().isoformat(), headings=list(found.headings), taken=len(found.taken), new=found.new,
        refused=[[r.row, r.column, r.value, str(r.sentence), r.code] for r in found.refused], far=len(found.far),
        similar=[[c.name, id, name, round(m, 1)] for c, id, name, m in found.similar[:PAIRS_MOST]],
        similar_count=len({c.number for c, *_rest in found.similar}),
        twice=[[a.number, a.name, b.number, b.name, round(m, 1)] for a, b, m in found.twice[:PAIRS_MOST]],
        twice_count=len(found.twice), told=found.told, compared=found.compared,
        median_m=found.median_m if isfinite(found.median_m) else 0.0,
        lines=[_line(c, c.number in alike) for c in found.taken[:LISTED]],
        points=[[0, c.lon, c.lat, c.name] for c in found.taken[:POINTS_MOST]],
    )  # fmt: skip


def _line(c: Candidate, alike: bool) -> list[Any]:
    far = c.off_m > limits()["off_network_m"]
    return [c.number, c.name, c.class_key, c.community, c.known is not None, c.off_m if far else None, alike]


def packed(found: Shown) -> bytes:
    return zlib.compress(json.dumps(asdict(found), ensure_ascii=False).encode(), 6)


def kept(row: FacilityImport) -> Shown | None:
    """What a check found, if the columns mean the same still; None where there is none."""
    if not row.checked:
        return None
    found = Shown(**json.loads(zlib.decompress(bytes(row.checked))))
    return found if found.stamp == stamp(row) else None


def is_large(row: FacilityImport) -> bool:
    """Whether a job has to look at it."""
    return int(row.report.get("rows", 0)) > AT_ONCE


def headings(row: FacilityImport) -> Sequence[str]:
    """The columns of the file that waits."""
    table: RawTable = unpacked(row.rows)
    return table.headings
