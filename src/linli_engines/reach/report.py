"""What was found while a network was built: nothing is dropped or mended without a line here."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

EXAMPLES = 5


@dataclass(frozen=True)
class Finding:
    """`count` nodes or edges (`of`) met for `reason`; `kept` says whether they are in the network all the same.

    `examples`: up to five of them, source node ids or source rows of edges (from 0).
    """

    reason: str
    of: str
    kept: bool
    count: int
    length_m: float
    examples: tuple[int, ...]


@dataclass(frozen=True)
class BuildReport:
    """Sizes before and after, every finding, and the components: nodes and length of each, the longest first."""

    nodes_read: int
    edges_read: int
    nodes: int
    edges: int
    length_m: float
    crs: str
    profile: str
    findings: tuple[Finding, ...]
    component_nodes: NDArray[np.int64]
    component_length_m: NDArray[np.float64]

    @property
    def dropped_edges(self) -> int:
        """Edges of the source that are not in the network."""
        return sum(f.count for f in self.findings if f.of == "edge" and not f.kept)

    def count(self, reason: str) -> int:
        """How often `reason` was met."""
        return sum(f.count for f in self.findings if f.reason == reason)


@dataclass
class Findings:
    """Collects findings while a network is built."""

    rows: list[Finding] = field(default_factory=list)

    def add(
        self,
        reason: str,
        of: str,
        which: NDArray[np.integer],
        *,
        kept: bool = False,
        length_m: NDArray[np.float64] | None = None,
    ) -> None:
        """Note `which` (ids of nodes or source rows of edges), unless there are none."""
        if len(which):
            total = 0.0 if length_m is None else float(np.nansum(length_m[np.isfinite(length_m)]))
            self.rows.append(Finding(reason, of, kept, len(which), total, tuple(int(w) for w in which[:EXAMPLES])))
