"""Places that may be one, found by a tree: called the same and not far, or called alike and near. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from .coordinates import METRES_A_DEGREE
from .names import likeness, limits, pairs_of_characters, plain_name

PART = 1_000  # rows whose neighbours are looked up at once
NEIGHBOURS_MOST = 200  # of one place that names are compared with: a file may put thousands on one spot


@dataclass(frozen=True)
class Named:
    """Places by name: `lon` and `lat` (N,) degrees. Those that `useful` leaves out are never alike."""

    names: Sequence[str]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    useful: NDArray[np.bool_]

    @cached_property
    def plain(self) -> list[str]:
        return [plain_name(str(n)) for n in self.names]

    @cached_property
    def characters(self) -> list[frozenset[str]]:
        return [pairs_of_characters(n) for n in self.plain]

    @cached_property
    def rows(self) -> NDArray[np.int64]:
        return np.flatnonzero(self.useful)

    def metres(self, middle: float) -> NDArray[np.float64]:
        """(N, 2) on a flat piece of ground whose middle lies at that latitude."""
        east = METRES_A_DEGREE * np.cos(np.radians(middle))
        return np.column_stack([self.lon * east, self.lat * METRES_A_DEGREE])


@dataclass(frozen=True, slots=True)
class Twin:
    """Row `first` of one table and row `second` of the other. `likeness` 0 to 1, `metres` between them."""

    first: int
    second: int
    likeness: float
    metres: float


def between(one: Named, other: Named) -> list[Twin]:
    """What of `one` may be a place of `other`, the most alike and nearest first."""
    return _sorted(_found(one, other, same=False))


def within(one: Named) -> list[Twin]:
    """What of one table may be one place, the lower row first; the most alike and nearest first."""
    return _sorted(_found(one, one, same=True))


def _sorted(found: dict[tuple[int, int], Twin]) -> list[Twin]:
    return sorted(found.values(), key=lambda t: (-t.likeness, t.metres, t.first, t.second))


def _found(one: Named, other: Named, *, same: bool) -> dict[tuple[int, int], Twin]:
    found: dict[tuple[int, int], Twin] = {}
    if not len(one.rows) or not len(other.rows):
        return found
    told, middle = limits(), float(other.lat[other.rows].mean())
    a, b = one.metres(middle), other.metres(middle)

    def keep(i: int, j: int, like: float, metres: float) -> None:
        first, second = (min(i, j), max(i, j)) if same else (i, j)
        found[first, second] = Twin(first, second, like, metres)

    for i, j, metres in _near(a, one.rows, b, other.rows, float(told["near_m"])):
        if not (same and i >= j):
            like = likeness(one.plain[i], other.plain[j], one.characters[i], other.characters[j])
            if like >= told["similar"]:
                keep(i, j, like, metres)
    for i, j, metres in _called_the_same(one, a, other, b, float(told["same_name_m"])):
        if not (same and i == j):
            keep(i, j, 1.0, metres)
    return found


Found = Iterator[tuple[int, int, float]]


def _near(a: NDArray[np.float64], rows: NDArray[np.int64], b: NDArray[np.float64], others: NDArray[np.int64], most_m: float) -> Found:  # fmt: skip
    """(row of a, row of b, metres) of every two that are no further apart; of a crowd the nearest."""
    tree = cKDTree(b[others])
    for start in range(0, len(rows), PART):
        part = rows[start : start + PART]
        k = min(NEIGHBOURS_MOST, len(others))
        crowded = tree.query_ball_point(a[part], most_m, return_length=True) > k
        for i, there in zip(part[~crowded], tree.query_ball_point(a[part[~crowded]], most_m), strict=True):
            if there:
                near = others[there]
                for j, metres in zip(near.tolist(), np.hypot(*(b[near] - a[i]).T).tolist(), strict=True):
                    yield int(i), j, metres
        yield from _nearest(a, part[crowded], b, others, tree, k, most_m)


def _called_the_same(one: Named, a: NDArray[np.float64], other: Named, b: NDArray[np.float64], most_m: float) -> Found:
    """The same for those that are called the same."""
    by_name: dict[str, list[int]] = {}
    for j in other.rows.tolist():
        by_name.setdefault(other.plain[j], []).append(j)
    asking: dict[str, list[int]] = {}
    for i in one.rows.tolist():
        if one.plain[i] in by_name:
            asking.setdefault(one.plain[i], []).append(i)
    for name, rows in asking.items():
        there = np.array(by_name[name], np.int64)
        if one is other and len(there) == 1:
            continue
        tree = cKDTree(b[there])
        k = min(NEIGHBOURS_MOST, len(there))
        yield from _nearest(a, np.array(rows, np.int64), b, there, tree, k, most_m)


def _nearest(
    a: NDArray[np.float64], rows: NDArray[np.int64], b: NDArray[np.float64], others: NDArray[np.int64],
    tree: cKDTree, k: int, most_m: float,
) -> Found:  # fmt: skip
    for start in range(0, len(rows), PART):
        part = rows[start : start + PART]
        metres, which = tree.query(a[part], k=[*range(1, k + 1)], distance_upper_bound=most_m * (1 + 1e-9))
        for i, n in zip(*np.nonzero(np.isfinite(metres)), strict=True):
            yield int(part[i]), int(others[which[i, n]]), float(metres[i, n])
