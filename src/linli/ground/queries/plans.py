"""What a change would do, reckoned on the live territory: the same reckoning for its preview and for its day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from linli.accounts import queries as accounts
from linli.core.actor import Actor
from linli.flow import rezone
from linli.organisations import queries as organisations
from linli.territory import queries as territory

from .. import hooks, mapping
from ..choices import ChangeKind
from ..models import ChangeLine, Duty, GroundChange
from .designs import mapped_draft


@dataclass(frozen=True, slots=True)
class Impact:
    """What a change touches. `matters`: (kind, open, closed) whose division or ground is touched: an upper bound, said so
    where `parted`; each goes by its own point on the day.
    """

    matters: tuple[tuple[str, int, int], ...]
    posts: int
    bodies: tuple[str, ...]
    duties: int
    held: tuple[hooks.Held, ...]
    parted: bool

    @property
    def open(self) -> int:
        return sum(n for _kind, n, _ended in self.matters)

    @property
    def ended(self) -> int:
        return sum(n for _kind, _open, n in self.matters)


def lines_of(change: GroundChange) -> list[mapping.Line]:
    """The lines of a border change in their order."""
    rows = ChangeLine.objects.filter(change=change).order_by("order")
    return [mapping.Line(*row) for row in rows.values_list("kind", "old", "new", "name", "short_name")]


def plan(change: GroundChange, lines: Sequence[mapping.Line] | None = None) -> mapping.Mapped:
    """What the change makes of the live territory."""
    if change.kind == ChangeKind.GRID:
        return mapped_draft(change)
    return _mapped(tuple(lines_of(change) if lines is None else lines), territory.revision())


@lru_cache(maxsize=4)
def _mapped(lines: tuple[mapping.Line, ...], _revision: str) -> mapping.Mapped:
    """One reckoning for the pages that show it: kept while lines and territory stay what they are. Do not change it."""
    return mapping.mapped(lines, territory.live_layers())


def impact(*, actor: Actor, found: mapping.Mapped) -> Impact:
    """Count what moves (a handful of SQL)."""
    counts: dict[str, list[int]] = {}
    moves = found.moves
    for row in rezone.affected(moves.touched) if moves.touched else ():
        if row.area in moves.codes or row.area in moves.parted:
            both = counts.setdefault(row.kind, [0, 0])
            both[0] += row.open
            both[1] += row.ended
    codes = moves.codes
    return Impact(
        matters=tuple((kind, n, ended) for kind, (n, ended) in sorted(counts.items())),
        posts=accounts.count_posts_at(codes),
        bodies=tuple(b.name for b in organisations.bodies_at(codes)),
        duties=Duty.objects.filter(code__in=[c for c in codes if len(c) == 15], valid_to=None).count(),
        held=tuple(hooks.held(actor, codes)),
        parted=bool(moves.parted),
    )


def failures(problems: Sequence[mapping.Problem]) -> dict[str, list[Any]]:
    """Problems that stand in the way, as the fields of an Invalid: `line-3-new`, `lines`."""
    said: dict[str, list[Any]] = {}
    for p in problems:
        if not p.warning:
            said.setdefault(f"line-{p.place}-{p.field}" if p.place else "lines", []).append(p.message)
    return said
