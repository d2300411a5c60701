"""Chains of nodes of degree two become one arc; what lies on a chain keeps its place on it.

Two passes over the edges and no adjacency lists: at a node of degree two the XOR of its two edges leads from one to the
other. Closed edges (inf both ways) are no part of the graph, nor are nodes that have none but such.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from linli_engines.reach.network import Float, Graph, Int, Network


def contract(network: Network) -> Graph:
    """The graph of a network: nodes of degree other than two, chains as arcs, one node for a ring that has none.

    A chain also ends where the ways that may be walked change (a one-way edge), so an arc is open everywhere or nowhere
    in each direction, and at a one-way edge that costs nothing. Graph nodes keep the order of the network; distances between them are those of the network.
    """
    directed = is_directed(network)
    edges, nodes = len(network.edge), len(network.node_xy)
    forward, backward = network.forward_m, network.backward_m
    degree, link, keep = _joints(network.edge, forward, backward, nodes, directed)
    edge_arc, node_arc = np.full(edges, -1, np.int32), np.full(nodes, -1, np.int32)
    edge_forward, node_forward = np.zeros(edges), np.zeros(nodes)
    edge_backward = np.zeros(edges) if directed else edge_forward
    node_backward = np.zeros(nodes) if directed else node_forward
    edge_reversed, edge_along = np.zeros(edges, np.bool_), np.zeros(edges)
    ends, arc_forward, arc_backward, arc_length = _chains(
        network.edge, forward, backward, network.length_m, link, keep,
        edge_arc, edge_forward, edge_backward, edge_along, edge_reversed, node_arc, node_forward, node_backward,
    )  # fmt: skip
    if not directed:
        arc_backward = arc_forward
    node = np.flatnonzero(keep & (degree > 0)).astype(np.int32)
    place = np.full(nodes, -1, np.int32)
    place[node] = np.arange(len(node), dtype=np.int32)
    arc = place[ends].reshape(-1, 2)
    out = search_rows(arc, arc_forward, arc_backward, len(node))
    back = search_rows(arc[:, ::-1], arc_forward, arc_backward, len(node)) if directed else out
    return Graph(
        network=network,
        node=node,
        arc=arc,
        arc_forward_m=arc_forward,
        arc_backward_m=arc_backward,
        arc_length_m=arc_length,
        edge_arc=edge_arc,
        edge_forward_m=edge_forward,
        edge_backward_m=edge_backward,
        edge_along_m=edge_along,
        edge_reversed=edge_reversed,
        node_arc=node_arc,
        node_forward_m=node_forward,
        node_backward_m=node_backward,
        start=out[0],
        head=out[1],
        cost_m=out[2],
        back_start=back[0],
        back_head=back[1],
        back_cost_m=back[2],
        directed=directed,
    )


def is_directed(network: Network) -> bool:
    """Whether any edge costs more in one direction than in the other."""
    if network.forward_m is network.backward_m:
        return False
    return not np.array_equal(network.forward_m, network.backward_m)


def search_rows(arc: Int, forward_m: Float, backward_m: Float, nodes: int) -> tuple[Int, Int, Float]:
    """(start (n + 1,), head, cost): what leaves each node, heads rising; no loops, the cheapest of parallel arcs.

    forward_m is paid from arc[:, 0] to arc[:, 1]; inf is left out. With the columns of `arc` swapped: what arrives.
    """
    tail = np.concatenate((arc[:, 0], arc[:, 1]))
    head = np.concatenate((arc[:, 1], arc[:, 0]))
    start, heads, costs = _rows(tail, head, np.concatenate((forward_m, backward_m)), nodes)
    return start, heads, costs


@njit(cache=True)
def _joints(edge: Int, forward: Float, backward: Float, nodes: int, directed: bool) -> Any:
    """Degree by open edges, XOR of them, and whether a chain ends at the node."""
    degree, link = np.zeros(nodes, np.int32), np.zeros(nodes, np.int32)
    last = np.zeros(nodes, np.int32)
    for e in range(len(edge)):
        if np.isinf(forward[e]) and np.isinf(backward[e]):
            continue
        for side in range(2):
            v: Any = np.uint32(edge[e, side])
            degree[v] += 1
            link[v] ^= e
            last[v] = e
    keep = degree != 2
    if directed:
        for v in range(nodes):
            if keep[v]:
                continue
            a = last[v]
            b = link[v] ^ a
            if a == b:
                continue
            a_drawn_in, b_drawn_in = edge[a, 1] == v, edge[b, 1] == v
            a_in, a_out = (forward[a], backward[a]) if a_drawn_in else (backward[a], forward[a])
            b_in, b_out = (forward[b], backward[b]) if b_drawn_in else (backward[b], forward[b])
            keep[v] = np.isinf(a_in) != np.isinf(b_out) or np.isinf(b_in) != np.isinf(a_out)
        for e in range(len(edge)):
            if np.isinf(forward[e]) != np.isinf(backward[e]) and min(forward[e], backward[e]) == 0:
                keep[edge[e, 0]] = keep[edge[e, 1]] = True  # costs alone could not tell its two ends apart
    return degree, link, keep


@njit(cache=True)
def _chains(
    edge: Int, forward: Float, backward: Float, length: Float, link: Int, keep: NDArray[np.bool_],
    edge_arc: Int, edge_forward: Float, edge_backward: Float, edge_along: Float, edge_reversed: NDArray[np.bool_],
    node_arc: Int, node_forward: Float, node_backward: Float,
) -> Any:  # fmt: skip
    """Walks every chain once, from a kept node; then the rings, whose first node becomes a kept one."""
    size = len(edge)
    ends = np.empty((size, 2), np.int32)
    arc_forward, arc_backward, arc_length = np.empty(size), np.empty(size), np.empty(size)
    arcs = 0
    for rings in range(2):
        for e in range(size):
            if np.isinf(forward[e]) and np.isinf(backward[e]):
                continue
            for side in range(2):
                near: Any = np.uint32(edge[e, side])
                if edge_arc[e] >= 0 or not (rings == 1 or keep[near]):
                    continue
                keep[near] = True
                ends[arcs, 0] = near
                node_arc[near], node_forward[near], node_backward[near] = arcs, 0.0, 0.0
                there, back, along = 0.0, 0.0, 0.0
                here: Any = np.uint32(e)
                while True:
                    edge_arc[here] = arcs
                    edge_forward[here], edge_backward[here], edge_along[here] = there, back, along
                    against = edge[here, 0] != near
                    edge_reversed[here] = against
                    there += backward[here] if against else forward[here]
                    back += forward[here] if against else backward[here]
                    # a delay has no length, and still tells what lies before it from what lies behind
                    along += length[here] if length[here] > 0 else min(forward[here], backward[here])
                    near = np.uint32(edge[here, 0] ^ edge[here, 1] ^ near)
                    if keep[near]:
                        break
                    node_arc[near], node_forward[near], node_backward[near] = arcs, there, back
                    here = np.uint32(link[near] ^ here)
                ends[arcs, 1] = near
                arc_forward[arcs], arc_backward[arcs], arc_length[arcs] = there, back, along
                arcs += 1
    for a in range(arcs):
        end = ends[a, 1]
        if node_arc[end] < 0:
            node_arc[end], node_forward[end], node_backward[end] = a, arc_forward[a], arc_backward[a]
    return ends[:arcs].copy(), arc_forward[:arcs].copy(), arc_backward[:arcs].copy(), arc_length[:arcs].copy()


@njit(cache=True)
def _rows(tail: Int, head: Int, cost: Float, nodes: int) -> Any:
    """Counting sort by tail, insertion sort by (head, cost) in each row, the first of equal heads stays."""
    fill = np.zeros(nodes + 1, np.int32)
    for i in range(len(tail)):
        if tail[i] != head[i] and not np.isinf(cost[i]):
            fill[tail[i] + 1] += 1
    for v in range(nodes):
        fill[v + 1] += fill[v]
    first = fill.copy()
    heads, costs = np.empty(fill[nodes], np.int32), np.empty(fill[nodes])
    for i in range(len(tail)):
        if tail[i] == head[i] or np.isinf(cost[i]):
            continue
        at = fill[tail[i]]
        fill[tail[i]] += 1
        while at > first[tail[i]] and (
            heads[at - 1] > head[i] or (heads[at - 1] == head[i] and costs[at - 1] > cost[i])
        ):
            heads[at], costs[at] = heads[at - 1], costs[at - 1]
            at -= 1
        heads[at], costs[at] = head[i], cost[i]
    start = np.zeros(nodes + 1, np.int32)
    kept = 0
    for v in range(nodes):
        for i in range(first[v], first[v + 1]):
            if i == first[v] or heads[i] != heads[i - 1]:
                heads[kept], costs[kept] = heads[i], costs[i]
                kept += 1
        start[v + 1] = kept
    return start, heads[:kept].copy(), costs[:kept].copy()
