"""One unit in one year: where it stands on every node, what made its score, what changed since the year before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from linli_engines.composite import At, Change, Refused, Status, change, contributions
from linli_engines.composite.errors import Problem

from .subject import NodeLook, Subject, UnitLook, number

NAMED = 5


@dataclass(frozen=True, slots=True)
class Strip:
    """A node of the tree for the unit, against all units of the year. Scores are of the result's scale; `place` 0 to 1
    is where the score lies between the worst and the best. `raw`: the indicator's own value, filled or not.
    """

    node: NodeLook
    depth: int
    leaf: bool
    score: float | None
    rank: int
    ranked: int
    best: float | None
    worst: float | None
    median: float | None
    quarter: float | None
    three_quarters: float | None
    raw: float | None = None
    observed: float | None = None
    status: Status | None = None
    weight: float | None = None
    given: float | None = None
    lead: float | None = None

    def place(self, value: float | None) -> float | None:
        """0 for the worst unit's score, 1 for the best's."""
        if value is None or self.best is None or self.worst is None:
            return None
        return (value - self.worst) / (self.best - self.worst) if self.best > self.worst else 0.5


@dataclass(frozen=True, slots=True)
class ChangePart:
    """One bar of a change: what data below a part of the tree, the weights, or what came and went did."""

    kind: str
    node: NodeLook | None
    amount: float


@dataclass(frozen=True)
class Profile:
    """`lead`s in `strong` and `weak` are weight x (score - median): what the indicator brings above or below a middling
    unit. `change` is empty where `refused` says why the two years cannot be set side by side.
    """

    unit: UnitLook
    year: int
    before: int | None
    strips: tuple[Strip, ...]
    parts: tuple[Strip, ...]
    strong: tuple[Strip, ...]
    weak: tuple[Strip, ...]
    change: tuple[ChangePart, ...]
    score_before: float | None
    refused: tuple[Problem, ...]
    no_parts: tuple[Problem, ...] = ()

    @property
    def top(self) -> Strip:
        return self.strips[0]

    @property
    def filled(self) -> tuple[Strip, ...]:
        return tuple(s for s in self.strips if s.leaf and s.status is not None and s.status >= Status.MEAN)

    @property
    def gaps(self) -> tuple[Strip, ...]:
        return tuple(s for s in self.strips if s.leaf and s.score is None)


def profile(subject: Subject, unit: str, year: int | None = None) -> Profile:
    """Raises Refused for a unit or year that the result lacks."""
    r = subject.result
    y = r.year_at(year)
    year = r.panel.years[y]
    at = At(r, unit, year)
    given, no_parts = parts_of(at)
    effective = effective_at(at)
    strips = tuple(_strip(subject, at, code, depth, given, effective) for depth, code in subject.tree())
    root = r.framework.root
    by_code = {s.node.code: s for s in strips}
    leaves = sorted((s for s in strips if s.leaf and s.lead is not None), key=lambda s: -(s.lead or 0.0))
    before = r.panel.years[y - 1] if y else None
    moved, refused, score_before = (), (), None  # type: ignore[var-annotated]
    if before is not None:
        score_before = number(At(r, unit, before).value(""))
        moved, refused = parts_of_change(subject, At(r, unit, before), at)  # type: ignore[assignment]
    return Profile(
        subject.unit(unit),
        year,
        before,
        strips,
        tuple(by_code[code] for code in r.framework.children[root]),
        tuple(s for s in leaves if (s.lead or 0) > 0)[:NAMED],
        tuple(s for s in reversed(leaves) if (s.lead or 0) < 0)[:NAMED],
        moved,
        score_before,
        refused,
        no_parts,
    )


def parts_of(at: At) -> tuple[dict[str, float], tuple[Problem, ...]]:
    """What each indicator gives to the total, or why it does not come apart."""
    try:
        return contributions(at), ()
    except Refused as refusal:
        return {}, refusal.problems


def effective_at(at: At) -> dict[str, float]:
    """Each code's weight in the unit's total: shares of what is there, multiplied on the way down."""
    framework = at.result.framework
    found = {framework.root: 1.0}
    for parent in reversed(framework.parents):
        if parent in found:
            for child, share in at.shares(parent).items():
                found[child] = found[parent] * share
    return found


def _strip(
    subject: Subject, at: At, code: str, depth: int, given: dict[str, float], effective: dict[str, float]
) -> Strip:
    r = subject.result
    y, u = r.year_at(at.year), r.unit_at(at.unit)
    column = r.scores[y, :, r.code_at(code)]
    there = column[~np.isnan(column)]
    score = number(column[u])
    low, quarter, median, three, high = (
        (float(v) for v in np.quantile(there, (0, 0.25, 0.5, 0.75, 1))) if len(there) else (None,) * 5
    )
    leaf = code not in r.framework.children
    weight = effective.get(code)
    raw = observed = status = None
    if leaf:
        i = r.framework.at[code]
        raw, observed = number(r.imputed[y, u, i]), number(r.denominated[y, u, i])
        status = Status(int(r.status[y, u, i]))
    lead = weight * (score - median) if weight is not None and score is not None and median is not None else None
    return Strip(
        subject.node(code), depth, leaf, score, int(r.ranks[y, u, r.code_at(code)]), len(there), high, low, median,
        quarter, three, raw, observed, status, weight, _given(r.framework.under(code), given), lead,
    )  # fmt: skip


def _given(leaves: tuple[str, ...], given: dict[str, float]) -> float | None:
    held = [given[leaf] for leaf in leaves if leaf in given]
    return sum(held) if held else None


def parts_of_change(
    subject: Subject, before: At, after: At, node: str = ""
) -> tuple[tuple[ChangePart, ...], tuple[Problem, ...]]:
    """A change as bars: data by child of the node, then weights, then framework; or why there is none."""
    try:
        found = change(before, after, node=node)
    except Refused as refusal:
        return (), refusal.problems
    return bars_of(subject, found, node), ()


def bars_of(subject: Subject, found: Change, node: str = "") -> tuple[ChangePart, ...]:
    framework = subject.result.framework
    top = node or framework.root
    bars: list[ChangePart] = []
    booked: set[str] = set()
    for child in framework.children.get(top, ()):
        leaves = [leaf for leaf in framework.under(child) if leaf in found.data]
        booked.update(leaves)
        if leaves:
            bars.append(ChangePart("data", subject.node(child), sum(found.data[leaf] for leaf in leaves)))
    rest = [value for leaf, value in found.data.items() if leaf not in booked]
    if rest:
        bars.append(ChangePart("data", None, sum(rest)))
    if any(abs(v) > 1e-12 for v in found.weights.values()):
        bars.append(ChangePart("weights", None, sum(found.weights.values())))
    if found.framework:
        bars.append(ChangePart("framework", None, sum(found.framework.values())))
    return tuple(bars)
