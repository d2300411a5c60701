"""What every node of the network reaches: the rows of the graph carried onto the nodes along its arcs.

Written straight through at about the speed at which the table can be filled at all, because both rows that a node needs
were read just before: nodes lie in the order of the later one of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from linli_engines.reach.attached import Points
from linli_engines.reach.lanes import BLOCK, FULL, STEPS, Steps
from linli_engines.reach.network import Graph
from linli_engines.reach.threads import in_parts

Float = NDArray[np.float64]
Single = NDArray[np.float32]
Int = NDArray[np.int32]
ROUNDED = np.float32(2.0**-22)
"""Costs along an arc are float32 here; two points nearer than the rounding are one, whichever comes first."""


@dataclass(frozen=True)
class NodeRows:
    """The N nodes of a network in the order of a table's rows.

    row (N,) the row of each node; start, end (N,) for each of these rows the rows of the graph's nodes at the ends of
    its arc (-1 for a node that is not in the graph); to_start_m, to_end_m (N,) the cost from the node to them; arc (N,)
    that arc, -1 for graph nodes, which are their own ends.
    """

    row: Int
    start: Int
    end: Int
    to_start_m: Single
    to_end_m: Single
    arc: Int


@dataclass(frozen=True)
class NodeTable:
    """What is left of the cap at every node of the network: steps (N, K) uint16, row (N,) the row of each node.

    0 is beyond the cap; else the metres are (60,001 - steps) * step_m, within two steps.
    """

    steps: Steps
    row: Int
    step_m: float

    def metres(self, nodes: NDArray[np.integer[Any]]) -> Single:
        """Metres to the nearest facility from these network nodes: (nodes, K) float32, inf beyond the cap."""
        steps = self.steps[self.row[nodes]]
        metres: Single = ((FULL - steps.astype(np.float32)) * np.float32(self.step_m)).astype(np.float32)
        metres[steps == 0] = np.inf
        return metres


def rows_of(graph: Graph, graph_row: Int) -> NodeRows:
    """Put the nodes of the network in order, once for a graph whose nodes have these rows (n,)."""
    return NodeRows(
        *_arranged(
            graph.node_arc, graph.node_forward_m, graph.node_backward_m, graph.node, graph.arc, graph.arc_forward_m,
            graph_row,
        )
    )  # fmt: skip


@njit(cache=True, nogil=True)
def _arranged(
    node_arc: Int, forward: Float, backward: Float, graph_node: Int, arc: Int, arc_forward: Float, graph_row: Int
) -> Any:
    """Counting sort by the later of a node's two rows; nodes outside the graph come last."""
    nodes, graph_nodes = len(node_arc), len(graph_node)
    own = np.full(nodes, -1, np.int32)
    for g in range(graph_nodes):
        own[graph_node[g]] = graph_row[g]
    key = np.empty(nodes, np.int32)
    fill = np.zeros(graph_nodes + 2, np.int32)
    for v in range(nodes):
        a = node_arc[v]
        if own[v] >= 0:
            key[v] = own[v]
        else:
            key[v] = max(graph_row[arc[a, 0]], graph_row[arc[a, 1]]) if a >= 0 else graph_nodes
        fill[key[v] + 1] += 1
    for r in range(graph_nodes + 1):
        fill[r + 1] += fill[r]
    row, on = np.empty(nodes, np.int32), np.full(nodes, -1, np.int32)
    start, end = np.full(nodes, -1, np.int32), np.full(nodes, -1, np.int32)
    to_start, to_end = np.zeros(nodes, np.float32), np.zeros(nodes, np.float32)
    for v in range(nodes):
        a, r = node_arc[v], fill[key[v]]
        fill[key[v]] += 1
        row[v] = r
        if own[v] >= 0:
            start[r], end[r] = own[v], own[v]
        elif a >= 0:
            start[r], end[r], on[r] = graph_row[arc[a, 0]], graph_row[arc[a, 1]], a
            to_start[r] = backward[v]
            # A closed direction is inf on the whole arc: inf less inf would be nothing at all.
            to_end[r] = arc_forward[a] - forward[v] if forward[v] < np.inf else np.inf
    return row, start, end, to_start, to_end, on


