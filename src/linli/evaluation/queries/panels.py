"""From observations in force to what the engine computes on: columns of a framework, what is absent, where cells come from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from django.utils.translation import gettext as _

from linli.core.errors import Invalid
from linli_engines.composite import Framework as Tree
from linli_engines.composite import Indicator, Node, Panel, Refused, Variable

from .. import formulas, problems, pruning
from ..choices import NodeKind, Provenance
from ..formulas import Term
from ..models import FrameworkNode
from .observations import Cell, cells
from .series import SeriesView, series
from .units import UnitView, units

BELOW = "÷ "
"""Stands before the name of a denominator's column."""


@dataclass(frozen=True, slots=True)
class NodeView:
    """A row of a framework (models.FrameworkNode), and `part`: the code of the part it lies in."""

    code: str
    parent: str
    kind: str
    name: str
    name_en: str
    weight: float
    direction: int
    symbol: str
    numerator: str
    denominator: str
    denominator_symbol: str
    factor: float
    goalposts: tuple[float, float] | None
    target: float | None
    definition: str
    calibre: str
    provenance: str
    source: str
    part: str

    @property
    def shown_unit(self) -> str:
        """The unit of its value: 元/人, 张/千人, %."""
        if not self.denominator:
            return self.symbol
        if self.symbol == self.denominator_symbol and self.factor == 100:
            return "%"
        return f"{self.symbol}/{self.denominator_symbol}" if self.denominator_symbol else self.symbol


@dataclass(frozen=True, eq=False)
class Assembled:
    """What there is to compute. `tree` holds indicators with data only; None if there are none.

    `absent`: indicators without a single value; `empty_parts`: parts of which nothing is left; `unseen_parts`: parts
    without one observed value in the last year; `provisional_parts`: parts in which an indicator with data is provisional.
    """

    nodes: tuple[NodeView, ...]
    units: tuple[UnitView, ...]
    years: tuple[int, ...]
    tree: Tree | None
    panel: Panel | None
    absent: tuple[str, ...]
    empty_parts: tuple[str, ...]
    unseen_parts: tuple[str, ...]
    provisional_parts: tuple[str, ...]
    absent_units: tuple[str, ...]

    @property
    def names(self) -> dict[str, str]:
        """Codes of nodes and units -> their names."""
        return {n.code: n.name for n in self.nodes} | {u.code: u.short for u in self.units}


def node_views(framework_id: int) -> tuple[NodeView, ...]:
    """The rows of a framework in their order."""
    rows = list(FrameworkNode.objects.filter(framework_id=framework_id).order_by("order", "pk"))
    kinds = {r.code: r.kind for r in rows}
    above = {r.code: r.parent for r in rows}

    def part(code: str) -> str:
        seen: set[str] = set()
        while code and code not in seen and kinds.get(code) != NodeKind.PART:
            seen.add(code)
            code = above.get(code, "")
        return code if kinds.get(code) == NodeKind.PART else ""

    return tuple(
        NodeView(
            r.code, r.parent, r.kind, r.name, r.name_en, r.weight, r.direction, r.symbol, r.numerator, r.denominator,
            r.denominator_symbol, r.factor,
            (r.goal_low, r.goal_high) if r.goal_low is not None and r.goal_high is not None else None,
            r.target, r.definition, r.calibre, r.provenance, r.source, part(r.code),
        )
        for r in rows
    )  # fmt: skip


def tree_of(nodes: Sequence[NodeView]) -> Tree:
    """The engine's tree of all rows. Raises Invalid with every fault: cycles, two parents, lone nodes."""
    inside = {n.parent for n in nodes if n.parent}
    try:
        return Tree(
            tuple(_indicator(n) for n in nodes if n.kind == NodeKind.INDICATOR),
            tuple(
                Node(n.code, n.parent, n.weight, n.name)
                for n in nodes
                if n.kind != NodeKind.INDICATOR and (n.code in inside or n.kind != NodeKind.GROUP)
            ),
        )
    except Refused as refused:
        raise problems.refusal(refused, {n.code: n.name for n in nodes}, "tree") from refused


def _indicator(n: NodeView) -> Indicator:
    below = BELOW + formulas.spelt(formulas.terms(n.denominator)) if n.denominator else ""
    return Indicator(
        n.code, n.parent, n.direction, n.weight, n.name, n.symbol if n.denominator else "", below,
        n.denominator_symbol if n.denominator else "", n.factor, n.goalposts,
    )  # fmt: skip


def assembled(
    nodes: Sequence[NodeView], *, level: str, within: str = "", years: Iterable[int], cut: datetime | None = None
) -> Assembled:
    """Observations in force at `cut` as the engine's panel. Raises Invalid: a bad formula, units or calibres mixed."""
    span = tuple(sorted(set(years)))
    over = {n.code: formulas.terms(n.numerator) for n in nodes if n.kind == NodeKind.INDICATOR and n.numerator}
    under = {n.code: formulas.terms(n.denominator) for n in nodes if n.kind == NodeKind.INDICATOR and n.denominator}
    known = series({t.series for parts in (*over.values(), *under.values()) for t in parts})
    places = tuple(units(level, within))
    held = _held(cells(series=known, units=[u.code for u in places], years=span, cut=cut))
    columns: dict[str, tuple[Variable, np.ndarray]] = {}
    for code, parts in over.items():
        columns[code] = _column(code, parts, known, held, places, span)
    for parts in under.values():
        name = BELOW + formulas.spelt(parts)
        columns.setdefault(name, _column(name, parts, known, held, places, span))
    there = {code for code in over if _any(columns, code, nodes)}
    return _whole(tuple(nodes), places, span, columns, there)


