"""The answer while facilities come, move and go: each edit searches from that facility alone and stays exact."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from linli_engines.reach.attached import Points, hang, streets_of, way_of
from linli_engines.reach.cells import ROOM, SIZE, Cells, cells_for, fill, insert, larger, more_room, show, take_out
from linli_engines.reach.facilities import places_of
from linli_engines.reach.metres import check_items, limit_of
from linli_engines.reach.network import Graph, Places, Reach
from linli_engines.reach.origins import from_origins
from linli_engines.reach.search import Hung, Net, Room, arriving, hung, leaving, room_of
from linli_engines.reach.threads import Answer, blank, in_parts

Float = NDArray[np.float64]
Int = NDArray[np.int32]
MOST = 65_535


@dataclass(frozen=True)
class Edit:
    """What one edit did: facility is its number, place (c,) those whose answer for `item` changed.

    before_m, after_m (c,) float32 metres to the nearest before and after, inf for none within the cap: equal where only
    the second or the count changed.
    """

    facility: int
    item: int
    place: Int
    before_m: NDArray[np.float32]
    after_m: NDArray[np.float32]

    @property
    def gained(self) -> Int:
        """The places that had nothing within the cap and now have."""
        return self.place[np.isinf(self.before_m) & np.isfinite(self.after_m)]

    @property
    def lost(self) -> Int:
        """The places that had something within the cap and now have nothing."""
        return self.place[np.isfinite(self.before_m) & np.isinf(self.after_m)]


class LiveReach:
    """The `Reach` of R places for K items under edits of single facilities, bit for bit that of a full run.

    Every place keeps all its facilities within the cap in order, so a removal needs no search from the places. Memory:
    32 bytes for each of R * K pairs, 12 for each facility within the cap of a place, and the answer. Facilities are
    numbered as they came; added ones go on from there, and no number is used twice. Not for two threads at once.
    Raises ValueError as `reach` does, and when more than 65,535 facilities of an item are within one place's cap.
    """

    def __init__(
        self, graph: Graph, places: Places, facilities: Places, item: NDArray[np.int32], items: int, cap_m: float
    ) -> None:
        self._limit_m, self.cap_m = limit_of(cap_m), float(cap_m)
        numbers = check_items(item, facilities, items)
        self._streets = streets_of(graph)
        self._net, self._ends = arriving(self._streets), self._streets.arc
        homes = hang(self._streets, places)
        self._places = hung(homes)
        points = hang(self._streets, facilities)
        self._answer = blank(len(places.arc), items)
        from_origins(self._streets, homes, points, numbers, self._answer, self._limit_m)
        if (self._answer.number == MOST).any():
            raise ValueError(f"more than {MOST} facilities of an item are within the cap of one place")
        self._cells = cells_for(self._answer.number)
        self._list(points, numbers)
        self._arc: list[int] = points.arc.tolist()
        self._way: list[Float] = list(points.way)
        self._item: list[int] = numbers.tolist()
        self._gone: set[int] = set()
        self._room, self._best = room_of(self._streets.nodes), np.full(len(places.arc), np.inf)
        self._seen, self._before = np.empty(len(places.arc), np.int32), np.empty(len(places.arc), np.float32)

    def _list(self, points: Points, item: Int) -> None:
        there = hung(points)

        def part(low: int, high: int) -> None:
            best, seen = np.full(len(item), np.inf), np.empty(len(item), np.int32)
            room = room_of(self._streets.nodes)
            fill(
                self._cells, leaving(self._streets), self._ends, self._places, there, item,
                self._answer.nearest.shape[1], room, best, seen, low, high, self._limit_m,
            )  # fmt: skip

        in_parts(part, len(self._places.arc))

    @property
    def reach(self) -> Reach:
        """The answer as it stands: the arrays are those that the next edit changes."""
        return Reach(self._answer.nearest, self._answer.second, self._answer.number, self.cap_m)

    @property
    def facilities(self) -> list[int]:
        """The numbers of the facilities that are there."""
        return [number for number in range(len(self._arc)) if number not in self._gone]

    def add(self, place: Places, item: int) -> Edit:
        """One more facility of an item, at the only point of `place`. Raises ValueError for another item or arc."""
        arc, way = self._checked(place)
        if not 0 <= item < self._answer.nearest.shape[1]:
            raise ValueError(f"there is no item {item}")
        self._arc.append(arc)
        self._way.append(way)
        self._item.append(item)
        return self._enter(len(self._arc) - 1)

    def remove(self, facility: int) -> Edit:
        """Take one facility away. Raises ValueError when it is not there."""
        self._present(facility)
        self._gone.add(facility)
        return self._leave(facility)

    def move(self, facility: int, place: Places) -> Edit:
        """Put one facility somewhere else; it keeps its number. Raises ValueError as `add` and `remove` do."""
        self._present(facility)
        arc, way = self._checked(place)
        left = self._leave(facility)
        self._arc[facility], self._way[facility] = arc, way
        entered = self._enter(facility)
        where = np.union1d(left.place, entered.place).astype(np.int32)
        before = np.empty(len(where), np.float32)
        before[np.searchsorted(where, entered.place)] = entered.before_m
        before[np.searchsorted(where, left.place)] = left.before_m
        return Edit(facility, left.item, where, before, self._answer.nearest[where, left.item])

    def _present(self, facility: int) -> None:
        if not 0 <= facility < len(self._arc) or facility in self._gone:
            raise ValueError(f"there is no facility {facility}")

    def _checked(self, place: Places) -> tuple[int, Float]:
        if len(place.arc) != 1:
            raise ValueError("one facility stands at one point")
        arc = int(place.arc[0])
        if not -1 <= arc < len(self._ends):
            raise ValueError("the place lies on an arc that this graph does not have")
        return arc, way_of(place)

    def _enter(self, facility: int) -> Edit:
        while True:
            found = self._run(_enter, facility)
            if found >= 0:
                return self._edit(facility, found)
            self._cells = larger(self._cells, -found)

    def _leave(self, facility: int) -> Edit:
        return self._edit(facility, self._run(_leave, facility))

    def _run(self, kernel: Callable[..., int], facility: int) -> int:
        if self._arc[facility] < 0:
            return 0
        return kernel(
            self._cells, self._net, self._ends, self._places, self._arc[facility], self._way[facility], facility,
            self._item[facility], self._room, self._best, self._seen, self._before, self._answer, self._limit_m,
        )  # fmt: skip

    def _edit(self, facility: int, found: int) -> Edit:
        item, place = self._item[facility], self._seen[:found].copy()
        return Edit(facility, item, place, self._before[:found].copy(), self._answer.nearest[place, item])


@njit(cache=True, nogil=True)
def _enter(
    cells: Cells, net: Net, ends: Int, places: Hung, arc: int, way: Float, facility: int, k: int,
    room: Room, best: Float, seen: Int, before: NDArray[np.float32], answer: Answer, limit_m: float,
) -> int:  # fmt: skip
    """Returns how many places found it, or, with nothing done, minus the pool entries that are missing."""
    found = places_of(net, ends, places, arc, way, room, best, seen, limit_m)
    items = answer.nearest.shape[1]
    need = cells.used[0] - len(cells.metres)
    for i in range(found):
        cell = seen[i] * items + k
        if cells.head[cell, SIZE] == cells.head[cell, ROOM]:
            need += more_room(cells.head[cell, SIZE])
    for i in range(found):
        p = seen[i]
        if need <= 0:
            before[i] = answer.nearest[p, k]
            insert(cells, p * items + k, best[p], facility)
            show(cells, answer, p, k)
        best[p] = np.inf
    return found if need <= 0 else -need


@njit(cache=True, nogil=True)
def _leave(
    cells: Cells, net: Net, ends: Int, places: Hung, arc: int, way: Float, facility: int, k: int,
    room: Room, best: Float, seen: Int, before: NDArray[np.float32], answer: Answer, limit_m: float,
) -> int:  # fmt: skip
    """Returns how many places had it."""
    found = places_of(net, ends, places, arc, way, room, best, seen, limit_m)
    for i in range(found):
        p = seen[i]
        best[p] = np.inf
        before[i] = answer.nearest[p, k]
        take_out(cells, p * answer.nearest.shape[1] + k, facility)
        show(cells, answer, p, k)
    return found
