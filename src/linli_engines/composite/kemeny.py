"""The Kemeny order (C-K-Y-L in the Handbook): the order that agrees most with the outranking matrix; exact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, sparse
from scipy.sparse import csgraph

from linli_engines.composite.panel import Floats

TABLE_LIMIT = 14
"""Groups of units up to this size are ordered by a table over subsets (2^n entries), larger ones by integer programming."""
ORDERS_LIMIT = 100
SLACK = 1e-9


@dataclass(frozen=True, slots=True)
class Kemeny:
    """`orders`: best orders, best unit first, at most 100 of them (one where a group is larger than 14 units); `score`:
    agreement; `proven`: whether it is known to be the greatest.
    """

    orders: tuple[tuple[int, ...], ...]
    score: float
    proven: bool


def agreement(matrix: Floats, order: Sequence[int]) -> float:
    """The sum of the matrix above the diagonal when its units stand in that order."""
    at = np.array(order)
    return float(np.triu(np.asarray(matrix)[np.ix_(at, at)], 1).sum())


def kemeny(matrix: Floats, seconds: float = 30.0) -> Kemeny:
    """Units of which each of one group beats or ties each of the next can be ordered group by group (the extended
    Condorcet criterion); the groups are the strong components of "not beaten by".
    """
    n = len(matrix)
    margin = np.asarray(matrix) - np.asarray(matrix).T
    edge = (margin >= -SLACK) & ~np.eye(n, dtype=bool)
    _, label = csgraph.connected_components(sparse.csr_matrix(edge), directed=True, connection="strong")
    groups = [np.flatnonzero(label == k) for k in range(int(label.max()) + 1)] if n else []
    groups.sort(key=lambda g: -int(edge[g[0]].sum()))
    orders: list[tuple[int, ...]] = [()]
    proven = True
    for group in groups:
        part = np.asarray(matrix)[np.ix_(group, group)]
        if len(group) <= TABLE_LIMIT:
            found = _table(part)
        else:
            found, sure = _program(part, seconds)
            proven &= sure
        orders = [o + tuple(int(group[i]) for i in f) for o in orders for f in found][:ORDERS_LIMIT]
    return Kemeny(tuple(orders), agreement(matrix, orders[0]) if n else 0.0, proven)


def _table(m: Floats) -> list[tuple[int, ...]]:
    """Dynamic programming over the sets of units placed so far."""
    n = len(m)
    best = np.full(1 << n, -np.inf)
    best[0] = 0.0
    last: list[list[int]] = [[] for _ in range(1 << n)]
    gain = np.zeros((n, 1 << n))  # what unit i gets for standing before all of a set
    for bit in range(n):
        gain[:, 1 << bit : 2 << bit] = gain[:, : 1 << bit] + m[:, bit : bit + 1]
    whole = (1 << n) - 1
    for chosen in range(1, 1 << n):
        inside = [i for i in range(n) if chosen >> i & 1]
        scores = [best[chosen ^ 1 << i] + gain[i, whole ^ chosen] for i in inside]
        best[chosen] = max(scores)
        last[chosen] = [i for i, s in zip(inside, scores, strict=True) if s >= best[chosen] - SLACK]
    orders: list[tuple[int, ...]] = []
    stack: list[tuple[int, tuple[int, ...]]] = [(whole, ())]
    while stack and len(orders) < ORDERS_LIMIT:
        chosen, tail = stack.pop()
        if not chosen:
            orders.append(tail)
        stack += [(chosen ^ 1 << i, (i, *tail)) for i in last[chosen]]
    return orders


def _program(m: Floats, seconds: float) -> tuple[list[tuple[int, ...]], bool]:
    """Linear ordering with the triangle inequalities added where they are violated."""
    n = len(m)
    first, second = np.triu_indices(n, 1)
    number = np.zeros((n, n), dtype=np.int64)
    number[first, second] = np.arange(len(first))
    cost = -(m[first, second] - m[second, first])
    cuts: list[tuple[int, int, int]] = []
    while True:
        limits = _triangles(cuts, number, len(first)) if cuts else ()
        answer = optimize.milp(
            cost,
            integrality=np.ones(len(first)),
            bounds=optimize.Bounds(0, 1),
            constraints=limits,
            options={"time_limit": seconds},
        )
        if answer.x is None:
            return [tuple(np.argsort(-copeland_like(m)).tolist())], False
        before = np.zeros((n, n), dtype=bool)
        before[first, second] = answer.x > 0.5
        before[second, first] = answer.x < 0.5
        circles = _circles(before)
        if not len(circles):
            return [tuple(np.argsort(-before.sum(axis=1), kind="stable").tolist())], bool(answer.success)
        if not answer.success:
            return [tuple(np.argsort(-before.sum(axis=1), kind="stable").tolist())], False
        cuts += [(int(i), int(j), int(k)) for i, j, k in circles]


def copeland_like(m: Floats) -> Floats:
    """Wins less losses, for a start where the program found nothing in time."""
    found: Floats = np.sign(m - m.T).sum(axis=1)
    return found


def _circles(before: NDArray[np.bool_], limit: int = 5_000) -> NDArray[np.int64]:
    """Triples i before j before k before i, each once."""
    i, j, k = np.nonzero(before[:, :, None] & before[None, :, :] & before.T[:, None, :])
    once = (i < j) & (i < k)
    return np.column_stack((i, j, k))[once][:limit].astype(np.int64)


def _triangles(cuts: Sequence[tuple[int, int, int]], number: NDArray[np.int64], size: int) -> optimize.LinearConstraint:
    """x_ij + x_jk + x_ki <= 2 for each circle, with x_ji = 1 - x_ij."""
    rows = sparse.lil_matrix((len(cuts), size))
    top = np.full(len(cuts), 2.0)
    for r, (i, j, k) in enumerate(cuts):
        for a, b in ((i, j), (j, k), (k, i)):
            if a < b:
                rows[r, number[a, b]] += 1
            else:
                rows[r, number[b, a]] -= 1
                top[r] -= 1
    return optimize.LinearConstraint(rows.tocsr(), -np.inf, top)
