"""From the facilities, against the arcs: all of an item at once for the nearest, or one by one for second and count too.

The multi-source search is the way for the first full matrix, the single ones for few facilities and for edits.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from linli_engines.reach.attached import Points, Streets, direct_m, nobody
from linli_engines.reach.search import BUCKETS, FROM, Hung, Net, Room, arriving, clear, hung, room_of, seed, spread
from linli_engines.reach.threads import Answer, in_parts

Float = NDArray[np.float64]
Int = NDArray[np.int32]


def by_item(item: Int, items: int) -> tuple[Int, Int]:
    """The facilities in the order of their items, and where each item starts (items + 1)."""
    start = np.zeros(items + 1, np.int32)
    np.cumsum(np.bincount(item, minlength=items), out=start[1:])
    return np.argsort(item, kind="stable").astype(np.int32), start


def from_facilities(
    streets: Streets, places: Points, facilities: Points, item: Int, answer: Answer, limit_m: float
) -> None:
    """Fill the answer like `origins.from_origins`, with one search from each facility. Bit for bit the same."""
    net, here, there = arriving(streets), hung(places), hung(facilities)
    order, start = by_item(item, answer.nearest.shape[1])

    def part(low: int, high: int) -> None:
        room = room_of(streets.nodes)
        best = np.full(len(places.arc), np.inf)
        seen = np.empty(len(places.arc), np.int32)
        chosen = order[start[low] : start[high]]  # whole items: no two threads write one column
        _scatter(net, streets.arc, here, there, item, chosen, room, best, seen, *answer, limit_m)

    in_parts(part, answer.nearest.shape[1])


@njit(cache=True, nogil=True)
def _scatter(
    net: Net,
    ends: Int,
    places: Hung,
    facilities: Hung,
    item: Int,
    chosen: Int,
    room: Room,
    best: Float,
    seen: Int,
    nearest: NDArray[np.float32],
    second: NDArray[np.float32],
    count: NDArray[np.uint16],
    limit_m: float,
) -> None:
    for f in chosen:
        arc, k = facilities.arc[f], item[f]
        if arc < 0:
            continue
        found = places_of(net, ends, places, arc, facilities.way[f], room, best, seen, limit_m)
        for i in range(found):
            p = seen[i]
            metres = np.float32(best[p])
            best[p] = np.inf
            if metres < nearest[p, k]:
                second[p, k] = nearest[p, k]
                nearest[p, k] = metres
            elif metres < second[p, k]:
                second[p, k] = metres
            if count[p, k] < 65535:
                count[p, k] += np.uint16(1)


@njit(cache=True, nogil=True)
def places_of(
    net: Net, ends: Int, places: Hung, arc: int, facility: Float, room: Room, best: Float, seen: Int, limit_m: float
) -> int:
    """The places from which one facility is within the limit: listed in `seen`, metres in `best`, which was all inf."""
    per_m = BUCKETS / limit_m
    labelled = seed(room, 0, ends, facility, arc, FROM, limit_m, per_m)
    labelled = spread(room, net, labelled, limit_m, per_m)
    found = 0
    for j in range(places.on_start[arc], places.on_start[arc + 1]):
        p = places.on[j]
        metres = direct_m(places.way[p], facility)
        if metres <= limit_m:
            best[p] = metres
            seen[found] = p
            found += 1
    for i in range(labelled):
        v = room.touched[i]
        for j in range(places.at_start[v], places.at_start[v + 1]):
            p, end = places.at[j] >> 1, places.at[j] & 1
            metres = room.dist_m[v] + places.way[p, end] + places.way[p, 5]
            if metres <= limit_m and metres < best[p]:
                if best[p] == np.inf:
                    seen[found] = p
                    found += 1
                best[p] = metres
    clear(room, labelled)
    return found


def nearest_of_items(
    streets: Streets, places: Points, facilities: Points, item: Int, answer: Answer, limit_m: float
) -> None:
    """Fill the nearest alone, with one search from all facilities of an item at once."""
    nodes = np.empty((answer.nearest.shape[1], 0), np.float32)
    _floods(streets, places, facilities, item, nodes, answer.nearest, limit_m)


def nearest_at_nodes(
    streets: Streets, facilities: Points, item: Int, items: int, limit_m: float
) -> NDArray[np.float32]:
    """Metres from each graph node to the nearest facility of each item: (items, nodes) float32, inf beyond the limit."""
    metres = np.full((items, streets.nodes), np.inf, np.float32)
    _floods(streets, nobody(streets), facilities, item, metres, np.empty((0, items), np.float32), limit_m)
    return metres


def _floods(
    streets: Streets,
    places: Points,
    facilities: Points,
    item: Int,
    metres: NDArray[np.float32],
    nearest: NDArray[np.float32],
    limit_m: float,
) -> None:
    net, here, there = arriving(streets), hung(places), hung(facilities)
    order, start = by_item(item, len(metres))

    def part(low: int, high: int) -> None:
        room = room_of(streets.nodes)
        _flood(net, streets.arc, here, there, order, start, low, high, room, metres, nearest, limit_m)

    in_parts(part, len(metres))


@njit(cache=True, nogil=True)
def _flood(
    net: Net,
    ends: Int,
    places: Hung,
    facilities: Hung,
    order: Int,
    start: Int,
    low: int,
    high: int,
    room: Room,
    metres: NDArray[np.float32],
    nearest: NDArray[np.float32],
    limit_m: float,
) -> None:
    """One search from all facilities of an item at once, for the items low..high; either output may be empty."""
    per_m = BUCKETS / limit_m
    for k in range(low, high):
        labelled = 0
        for i in range(start[k], start[k + 1]):
            f = order[i]
            arc = facilities.arc[f]
            if arc < 0:
                continue
            labelled = seed(room, labelled, ends, facilities.way[f], arc, FROM, limit_m, per_m)
            for j in range(places.on_start[arc], places.on_start[arc + 1]):
                p = places.on[j]
                direct = direct_m(places.way[p], facilities.way[f])
                if direct <= limit_m:
                    nearest[p, k] = min(nearest[p, k], np.float32(direct))
        labelled = spread(room, net, labelled, limit_m, per_m)
        for i in range(labelled):
            v = room.touched[i]
            if metres.shape[1]:
                metres[k, v] = np.float32(room.dist_m[v])
            for j in range(places.at_start[v], places.at_start[v + 1]):
                p, end = places.at[j] >> 1, places.at[j] & 1
                there = room.dist_m[v] + places.way[p, end] + places.way[p, 5]
                if there <= limit_m:
                    nearest[p, k] = min(nearest[p, k], np.float32(there))
        clear(room, labelled)
