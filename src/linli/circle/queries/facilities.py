"""Facilities as arrays for reach, and what each provides by the class rules and by its own items."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

import numpy as np
from django.db.models import Q, QuerySet

from .. import revision
from ..models import Facility, FacilityItem
from . import dated
from .catalogue import CatalogueView, class_rules


@dataclass(frozen=True)
class FacilityTable:
    """Facilities open on `on` where they stood then, by id; merged ones left out. All arrays (N,): id int64, lon and lat
    in degrees of WGS-84, the others text; `community` is "" across the border."""

    on: date
    id: np.ndarray
    code: np.ndarray
    name: np.ndarray
    lon: np.ndarray
    lat: np.ndarray
    community: np.ndarray
    district: np.ndarray
    scheme: np.ndarray
    class_key: np.ndarray
    class_name: np.ndarray

    def __len__(self) -> int:
        return len(self.id)


def open_facilities(on: date) -> FacilityTable:
    """What was open on a day. Kept per revision."""
    _number, value = revision.current()
    return _kept(on, value) if value else _read(on)


def open_on(day: date) -> QuerySet[Facility]:
    """Facilities with a span over the day, merged ones left out."""
    return Facility.objects.filter(
        Q(spans__opened_on__isnull=True) | Q(spans__opened_on__lte=day),
        Q(spans__closed_on__isnull=True) | Q(spans__closed_on__gt=day),
        spans__isnull=False,
        merged_into__isnull=True,
    ).distinct()


def items_of(catalogue: CatalogueView, table: FacilityTable) -> dict[str, np.ndarray]:
    """Rows of `table` (sorted, int64) that provide each item of the catalogue; a parent has what its children have."""
    given: dict[str, list[np.ndarray]] = {}
    pairs, inverse = _pairs(table)
    members = np.argsort(inverse, kind="stable")
    starts = np.searchsorted(inverse[members], np.arange(len(pairs) + 1))
    for index, items in classes_of(class_rules(catalogue.id), pairs).items():
        for item in items:
            given.setdefault(item, []).append(members[starts[index] : starts[index + 1]])
    rows = {item: set(np.concatenate(parts).tolist()) for item, parts in given.items()}
    _own_items(catalogue, table, rows)
    for row in sorted(catalogue.items, key=lambda i: -i.depth):
        if row.parent and row.code in rows:
            rows.setdefault(row.parent, set()).update(rows[row.code])
    return {i.code: np.array(sorted(rows.get(i.code, ())), np.int64) for i in catalogue.items}


def classes_of(rules: Iterable[tuple[str, str, str, str, str]], pairs: list[tuple[str, str]]) -> dict[int, list[str]]:
    """Index of a (scheme, class key) pair -> the items that the rules give it; a trailing * matches what begins so."""
    exact: dict[tuple[str, str], list[str]] = {}
    stems: list[tuple[str, str, str]] = []
    for scheme, key, item, _provenance, _source in rules:
        if key.endswith("*"):
            stems.append((scheme, key[:-1], item))
        else:
            exact.setdefault((scheme, key), []).append(item)
    return {
        i: [*exact.get(pair, ()), *(item for s, stem, item in stems if s == pair[0] and pair[1].startswith(stem))]
        for i, pair in enumerate(pairs)
    }


@lru_cache(maxsize=6)
def _kept(on: date, value: str) -> FacilityTable:
    return _read(on)


def _read(on: date) -> FacilityTable:
    fields = ("id", "code", "name", "lon", "lat", "community", "district", "scheme", "class_key", "class_name")
    rows: list[tuple[Any, ...]] = list(open_on(on).order_by("id").values_list(*fields))
    if stood := dated.places_before(on):
        rows = [tuple((stood[r[0]] | {"id": r[0]}).get(f, v) for f, v in zip(fields, r, strict=True)) if r[0] in stood else r for r in rows]  # fmt: skip
    columns: list[Any] = [list(c) for c in zip(*rows, strict=True)] or [[] for _f in fields]
    kinds = {"id": np.int64, "lon": np.float64, "lat": np.float64}
    arrays = [np.array(c, kinds.get(f, np.str_)) for f, c in zip(fields, columns, strict=True)]
    return FacilityTable(on, *arrays)


def _pairs(table: FacilityTable) -> tuple[list[tuple[str, str]], np.ndarray]:
    """The (scheme, class key) pairs that occur, and which one each row has."""
    place: dict[tuple[str, str], int] = {}
    both = zip(table.scheme.tolist(), table.class_key.tolist(), strict=True)
    inverse = np.array([place.setdefault(pair, len(place)) for pair in both], np.int64)
    return list(place), inverse


def _own_items(catalogue: CatalogueView, table: FacilityTable, rows: dict[str, set[int]]) -> None:
    """What single facilities provide beside, or in place of, what their class says."""
    at = {id: i for i, id in enumerate(table.id.tolist())}
    for facility, item, provides in FacilityItem.objects.values_list("facility_id", "item", "provides"):
        if item not in catalogue.by_code or facility not in at:
            continue
        if provides:
            rows.setdefault(item, set()).add(at[facility])
        else:
            rows.get(item, set()).discard(at[facility])
