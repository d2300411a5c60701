"""The rows of an uploaded file of facilities, one by one: taken as candidates or refused with the reason."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from django.utils.translation import gettext as _

from linli.core.actor import Actor
from linli.core.errors import Invalid, Missing
from linli.exchange.columns import Cell, Column, Kind, Refused, Wrong, plain, shown, typed
from linli.territory import queries as territory
from linli.territory import rules as points

from .. import permissions
from ..choices import CatalogueKind
from ..coordinates import all_to_wgs84
from ..facility_files import RawTable
from ..models import Facility, FacilityImport, Span
from ..names import limits, plain_name
from . import streets
from .catalogue import catalogue_in_force, class_rules
from .facilities import classes_of

Progress = Callable[[int, int], None]  # rows done, of how many


@dataclass(frozen=True, slots=True)
class Candidate:
    """A row that can be taken. Coordinates are WGS-84; `known` is the id of the facility of that code, `off_m` metres to
    the nearest street (NaN without a network)."""

    number: int
    code: str
    name: str
    class_key: str
    class_name: str
    lon: float
    lat: float
    community: str
    district: str
    address: str
    opening_hours: str
    wheelchair: str
    opened_on: date | None
    closed_on: date | None
    known: int | None
    off_m: float


def rules_in_force() -> list[tuple[str, str, str, str, str]]:
    """Class rules of the catalogues in force."""
    found: list[tuple[str, str, str, str, str]] = []
    for kind in CatalogueKind.values:
        try:
            found += class_rules(catalogue_in_force(kind).id)
        except Missing:
            continue
    return found


_COLUMNS = {
    "code": Column("code", "编号", "Code", Kind.CODE, most=48),
    "opened_on": Column("opened_on", "开放日期", "Opened on", Kind.DATE),
    "closed_on": Column("closed_on", "关闭日期", "Closed on", Kind.DATE),
}
_TEXTS = {"name": 200, "class": 60, "address": 200, "opening_hours": 200, "wheelchair": 10}


class Reader:
    """One pass over the rows of a file. `places` keeps (name, lon, lat) as the file has them, where there are any."""

    def __init__(self, actor: Actor, row: FacilityImport, table: RawTable, progress: Progress) -> None:
        self.actor, self.row, self.table, self.progress = actor, row, table, progress
        mapping = row.mapping.get("columns", {})
        self.place = {f: table.headings.index(h) for f, h in mapping.items() if h in table.headings}
        self.heading = {f: mapping[f] for f in self.place}
        self.fixed_class = row.mapping.get("class", "")
        self.refused: list[Refused] = []
        self.places: list[tuple[str, float, float]] = []
        self.rules = rules_in_force()
        self.classes: dict[str, bool] = {}

    def read(self) -> tuple[tuple[Candidate, ...], tuple[Refused, ...]]:
        good: list[tuple[int, dict[str, Any]]] = []
        codes: dict[str, int] = {}
        for n, (number, cells) in enumerate(self.table.rows):
            if n % 500 == 0:
                self.progress(n, len(self.table.rows))
            try:
                values = self._values(cells)
                if values["code"] in codes:
                    raise _refusal(
                        "code", "row_twice", _("和第 %(row)s 行是同一个编号。") % {"row": codes[values["code"]]}
                    )
            except _Refused as why:
                shown_value = shown(cells[self.place[why.field]]) if why.field in self.place else ""
                heading = self.heading.get(why.field, "")
                self.refused.append(Refused(number, heading, shown_value, why.sentence, why.code))
            else:
                codes[values["code"]] = number
                good.append((number, values))
        taken = self._placed(good)
        return taken, tuple(sorted(self.refused, key=lambda r: r.row))

    def _cell(self, cells: Sequence[Any], field: str) -> Any:
        return cells[self.place[field]] if field in self.place else None

    def _values(self, cells: Sequence[Any]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for field, most in _TEXTS.items():
            values[field] = self._typed(Column(field, field, field, most=most), cells, field)
        for field, column in _COLUMNS.items():
            values[field] = self._typed(column, cells, field)
        values["class"] = self._class(values["class"])
        if not values["name"]:
            raise _refusal("name", "no_name", _("没有名称。"))
        values["lon"], values["lat"] = self._point(cells, values["name"])
        opened, closed = values["opened_on"], values["closed_on"]
        if opened and closed and closed < opened:
            raise _refusal("closed_on", "closed_before_opened", _("关闭日期在开放日期之前。"))
        values["code"] = self._code(values)
        return values

    def _typed(self, column: Column, cells: Sequence[Any], field: str) -> Any:
        try:
            return typed(column, Cell(self._cell(cells, field)))
        except Wrong as wrong:
            raise _refusal(field, wrong.code, wrong.sentence) from None

    def _class(self, word: str) -> str:
        key = word or self.fixed_class
        if word and self.row.scheme == "osm" and "=" not in word:
            key = f"{self.heading['class']}={word}"
        if not key:
            raise _refusal("class", "no_class", _("没有类别。"))
        if key not in self.classes:
            self.classes[key] = bool(classes_of(self.rules, [(self.row.scheme, key)])[0])
        if not self.classes[key]:
            raise _refusal("class", "unknown_class", _("不认识的类别：先在“类别对应”里写明它提供什么。"))
        return key

    def _point(self, cells: Sequence[Any], name: str) -> tuple[float, float]:
        lon, lat = (_degrees(self._cell(cells, f)) for f in ("lon", "lat"))
        if lon is None or lat is None:
            raise _refusal("lon", "no_coordinates", _("没有坐标，或坐标不是数字。"))
        try:
            points.checked_point(lon, lat)
        except Invalid as wrong:
            raise _refusal("lon", wrong.code, str(wrong.message)) from None
        self.places.append((name, lon, lat))
        return lon, lat

    def _code(self, values: Mapping[str, Any]) -> str:
        """Its own number, or one made of what and where it is, so that the same file again finds the same places."""
        own = values["code"]
        if not own:
            text = f"{plain_name(values['name'])}|{values['class']}|{values['lon']:.5f}|{values['lat']:.5f}"
            own = hashlib.sha256(text.encode()).hexdigest()[:12]
        return own if own.startswith(f"{self.row.scheme}:") else f"{self.row.scheme}:{own}"

    def _placed(self, good: Sequence[tuple[int, dict[str, Any]]]) -> tuple[Candidate, ...]:
        """Put the rows on the ground: WGS-84, community, distance to the streets, whose they are."""
        if not good:
            return ()
        lon, lat = all_to_wgs84([v["lon"] for _n, v in good], [v["lat"] for _n, v in good], self.row.datum)
        community = territory.locate_many(lon, lat).community
        off = streets.metres_to_streets(lon, lat)
        west, south, east, north = streets.area(limits()["outside_m"])
        inside = (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
        codes = [v["code"] for _n, v in good]
        there = Facility.objects.filter(code__in=codes).values_list("code", "pk", "community")
        known = {code: (pk, place) for code, pk, place in there}
        last = {s.facility_id: s for s in Span.objects.filter(facility__code__in=codes).order_by("pk")}
        own = territory.district().code
        may: dict[str, bool] = {}
        taken = []
        for i, (number, v) in enumerate(good):
            where = str(community[i]) if len(str(community[i])) == 12 else ""
            if not inside[i]:
                text = _("在本区和周边以外，离得太远。请核对坐标和坐标系。")
                self.refused.append(
                    Refused(number, self.heading.get("lon", ""), f"{v['lon']}, {v['lat']}", text, "outside_area")
                )
                continue
            id, stood = known.get(v["code"], (None, where))
            for division in (where or own, stood or own):
                if division not in may:
                    may[division] = bool(permissions.can_keep_facility(self.actor, division))
            if not (may[where or own] and may[stood or own]):
                text = _("在您的辖区以外，请交给管这里的规划员导入。")
                self.refused.append(Refused(number, self.heading.get("lon", ""), v["name"], text, "not_keeper"))
                continue
            if id in last and _contradicts(v, last[id]):
                text = _("开放或关闭的日期和登记的相反：请在这处设施的页面上改它的开放期间。")
                self.refused.append(
                    Refused(number, self.heading.get("opened_on", ""), v["name"], text, "days_contradict")
                )
                continue
            taken.append(_candidate(number, v, (lon[i], lat[i]), where, off[i], id, own))
        return tuple(taken)


def _contradicts(v: Mapping[str, Any], span: Span) -> bool:
    """Whether what the file says of a span leaves it closed before it opened."""
    opened, closed = v["opened_on"] or span.opened_on, v["closed_on"] or span.closed_on
    return bool(opened and closed and closed < opened)


def _candidate(
    number: int, v: Mapping[str, Any], at: Any, where: str, off: float, known: int | None, own: str
) -> Candidate:
    return Candidate(
        number, v["code"], v["name"], v["class"], v["class"].partition("=")[2] or v["class"], round(float(at[0]), 7),
        round(float(at[1]), 7), where, own if where else "", v["address"], v["opening_hours"], v["wheelchair"],
        v["opened_on"], v["closed_on"], known, float(off),
    )  # fmt: skip


class _Refused(Exception):
    def __init__(self, field: str, code: str, sentence: str) -> None:
        super().__init__(code)
        self.field, self.code, self.sentence = field, code, sentence


def _refusal(field: str, code: str, sentence: str) -> _Refused:
    return _Refused(field, code, sentence)


def _degrees(value: Any) -> float | None:
    """A number of degrees, as number or text; None for anything else."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        found = float(plain(str(value)).rstrip("°"))
    except ValueError:
        return None
    return found if np.isfinite(found) else None