def expand(rows: NodeRows, table: Steps, facilities: Points, item: Int, limit_m: float, steps: Steps) -> NodeTable:
    """Fill steps (N, K) from the table of the graph's rows (`lanes.graph_steps`).

    Raises ValueError when `steps` is not a table of this network's nodes.
    """
    if steps.shape[0] != len(rows.row) or steps.dtype != np.uint16 or steps.shape[1] > BLOCK * len(table):
        raise ValueError("the table to fill has another shape than the nodes and items")
    step_m = limit_m / STEPS
    per_m = np.float32(1 / step_m)
    way, on_item = _gathered(facilities.on, facilities.way, item)

    def part(low: int, high: int) -> None:
        _fill(
            table, rows.start, rows.end, rows.to_start_m, rows.to_end_m, rows.arc, facilities.on_start, way, on_item,
            per_m, steps, low, high,
        )  # fmt: skip

    in_parts(part, len(steps))
    return NodeTable(steps=steps, row=rows.row, step_m=step_m)


@njit(cache=True, nogil=True)
def _gathered(on: Int, way: Float, item: Int) -> tuple[Single, Int]:
    """What rows need of the facilities, in the order of arcs: cost to the start, to the end, way to the network; item."""
    costs, items = np.empty((len(on), 3), np.float32), np.empty(len(on), np.int32)
    for i in range(len(on)):
        f = on[i]
        costs[i, 0], costs[i, 1], costs[i, 2], items[i] = way[f, 0], way[f, 1], way[f, 5], item[f]
    return costs, items


@njit(cache=True, nogil=True)
def _fill(
    table: Steps, start: Int, end: Int, to_start: Single, to_end: Single, arc: Int, on_start: Int, way: Single, on_item: Int,
    per_m: Any, steps: Steps, low: int, high: int,
) -> None:  # fmt: skip
    """The better end of each row's arc, or a facility on it. The casts keep the subtraction in sixteen bits."""
    items = np.uint32(steps.shape[1])
    for number in range(low, high):
        r = np.uint32(number)
        if start[r] < 0:
            steps[r] = np.uint16(0)
            continue
        one, other = np.uint32(start[r]), np.uint32(end[r])
        walk, other_walk = _steps(to_start[r] * per_m), _steps(to_end[r] * per_m)
        for block in range(len(table)):
            first = np.uint32(block * BLOCK)
            for j in range(min(np.uint32(BLOCK), items - first)):
                x, y = table[block, one, j], table[block, other, j]
                p = np.uint16(x - walk) if x > walk else np.uint16(0)
                q = np.uint16(y - other_walk) if y > other_walk else np.uint16(0)
                steps[r, first + j] = p if p > q else q
        a = arc[r]
        if a >= 0:
            for i in range(on_start[a], on_start[a + 1]):
                left = _left(to_start[r], to_end[r], way[i, 0], way[i, 1], way[i, 2], per_m)
                steps[r, on_item[i]] = max(steps[r, on_item[i]], left)


@njit(cache=True, nogil=True)
def _steps(cost: Any) -> Any:
    return np.uint16(cost + np.float32(0.5)) if cost < np.float32(65535) else np.uint16(65535)


@njit(cache=True, nogil=True)
def _left(to_start: Any, to_end: Any, its_start: Any, its_end: Any, snap: Any, per_m: Any) -> Any:
    """What is left at a node when it walks along its own arc to a facility: forwards or back, whichever is no detour."""
    ahead, behind = to_end - its_end, to_start - its_start
    metres = np.float32(np.inf)
    if ahead >= 0:
        metres = ahead
    if 0 <= behind < metres:
        metres = behind
    if metres == np.inf and (-ROUNDED * to_end <= ahead < 0 or -ROUNDED * to_start <= behind < 0):
        metres = np.float32(0)
    left = np.float32(FULL) - (metres + snap) * per_m
    return np.uint16(left + np.float32(0.5)) if left >= np.float32(0.5) else np.uint16(0)
