"""Frameworks as values: editions, trees, what their indicators have for data, what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from linli.core.actor import Actor
from linli.core.errors import Invalid, Missing

from .. import documents, formulas, permissions, trees
from ..choices import FrameworkState, NodeKind
from ..models import Framework, FrameworkNode
from ..problems import Told
from . import observations
from .series import SeriesView, series
from .units import UnitView, units


@dataclass(frozen=True, slots=True)
class FrameworkView:
    """One edition, with its rows in the order of the tree."""

    id: int
    family: str
    edition: int
    name: str
    name_en: str
    purpose: str
    purpose_name: str
    level: str
    level_name: str
    within: str
    state: str
    state_name: str
    valid_from: int
    valid_to: int | None
    scenario: dict[str, Any]
    factors: list[Any]
    provenance: str
    source: str
    note: str
    version: int
    made_by: str
    rows: tuple[trees.Row, ...] = ()

    @property
    def span(self) -> str:
        """The years it is for, in words."""
        if self.valid_to is None:
            return _("%(a)s 年起") % {"a": self.valid_from}
        return _("%(a)s—%(b)s 年") % {"a": self.valid_from, "b": self.valid_to}

    @property
    def title(self) -> str:
        """Its name in the reader's language."""
        return self.name_en if self.name_en and (get_language() or "zh").startswith("en") else self.name


def _view(row: Framework, rows: Sequence[trees.Row] = ()) -> FrameworkView:
    return FrameworkView(
        row.pk, row.family, row.edition, row.name, row.name_en, row.purpose, str(row.get_purpose_display()), row.level,
        str(row.get_level_display()), row.within, row.state, str(row.get_state_display()), row.valid_from, row.valid_to,
        row.scenario, row.factors, row.provenance, row.source, row.note, row.version, row.made_by, tuple(rows),
    )  # fmt: skip


def rows_of(framework_id: int) -> list[trees.Row]:
    """The rows of a tree, in their order."""
    found = FrameworkNode.objects.filter(framework=framework_id).order_by("order", "pk")
    return [trees.Row(*values) for values in found.values_list(*trees.FIELDS)]


def frameworks(*, actor: Actor) -> list[FrameworkView]:
    """All editions one may see, by family, the newest first; without their rows. Raises Forbidden."""
    permissions.can_read(actor).or_forbidden()
    found = Framework.objects.order_by("pk")
    if not permissions.can_see_drafts(actor):
        found = found.exclude(state=FrameworkState.DRAFT)
    rows = list(found)
    first = {f.family: f.pk for f in reversed(rows)}  # families in the order in which they came
    return [_view(f) for f in sorted(rows, key=lambda f: (f.purpose, first[f.family], -f.edition))]


def framework(*, actor: Actor, framework_id: int) -> FrameworkView:
    """One edition with its rows; a draft looks missing to those who see no drafts. Raises Forbidden, Missing."""
    permissions.can_read(actor).or_forbidden()
    found = Framework.objects.filter(pk=framework_id).first()
    if found is None or (found.state == FrameworkState.DRAFT and not permissions.can_see_drafts(actor)):
        raise Missing("no_such_framework", _("没有这个评价体系。"))
    return _view(found, rows_of(found.pk))


def editions(*, actor: Actor, family: str) -> list[FrameworkView]:
    """The editions of a family one may see, newest first."""
    return [
        f
        for f in frameworks(
            actor=actor,
        )
        if f.family == family
    ]


def problems(view: FrameworkView) -> list[Told]:
    """What is wrong with a tree and its way of computing; those that stop come first."""
    found: list[Told] = []
    scenario = None
    try:
        scenario = documents.scenario_of(view.scenario)
        documents.factors_of(view.factors)
    except Invalid as wrong:
        found.append(Told(wrong.code, str(wrong.message).rstrip("。"), (), 0, True))
    found += trees.faults(view.rows, purpose=view.purpose, series=series(trees.codes_in(view.rows)), scenario=scenario)
    return sorted(found, key=lambda t: not t.stops)


# --- coverage -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Coverage:
    """In how many of the units an indicator has a value, by year; years without any are left out."""

    code: str
    by_year: Mapping[int, int]
    units: int

    @property
    def has_data(self) -> bool:
        return bool(self.by_year)

    @property
    def first(self) -> int | None:
        return min(self.by_year, default=None)

    @property
    def last(self) -> int | None:
        return max(self.by_year, default=None)

    @property
    def latest(self) -> int:
        """Units with a value in the last year."""
        return self.by_year[max(self.by_year)] if self.by_year else 0


def framework_units(view: FrameworkView) -> list[UnitView]:
    """The units that a framework compares."""
    return units(view.level, view.within)


def coverage(view: FrameworkView) -> dict[str, Coverage]:
    """Of every indicator, in how many units a value can be made of the data in force. A missing part makes none."""
    formed = {}
    for row in view.rows:
        if row.kind == NodeKind.INDICATOR:
            try:
                formed[row.code] = (formulas.terms(row.numerator), formulas.terms(row.denominator))
            except Invalid:
                formed[row.code] = ((), ())
    asked = trees.codes_in(view.rows)
    compared = [u.code for u in framework_units(view)]
    have: dict[tuple[str, int], dict[str, float | None]] = {}
    for cell in observations.cells(series=asked, units=compared, years=observations.years_of(asked)) if asked else ():
        have.setdefault((cell.unit, cell.year), {})[cell.series] = cell.value
    found = {}
    for code, (above, below) in formed.items():
        by_year: dict[int, int] = {}
        for (_unit, year), at in have.items():
            if above and formulas.value(above, at) is not None and (not below or formulas.value(below, at)):
                by_year[year] = by_year.get(year, 0) + 1
        found[code] = Coverage(code, dict(sorted(by_year.items())), len(compared))
    return found


def absent_parts(view: FrameworkView, covered: Mapping[str, Coverage]) -> list[trees.Row]:
    """Parts of which no indicator has data."""
    under = _indicators_under(view.rows)
    return [
        r for r in view.rows
        if r.kind == NodeKind.PART and not any(covered[c].has_data for c in under.get(r.code, ()) if c in covered)
    ]  # fmt: skip


def provisional_parts(view: FrameworkView) -> list[trees.Row]:
    """Parts that stand on an indicator that is provisional."""
    under = _indicators_under(view.rows)
    loose = {r.code for r in view.rows if r.kind == NodeKind.INDICATOR and r.provenance == "provisional"}
    return [r for r in view.rows if r.kind == NodeKind.PART and loose & set(under.get(r.code, ()))]


def _indicators_under(rows: Iterable[trees.Row]) -> dict[str, list[str]]:
    """Node -> the indicators below it, at any depth."""
    parents = {r.code: r.parent for r in rows}
    found: dict[str, list[str]] = {}
    for row in rows:
        at, seen = row.parent, {row.code}
        while row.kind == NodeKind.INDICATOR and at and at not in seen:
            seen.add(at)
            found.setdefault(at, []).append(row.code)
            at = parents.get(at, "")
    return found


def used_series(view: FrameworkView) -> dict[str, SeriesView]:
    """The series that its formulas name and that are known."""
    return series(trees.codes_in(view.rows))
