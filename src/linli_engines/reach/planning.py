"""Which way of solving is the cheapest here: estimated from a few searches and from what each way did in measurement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numba import njit
from numpy.typing import NDArray

from linli_engines.reach.attached import Points, Streets
from linli_engines.reach.lanes import BLOCK
from linli_engines.reach.search import (
    BUCKETS,
    FROM,
    TOWARDS,
    Hung,
    Net,
    Room,
    arriving,
    clear,
    hung,
    leaving,
    room_of,
    seed,
    spread,
)

Int = NDArray[np.int32]
Way = Literal["origins", "facilities", "items", "lanes"]
"""origins: one search from each place; facilities: one from each facility; items: one from all facilities of an item
at once; lanes: two sweeps over the hierarchy. The last two give the nearest alone."""

SAMPLE = 16
SEARCH_NS = 60.0
MEET_NS = 15.0
FLOOD_NS = 200.0
LANE_ROW_NS = 20.0
BUILD_NS = 2_600.0
"""Nanoseconds of one core (EPYC of 2023, docs/methods/reach.md): a node labelled by a search, a point met by it, a node
labelled by a search from hundreds of points, an arc or row of a block swept, a node taken out while a hierarchy is built."""


@dataclass(frozen=True)
class Plan:
    """The way to go, and what each possible way was estimated to cost in milliseconds of one core."""

    way: Way
    cost_ms: dict[Way, float]


def plan_way(
    streets: Streets,
    places: Points,
    facilities: Points,
    items: int,
    limit_m: float,
    *,
    nearest_only: bool = False,
    hierarchy_ready: bool = False,
) -> Plan:
    """The cheapest way for these places, facilities and items; lanes and items only where the nearest is enough."""
    counts = len(places.arc), len(facilities.arc)
    labelled, met = _probe(leaving(streets), streets, places, facilities, TOWARDS, limit_m)
    cost: dict[Way, float] = {"origins": counts[0] * (labelled * SEARCH_NS + met * MEET_NS)}
    labelled, met = _probe(arriving(streets), streets, facilities, places, FROM, limit_m)
    cost["facilities"] = counts[1] * (labelled * SEARCH_NS + met * MEET_NS)
    if nearest_only:
        cost["items"] = flood_ns(streets, labelled, counts[1], items) + counts[0] * items
        cost["lanes"] = lanes_ns(streets, items, hierarchy_ready) + counts[0] * items
    return _cheapest(cost)


def plan_nodes(streets: Streets, facilities: Points, items: int, limit_m: float, *, hierarchy_ready: bool) -> Plan:
    """The cheaper way when every node of the network is asked."""
    labelled, _ = _probe(arriving(streets), streets, facilities, facilities, FROM, limit_m)
    return _cheapest(
        {
            "items": flood_ns(streets, labelled, len(facilities.arc), items),
            "lanes": lanes_ns(streets, items, hierarchy_ready),
        }
    )


def _cheapest(cost_ns: dict[Way, float]) -> Plan:
    return Plan(min(cost_ns, key=lambda way: cost_ns[way]), {way: ns / 1e6 for way, ns in cost_ns.items()})


def flood_ns(streets: Streets, labelled: float, facilities: int, items: int) -> float:
    """Searches from all facilities of an item label a node once, however many facilities reach it."""
    each = min(streets.nodes, facilities / max(items, 1) * labelled)
    return items * each * FLOOD_NS


def lanes_ns(streets: Streets, items: int, ready: bool) -> float:
    """Two sweeps over rows and arcs for every block of lanes, and the hierarchy unless it is there."""
    size = streets.nodes + len(streets.head)
    return -(-items // BLOCK) * 2 * size * LANE_ROW_NS + (0.0 if ready else streets.nodes * BUILD_NS)


def _probe(
    net: Net, streets: Streets, sources: Points, targets: Points, column: int, limit_m: float
) -> tuple[float, float]:
    """Nodes labelled and points met by one search, on the average of a few sources spread over the list."""
    placed = np.flatnonzero(sources.arc >= 0)
    if not placed.size:
        return 0.0, 0.0
    chosen = placed[np.linspace(0, placed.size - 1, min(SAMPLE, placed.size)).astype(np.int64)].astype(np.int32)
    room = room_of(streets.nodes)
    labelled, met = _count(net, streets.arc, hung(sources), hung(targets), chosen, room, column, limit_m)
    return labelled / len(chosen), met / len(chosen)


@njit(cache=True, nogil=True)
def _count(
    net: Net, ends: Int, sources: Hung, targets: Hung, chosen: Int, room: Room, column: int, limit_m: float
) -> tuple[int, int]:
    per_m = BUCKETS / limit_m
    labelled, met = 0, 0
    for p in chosen:
        found = seed(room, 0, ends, sources.way[p], sources.arc[p], column, limit_m, per_m)
        found = spread(room, net, found, limit_m, per_m)
        labelled += found
        for i in range(found):
            met += targets.at_start[room.touched[i] + 1] - targets.at_start[room.touched[i]]
        clear(room, found)
    return labelled, met
