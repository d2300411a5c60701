"""Why a unit has its score: what each indicator gives, adding up to the score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from linli_engines.composite.build import Result
from linli_engines.composite.errors import refuse
from linli_engines.composite.means import Mean, mean_of
from linli_engines.composite.tree import BETWEEN


@dataclass(frozen=True, eq=False)
class At:
    """One unit in one year of a result (default the last year)."""

    result: Result
    unit: str
    year: int | None = None

    def value(self, code: str) -> float:
        r = self.result
        return float(r.scores[r.year_at(self.year), r.unit_at(self.unit), r.code_at(code)])

    def mean(self, node: str) -> Mean:
        """Raises Refused where a node is no mean of its children."""
        how = self.result.scenario.aggregate
        if how.method(node) in BETWEEN:
            raise refuse("NO_MEAN", f"{how.method(node)} compares units: its scores do not come apart into parts", node)
        return mean_of(how.method(node), how.power)

    def absolute(self, node: str) -> bool:
        return self.result.weights[node].ndim == 3

    def shares(self, node: str) -> dict[str, float]:
        """The weights that made the node's score: of the children that are there, adding up to 1 unless absolute."""
        r = self.result
        children = r.framework.children[node]
        own = r.weights[node]
        if own.ndim == 3:
            own = own[r.year_at(self.year), r.unit_at(self.unit)]
        held = {c: w for c, w in zip(children, own.tolist(), strict=True) if not np.isnan(self.value(c))}
        total = 1.0 if self.absolute(node) else sum(held.values())
        return {c: w / total for c, w in held.items()} if total > 0 else {}


def contributions(at: At, node: str = "") -> dict[str, float]:
    """By indicator: x dS/dx, which adds up to the score exactly, because every mean here grows in step with its
    children (Euler). In an arithmetic tree that is weight x value. An indicator without a value has no entry; none has
    where the score is missing. Raises Refused: a node that is no mean.
    """
    framework = at.result.framework
    top = node or framework.root
    found: dict[str, float] = {}
    if np.isnan(at.value(top)):
        return found

    def down(code: str, slope: float) -> None:
        if code not in framework.children:
            found[code] = slope * at.value(code)
            return
        mean = at.mean(code)
        whole = mean.slope(np.array([at.value(code)]))[0]
        for child, share in at.shares(code).items():
            down(child, slope * share * float(mean.slope(np.array([at.value(child)]))[0] / whole))

    down(top, 1.0)
    return found
