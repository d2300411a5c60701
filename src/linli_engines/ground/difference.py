"""What became of the cells of one grid in another: the same, reshaped, new, gone, and whose ground went to whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import shapely

from linli_engines.ground.edits import Cells, plane_of
from linli_engines.ground.overlay import pieces_of

SAME, RESHAPED, NEW, GONE = "same", "reshaped", "new", "gone"


@dataclass(frozen=True, slots=True)
class Change:
    """Areas in square metres; `moved_m2` lies in one of the two shapes only. A new or gone cell has 0 on one side."""

    code: str
    kind: str
    before_m2: float
    after_m2: float
    moved_m2: float


@dataclass(frozen=True, eq=False)
class Difference:
    """`successors`: for each old code the codes that have its ground now, with shares of its area, largest first."""

    changes: dict[str, Change]
    successors: dict[str, tuple[tuple[str, float], ...]]

    def of(self, kind: str) -> tuple[str, ...]:
        """Codes of one kind, in order."""
        return tuple(c for c, change in self.changes.items() if change.kind == kind)


def difference(before: Cells, after: Cells, *, hair: float = 1.0) -> Difference:
    """Compare by code and by ground. A cell is the same where no more than a strip of `hair` units along its border
    moved: corners that an edit beside it put into its edges do not reshape it.
    """
    if not before and not after:
        return Difference({}, {})
    plane = plane_of({**before, **after})
    both = sorted(set(before) & set(after))
    moved = _moved(before, after, both)
    metre = plane.unit_m[0] * plane.unit_m[1]
    changes: dict[str, Change] = {}
    for code in sorted({*before, *after}):
        old = before[code].area * metre if code in before else 0.0
        new = after[code].area * metre if code in after else 0.0
        if code in moved:
            kind = SAME if moved[code] <= hair * before[code].length else RESHAPED
            changes[code] = Change(code, kind, old, new, moved[code] * metre)
        else:
            changes[code] = Change(code, GONE if code in before else NEW, old, new, old + new)
    return Difference(changes, _successors(before, after, changes, hair))


def _moved(before: Cells, after: Cells, both: list[str]) -> dict[str, float]:
    a = np.array([before[c] for c in both], dtype=object)
    b = np.array([after[c] for c in both], dtype=object)
    found = np.zeros(len(both))
    unlike = np.flatnonzero(~shapely.equals_identical(a, b)) if both else np.empty(0, dtype=np.int64)
    found[unlike] = shapely.area(shapely.symmetric_difference(a[unlike], b[unlike]))
    return dict(zip(both, found.tolist(), strict=True))


def _successors(
    before: Cells, after: Cells, changes: Mapping[str, Change], hair: float
) -> dict[str, tuple[tuple[str, float], ...]]:
    found: dict[str, tuple[tuple[str, float], ...]] = {c: ((c, 1.0),) for c in before if changes[c].kind == SAME}
    old = {c: s for c, s in before.items() if c not in found}
    new = {c: s for c, s in after.items() if changes[c].kind != SAME}
    got: dict[str, list[tuple[str, float]]] = {c: [] for c in old}
    for a, b, area in pieces_of(old, new):
        if area > hair * old[a].length:
            got[a].append((b, area / old[a].area))
    found.update({c: tuple(sorted(s, key=lambda pair: (-pair[1], pair[0]))) for c, s in got.items()})
    return dict(sorted(found.items()))
