"""How the tree holds together: correlations, consistency, weights; and what was done to cells on the way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from linli_engines.composite import Refused, Status, correlations, cronbach, effective_weights, importance
from linli_engines.composite.panel import Floats
from linli_engines.composite.treat import Decision

from .subject import NodeLook, Subject, UnitLook, number

TOO_CLOSE = 0.92
"""Above this two indicators say nearly the same thing (OECD/JRC Handbook, step 4)."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two codes whose correlation asks for a look: `kind` "against" (negative within a part) or "twin" (over 0.92)."""

    kind: str
    one: NodeLook
    other: NodeLook
    r: float


@dataclass(frozen=True)
class Structure:
    """Correlations of a node's children (or of the indicators below it) with one another and with the node (last)."""

    node: NodeLook
    codes: tuple[NodeLook, ...]
    matrix: tuple[tuple[float | None, ...], ...]
    pairs: tuple[Pair, ...]
    alpha: float | None
    rows: int
    method: str


def structure(
    subject: Subject, node: str = "", method: str = "pearson", deep: bool = False, year: int | None = None
) -> Structure:
    """`deep`: all indicators below the node instead of its children. `method`: pearson or spearman."""
    r = subject.result
    top = node or r.framework.root
    codes = r.framework.under(top) if deep else r.framework.children[top]
    x = r.scores[r.year_at(year)][:, [r.code_at(c) for c in (*codes, top)]]
    found = correlations(x, method)
    looks = tuple(subject.node(c) for c in (*codes, top))
    return Structure(
        subject.node(top),
        looks,
        tuple(tuple(number(v) for v in row) for row in found),
        pairs(found, looks),
        alpha_of(x[:, :-1]),
        int((~np.isnan(x)).all(axis=1).sum()),
        method,
    )


def pairs(found: Floats, looks: tuple[NodeLook, ...]) -> tuple[Pair, ...]:
    """What asks for a look: first what pulls against its siblings or its node, then what is nearly the same."""
    out: list[Pair] = []
    last = len(looks) - 1
    for i in range(len(looks)):
        for j in range(i + 1, len(looks)):
            value = float(found[i, j])
            if value < 0:
                out.append(Pair("against", looks[i], looks[j], value))
            elif value > TOO_CLOSE and j != last:
                out.append(Pair("twin", looks[i], looks[j], value))
    return tuple(sorted(out, key=lambda p: (p.kind, p.r if p.kind == "against" else -p.r)))


def alpha_of(x: Floats) -> float | None:
    """Cronbach's alpha of the columns; None where it is not defined."""
    try:
        return float(cronbach(x))
    except Refused:
        return None


@dataclass(frozen=True, slots=True)
class Weighing:
    """`share` among siblings, `effective` in the total, `importance`: squared correlation with the parent, as a share of
    the siblings' sum. None where each unit has its own weights, or nothing varies.
    """

    node: NodeLook
    depth: int
    leaf: bool
    share: float | None
    effective: float | None
    importance: float | None
    importance_share: float | None

    @property
    def percent(self) -> dict[str, str]:
        """As printed and as long as drawn; nothing for what is not known."""
        held = {"share": self.share, "effective": self.effective, "importance": self.importance_share}
        return {k: "" if v is None else f"{100 * v:.1f}" for k, v in held.items()}


def weighing(subject: Subject, year: int | None = None) -> list[Weighing]:
    """The tree with its weights, from the root down."""
    r = subject.result
    try:
        effective = effective_weights(r)
    except Refused:
        effective = {}
    weight: dict[str, tuple[float | None, float | None, float | None]] = {}
    for parent in r.framework.parents:
        own = r.weights[parent]
        found = {c: number(v) for c, v in importance(r, parent, year=year).items()}
        whole = sum(v for v in found.values() if v is not None)
        for i, child in enumerate(r.framework.children[parent]):
            share = None if own.ndim == 3 else float(own[i])
            part = found.get(child)
            weight[child] = (share, part, part / whole if part is not None and whole > 0 else None)
    rows = []
    for depth, code in subject.tree():
        share, part, of_all = weight.get(code, (None, None, None))
        leaf = code not in r.framework.children
        rows.append(Weighing(subject.node(code), depth, leaf, share, effective.get(code), part, of_all))
    return rows


@dataclass(frozen=True, slots=True)
class Filled:
    """A cell that was not observed: how it was filled and with what; `value` None: it stayed missing."""

    unit: UnitLook
    year: int
    node: NodeLook
    status: Status
    value: float | None


def filled(subject: Subject, year: int | None = None, unit: str = "") -> list[Filled]:
    """Cells that are not observed, in the order of indicators and units."""
    r = subject.result
    found = []
    for y, u, i in np.argwhere(r.status != Status.OBSERVED).tolist():
        if (year is None or r.panel.years[y] == year) and (not unit or r.panel.units[u] == unit):
            code = r.framework.leaves[i]
            status = Status(int(r.status[y, u, i]))
            found.append(
                Filled(
                    subject.unit(r.panel.units[u]), r.panel.years[y], subject.node(code), status,
                    number(r.imputed[y, u, i]) if status >= Status.MEAN else None,
                )
            )  # fmt: skip
    order = {code: n for n, code in enumerate(r.framework.leaves)}
    return sorted(found, key=lambda f: (f.year, order[f.node.code], f.unit.code))


@dataclass(frozen=True, slots=True)
class Treated:
    node: NodeLook
    decision: Decision


def treated(subject: Subject, year: int | None = None) -> list[Treated]:
    """What the rule for outliers did, column by column; `year` keeps that year's and the pooled ones."""
    return [
        Treated(subject.node(d.indicator), d)
        for d in subject.result.decisions
        if year is None or d.year in (None, year)
    ]
