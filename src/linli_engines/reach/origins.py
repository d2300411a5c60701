"""From every place: one bounded search collects the facilities of all items. The way for few places and many facilities."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from linli_engines.reach.attached import Points, Streets, direct_m
from linli_engines.reach.search import BUCKETS, TOWARDS, Hung, Net, Room, clear, hung, leaving, room_of, seed, spread
from linli_engines.reach.threads import Answer, in_parts

Float = NDArray[np.float64]
Int = NDArray[np.int32]


def from_origins(
    streets: Streets, places: Points, facilities: Points, item: Int, answer: Answer, limit_m: float
) -> None:
    """Fill the answer for R places and K items: nearest, second nearest and count of facilities within the limit."""
    net, there, here = leaving(streets), hung(facilities), hung(places)
    order = np.argsort(places.arc, kind="stable").astype(np.int32)  # neighbours share what the cache holds

    def part(low: int, high: int) -> None:
        room = room_of(streets.nodes)
        best = np.full(len(item), np.inf)
        seen = np.empty(len(item), np.int32)
        _collect(net, streets.arc, here, there, item, order[low:high], room, best, seen, *answer, limit_m)

    in_parts(part, len(order))


@njit(cache=True, nogil=True)
def _collect(
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
    for p in chosen:
        if places.arc[p] < 0:
            continue
        found = facilities_of(net, ends, places, p, facilities, room, best, seen, limit_m)
        near, next_near, number = nearest[p], second[p], count[p]
        for i in range(found):
            f = seen[i]
            metres, k = np.float32(best[f]), item[f]
            best[f] = np.inf
            if metres < near[k]:
                next_near[k] = near[k]
                near[k] = metres
            elif metres < next_near[k]:
                next_near[k] = metres
            if number[k] < 65535:
                number[k] += np.uint16(1)


@njit(cache=True, nogil=True)
def facilities_of(
    net: Net, ends: Int, places: Hung, p: int, facilities: Hung, room: Room, best: Float, seen: Int, limit_m: float
) -> int:
    """The facilities within the limit of one place: listed in `seen`, their metres in `best`, which was all inf."""
    per_m = BUCKETS / limit_m
    mine, arc = places.way[p], places.arc[p]
    labelled = seed(room, 0, ends, mine, arc, TOWARDS, limit_m, per_m)
    labelled = spread(room, net, labelled, limit_m, per_m)
    found = 0
    for j in range(facilities.on_start[arc], facilities.on_start[arc + 1]):
        f = facilities.on[j]
        metres = direct_m(mine, facilities.way[f])
        if metres <= limit_m:
            best[f] = metres
            seen[found] = f
            found += 1
    for i in range(labelled):
        v = room.touched[i]
        for j in range(facilities.at_start[v], facilities.at_start[v + 1]):
            f, end = facilities.at[j] >> 1, facilities.at[j] & 1
            metres = room.dist_m[v] + facilities.way[f, 2 + end] + facilities.way[f, 5]
            if metres <= limit_m and metres < best[f]:
                if best[f] == np.inf:
                    seen[found] = f
                    found += 1
                best[f] = metres
    clear(room, labelled)
    return found


@njit(cache=True, nogil=True)
def nearest_of_place(
    net: Net, ends: Int, places: Hung, p: int, facilities: Hung, item: Int,
    room: Room, best: Float, seen: Int, nearest: NDArray[np.float32], first: int, width: int, limit_m: float,
) -> None:  # fmt: skip
    """Write the nearest of the items first..first + width anew for one place, whatever stood there."""
    for k in range(first, first + width):
        nearest[p, k] = np.inf
    found = facilities_of(net, ends, places, p, facilities, room, best, seen, limit_m)
    for i in range(found):
        f = seen[i]
        k = item[f]
        if first <= k < first + width:
            nearest[p, k] = min(nearest[p, k], np.float32(best[f]))
        best[f] = np.inf
