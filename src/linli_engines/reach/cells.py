"""For every place and item the list of all facilities within the cap, nearest first, in blocks of one pool that grows."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from linli_engines.reach.origins import facilities_of
from linli_engines.reach.search import Hung, Net, Room
from linli_engines.reach.threads import Answer

Float = NDArray[np.float64]
Int = NDArray[np.int32]


FIRST, SIZE, ROOM = 0, 1, 2
"""Columns of `Cells.head`."""


class Cells(NamedTuple):
    """Cell place * K + item owns the pool's entries FIRST:FIRST + SIZE and has room for ROOM; a line of cache each.

    head (cells, 4) int64; metres, facility: the pool; used[0] entries of it are given out.
    """

    head: NDArray[np.int64]
    metres: Float
    facility: Int
    used: NDArray[np.int64]


def cells_for(number: NDArray[np.uint16]) -> Cells:
    """Empty cells with just the room for so many facilities each, and as much again behind them."""
    room = number.astype(np.int64).ravel()
    head = np.zeros((room.size, 4), np.int64)
    head[:, ROOM] = room
    np.cumsum(room[:-1], out=head[1:, FIRST])
    total = int(room.sum())
    pool = 2 * total + 1024
    return Cells(head, np.empty(pool), np.empty(pool, np.int32), np.array([total], np.int64))


def larger(cells: Cells, need: int) -> Cells:
    """The same cells with a pool for `need` more entries, and half as much again."""
    pool = (int(cells.used[0]) + need) * 3 // 2
    metres, facility = np.empty(pool), np.empty(pool, np.int32)
    metres[: len(cells.metres)] = cells.metres
    facility[: len(cells.facility)] = cells.facility
    return cells._replace(metres=metres, facility=facility)


@njit(cache=True, nogil=True)
def fill(
    cells: Cells, net: Net, ends: Int, places: Hung, facilities: Hung, item: Int, items: int,
    room: Room, best: Float, seen: Int, low: int, high: int, limit_m: float,
) -> None:  # fmt: skip
    """Search from the places low..high and list what each finds. The cells have room for it."""
    for p in range(low, high):
        if places.arc[p] < 0:
            continue
        found = facilities_of(net, ends, places, p, facilities, room, best, seen, limit_m)
        for i in range(found):
            f = seen[i]
            insert(cells, p * items + item[f], best[f], f)
            best[f] = np.inf


@njit(cache=True, nogil=True)
def insert(cells: Cells, cell: int, metres: float, facility: int) -> None:
    """Put one more facility into its place; a full cell moves to the end of the pool, which must have room for it."""
    size, first = cells.head[cell, SIZE], cells.head[cell, FIRST]
    if size == cells.head[cell, ROOM]:
        moved = cells.used[0]
        cells.head[cell, ROOM] = more_room(size)
        cells.used[0] += cells.head[cell, ROOM]
        for i in range(size):
            cells.metres[moved + i], cells.facility[moved + i] = cells.metres[first + i], cells.facility[first + i]
        cells.head[cell, FIRST] = moved
        first = moved
    at = first + size
    while at > first and cells.metres[at - 1] > metres:
        cells.metres[at], cells.facility[at] = cells.metres[at - 1], cells.facility[at - 1]
        at -= 1
    cells.metres[at], cells.facility[at] = metres, facility
    cells.head[cell, SIZE] = size + 1


@njit(cache=True, nogil=True)
def more_room(size: int) -> int:
    return 2 * size + 2


@njit(cache=True, nogil=True)
def take_out(cells: Cells, cell: int, facility: int) -> None:
    """Forget one facility of a cell."""
    first, last = cells.head[cell, FIRST], cells.head[cell, FIRST] + cells.head[cell, SIZE] - 1
    at = first
    while at <= last and cells.facility[at] != facility:
        at += 1
    if at > last:
        return
    for i in range(at, last):
        cells.metres[i], cells.facility[i] = cells.metres[i + 1], cells.facility[i + 1]
    cells.head[cell, SIZE] -= 1


@njit(cache=True, nogil=True)
def show(cells: Cells, answer: Answer, place: int, k: int) -> None:
    """Write what a cell says into the answer."""
    cell = place * answer.nearest.shape[1] + k
    size, first = cells.head[cell, SIZE], cells.head[cell, FIRST]
    answer.nearest[place, k] = np.float32(cells.metres[first]) if size > 0 else np.float32(np.inf)
    answer.second[place, k] = np.float32(cells.metres[first + 1]) if size > 1 else np.float32(np.inf)
    answer.number[place, k] = np.uint16(min(size, 65535))
