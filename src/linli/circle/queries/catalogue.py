"""Catalogues as values: versions, rows in order, class rules, paces, completeness. What reach reads is kept per revision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from linli.core import clock
from linli.core.errors import Missing

from .. import revision
from ..choices import CatalogueState, Depth, Manner, Whole
from ..models import Catalogue, ClassRule, Completeness, Pace


@dataclass(frozen=True, slots=True)
class ItemView:
    """One row of a catalogue. `tier` is minutes (living circle), `walk_m` a cap of its own in metres; None: not stated."""

    code: str
    parent: str
    depth: int
    name: str
    name_en: str
    provider: str
    manner: str
    layer: str
    tier: int | None
    walk_m: int | None
    must: bool
    provenance: str
    source: str

    @property
    def title(self) -> str:
        """Its name in the reader's language."""
        return self.name_en if self.name_en and (get_language() or "zh").startswith("en") else self.name


@dataclass(frozen=True)
class CatalogueView:
    """One version with all its rows, parents before their children, in the order of the list."""

    id: int
    code: str
    kind: str
    name: str
    name_en: str
    state: str
    valid_from: date | None
    valid_to: date | None
    provenance: str
    source: str
    items: tuple[ItemView, ...] = ()
    by_code: Mapping[str, ItemView] = field(default_factory=dict, repr=False, compare=False)
    children: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False, compare=False)

    @property
    def title(self) -> str:
        """Its name in the reader's language."""
        return self.name_en if self.name_en and (get_language() or "zh").startswith("en") else self.name


@dataclass(frozen=True, slots=True)
class PaceView:
    """How fast whom one walks. `cap_m` is what that makes in metres; without `steps` the network has no stairs."""

    code: str
    name: str
    name_en: str
    metres_per_minute: int
    minutes: int
    steps: bool
    provenance: str
    source: str

    @property
    def cap_m(self) -> int:
        return self.metres_per_minute * self.minutes

    @property
    def title(self) -> str:
        """Its name in the reader's language."""
        return self.name_en if self.name_en and (get_language() or "zh").startswith("en") else self.name


def catalogue_in_force(kind: str, on: date | None = None) -> CatalogueView:
    """The version of `kind` that holds on a day (today). Raises Missing (no_catalogue)."""
    day = on or clock.today()
    row = (
        Catalogue.objects.filter(kind=kind, valid_from__lte=day)
        .exclude(state=CatalogueState.DRAFT)
        .filter(Q(valid_to__isnull=True) | Q(valid_to__gt=day))
        .order_by("-valid_from", "-pk")
        .values_list("pk", flat=True)
        .first()
    )
    if row is None:
        raise Missing("no_catalogue", _("这一天没有在用的目录。"))
    return catalogue_by_id(row)


def catalogue_by_id(id: int) -> CatalogueView:
    """One version, whatever its state: what refers to a retired one keeps it. Raises Missing."""
    _number, value = revision.current()
    found = _kept(id, value) if value else _read(id)
    if found is None:
        raise Missing("no_catalogue", _("没有这个版本的目录。"))
    return found


def catalogues(kind: str = "") -> list[CatalogueView]:
    """All versions (of a kind), newest first, without their rows."""
    rows = Catalogue.objects.filter(kind=kind) if kind else Catalogue.objects.all()
    return [_head(c) for c in rows.order_by("kind", "-valid_from", "-pk")]


def leaf_items(catalogue: CatalogueView) -> tuple[ItemView, ...]:
    """The rows that are answered one by one: sub-items, and items without any."""
    return tuple(i for i in catalogue.items if i.depth != Depth.CLASS and i.code not in catalogue.children)


def parts_of(catalogue: CatalogueView, item: ItemView) -> tuple[ItemView, ...]:
    """The rows a walk answers one by one at or below a row; the row itself where it has none below."""
    found = []
    for leaf in leaf_items(catalogue):
        above: ItemView | None = leaf
        while above is not None and above.code != item.code:
            above = catalogue.by_code.get(above.parent)
        if above is not None and leaf.manner == Manner.WALK:
            found.append(leaf)
    return tuple(found) or (item,)


def walked_items(catalogue: CatalogueView) -> tuple[ItemView, ...]:
    """The rows that a walk can answer; what is met at home or without a place is outside any walking measure."""
    return tuple(i for i in catalogue.items if i.manner == Manner.WALK)


def cap_m(catalogue: CatalogueView, item: ItemView, pace: PaceView) -> int:
    """How far one walks for an item, in metres: what the pace allows (within the minutes of its tier), and no more than
    the radius that the item, or else the row above it, states."""
    above = catalogue.by_code.get(item.parent)
    stated = item.walk_m or (above.walk_m if above else None)
    walked = pace.metres_per_minute * min(pace.minutes, item.tier or pace.minutes)
    return min(walked, stated) if stated else walked


def class_rules(catalogue_id: int) -> list[tuple[str, str, str, str, str]]:
    """(scheme, key, item, provenance, source) of a version, in order."""
    rows = ClassRule.objects.filter(catalogue=catalogue_id).order_by("scheme", "key", "item")
    return list(rows.values_list("scheme", "key", "item", "provenance", "source"))