def _held(found: Iterable[Cell]) -> dict[tuple[str, int], dict[str, float | None]]:
    """(unit, year) -> series -> value."""
    held: dict[tuple[str, int], dict[str, float | None]] = {}
    for cell in found:
        held.setdefault((cell.unit, cell.year), {})[cell.series] = cell.value
    return held


def _column(
    code: str,
    parts: tuple[Term, ...],
    known: Mapping[str, SeriesView],
    held: Mapping[tuple[str, int], Mapping[str, float | None]],
    places: Sequence[UnitView],
    span: Sequence[int],
) -> tuple[Variable, np.ndarray]:
    """A variable of the panel and its values (years, units)."""
    views = [known[t.series] for t in parts if t.series in known]
    symbols = sorted({v.symbol for v in views})
    if len(symbols) > 1:
        sentence = _("“%(formula)s”把不同单位的数据相加：%(units)s。") % {
            "formula": formulas.spelt(parts), "units": _("、").join(symbols),
        }  # fmt: skip
        raise Invalid("units_mixed", sentence, fields={"numerator": [sentence]})
    nothing: dict[str, float | None] = {}
    values = np.array(
        [[_number(formulas.value(parts, held.get((u.code, y), nothing))) for u in places] for y in span], dtype=float
    ).reshape(len(span), len(places))
    calibre = " ".join(sorted({v.calibre for v in views if v.calibre}))
    return Variable(code, symbols[0] if symbols else "", "", calibre), values


def _number(value: float | None) -> float:
    return float("nan") if value is None else value


def _any(columns: Mapping[str, tuple[Variable, np.ndarray]], code: str, nodes: Sequence[NodeView]) -> bool:
    """Whether an indicator has a value somewhere: both sides of it."""
    values = columns[code][1]
    node = next(n for n in nodes if n.code == code)
    if node.denominator:
        values = values / columns[BELOW + formulas.spelt(formulas.terms(node.denominator))][1]
    return bool(np.isfinite(values).any())


def _whole(
    nodes: tuple[NodeView, ...],
    places: tuple[UnitView, ...],
    span: tuple[int, ...],
    columns: Mapping[str, tuple[Variable, np.ndarray]],
    there: set[str],
) -> Assembled:
    indicators = [n for n in nodes if n.kind == NodeKind.INDICATOR]
    absent = tuple(n.code for n in indicators if n.code not in there)
    parts = [n.code for n in nodes if n.kind == NodeKind.PART]
    mine = {p: [n for n in indicators if n.part == p and n.code in there] for p in parts}
    last = {n.code: bool(np.isfinite(columns[n.code][1][-1]).any()) for n in indicators if n.code in there}
    tree = pruning.present(tree_of(nodes), sorted(there)) if indicators else None
    panel, lost = None, tuple(u.code for u in places)
    if tree is not None and places and span:
        used = [c for c in columns if c in tree.leaves] + sorted(
            {i.denominator for i in tree.indicators if i.denominator}
        )
        values = np.stack([columns[c][1] for c in used], axis=2)
        leaves = [k for k, c in enumerate(used) if c in tree.leaves]
        seen = np.isfinite(values[:, :, leaves]).any(axis=(0, 2))
        lost = tuple(u.code for u, there_ in zip(places, seen, strict=True) if not there_)
        kept = [u for u, there_ in zip(places, seen, strict=True) if there_]
        labels = sorted({name for u in kept for name in u.labels})
        panel = Panel(
            tuple(u.code for u in kept), span, tuple(columns[c][0] for c in used), values[:, seen],
            {name: tuple(u.labels.get(name, "") for u in kept) for name in labels},
        )  # fmt: skip
    return Assembled(
        nodes, places, span, tree, panel, absent,
        tuple(p for p in parts if not mine[p]),
        tuple(p for p in parts if mine[p] and not any(last[n.code] for n in mine[p])),
        tuple(p for p in parts if any(n.provenance == Provenance.PROVISIONAL for n in mine[p])),
        lost,
    )  # fmt: skip


def origins(
    nodes: Sequence[NodeView], *, unit: str, years: Iterable[int], cut: datetime | None
) -> dict[Any, list[Cell]]:
    """(indicator, year) -> the cells it was made of for one unit, as they stood at `cut`."""
    wanted: dict[str, list[str]] = {}
    for n in nodes:
        if n.kind == NodeKind.INDICATOR:
            wanted[n.code] = [t.series for f in (n.numerator, n.denominator) if f for t in formulas.terms(f)]
    found = cells(series={s for codes in wanted.values() for s in codes}, units=[unit], years=list(years), cut=cut)
    by = {(c.series, c.year): c for c in found}
    return {
        (code, year): [by[s, year] for s in codes if (s, year) in by]
        for code, codes in wanted.items()
        for year in years
    }
