"""The tree of a framework as rows: everything that is wrong with it said, two editions compared. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Protocol

import numpy as np
from django.utils.translation import gettext as _

from linli.core.errors import Invalid
from linli_engines.composite import Framework, Indicator, Node, Panel, Problem, Refused, Scenario, Variable, check

from . import formulas
from .choices import FrameworkPurpose, NodeKind, Origin
from .problems import Told, told

CODE = re.compile(r"[a-z0-9][a-z0-9_]{0,39}")
SLACK = 1e-6
"""How far a sum of weights may be from 1 or 100."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a tree, as models.FrameworkNode keeps it; `order` is its place in the list."""

    code: str
    parent: str
    kind: str
    name: str
    name_en: str = ""
    weight: float = 1.0
    direction: int = 1
    symbol: str = ""
    numerator: str = ""
    denominator: str = ""
    denominator_symbol: str = ""
    factor: float = 1.0
    goal_low: float | None = None
    goal_high: float | None = None
    target: float | None = None
    definition: str = ""
    calibre: str = ""
    provenance: str = "provisional"
    source: str = ""

    @property
    def shown_unit(self) -> str:
        """The unit of its value: 元/人, 张/千人, %."""
        if not self.denominator:
            return self.symbol
        if self.symbol == self.denominator_symbol and self.factor == 100:
            return "%"
        return f"{self.symbol}/{self.denominator_symbol}" if self.denominator_symbol else self.symbol


FIELDS = tuple(f.name for f in fields(Row))


