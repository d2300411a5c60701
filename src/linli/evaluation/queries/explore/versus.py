"""Two states side by side: years, scenarios or results; and a handful of units on every node."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from linli_engines.composite import At, Result
from linli_engines.composite.change import unlike
from linli_engines.composite.errors import Problem

from .profile import ChangePart, Profile, parts_of_change, profile
from .subject import NodeLook, Subject, UnitLook, number

PEERS_MOST = 4


@dataclass(frozen=True)
class State:
    """A result in one of its years."""

    subject: Subject
    year: int
    name: str = ""

    @property
    def result(self) -> Result:
        return self.subject.result

    def at(self, unit: str) -> At:
        return At(self.result, unit, self.year)


@dataclass(frozen=True, slots=True)
class Slope:
    """A unit in both states. `score` differences only where the scales are the same; ranks can always be compared."""

    unit: UnitLook
    rank_a: int
    rank_b: int
    score_a: float | None
    score_b: float | None
    gained: int | None
    difference: float | None

    @property
    def lost(self) -> int | None:
        return None if self.gained is None else -self.gained


@dataclass(frozen=True)
class Versus:
    """`problems`: why scores are not comparable (empty: they are). `only_a`, `only_b`: units that one lacks."""

    rows: tuple[Slope, ...]
    node: NodeLook
    problems: tuple[Problem, ...]
    mean_shift: float | None
    moved: int
    only_a: tuple[UnitLook, ...]
    only_b: tuple[UnitLook, ...]
    unit: UnitLook | None = None
    change: tuple[ChangePart, ...] = ()
    refused: tuple[Problem, ...] = ()

    @property
    def comparable(self) -> bool:
        return not self.problems


def versus(a: State, b: State, node: str = "", unit: str = "") -> Versus:
    """Second less first at a node (default the root of each). `unit`: whose change is taken apart. Raises Refused for a
    node or year that one of them lacks.
    """
    ra, rb = a.result, b.result
    both = [u for u in ra.panel.units if u in set(rb.panel.units)]
    scores = (ra.of(node, a.year), rb.of(node, b.year))
    places = (ra.ranks_of(node, a.year), rb.ranks_of(node, b.year))
    problems = _unlike(a, b, both, node)
    rows = []
    for u in both:
        i, j = ra.unit_at(u), rb.unit_at(u)
        p, q = int(places[0][i]), int(places[1][j])
        x, y = number(scores[0][i]), number(scores[1][j])
        same = not problems and x is not None and y is not None
        rows.append(
            Slope(b.subject.unit(u), p, q, x, y, p - q if p and q else None, y - x if same else None)  # type: ignore[operator]
        )
    rows.sort(key=lambda row: (row.rank_b == 0, row.rank_b, row.rank_a))
    moves = [abs(row.gained) for row in rows if row.gained is not None]
    bars: tuple[ChangePart, ...] = ()
    refused: tuple[Problem, ...] = ()
    if unit and unit in both:
        bars, refused = parts_of_change(b.subject, a.at(unit), b.at(unit), node)
    return Versus(
        tuple(rows),
        b.subject.node(node or rb.framework.root),
        problems,
        sum(moves) / len(moves) if moves else None,
        sum(1 for m in moves if m),
        tuple(a.subject.unit(u) for u in ra.panel.units if u not in rb.panel.units),
        tuple(b.subject.unit(u) for u in rb.panel.units if u not in ra.panel.units),
        b.subject.unit(unit) if unit in both else None,
        bars,
        refused,
    )


def _unlike(a: State, b: State, both: Sequence[str], node: str) -> tuple[Problem, ...]:
    """Why the two scales differ, apart from gaps, which are each unit's own."""
    for unit in both:
        found = unlike(a.at(unit), b.at(unit), node)
        return tuple(p for p in found if p.code != "OUTCOME_MISSING")
    return ()


@dataclass(frozen=True, slots=True)
class PeerRow:
    """One node over up to four units."""

    node: NodeLook
    depth: int
    leaf: bool
    median: float | None
    cells: tuple[tuple[float | None, int, float | None], ...]
    best: int | None


def peers(subject: Subject, units: Sequence[str], year: int | None = None) -> tuple[list[Profile], list[PeerRow]]:
    """Profiles of up to four units, and the tree with (score, rank, own value) of each; `best` is the column ahead."""
    found = [profile(subject, unit, year) for unit in list(dict.fromkeys(units))[:PEERS_MOST]]
    rows = []
    for k, strip in enumerate(found[0].strips if found else ()):
        cells = tuple((p.strips[k].score, p.strips[k].rank, p.strips[k].raw) for p in found)
        there = [(score, -i) for i, (score, _rank, _raw) in enumerate(cells) if score is not None]
        lead = max(there) if len(there) > 1 else None
        alone = lead is not None and sum(1 for score, _i in there if score == lead[0]) == 1
        best = -lead[1] if lead is not None and alone else None
        rows.append(PeerRow(strip.node, strip.depth, strip.leaf, strip.median, cells, best))
    return found, rows
