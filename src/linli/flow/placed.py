"""Where matters lie, read by the thousand: which begin with certain codes, their columns, their points, how many there are."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import Count, Q
from django.db.models.functions import Left
from django.utils.translation import gettext_lazy as _
from numpy.typing import NDArray

from linli.core.errors import Invalid

from .models import Matter

CHUNK = 20_000
LEVELS = (6, 9, 12, 15)  # digits of a district, a subdistrict, a community, a base grid

Ids = NDArray[np.int64]
Texts = NDArray[np.str_]
Points = Callable[[Ids], tuple[NDArray[np.float64], NDArray[np.float64]]]


@dataclass(frozen=True, slots=True)
class Placed:
    """Matters column by column, by rising id. The codes are arrays of fixed width: `area.astype("U12")` is a prefix."""

    id: Ids
    kind: Texts
    area: Texts
    subdistrict: Texts
    community: Texts

    def __len__(self) -> int:
        return len(self.id)

    def only(self, these: NDArray[np.bool_]) -> Placed:
        """Those where the mask is true."""
        return self._taken(these)

    def in_order(self) -> Placed:
        """By rising id."""
        return self._taken(np.argsort(self.id))

    def _taken(self, these: NDArray[Any]) -> Placed:
        return Placed(
            self.id[these], self.kind[these], self.area[these], self.subdistrict[these], self.community[these]
        )


@dataclass(frozen=True, slots=True)
class Affected:
    """Matters of one kind under one code (its first 12 digits): how many are open, how many have ended."""

    kind: str
    area: str
    open: int
    ended: int


def checked(areas: Collection[str]) -> tuple[str, ...]:
    """The codes in order, without those that lie under another of them. Raises Invalid."""
    for code in areas:
        if len(code) not in LEVELS or not (code.isascii() and code.isdigit()):
            raise Invalid("bad_area", _("区划代码必须是 6、9、12 或 15 位数字：%(code)s。") % {"code": code})
    wanted = set(areas)
    return tuple(sorted(c for c in wanted if not any(c[:n] in wanted for n in LEVELS if n < len(c))))


def under(areas: Collection[str]) -> list[Q]:
    """Conditions that an index answers, which together find every matter under these codes (of `checked`)."""
    by_length = {n: [c for c in areas if len(c) == n] for n in LEVELS}
    found = [Q(_prefix__in=by_length[6])] if by_length[6] else []
    if by_length[9]:
        found.append(Q(subdistrict__in=by_length[9]))
    # a base grid has no index of its own: its community's is near enough, who reads looks at the area
    if communities := sorted({*by_length[12], *(c[:12] for c in by_length[15])}):
        found.append(Q(community__in=communities))
    return found


def lies_under(area: Texts, areas: Collection[str]) -> NDArray[np.bool_]:
    """Which codes begin with one of `areas`."""
    found = np.zeros(len(area), np.bool_)
    for length in LEVELS:
        if codes := [c for c in areas if len(c) == length]:
            found |= np.isin(area.astype(f"U{length}"), np.array(codes))
    return found


def ids_under(areas: Collection[str], *, after: int = 0, through: int | None = None) -> Ids:
    """The matters under these codes, open and ended, by rising id; under a base grid those of its whole community."""
    found = [np.zeros(0, np.int64)]
    for condition in under(areas):
        rows = Matter.objects.annotate(_prefix=Left("area", 6)).filter(condition, id__gt=after)
        if through is not None:
            rows = rows.filter(id__lte=through)
        found.append(_ids(rows.values_list("id")))
    return np.unique(np.concatenate(found))


def _ids(wanted: Any) -> Ids:
    sql, params = wanted.query.sql_with_params()
    parts = [np.zeros(0, np.int64)]
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        while rows := cursor.fetchmany(CHUNK):
            parts.append(np.array(rows, np.int64)[:, 0])
    return np.concatenate(parts)


def read(ids: Ids, *, chunk: int = CHUNK) -> Iterator[Placed]:
    """These matters (ids by rising number) as they are now. Keyed reads: no transaction stays open between two parts."""
    for begin in range(0, len(ids), chunk):
        yield columns_of(ids[begin : begin + chunk])


def columns_of(ids: Ids) -> Placed:
    """These matters (ids by rising number) as they are now, those that exist (1 SQL)."""
    first, last = (int(ids[0]), int(ids[-1])) if len(ids) else (1, 0)
    # most of a range: the range itself is the quicker way; few of it: each by its key
    if last - first < 3 * len(ids):
        condition, params = "id BETWEEN %s AND %s", [first, last]
    else:
        condition, params = among("id"), [as_list(ids)]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id, kind, area, subdistrict, community FROM flow_matter WHERE {condition}", params)  # noqa: S608
        rows = cursor.fetchall()
    key, kind, area, subdistrict, community = zip(*rows, strict=True) if rows else ((),) * 5
    found = Placed(
        np.array(key, np.int64), np.array(kind, "U24"), np.array(area, "U15"), np.array(subdistrict, "U9"),
        np.array(community, "U12"),
    )  # fmt: skip
    if not bool(np.all(found.id[1:] > found.id[:-1])):
        found = found.in_order()
    return found if len(found) == len(ids) else found.only(np.isin(found.id, ids))


def among(column: str) -> str:
    """SQL: the column is one of many, given as one value by `as_list`."""
    if connection.vendor == "postgresql":
        return f"{column} = ANY(%s)"
    return f"{column} IN (SELECT value FROM json_each(%s))"  # noqa: S608 - names of our own columns


def as_list(ids: Ids) -> Any:
    """Ids as the one value that `among` takes."""
    return ids.tolist() if connection.vendor == "postgresql" else json.dumps(ids.tolist())


def affected(areas: Collection[str]) -> list[Affected]:
    """Matters under these codes by kind and by the first 12 digits of their area, in order (1 SQL). Raises Invalid."""
    codes = checked(areas)
    conditions = under(codes)
    if not conditions:
        return []
    either, exact = conditions[0], Q()
    for condition in conditions[1:]:
        either |= condition
    for code in codes:
        exact |= Q(area__startswith=code)
    if any(len(code) != 6 for code in codes):
        either &= exact
    rows = Matter.objects.annotate(_prefix=Left("area", 6), _code=Left("area", 12)).filter(either)
    counted = rows.order_by().values_list("kind", "_code").annotate(all=Count("id"), ended=Count("ended_at"))
    return sorted(
        (Affected(kind, code, every - ended, ended) for kind, code, every, ended in counted),
        key=lambda a: (a.kind, a.area),
    )


# --- points ---------------------------------------------------------------------------------------------
_points: dict[str, Points] = {}


def register_points(kind: str, points: Points) -> None:
    """Who knows the points of a kind: ids to (lon, lat), WGS-84, NaN where unknown. Done in config/wiring.py only."""
    _points[kind] = points


def points(part: Placed) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(lon, lat) of each matter, NaN where nobody knows a point (1 SQL a kind)."""
    lon, lat = np.full(len(part), np.nan), np.full(len(part), np.nan)
    for kind in np.unique(part.kind):
        these = np.flatnonzero(part.kind == kind)
        if known := _points.get(str(kind)):
            lon[these], lat[these] = known(part.id[these])
    return lon, lat
