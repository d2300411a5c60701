"""The bounded search every way of solving is made of: Dial's buckets over exact metres, with room that is used again.

A node stands in one bucket at a time (doubly linked lists), so the room is fixed. Inside a bucket labels may be
corrected: the answer is exact for any bucket width and for arcs of length zero.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from linli_engines.reach.attached import Points, Streets

Float = NDArray[np.float64]
Int = NDArray[np.int32]
BUCKETS = 512
TOWARDS, FROM = 0, 2
"""Columns of `Points.way`: costs from the point to the ends of its arc, and from those ends to the point."""


class Room(NamedTuple):
    """What a search writes. dist_m (n,) is inf outside a search; touched (n,) lists the labelled nodes."""

    dist_m: Float
    touched: Int
    after: Int
    before: Int
    first: Int


class Net(NamedTuple):
    """Arcs as a search follows them: leaving each node, or arriving when the search runs from the facilities."""

    start: Int
    head: Int
    cost_m: Float


class Hung(NamedTuple):
    """`Points` as compiled code takes them."""

    arc: Int
    way: Float
    at_start: Int
    at: Int
    on_start: Int
    on: Int


def room_of(nodes: int) -> Room:
    return Room(
        np.full(nodes, np.inf),
        np.empty(nodes, np.int32),
        np.full(nodes, -1, np.int32),
        np.full(nodes, -1, np.int32),
        np.full(BUCKETS + 1, -1, np.int32),
    )


def leaving(streets: Streets) -> Net:
    return Net(streets.start, streets.head, streets.cost_m)


def arriving(streets: Streets) -> Net:
    return Net(streets.back_start, streets.back_head, streets.back_cost_m)


def hung(points: Points) -> Hung:
    return Hung(points.arc, points.way, points.at_start, points.at, points.on_start, points.on)


@njit(cache=True, nogil=True)
def offer(room: Room, found: int, node: int, metres: float, per_m: float) -> int:
    """Label a node with fewer metres than it had and put it into its bucket. Returns the number of labelled nodes."""
    old = room.dist_m[node]
    if metres >= old:
        return found
    bucket = np.int64(metres * per_m)
    if old == np.inf:
        room.touched[found] = node
        found += 1
    else:
        last = np.int64(old * per_m)
        before, after = room.before[node], room.after[node]
        # A node that was taken out of its bucket links to itself.
        if before != node:
            if before >= 0:
                room.after[before] = after
            else:
                room.first[last] = after
            if after >= 0:
                room.before[after] = before
    room.dist_m[node] = metres
    head = room.first[bucket]
    room.before[node] = -1
    room.after[node] = head
    if head >= 0:
        room.before[head] = node
    room.first[bucket] = node
    return found


@njit(cache=True, nogil=True)
def spread(room: Room, net: Net, found: int, limit_m: float, per_m: float) -> int:
    """Settle everything within the limit from the labels that were offered. Returns the number of labelled nodes."""
    for bucket in range(np.int64(limit_m * per_m) + 1):
        node = room.first[bucket]
        while node >= 0:
            after = room.after[node]
            room.first[bucket] = after
            if after >= 0:
                room.before[after] = -1
            room.before[node] = node
            here = room.dist_m[node]
            for a in range(net.start[node], net.start[node + 1]):
                there = here + net.cost_m[a]
                if there <= limit_m:
                    found = offer(room, found, net.head[a], there, per_m)
            node = room.first[bucket]
    return found


@njit(cache=True, nogil=True)
def clear(room: Room, found: int) -> None:
    """Make the room ready for the next search."""
    for i in range(found):
        room.dist_m[room.touched[i]] = np.inf


@njit(cache=True, nogil=True)
def seed(room: Room, found: int, ends: Int, way: Float, arc: int, column: int, limit_m: float, per_m: float) -> int:
    """Offer both ends of a point's arc, with the cost from the point (TOWARDS them) or to it (FROM them)."""
    for end in range(2):
        metres = way[column + end] + way[5]
        if metres <= limit_m:
            found = offer(room, found, ends[arc, end], metres, per_m)
    return found
