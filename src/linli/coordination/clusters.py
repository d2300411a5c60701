"""Finding places where one class of cases comes again and again. Pure: numpy in, plain values out (docs/methods/topics.md).

Points lie on a raster of five metres, which is about how exactly a place is known: so distances are whole numbers, and the
answer is the same on every machine and in whatever order the cases come.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RASTER_M = 5
ORIGIN = (116.36, 39.91)
"""Where the raster begins: any place near the district does; within 15 km of it the error of a distance is below 0.5 %."""
M_PER_DEGREE = 111_195.0  # of the sphere of 6,371 km
_SPAN = 1 << 20  # raster units a row: 5,243 km
_HALF = _SPAN >> 1

Ints = NDArray[np.int64]


def raster(lon: Sequence[float] | NDArray[np.float64], lat: Sequence[float] | NDArray[np.float64]) -> tuple[Ints, Ints]:
    """Column and row of each point (degrees, WGS-84) on the raster of five metres."""
    east = (np.asarray(lon, dtype=np.float64) - ORIGIN[0]) * M_PER_DEGREE * math.cos(math.radians(ORIGIN[1]))
    north = (np.asarray(lat, dtype=np.float64) - ORIGIN[1]) * M_PER_DEGREE
    return np.rint(east / RASTER_M).astype(np.int64), np.rint(north / RASTER_M).astype(np.int64)


def within(x: Ints, y: Ints, x0: int, y0: int, radius_m: int) -> NDArray[np.bool_]:
    """Which points of the raster lie within `radius_m` of one."""
    reach = radius_m // RASTER_M
    return np.asarray((x - x0) ** 2 + (y - y0) ** 2 <= reach * reach)


@dataclass(frozen=True, slots=True)
class Found:
    """One place: the case in its middle and all that belong to it, as positions in what was given; ascending."""

    centre: int
    members: tuple[int, ...]


def discs(ids: Ints, classes: Ints, x: Ints, y: Ints, *, radius_m: int, least: int) -> list[Found]:
    """Discs of `radius_m` around a case that hold at least `least` cases of its class; the fullest first, none shared.

    Of two equally full the one whose middle is the older case (the lower id) goes first. Once a disc is taken its cases
    count no more. `ids` are unique; all four have one length.
    """
    if len(ids) < least or not len(ids):
        return []
    order = np.lexsort((ids, x, y, classes))
    spots = _Spots(classes[order], x[order], y[order], radius_m // RASTER_M)
    eldest = np.minimum.reduceat(ids[order], spots.first)
    full = np.flatnonzero(spots.counts >= least)
    heap = [(-int(spots.counts[i]), int(eldest[i]), int(i)) for i in full]
    heapq.heapify(heap)
    found = []
    while heap:
        count, who, i = heapq.heappop(heap)
        now = int(spots.counts[i]) if spots.weight[i] else 0
        if now < -count:  # a neighbour took some of it: it waits for its new turn
            if now >= least:
                heapq.heappush(heap, (-now, who, i))
            continue
        taken = spots.take(i)
        rows = np.concatenate([order[spots.first[j] : spots.last[j]] for j in taken])
        own = order[spots.first[i] : spots.last[i]]
        found.append(Found(int(own[np.argmin(ids[own])]), tuple(sorted(int(r) for r in rows))))
    return found


class _Spots:
    """Raster cells that hold cases of a class, sorted by class, row and column; `counts` are cases in each one's disc."""

    def __init__(self, classes: Ints, x: Ints, y: Ints, reach: int) -> None:
        kind = np.unique(classes, return_inverse=True)[1].astype(np.int64)
        rows = kind * _SPAN * 2 + y + _HALF  # a class lies wholly above the one before it
        key = rows * _SPAN + x + _HALF
        self.first = np.flatnonzero(np.r_[True, key[1:] != key[:-1]])
        self.last = np.r_[self.first[1:], len(key)]
        self.key = key[self.first]
        self.weight = self.last - self.first
        offsets = np.arange(-reach, reach + 1)
        self.shift = offsets * _SPAN
        self.half = np.array([math.isqrt(reach * reach - int(d) ** 2) for d in offsets], dtype=np.int64)
        self.counts = np.zeros(len(self.key), dtype=np.int64)
        before = np.r_[0, np.cumsum(self.weight)]
        for shift, half in zip(self.shift, self.half, strict=True):  # of each row of the disc, by two sorted look-ups
            row = self.key + shift
            self.counts += before[np.searchsorted(self.key, row + half, "right")]
            self.counts -= before[np.searchsorted(self.key, row - half, "left")]

    def _runs(self, i: int) -> list[tuple[int, int]]:
        """The spots within reach of one, as runs of positions: a row of the raster is one run."""
        rows = self.key[i] + self.shift
        begin = np.searchsorted(self.key, rows - self.half, "left").tolist()
        end = np.searchsorted(self.key, rows + self.half, "right").tolist()
        return [(b, e) for b, e in zip(begin, end, strict=True) if e > b]

    def take(self, i: int) -> list[int]:
        """Take all that lies in the disc of one; the discs around it hold so much less. The spots that were taken."""
        taken = [j for b, e in self._runs(i) for j in range(b, e) if self.weight[j]]
        for j in taken:
            for b, e in self._runs(j):
                self.counts[b:e] -= self.weight[j]
        self.weight[taken] = 0
        return taken


def groups(ids: Ints, classes: Ints, places: Sequence[str], *, least: int) -> list[Found]:
    """Communities in which at least `least` cases of one class lie, the fullest first; '' is no community."""
    if not len(ids):
        return []
    held: dict[tuple[int, str], list[int]] = {}
    for i, (kind, place) in enumerate(zip(classes.tolist(), places, strict=True)):
        if place:
            held.setdefault((kind, place), []).append(i)
    full = [rows for rows in held.values() if len(rows) >= least]
    made = [Found(min(rows, key=lambda r: ids[r]), tuple(sorted(rows))) for rows in full]
    return sorted(made, key=lambda f: (-len(f.members), int(ids[f.centre])))