def paces() -> tuple[PaceView, ...]:
    """Everybody's pace, the adult's first."""
    return tuple(
        PaceView(p.code, p.name, p.name_en, p.metres_per_minute, p.minutes, p.steps, p.provenance, p.source)
        for p in Pace.objects.order_by("order", "code")
    )


def pace(code: str = "") -> PaceView:
    """One pace; without a code the first. Raises Missing."""
    for found in paces():
        if code in ("", found.code):
            return found
    raise Missing("no_pace", _("没有这种步速。"))


def completeness(kind: str, on: date | None = None) -> Mapping[tuple[str, str], str]:
    """(item, community) -> `Whole` as it was known on a day (today). What is not in it: unknown. Kept per revision."""
    _number, value = revision.current()
    return _complete(kind, on or clock.today(), value) if value else _complete_now(kind, on or clock.today())


@lru_cache(maxsize=8)
def _complete(kind: str, on: date, value: str) -> Mapping[tuple[str, str], str]:
    return _complete_now(kind, on)


def _complete_now(kind: str, on: date) -> Mapping[tuple[str, str], str]:
    rows = Completeness.objects.filter(kind=kind, as_of__lte=on).order_by("as_of", "pk")
    return {(item, place): state for item, place, state in rows.values_list("item", "community", "state")}


def simulated_completeness(kind: str, on: date | None = None) -> frozenset[tuple[str, str]]:
    """(item, community) of what is known as complete on a day by a statement made up for a demonstration. Kept per revision."""
    _number, value = revision.current()
    return _simulated(kind, on or clock.today(), value) if value else _simulated_now(kind, on or clock.today())


@lru_cache(maxsize=8)
def _simulated(kind: str, on: date, value: str) -> frozenset[tuple[str, str]]:
    return _simulated_now(kind, on)


def _simulated_now(kind: str, on: date) -> frozenset[tuple[str, str]]:
    rows = Completeness.objects.filter(kind=kind, as_of__lte=on).order_by("as_of", "pk")
    if not rows.filter(simulated=True).exists():  # as everywhere but in a demonstration
        return frozenset()
    told = rows.values_list("item", "community", "state", "simulated")
    latest = {(item, place): made_up and state == Whole.COMPLETE for item, place, state, made_up in told}
    return frozenset(key for key, holds in latest.items() if holds)


def said_of(known: Mapping[tuple[str, str], str], item: ItemView, community: str) -> tuple[str, str]:
    """The statement that answers for an item in a community: its own, else that of the row above."""
    own = (item.code, community)
    return own if own in known else (item.parent, community)


def is_complete(known: Mapping[tuple[str, str], str], item: ItemView, community: str) -> bool:
    """Whether all facilities of an item (or of the row above it) are known in a community."""
    return known.get(said_of(known, item, community)) == Whole.COMPLETE


@dataclass(frozen=True, slots=True)
class Difference:
    """One code in two versions; None where it is only in the other. `fields` names what differs."""

    code: str
    before: ItemView | None
    after: ItemView | None
    fields: tuple[str, ...]


COMPARED = (
    "parent",
    "name",
    "name_en",
    "provider",
    "manner",
    "layer",
    "tier",
    "walk_m",
    "must",
    "provenance",
    "source",
)


def compare(before: CatalogueView, after: CatalogueView) -> tuple[Difference, ...]:
    """What the later version adds, drops and says otherwise, by code."""
    found = []
    for code in sorted({*before.by_code, *after.by_code}):
        a, b = before.by_code.get(code), after.by_code.get(code)
        fields = tuple(f for f in COMPARED if a and b and getattr(a, f) != getattr(b, f))
        if fields or a is None or b is None:
            found.append(Difference(code, a, b, fields))
    return tuple(found)


def draft(kind: str) -> CatalogueView | None:
    """The version that is being prepared."""
    row = Catalogue.objects.filter(kind=kind, state=CatalogueState.DRAFT).order_by("-pk").first()
    return _read(row.pk) if row else None


@lru_cache(maxsize=16)
def _kept(id: int, value: str) -> CatalogueView | None:
    return _read(id)


def _head(c: Catalogue) -> CatalogueView:
    return CatalogueView(
        c.pk, c.code, c.kind, c.name, c.name_en, c.state, c.valid_from, c.valid_to, c.provenance, c.source
    )


def _read(id: int) -> CatalogueView | None:
    row = Catalogue.objects.filter(pk=id).first()
    if row is None:
        return None
    head = _head(row)
    items = tuple(
        ItemView(*values)
        for values in row.items.order_by("order", "code").values_list(
            "code", "parent", "depth", "name", "name_en", "provider", "manner", "layer", "tier", "walk_m", "must",
            "provenance", "source",
        )
    )  # fmt: skip
    children: dict[str, list[str]] = {}
    for item in items:
        if item.parent:
            children.setdefault(item.parent, []).append(item.code)
    return CatalogueView(
        head.id, head.code, head.kind, head.name, head.name_en, head.state, head.valid_from, head.valid_to,
        head.provenance, head.source, items, {i.code: i for i in items}, {k: tuple(v) for k, v in children.items()},
    )  # fmt: skip