class Counted(Protocol):
    """What is asked of a series (queries.series.SeriesView is one)."""

    @property
    def concept(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def symbol(self) -> str: ...
    @property
    def calibre(self) -> str: ...
    @property
    def calibre_name(self) -> str: ...
    @property
    def origin(self) -> str: ...


def codes_in(rows: Iterable[Row]) -> list[str]:
    """Every series that the formulas name, in order; a formula that cannot be read names none."""
    found: dict[str, None] = {}
    for row in rows:
        for formula in (row.numerator, row.denominator):
            try:
                found.update({term.series: None for term in formulas.terms(formula)})
            except Invalid:
                continue
    return list(found)


# --- the tree -------------------------------------------------------------------------------------------------


def engine_tree(rows: Iterable[Row]) -> Framework:
    """The rows as the engine's tree; an indicator with a denominator is divided by the column `<code>:below`.

    Raises the engine's Refused.
    """
    indicators, nodes = [], []
    for r in rows:
        if r.kind != NodeKind.INDICATOR:
            nodes.append(Node(r.code, r.parent, r.weight, r.name))
            continue
        posts = None if r.goal_low is None or r.goal_high is None else (r.goal_low, r.goal_high)
        below = (f"{r.code}:below", r.denominator_symbol) if r.denominator.strip() else ("", "")
        unit = r.symbol if below[0] else ""  # without a denominator the column is taken as it is
        indicators.append(
            Indicator(r.code, r.parent, r.direction, r.weight, r.name, unit, *below, r.factor, posts)
        )  # fmt: skip
    return Framework(tuple(indicators), tuple(nodes))


def faults(
    rows: Sequence[Row], *, purpose: str, series: Mapping[str, Counted], scenario: Scenario | None = None
) -> list[Told]:
    """Everything that is wrong with a tree, those that stop its publication and those that are to be known."""
    names = {r.code: r.name for r in rows}
    found = [told(p, names) for p in _shape(rows)]
    broken = bool(found)
    found += _weights(rows)
    for row in rows:
        if row.kind == NodeKind.INDICATOR:
            found += _formulas(row, purpose, series)
    found += _calibres_apart(rows, series)
    bare = tuple(r.name for r in rows if r.kind == NodeKind.INDICATOR and not r.numerator.strip())
    if bare:
        found.append(_fault("no_data", _("没有写算式，测算时算作没有数据"), bare, stops=False))
    if scenario is not None and not broken and not any(f.stops for f in found):
        found += [told(p, names) for p in _columns(rows, series, scenario)]
    return found


def _fault(code: str, sentence: str, where: Iterable[str], *, stops: bool = True) -> Told:
    return Told(code, sentence, tuple(where), 0, stops)


def _shape(rows: Sequence[Row]) -> list[Problem]:
    try:
        engine_tree(rows)
    except Refused as refused:
        return list(refused.problems)
    return []


def _weights(rows: Sequence[Row]) -> list[Told]:
    """Siblings are weighed alike, or by shares that add up to 1 or to 100: 99 is a slip, not a choice."""
    found = []
    for parent in rows:
        own = [r.weight for r in rows if r.parent == parent.code]
        total = sum(own)
        alike = len(set(own)) <= 1
        if own and not alike and all(abs(total - whole) > SLACK * whole for whole in (1, 100)):
            said = {"name": parent.name, "total": f"{total:g}"}
            text = _("“%(name)s”下面的权重加起来是 %(total)s，应为 100（或 1），或者各项相等") % said
            found.append(_fault("weight_sum", text, ()))
    return found


def _formulas(row: Row, purpose: str, series: Mapping[str, Counted]) -> list[Told]:
    found: list[Told] = []
    both: list[str] = []
    for formula in (row.numerator, row.denominator):
        try:
            own = [term.series for term in formulas.terms(formula)]
        except Invalid as wrong:
            found.append(_fault("bad_formula", str(wrong.message).rstrip("。"), (row.name,)))
            continue
        lost = [code for code in own if code not in series]
        if lost:
            said = {"codes": _("、").join(lost)}
            found.append(_fault("series_unknown", _("没有这项统计：%(codes)s") % said, (row.name,)))
        units = {series[code].symbol for code in own if code in series}
        if len(units) > 1:
            said = {"units": _("、").join(sorted(units))}
            found.append(_fault("unit_mixed", _("一个算式里混用了单位：%(units)s") % said, (row.name,)))
        both += [code for code in own if code in series]
    found += _mixed(row, both, series)
    have = {series[c].symbol for c in both}
    if not row.denominator.strip() and row.factor == 1 and len(have) == 1 and row.symbol not in ("", *have):
        said = {"have": next(iter(have)) or _("无"), "want": row.symbol}
        found.append(_fault("unit_mismatch", _("数据的单位是“%(have)s”，指标写的是“%(want)s”") % said, (row.name,)))
    platform = [c for c in both if series[c].origin == Origin.PLATFORM]
    if platform and purpose == FrameworkPurpose.COMPREHENSIVE:
        said = {"codes": _("、").join(platform)}
        text = _("综合评价指数只用公开统计，不能用本平台的数：%(codes)s") % said
        found.append(_fault("platform_series", text, (row.name,)))
    if row.denominator.strip() and not row.numerator.strip():
        found.append(_fault("bad_formula", _("有分母，没有分子"), (row.name,)))
    return found


def _mixed(row: Row, codes: Sequence[str], series: Mapping[str, Counted]) -> list[Told]:
    first: dict[str, Counted] = {}
    for code in codes:
        one = series[code]
        other = first.setdefault(one.concept, one)
        if other.calibre != one.calibre:
            said = {
                "name": one.name,
                "a": other.calibre_name or _("未注明"),
                "b": one.calibre_name or _("未注明"),
            }
            text = _("一个算式里混用了“%(name)s”的两种口径：%(a)s、%(b)s") % said
            return [_fault("calibre_mixed", text, (row.name,))]
    return []


def _calibres_apart(rows: Sequence[Row], series: Mapping[str, Counted]) -> list[Told]:
    """Two indicators that count one concept by two calibres: allowed, and said."""
    used: dict[str, set[str]] = {}
    for code in codes_in(rows):
        if code in series:
            used.setdefault(series[code].concept, set()).add(code)
    found = []
    for codes in used.values():
        if len({series[c].calibre for c in codes}) > 1:
            names = tuple(f"{series[c].name}（{series[c].calibre_name or c}）" for c in sorted(codes))
            found.append(_fault("calibre_differs", _("不同指标用了同一概念的不同口径"), names, stops=False))
    return found


def _columns(rows: Sequence[Row], series: Mapping[str, Counted], scenario: Scenario) -> list[Problem]:
    """What the engine would say of units, denominators and the scenario, tried on columns of ones (and a two)."""
    variables: list[Variable] = []
    kept = []
    for r in rows:
        if r.kind == NodeKind.INDICATOR and not r.numerator.strip():
            continue
        kept.append(r)
        if r.kind == NodeKind.INDICATOR:
            variables.append(Variable(r.code, series[formulas.terms(r.numerator)[0].series].symbol))
            if r.denominator.strip():
                variables.append(Variable(f"{r.code}:below", series[formulas.terms(r.denominator)[0].series].symbol))
    kept = _without_empty(kept)
    if not variables or not kept:
        return []
    values = np.ones((2, 3, len(variables)))
    values[:, 1:] = 1.25
    tried = Panel(("1", "2", "3"), (2000, 2001), tuple(variables), values)
    shown = {r.code for r in kept}
    known = _within(scenario, shown, {r.parent for r in rows if r.code not in shown})
    # the base year and the labels of groups are those of a run, not of a tree
    return [
        p for p in check(tried, engine_tree(kept), known) if p.stops and p.code not in ("BASE_YEAR", "GROUP_UNKNOWN")
    ]


def _without_empty(rows: Sequence[Row]) -> list[Row]:
    """The tree without nodes that have nothing below them any more."""
    kept = list(rows)
    while True:
        parents = {r.parent for r in kept}
        left = [r for r in kept if r.kind == NodeKind.INDICATOR or r.code in parents]
        if len(left) == len(kept):
            return kept
        kept = left


def _within(scenario: Scenario, known: set[str], thinned: set[str]) -> Scenario:
    """The scenario without what it says of nodes that have no data, or have lost some of their children to that."""
    treat = scenario.treat and replace(scenario.treat, at={k: v for k, v in scenario.treat.at.items() if k in known})
    return replace(
        scenario,
        treat=treat,
        normalise=replace(scenario.normalise, at={k: v for k, v in scenario.normalise.at.items() if k in known}),
        weigh=replace(
            scenario.weigh, at={k: v for k, v in scenario.weigh.at.items() if k in known and k not in thinned}
        ),
        aggregate=replace(scenario.aggregate, at={k: v for k, v in scenario.aggregate.at.items() if k in known}),
    )


# --- order and difference -------------------------------------------------------------------------------------


def in_order(rows: Sequence[Row]) -> list[tuple[Row, int]]:
    """Each row after its parent, with its depth; what hangs on nothing, or in a circle, comes last with depth -1."""
    children: dict[str, list[Row]] = {}
    for row in rows:
        children.setdefault(row.parent, []).append(row)
    found: list[tuple[Row, int]] = []
    seen: set[str] = set()

    def walk(code: str, depth: int) -> None:
        for row in children.get(code, []):
            if row.code not in seen:
                seen.add(row.code)
                found.append((row, depth))
                walk(row.code, depth + 1)

    walk("", 0)
    return found + [(row, -1) for row in rows if row.code not in seen]


def shares(rows: Sequence[Row]) -> dict[str, float]:
    """Each row's weight as a share among its siblings, in per cent."""
    sums: dict[str, float] = {}
    for row in rows:
        sums[row.parent] = sums.get(row.parent, 0.0) + row.weight
    return {r.code: 100 * r.weight / sums[r.parent] if sums[r.parent] else 0.0 for r in rows}


@dataclass(frozen=True, slots=True)
class Changed:
    """One row that is in both editions and differs: field -> (before, after)."""

    before: Row
    after: Row
    differences: tuple[tuple[str, Any, Any], ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """What another edition adds, drops and changes."""

    added: tuple[Row, ...]
    gone: tuple[Row, ...]
    changed: tuple[Changed, ...]


def difference(before: Sequence[Row], after: Sequence[Row]) -> Difference:
    """From one edition to another, by code, in the order of the trees."""
    old, new = {r.code: r for r in before}, {r.code: r for r in after}
    changed = []
    for code, row in new.items():
        if code in old and old[code] != row:
            pairs = tuple(
                (f, a, b) for f in FIELDS if (a := getattr(old[code], f)) != (b := getattr(row, f))
            )  # fmt: skip
            changed.append(Changed(old[code], row, pairs))
    return Difference(
        tuple(r for c, r in new.items() if c not in old),
        tuple(r for c, r in old.items() if c not in new),
        tuple(changed),
    )
