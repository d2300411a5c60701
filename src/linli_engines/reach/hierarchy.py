"""The bounded hierarchy: nodes are taken out one by one, and shortcuts keep every way that is not longer than the cap.

Contraction hierarchies (Geisberger, Sanders, Schultes, Delling 2008), bounded: a shortcut longer than the cap is never
made, so the core stays as sparse as the ground within a walk. Swept whole instead of searched (PHAST: Delling,
Goldberg, Nowatzyk, Werneck 2011), which is why rows lie in depth-first order: what a row reads was read just before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from linli_engines.reach.attached import Streets

Float = NDArray[np.float64]
Int = NDArray[np.int32]

SETTLED = 24
"""A search for a way round gives up after so many nodes: a needless shortcut costs time in the sweep, never an error."""
HEAP = 512
FEWEST_FIRST = 64


@dataclass(frozen=True)
class Hierarchy:
    """Every node of a graph as a row; rows above come first.

    row (n,) the row of each node. For row r the arcs to rows above it are start[r]:start[r + 1] with above (their
    rows, all below r in number), up_m (cost from r to there) and down_m (cost from there to r), inf where no way is
    open. Ways of at most limit_m are kept, longer ones may be missing.
    """

    row: Int
    start: Int
    above: Int
    up_m: Float
    down_m: Float
    limit_m: float


class Links(NamedTuple):
    """Neighbours of each node in blocks of one pool: first[v]:first[v] + size[v], room for room[v]."""

    first: NDArray[np.int64]
    size: Int
    room: Int


def build_hierarchy(streets: Streets, limit_m: float) -> Hierarchy:
    """Take the nodes out, those with few neighbours and nothing large under them first, and put the rows in order."""
    above_start, above, up, down = _take_out(
        streets.start, streets.head, streets.cost_m, streets.back_start, streets.back_head, streets.back_cost_m, limit_m
    )
    row, start, rows, up, down = _in_order(above_start, above, up, down)
    return Hierarchy(row=row, start=start, above=rows, up_m=up, down_m=down, limit_m=limit_m)


@njit(cache=True, nogil=True)
def _take_out(
    start: Int, head: Int, cost: Float, back_start: Int, back_head: Int, back_cost: Float, limit_m: float
) -> Any:
    nodes = len(start) - 1
    first, size, room = np.zeros(nodes, np.int64), np.zeros(nodes, np.int32), np.zeros(nodes, np.int32)
    end = 0
    for v in range(nodes):
        room[v] = start[v + 1] - start[v] + back_start[v + 1] - back_start[v] + 4
        first[v] = end
        end += room[v]
    links = Links(first, size, room)
    pool = end * 3 + 1024
    to, out, into = np.empty(pool, np.int32), np.empty(pool), np.empty(pool)
    for v in range(nodes):
        for a in range(start[v], start[v + 1]):
            if cost[a] <= limit_m and head[a] != v:
                _join(links, to, out, into, v, head[a], cost[a], np.inf)
        for a in range(back_start[v], back_start[v + 1]):
            if back_cost[a] <= limit_m and back_head[a] != v:
                _join(links, to, out, into, v, back_head[a], np.inf, back_cost[a])
    above_start = np.zeros(nodes + 1, np.int64)
    above_node = np.empty(nodes, np.int32)
    level = np.zeros(nodes, np.int32)
    queue = _queue(nodes)
    for v in range(nodes):
        _put(queue, v, _key(size[v], 0))
    dist, touched = np.full(nodes, np.inf), np.empty(nodes, np.int32)
    heap_m, heap_node = np.empty(HEAP), np.empty(HEAP, np.int32)
    taken = 0
    low = 0
    while taken < nodes:
        while queue.head[low] < 0:
            low += 1
        v = queue.head[low]
        _drop(queue, v)
        need = 0
        for i in range(first[v], first[v] + size[v]):
            u = to[i]
            need += 2 * (room[u] + size[v]) if size[u] + size[v] > room[u] else 0
        if end + need > len(to):
            to, out, into = _grown(to, end + need), _grown(out, end + need), _grown(into, end + need)
        for i in range(first[v], first[v] + size[v]):
            u = to[i]
            if size[u] + size[v] > room[u]:
                end = _moved(links, to, out, into, u, 2 * (room[u] + size[v]), end)
        for i in range(first[v], first[v] + size[v]):
            _part(links, to, out, into, to[i], v)
        _shortcuts(links, to, out, into, v, limit_m, dist, touched, heap_m, heap_node)
        above_node[taken] = v
        taken += 1
        for i in range(first[v], first[v] + size[v]):
            u = to[i]
            level[u] = max(level[u], level[v] + 1)
            _drop(queue, u)
            key = _key(size[u], level[u])
            _put(queue, u, key)
            low = min(low, key)
    total = 0
    for v in range(nodes):
        total += size[v]
        above_start[v + 1] = total
    above, up, down = np.empty(total, np.int32), np.empty(total), np.empty(total)
    for v in range(nodes):
        for i in range(size[v]):
            above[above_start[v] + i] = to[first[v] + i]
            up[above_start[v] + i] = out[first[v] + i]
            down[above_start[v] + i] = into[first[v] + i]
    return above_start, above, up, down


class Queue(NamedTuple):
    """Nodes in buckets by key, doubly linked."""

    head: Int
    after: Int
    before: Int
    key: Int


@njit(cache=True, nogil=True)
def _queue(nodes: int) -> Queue:
    return Queue(
        np.full(4096, -1, np.int32), np.empty(nodes, np.int32), np.empty(nodes, np.int32), np.full(nodes, -1, np.int32)
    )


@njit(cache=True, nogil=True)
def _key(size: int, level: int) -> int:
    return min(4095, 2 * size + level)


@njit(cache=True, nogil=True)
def _put(queue: Queue, v: int, key: int) -> None:
    head = queue.head[key]
    queue.key[v], queue.after[v], queue.before[v] = key, head, -1
    if head >= 0:
        queue.before[head] = v
    queue.head[key] = v


@njit(cache=True, nogil=True)
def _drop(queue: Queue, v: int) -> None:
    before, after = queue.before[v], queue.after[v]
    if before >= 0:
        queue.after[before] = after
    else:
        queue.head[queue.key[v]] = after
    if after >= 0:
        queue.before[after] = before


@njit(cache=True, nogil=True)
def _grown(pool: NDArray[Any], least: int) -> NDArray[Any]:
    larger = np.empty(least + least // 2, pool.dtype)
    larger[: len(pool)] = pool
    return larger


@njit(cache=True, nogil=True)
def _moved(links: Links, to: Int, out: Float, into: Float, u: int, room: int, end: int) -> int:
    old, size = links.first[u], links.size[u]
    to[end : end + size] = to[old : old + size]
    out[end : end + size] = out[old : old + size]
    into[end : end + size] = into[old : old + size]
    links.first[u], links.room[u] = end, room
    return end + room


@njit(cache=True, nogil=True)
def _join(links: Links, to: Int, out: Float, into: Float, v: int, u: int, out_m: float, into_m: float) -> None:
    """Note at v that u is so far; the cheaper of two ways stays."""
    begin = links.first[v]
    for i in range(begin, begin + links.size[v]):
        if to[i] == u:
            out[i], into[i] = min(out[i], out_m), min(into[i], into_m)
            return
    i = begin + links.size[v]
    to[i], out[i], into[i] = u, out_m, into_m
    links.size[v] += 1


@njit(cache=True, nogil=True)
def _part(links: Links, to: Int, out: Float, into: Float, v: int, u: int) -> None:
    """Forget at v the neighbour u."""
    begin = links.first[v]
    last = begin + links.size[v] - 1
    for i in range(begin, last + 1):
        if to[i] == u:
            to[i], out[i], into[i] = to[last], out[last], into[last]
            links.size[v] -= 1
            return


@njit(cache=True, nogil=True)
def _shortcuts(
    links: Links, to: Int, out: Float, into: Float, v: int, limit_m: float,
    dist: Float, touched: Int, heap_m: Float, heap_node: Int,
) -> None:  # fmt: skip
    """Keep the ways over v between its neighbours that are within the limit and have no way round as short."""
    begin, end = links.first[v], links.first[v] + links.size[v]
    for i in range(begin, end):
        u = to[i]
        longest = 0.0
        for j in range(begin, end):
            over = into[i] + out[j]
            if j != i and over <= limit_m:
                longest = max(longest, over)
        if longest == 0.0 and into[i] > limit_m:
            continue
        found = _way_round(links, to, out, u, longest, dist, touched, heap_m, heap_node)
        for j in range(begin, end):
            over = into[i] + out[j]
            if j != i and over <= limit_m and over < dist[to[j]]:
                _join(links, to, out, into, u, to[j], over, np.inf)
                _join(links, to, out, into, to[j], u, np.inf, over)
        for k in range(found):
            dist[touched[k]] = np.inf


@njit(cache=True, nogil=True)
def _way_round(
    links: Links, to: Int, out: Float, source: int, longest: float,
    dist: Float, touched: Int, heap_m: Float, heap_node: Int,
) -> int:  # fmt: skip
    """Metres from a node to those near it, in `dist`, as far as a short search sees. Returns how many were labelled."""
    dist[source] = 0.0
    touched[0] = source
    found, size = 1, 1
    heap_m[0], heap_node[0] = 0.0, source
    for _ in range(SETTLED):
        if size == 0:
            break
        here, v = heap_m[0], heap_node[0]
        size -= 1
        metres, node, i = heap_m[size], heap_node[size], 0
        while 2 * i + 1 < size:
            child = 2 * i + 1
            if child + 1 < size and heap_m[child + 1] < heap_m[child]:
                child += 1
            if heap_m[child] >= metres:
                break
            heap_m[i], heap_node[i] = heap_m[child], heap_node[child]
            i = child
        heap_m[i], heap_node[i] = metres, node
        if here > dist[v]:
            continue
        for a in range(links.first[v], links.first[v] + links.size[v]):
            w, there = to[a], here + out[a]
            if there <= longest and there < dist[w]:
                if dist[w] == np.inf:
                    touched[found] = w
                    found += 1
                dist[w] = there
                if size == HEAP:
                    continue
                i = size
                size += 1
                while i > 0 and heap_m[(i - 1) >> 1] > there:
                    heap_m[i], heap_node[i] = heap_m[(i - 1) >> 1], heap_node[(i - 1) >> 1]
                    i = (i - 1) >> 1
                heap_m[i], heap_node[i] = there, w
    return found


@njit(cache=True, nogil=True)
def _in_order(start: NDArray[np.int64], above: Int, up: Float, down: Float) -> Any:
    """Rows: nodes are visited as the graph numbers them (along its Hilbert curve), each after all that lie above it."""
    nodes = len(start) - 1
    row = np.full(nodes, -1, np.int32)
    at = start[:-1].copy()
    stack = np.empty(nodes + 1, np.int32)
    order = np.empty(nodes, np.int32)
    rows = 0
    for root in range(nodes):
        if row[root] >= 0:
            continue
        stack[0], depth = root, 1
        row[root] = 0
        while depth:
            v = stack[depth - 1]
            if at[v] < start[v + 1]:
                w = above[at[v]]
                at[v] += 1
                if row[w] < 0:
                    row[w] = 0
                    stack[depth] = w
                    depth += 1
            else:
                depth -= 1
                row[v] = rows
                order[rows] = v
                rows += 1
    row_start = np.zeros(nodes + 1, np.int32)
    row_above, row_up, row_down = np.empty(len(above), np.int32), np.empty(len(above)), np.empty(len(above))
    i = 0
    for r in range(nodes):
        v = order[r]
        for a in range(start[v], start[v + 1]):
            row_above[i], row_up[i], row_down[i] = row[above[a]], up[a], down[a]
            i += 1
        row_start[r + 1] = i
    return row, row_start, row_above, row_up, row_down
