"""A finished result as the pages look at it: names in the reader's language, what the replicates said, who is absent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.translation import get_language

from linli.core.actor import Actor

from ..models import Publication
from .explore import NodeLook, Spread, Subject, UnitLook
from .panels import NodeView
from .results import Opened, opened
from .units import UnitView, units


@dataclass(frozen=True, eq=False)
class Explored:
    """`absent_units`: those of the level without a single observed cell; they are in no table of the result."""

    opened: Opened
    subject: Subject
    absent_units: tuple[UnitLook, ...]

    @property
    def sensitivity(self) -> dict[str, Any]:
        found: dict[str, Any] = self.opened.summary.get("sensitivity") or {}
        return found

    @property
    def study_year(self) -> int | None:
        return self.opened.summary.get("year")

    @property
    def absent_nodes(self) -> tuple[NodeLook, ...]:
        """Parts and indicators of the framework that nothing stands for in this result."""
        there = self.subject.result.framework.at
        return tuple(node_look(n) for n in self.opened.nodes if n.code not in there)


def explored(actor: Actor, id: UUID | str) -> Explored:
    """Raises Missing: no such result, or not finished."""
    return looked_at(opened(actor, id))


def looked_at(found: Opened) -> Explored:
    panel = found.result.panel
    look = {code: unit_look(u) for code, u in found.units.items()}
    spread = spread_of(found.summary)
    subject = Subject(
        found.result,
        look,
        {n.code: node_look(n) for n in found.nodes},
        {int(found.summary["year"]): spread} if spread else {},
        found.row.experimental,
    )
    there, parents = set(panel.units), {u.parent for c, u in found.units.items() if c in set(panel.units)}
    level = units(found.row.level, year=found.row.year_to)
    absent = tuple(unit_look(u) for u in level if u.code not in there and u.parent in parents)
    return Explored(found, subject, absent)


def publication_titles() -> dict[str, str]:
    """Code -> title of what figures come from, in the reader's language."""
    rows = Publication.objects.values_list("code", "title", "title_en")
    return {code: (other or title) if english() else title for code, title, other in rows}


def english() -> bool:
    return (get_language() or "").startswith("en")


def unit_look(unit: UnitView) -> UnitLook:
    name = unit.name_en if english() and unit.name_en else unit.short
    return UnitLook(unit.code, name, unit.name, unit.labels)


def node_look(n: NodeView) -> NodeLook:
    name = n.name_en if english() and n.name_en else n.name
    return NodeLook(
        n.code, name, n.kind, n.parent, n.shown_unit, n.direction, n.calibre, n.provenance, n.source, n.definition,
        n.numerator, n.denominator,
    )  # fmt: skip


def spread_of(summary: dict[str, Any]) -> Spread | None:
    """The replicates of a summary; None where none ran."""
    if not summary.get("units"):
        return None
    return Spread(
        tuple(summary["units"]),
        tuple(summary["low"]),
        tuple(summary["high"]),
        tuple(summary["median"]),
        tuple(summary["score_low"]),
        tuple(summary["score_high"]),
        tuple(tuple(row) for row in summary.get("acceptability") or ()),
        tuple(tuple(row) for row in summary.get("beats") or ()),
    )
