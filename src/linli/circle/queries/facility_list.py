"""Facilities as a person looks for them: filtered, by pages, as points of a map, one with its history."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from linli.core import clock
from linli.core.actor import Actor
from linli.core.errors import Missing

from .. import permissions
from ..models import Facility, FacilityChange, FacilityItem, Span
from .catalogue import CatalogueView, ItemView, class_rules
from .facilities import classes_of, open_on

OPEN, CLOSED, ALL = "open", "closed", "all"
IDS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for. `place`: a code of 6, 9 or 12 digits, "beyond" for what stands across the border, "" for all."""

    item: str = ""
    klass: str = ""
    place: str = ""
    state: str = OPEN
    text: str = ""
    origin: int | None = None


@dataclass(frozen=True)
class FacilityView:
    """One facility with all that is known of it. `gives`: the items of each catalogue, `own` those that it has itself."""

    row: Facility
    spans: tuple[Span, ...]
    changes: tuple[FacilityChange, ...]
    merged: tuple[Facility, ...]
    is_open: bool
    gives: dict[str, tuple[ItemView, ...]] = field(default_factory=dict)
    own: dict[str, bool] = field(default_factory=dict)


def found(*, actor: Actor, wanted: Wanted, catalogue: CatalogueView | None) -> QuerySet[Facility]:
    """Facilities that fit, by name. Raises Forbidden."""
    permissions.can_read(actor).or_forbidden()
    today = clock.today()
    if wanted.state == OPEN:
        rows = Facility.objects.filter(Exists(_open_spans(today)), merged_into__isnull=True)
    elif wanted.state == CLOSED:
        rows = Facility.objects.exclude(Exists(_open_spans(today))).filter(merged_into__isnull=True)
    else:
        rows = Facility.objects.all()
    if wanted.place == "beyond":
        rows = rows.filter(community="")
    elif wanted.place:
        rows = rows.filter(community__startswith=wanted.place)
    if wanted.klass:
        scheme, _colon, key = wanted.klass.partition(":")
        rows = rows.filter(scheme=scheme, class_key=key)
    if wanted.item and catalogue is not None:
        rows = rows.filter(_provides(catalogue, wanted.item))
    if wanted.origin:
        rows = rows.filter(origin=wanted.origin)
    if wanted.text:
        rows = rows.filter(Q(name__icontains=wanted.text) | Q(code=wanted.text) | Q(address__icontains=wanted.text))
    return rows.order_by("name", "pk")


def in_parts(rows: QuerySet[Facility], *, at_once: int = 2_000) -> Iterator[Facility]:
    """All rows in the order of their ids, a part at a time by key: memory does not grow with them and no cursor stays
    open while a slow reader takes them."""
    rows, last = rows.order_by("pk"), 0
    while part := list(rows.filter(pk__gt=last)[:at_once]):
        yield from part
        last = part[-1].pk


def _open_spans(day: date) -> QuerySet[Span]:
    return Span.objects.filter(
        Q(opened_on__isnull=True) | Q(opened_on__lte=day),
        Q(closed_on__isnull=True) | Q(closed_on__gt=day),
        facility=OuterRef("pk"),
    )


def _provides(catalogue: CatalogueView, item: str) -> Q:
    """Facilities whose class gives the item or anything below it, or that have it themselves, less those it is taken from."""
    codes = {item, *(c for c in catalogue.by_code if _under(catalogue, c, item))}
    pairs = [(s, k) for s, k in Facility.objects.order_by().values_list("scheme", "class_key").distinct()]
    given = classes_of(class_rules(catalogue.id), pairs)
    by_class = Q(pk__in=[])
    for scheme in {s for s, _k in pairs}:
        keys = [k for i, (s, k) in enumerate(pairs) if s == scheme and codes & set(given[i])]
        by_class |= Q(scheme=scheme, class_key__in=keys)
    plus = FacilityItem.objects.filter(item__in=codes, provides=True).values("facility")
    minus = FacilityItem.objects.filter(item__in=codes, provides=False).values("facility")
    return (by_class & ~Q(pk__in=minus)) | Q(pk__in=plus)


def _under(catalogue: CatalogueView, code: str, above: str) -> bool:
    while code:
        if code == above:
            return True
        code = catalogue.by_code[code].parent
    return False


def classes() -> list[tuple[str, str]]:
    """(scheme:key, label) of every class that some facility has, by label."""
    rows = Facility.objects.order_by().values_list("scheme", "class_key", "class_name").distinct()
    return sorted({(f"{s}:{k}", f"{n or k} · {k}" if n and n != k else k) for s, k, n in rows}, key=lambda c: c[1])


def facility(*, actor: Actor, id: int, catalogues: list[CatalogueView]) -> FacilityView:
    """One facility. Raises Forbidden, Missing."""
    permissions.can_read(actor).or_forbidden()
    row = (
        Facility.objects.select_related("merged_into", "origin", "body")
        .defer("origin__rows", "origin__checked")
        .filter(pk=id)
        .first()
    )
    if row is None:
        raise Missing("no_such_facility", _("没有这处设施。"))
    own = dict(row.own_items.values_list("item", "provides"))
    gives = {c.kind: _gives(c, row, own) for c in catalogues}
    return FacilityView(
        row,
        tuple(row.spans.order_by("opened_on", "pk")),
        tuple(row.changes.order_by("-at", "-pk")[:100]),
        tuple(row.merged.order_by("pk")),
        open_on(clock.today()).filter(pk=id).exists(),
        gives,
        own,
    )


def _gives(catalogue: CatalogueView, row: Facility, own: dict[str, bool]) -> tuple[ItemView, ...]:
    given = set(classes_of(class_rules(catalogue.id), [(row.scheme, row.class_key)])[0])
    given = (given | {i for i, yes in own.items() if yes}) - {i for i, yes in own.items() if not yes}
    return tuple(i for i in catalogue.items if i.code in given)


def point(row: Facility) -> dict[str, Any]:
    """A facility as a feature of GeoJSON."""
    return {
        "type": "Feature",
        "properties": {
            "code": row.code, "name": row.name, "class": row.class_key, "class_name": row.class_name,
            "address": row.address, "opening_hours": row.opening_hours, "wheelchair": row.wheelchair,
            "community": row.community, "source": row.source, "provenance": row.provenance,
            "as_of": row.as_of.isoformat(), "simulated": row.simulated,
        },
        "geometry": {"type": "Point", "coordinates": [row.lon, row.lat]},
    }  # fmt: skip


def origins(ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Where facilities are known from, by their ids: simulated, provenance, source, as_of. For tables that list many."""
    fields = ("simulated", "provenance", "source", "as_of")
    found: dict[int, dict[str, Any]] = {}
    for start in range(0, len(ids), IDS_AT_ONCE):
        rows = Facility.objects.filter(pk__in=ids[start : start + IDS_AT_ONCE]).values("pk", *fields)
        found |= {row["pk"]: {f: row[f] for f in fields} for row in rows}
    return found


def by_ids(ids: list[int]) -> dict[int, Facility]:
    """Facilities by their ids."""
    return Facility.objects.in_bulk(ids)
