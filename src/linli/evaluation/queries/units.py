"""Units of comparison: which there are, what they are called, which text means which."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from ..choices import NameKind
from ..models import Unit, UnitChange, UnitName
from ..rules import plain_name


@dataclass(frozen=True, slots=True)
class UnitView:
    """`labels`: name -> value ({"region": "东部"}); `since`, `until`: first and last year in which the code holds."""

    code: str
    level: str
    parent: str
    name: str
    short: str
    name_en: str
    labels: dict[str, str]
    order: int
    since: int | None = None
    until: int | None = None
    provenance: str = "sourced"
    source: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """What a text means: `kind` says how (choices.NameKind)."""

    code: str
    kind: str


@dataclass(frozen=True, slots=True)
class ChangeView:
    event: str
    event_name: str
    before: str
    after: str
    on: date
    note: str
    provenance: str
    source: str


def _view(row: Unit) -> UnitView:
    return UnitView(
        row.code, row.level, row.parent, row.name, row.short or row.name, row.name_en, dict(row.labels), row.order,
        row.since, row.until, row.provenance, row.source,
    )  # fmt: skip


def units(level: str, within: str = "", *, year: int | None = None) -> list[UnitView]:
    """The units of a level in their order; `within`: only below this code; `year`: only those whose code holds then.

    Without a year those that hold today (`until` empty).
    """
    rows = Unit.objects.filter(level=level).order_by("order", "code")
    found = [_view(r) for r in rows if within == "" or _below(r, within)]
    if year is None:
        return [u for u in found if u.until is None]
    return [u for u in found if (u.since is None or u.since <= year) and (u.until is None or year <= u.until)]


def _below(row: Unit, within: str) -> bool:
    if row.code == within or within == "100000":
        return row.code != within
    stem = within.rstrip("0") if len(within) == 6 else within
    stem = stem + "0" * (len(stem) % 2) if len(within) == 6 else stem
    return row.parent == within or row.code.startswith(stem)


def unit_names(codes: Iterable[str] | None = None) -> dict[str, UnitView]:
    """Code -> unit; all of them without `codes`. A code that is not known is not among them."""
    rows = Unit.objects.all() if codes is None else Unit.objects.filter(code__in=list(codes))
    return {r.code: _view(r) for r in rows.order_by("order", "code")}


def dictionary() -> dict[str, list[Known]]:
    """Plain text -> the units it may mean: names, aliases, known misspellings, and codes."""
    found: dict[str, list[Known]] = {}
    for code, name, short in Unit.objects.values_list("code", "name", "short"):
        found.setdefault(code, []).append(Known(code, NameKind.FULL))
        for text in (name, short):
            if text and Known(code, NameKind.FULL) not in found.setdefault(plain_name(text), []):
                found[plain_name(text)].append(Known(code, NameKind.FULL))
    for code, plain, kind in UnitName.objects.values_list("unit__code", "plain", "kind"):
        there = found.setdefault(plain, [])
        if all(k.code != code for k in there):
            there.append(Known(code, kind))
    return found


def aliases(code: str) -> list[dict[str, Any]]:
    """Every text that means the unit, with its kind and source."""
    rows = UnitName.objects.filter(unit__code=code).order_by("kind", "text")
    return [{"text": r.text, "kind": r.kind, "kind_name": r.get_kind_display(), "source": r.source} for r in rows]


def all_aliases() -> dict[str, list[tuple[str, str]]]:
    """Code -> [(text, kind)] of every unit."""
    found: dict[str, list[tuple[str, str]]] = {}
    for code, text, kind in UnitName.objects.order_by("kind", "text").values_list("unit__code", "text", "kind"):
        found.setdefault(code, []).append((text, kind))
    return found


def changes(codes: Iterable[str] | None = None) -> list[ChangeView]:
    """Mergers, splits and new names, the latest first; of `codes` only those that touch one of them."""
    wanted = None if codes is None else set(codes)
    return [
        ChangeView(r.event, r.get_event_display(), r.before, r.after, r.on, r.note, r.provenance, r.source)
        for r in UnitChange.objects.order_by("-on", "before")
        if wanted is None or r.before in wanted or r.after in wanted
    ]


def names_at(codes: Collection[str]) -> tuple[str, ...]:
    """Names of the units that stand under one of these codes: asked before a border moves. Units stay under the code
    of their time; a new one and a UnitChange are entered by whoever keeps the units."""
    return tuple(Unit.objects.filter(code__in=list(codes)).order_by("code").values_list("name", flat=True))
