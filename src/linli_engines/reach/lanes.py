"""All items at once: two sweeps over the bounded hierarchy, one lane for each item, and what the homes read from the lanes.

A lane holds what is left of the cap, in steps of a 60,000th of it (2 cm of 1,200 m) and one more: 60,001 at the facility,
1 at the cap, 0 beyond. So nothing needs an infinity, and what is kept fits uint16. The sweeps themselves run in float32,
at the same speed on vector units: in uint16 the roundings of a way's shortcuts add up to 10 cm, so they are rounded once.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from linli_engines.reach.attached import Points, Streets, direct_m
from linli_engines.reach.hierarchy import Hierarchy
from linli_engines.reach.origins import nearest_of_place
from linli_engines.reach.search import FROM, Hung, Net, Room, hung, leaving, room_of
from linli_engines.reach.threads import THREADS, Answer

Float = NDArray[np.float64]
Single = NDArray[np.float32]
Int = NDArray[np.int32]
Steps = NDArray[np.uint16]

STEPS = 60_000
FULL = STEPS + 1
BLOCK = 96
"""Lanes swept together; two blocks are under way at a time. Fewer lanes cost as much a row, more go round in one thread."""
RECHECK_M = 1.0
"""What the lanes put so near the cap is searched again in exact metres."""


@dataclass(frozen=True)
class Sweep:
    """A hierarchy made ready for one cap: costs in steps. below_* are the arcs of `Hierarchy` seen from above."""

    start: Int
    above: Int
    up: Single
    below_start: Int
    below: Int
    down: Single
    node: Int
    step_m: float
    limit_m: float


def sweep_of(hierarchy: Hierarchy, limit_m: float) -> Sweep:
    """Raises ValueError when the hierarchy was built for a smaller cap."""
    if limit_m > hierarchy.limit_m:
        raise ValueError(f"this hierarchy keeps ways up to {hierarchy.limit_m:.3f} m, not {limit_m:.3f} m")
    step_m = limit_m / STEPS
    below_start, below, down = _from_above(hierarchy.start, hierarchy.above, hierarchy.down_m / step_m)
    node = np.empty(len(hierarchy.row), np.int32)
    node[hierarchy.row] = np.arange(len(node), dtype=np.int32)
    up = (hierarchy.up_m / step_m).astype(np.float32)
    return Sweep(hierarchy.start, hierarchy.above, up, below_start, below, down, node, step_m, limit_m)


@njit(cache=True, nogil=True)
def _from_above(start: Int, above: Int, cost: Float) -> tuple[Int, Int, Single]:
    rows = len(start) - 1
    below_start = np.zeros(rows + 1, np.int32)
    for r in above:
        below_start[r + 1] += 1
    for r in range(rows):
        below_start[r + 1] += below_start[r]
    fill = below_start[:-1].copy()
    below, down = np.empty(len(above), np.int32), np.empty(len(above), np.float32)
    for r in range(rows):
        for i in range(start[r], start[r + 1]):
            at = fill[above[i]]
            fill[above[i]] += 1
            below[at], down[at] = r, cost[i]
    return below_start, below, down


@dataclass(frozen=True)
class Seeds:
    """What facilities give the rows at the ends of their arcs: row r has start[r]:start[r + 1] of item and left."""

    start: Int
    item: Int
    left: Single


def swept(
    sweep: Sweep,
    facilities: Points,
    item: Int,
    items: int,
    take: Callable[[Single, int], None],
    kept: Single | None = None,
) -> None:
    """Sweep block by block; take(lanes, block) gets (rows, BLOCK) float32, which the next block of its thread overwrites.

    kept (blocks, rows, BLOCK): where every block gets lanes of its own.
    """
    seeds = Seeds(*_seeded(sweep.node, hung(facilities), item, sweep.step_m))

    def run(thread: int) -> None:
        own = np.empty((len(sweep.node) if kept is None else 0, BLOCK), np.float32)
        for block in range(thread, blocks_of(items), THREADS):
            lanes = own if kept is None else kept[block]
            first = block * BLOCK
            _up(sweep.below_start, sweep.below, sweep.down, seeds.start, seeds.item, seeds.left, first, lanes)
            _down(sweep.start, sweep.above, sweep.up, lanes)
            take(lanes, block)

    with ThreadPoolExecutor(THREADS) as pool:
        for future in [pool.submit(run, thread) for thread in range(THREADS)]:
            future.result()


def blocks_of(items: int) -> int:
    return -(-items // BLOCK)


@njit(cache=True, nogil=True)
def _seeded(node: Int, facilities: Hung, item: Int, step_m: float) -> tuple[Int, Int, Single]:
    """Gathered once in the order of the rows, so that no block has to look for its facilities all over the memory."""
    start = np.zeros(len(node) + 1, np.int32)
    seed_item, left = np.empty(len(facilities.at), np.int32), np.empty(len(facilities.at), np.float32)
    seeds = 0
    for r in range(len(node)):
        for i in range(facilities.at_start[node[r]], facilities.at_start[node[r] + 1]):
            f, end = facilities.at[i] >> 1, facilities.at[i] & 1
            remaining = FULL - (facilities.way[f, FROM + end] + facilities.way[f, 5]) / step_m
            if remaining > 0:
                seed_item[seeds], left[seeds] = item[f], remaining
                seeds += 1
        start[r + 1] = seeds
    return start, seed_item, left


@njit(cache=True, nogil=True)
def _up(
    start: Int, below: Int, cost: Single, seed_start: Int, seed_item: Int, seed_left: Single, first: int, lanes: Single
) -> None:
    """From the lowest row to the highest: its own facilities, and what the rows below it have left."""
    best = np.zeros(BLOCK, np.float32)
    for number in range(len(start) - 1):
        r = np.uint32(len(start) - 2 - number)
        for j in range(BLOCK):
            best[j] = np.float32(0)
        for i in range(seed_start[r], seed_start[r + np.uint32(1)]):
            k = seed_item[i] - first
            if 0 <= k < BLOCK:
                best[k] = max(best[k], seed_left[i])
        for i in range(start[r], start[r + np.uint32(1)]):
            lower, metres = lanes[np.uint32(below[i])], cost[i]
            for j in range(BLOCK):
                left = lower[j] - metres
                best[j] = left if left > best[j] else best[j]
        row = lanes[r]
        for j in range(BLOCK):
            row[j] = best[j]


@njit(cache=True, nogil=True)
def _down(start: Int, above: Int, cost: Single, lanes: Single) -> None:
    """From the highest row to the lowest: what the rows above it have left."""
    best = np.zeros(BLOCK, np.float32)
    for number in range(len(start) - 1):
        r = np.uint32(number)
        row = lanes[r]
        for j in range(BLOCK):
            best[j] = row[j]
        for i in range(start[r], start[r + np.uint32(1)]):
            higher, metres = lanes[np.uint32(above[i])], cost[i]
            for j in range(BLOCK):
                left = higher[j] - metres
                best[j] = left if left > best[j] else best[j]
        for j in range(BLOCK):
            row[j] = best[j]


def graph_steps(sweep: Sweep, facilities: Points, item: Int, items: int) -> Steps:
    """What is left at every row of the hierarchy, rounded to steps: (blocks, rows, BLOCK and more) uint16.

    The steps take the first half of the bytes in which the lanes were: there is never a second table.
    """
    lanes = np.empty((blocks_of(items), len(sweep.node), BLOCK), np.float32)
    table = lanes.view(np.uint16)
    swept(sweep, facilities, item, items, lambda done, block: _round(done, table[block]), lanes)
    return table


@njit(cache=True, nogil=True)
def _round(lanes: Single, table: Steps) -> None:
    """Both are the same bytes: a row is read before it is written."""
    row = np.empty(BLOCK, np.float32)
    for r in range(len(lanes)):
        for j in range(BLOCK):
            row[j] = lanes[r, j]
        for j in range(BLOCK):
            table[r, j] = np.uint16(np.int32(row[j] + np.float32(0.5)))


def steps_of(metres: Single, limit_m: float) -> Steps:
    """The same table from metres (items, nodes), with a row for each node."""
    items, nodes = metres.shape
    left = np.zeros((blocks_of(items) * BLOCK, nodes), np.uint16)
    left[:items] = np.rint(np.maximum(FULL - metres / (limit_m / STEPS), 0))
    return np.ascontiguousarray(left.reshape(blocks_of(items), BLOCK, nodes).transpose(0, 2, 1))


def from_lanes(
    sweep: Sweep, hierarchy: Hierarchy, streets: Streets, places: Points, facilities: Points, item: Int, answer: Answer
) -> None:
    """Fill the nearest alone, from the lanes at both ends of each place's arc and along that arc.

    Within a few millimetres of the searches, and exactly theirs for whatever lies within a metre of the cap.
    """
    net, here, there, items = leaving(streets), hung(places), hung(facilities), answer.nearest.shape[1]

    def take(lanes: Single, block: int) -> None:
        room, best = room_of(streets.nodes), np.full(len(item), np.inf)
        seen = np.empty(len(item), np.int32)
        _read(
            lanes, block * BLOCK, hierarchy.row, net, streets.arc, here, there, item, room, best, seen, answer.nearest,
            sweep.step_m, sweep.limit_m,
        )  # fmt: skip

    swept(sweep, facilities, item, items, take)


@njit(cache=True, nogil=True)
def _read(
    lanes: Single, first: int, row: Int, net: Net, ends: Int, places: Hung, facilities: Hung, item: Int,
    room: Room, best: Float, seen: Int, nearest: Single, step_m: float, limit_m: float,
) -> None:  # fmt: skip
    width = min(BLOCK, nearest.shape[1] - first)
    left = np.empty(BLOCK)
    for p in range(len(places.arc)):
        arc = places.arc[p]
        if arc < 0:
            continue
        way = places.way[p]
        start, end = lanes[row[ends[arc, 0]]], lanes[row[ends[arc, 1]]]
        to_start, to_end = (way[0] + way[5]) / step_m, (way[1] + way[5]) / step_m
        for j in range(width):
            left[j] = max(start[j] - to_start, end[j] - to_end)
        for i in range(facilities.on_start[arc], facilities.on_start[arc + 1]):
            f = facilities.on[i]
            k = item[f] - first
            if 0 <= k < width:
                left[k] = max(left[k], FULL - direct_m(way, facilities.way[f]) / step_m)
        near_cap = False
        for j in range(width):
            metres = (FULL - left[j]) * step_m
            near_cap |= abs(metres - limit_m) <= RECHECK_M
            if metres <= limit_m:
                nearest[p, first + j] = metres
        if near_cap:
            nearest_of_place(net, ends, places, p, facilities, item, room, best, seen, nearest, first, width, limit_m)
