"""Regions that grow together: the smallest below a size joins the neighbour it belongs to most, until none is left."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence


class Regions:
    """Starts with one region a face. `tie` is how much two regions belong together: the longer the border without a
    barrier, the more. Regions of different parcels never join. A `thin` face counts as nothing until it has joined one
    that is not: the strip between two carriageways is no grid, however long it is.
    """

    def __init__(
        self,
        area: Sequence[float],
        parcel: Sequence[int],
        ties: Iterable[tuple[int, int, float]],
        thin: Iterable[int] = (),
    ) -> None:
        self.area = list(area)
        self.thin = set(thin)
        self.parcel = list(parcel)
        self.root = list(range(len(area)))
        self.ties: list[dict[int, float]] = [{} for _ in area]
        for a, b, tie in ties:
            if self.parcel[a] == self.parcel[b] and self.parcel[a] >= 0:
                self.ties[a][b] = self.ties[a].get(b, 0.0) + tie
                self.ties[b][a] = self.ties[b].get(a, 0.0) + tie

    def find(self, face: int) -> int:
        """The region of a face, by the number of one of its faces."""
        while self.root[face] != face:
            self.root[face] = self.root[self.root[face]]
            face = self.root[face]
        return face

    def size(self, region: int) -> float:
        """What counts against the smallest size: nothing for a region of thin faces alone."""
        return 0.0 if region in self.thin else self.area[region]

    def join(self, kept: int, gone: int) -> None:
        """`gone` becomes part of `kept`; both are regions."""
        if gone not in self.thin:
            self.thin.discard(kept)
        self.root[gone] = kept
        self.area[kept] += self.area[gone]
        for other, tie in self.ties[gone].items():
            del self.ties[other][gone]
            if other != kept:
                self.ties[kept][other] = self.ties[kept].get(other, 0.0) + tie
                self.ties[other][kept] = self.ties[other].get(kept, 0.0) + tie
        self.ties[gone] = {}

    def absorb(self, smallest: float, largest: float) -> int:
        """Join every region below `smallest` with the neighbour it ties to most, those that stay below `largest` first.

        What has no neighbour in its parcel stays as it is. Returns how many were joined.
        """
        queue = [(self.size(r), r) for r in range(len(self.root)) if self.root[r] == r and self.parcel[r] >= 0]
        heapq.heapify(queue)
        joined = 0
        while queue:
            area, region = heapq.heappop(queue)
            if self.root[region] != region or area != self.size(region) or not self.ties[region]:
                continue
            if area >= smallest:
                break
            into = max(
                self.ties[region].items(),
                key=lambda pair: (self.area[pair[0]] + self.area[region] <= largest, pair[1], -pair[0]),
            )[0]
            self.join(into, region)
            joined += 1
            heapq.heappush(queue, (self.size(into), into))
        return joined

    def numbered(self) -> list[int]:
        """For each face the number of its region, counted from 0 in the order of faces; -1 outside every parcel."""
        seen: dict[int, int] = {}
        return [
            seen.setdefault(self.find(face), len(seen)) if self.parcel[face] >= 0 else -1
            for face in range(len(self.root))
        ]
