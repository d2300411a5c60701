"""What an uploaded file of facilities would do, row by row: those that can be taken, those refused, what looks wrong."""

from __future__ import annotations

import csv
import hashlib
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from linli.core import clock
from linli.core.actor import Actor
from linli.core.errors import Invalid, Missing
from linli.exchange.columns import Cell, Column, Kind, Refused, Wrong, plain, shown, typed
from linli.territory import queries as territory
from linli.territory import rules as points

from .. import permissions
from ..choices import CatalogueKind
from ..coordinates import all_to_wgs84, likely_datum
from ..facility_files import RawTable
from ..models import Facility, FacilityImport, Span
from ..names import limits, plain_name
from . import streets
from .catalogue import catalogue_in_force, class_rules
from .duplicates import near_and_alike
from .facilities import FacilityTable, classes_of, open_facilities

FIELDS = ("code", "name", "class", "lon", "lat", "address", "opening_hours", "wheelchair", "opened_on", "closed_on")
COMPARED_MOST = 400  # rows whose names are looked up to check the declared system
SIMILAR_MOST = 200


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


@dataclass(frozen=True)
class Preview:
    """A file as somebody decides over it. `told` is the system that known places speak for, `compared` how many."""

    row: FacilityImport
    headings: tuple[str, ...]
    taken: tuple[Candidate, ...]
    refused: tuple[Refused, ...]
    far: tuple[Candidate, ...]
    similar: tuple[tuple[Candidate, int, str, float], ...]
    told: str
    compared: int
    median_m: float

    @property
    def new(self) -> int:
        return sum(c.known is None for c in self.taken)

    @property
    def stamp(self) -> str:
        """Changes whenever the columns, the scheme or the system are said anew."""
        said = json.dumps([self.row.mapping, self.row.scheme, self.row.datum], sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()[:16]

    @property
    def doubted(self) -> bool:
        return self.told != self.row.datum


def one_import(*, actor: Actor, id: int) -> FacilityImport:
    """An import of one's own; of anybody for those who keep the whole district. Raises Forbidden, Missing."""
    permissions.can_import_facilities(actor).or_forbidden()
    found = _own(actor).filter(pk=id).first()
    if found is None:
        raise Missing("no_such_import", _("没有这次导入。"))
    return found


def latest_imports(*, actor: Actor) -> list[FacilityImport]:
    """The last files, newest first. Raises Forbidden."""
    permissions.can_import_facilities(actor).or_forbidden()
    return list(_own(actor).defer("rows").order_by("-pk")[:20])


def _own(actor: Actor) -> QuerySet[FacilityImport]:
    rows = FacilityImport.objects.all()
    everything = permissions.can_keep_catalogue(actor, territory.district().code)
    return rows if everything else rows.filter(made_by=actor.label)


def packed(table: RawTable) -> bytes:
    """A raw table as it waits."""
    return zlib.compress(json.dumps([table.kind, table.headings, table.rows], ensure_ascii=False).encode(), 6)


def unpacked(content: bytes | memoryview) -> RawTable:
    """The raw table that waits."""
    kind, headings, rows = json.loads(zlib.decompress(bytes(content)))
    return RawTable(kind, tuple(headings), tuple((n, tuple(cells)) for n, cells in rows))


@cache
def columns() -> tuple[dict[str, str], ...]:
    """What a file may say of a facility, and the headings by which it is guessed: data/facility_columns.csv."""
    path = Path(__file__).resolve().parent.parent / "data" / "facility_columns.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def guess(headings: Sequence[str]) -> dict[str, str]:
    """Field -> heading of the file, by the known words; what is not found is left out."""
    by_word: dict[str, str] = {}
    for heading in headings:
        by_word.setdefault(plain(heading).casefold(), heading)
    found: dict[str, str] = {}
    for column in columns():
        for word in column["headings"].split("、"):
            if word.casefold() in by_word:
                found[column["field"]] = by_word[word.casefold()]
                break
    return found


def known_classes(scheme: str) -> list[str]:
    """Class keys of a scheme that some catalogue in force maps to an item."""
    return sorted({key for s, key, *_rest in _rules() if s == scheme})


def schemes() -> list[str]:
    """The schemes of the catalogues in force."""
    return sorted({s for s, *_rest in _rules()})


def _rules() -> list[tuple[str, str, str, str, str]]:
    found: list[tuple[str, str, str, str, str]] = []
    for kind in CatalogueKind.values:
        try:
            found += class_rules(catalogue_in_force(kind).id)
        except Missing:
            continue
    return found


def preview(*, actor: Actor, id: int) -> Preview:
    """Check every row against what stands now. Raises Forbidden, Missing."""
    row = one_import(actor=actor, id=id)
    table = unpacked(row.rows)
    reader = _Reader(actor, row, table)
    taken, refused = reader.read()
    known = open_facilities(clock.today())
    told, compared, median = _told(reader.places, known, row.datum)
    far = tuple(c for c in taken if c.off_m > limits()["off_network_m"])
    return Preview(row, table.headings, taken, refused, far, _similar(taken, known), told, compared, median)


def _told(rows: Sequence[tuple[str, float, float]], known: FacilityTable, datum: str) -> tuple[str, int, float]:
    """Compare with the places of the same name that are known: they are the landmarks."""
    at: dict[str, list[tuple[float, float]]] = {}
    for name, lon, lat in zip(known.name.tolist(), known.lon.tolist(), known.lat.tolist(), strict=True):
        at.setdefault(plain_name(name), []).append((lon, lat))
    named = [(lon, lat, at[k]) for name, lon, lat in rows if (k := plain_name(name)) in at and len(at[k]) <= 3]
    return likely_datum(named[:COMPARED_MOST], datum)


def _similar(taken: Sequence[Candidate], known: FacilityTable) -> tuple[tuple[Candidate, int, str, float], ...]:
    """(row, id and name of the facility that it may be, metres)."""
    found: list[tuple[Candidate, int, str, float]] = []
    for c in taken:
        if c.known is None and len(found) < SIMILAR_MOST and len(known):
            found += [
                (c, int(known.id[r]), str(known.name[r]), m) for r, m in near_and_alike(known, c.name, c.lon, c.lat)
            ]
    return tuple(found[:SIMILAR_MOST])


_COLUMNS = {
    "code": Column("code", "编号", "Code", Kind.CODE, most=48),
    "opened_on": Column("opened_on", "开放日期", "Opened on", Kind.DATE),
    "closed_on": Column("closed_on", "关闭日期", "Closed on", Kind.DATE),
}
_TEXTS = {"name": 200, "class": 60, "address": 200, "opening_hours": 200, "wheelchair": 10}


class _Reader:
    """One pass over the rows of a file. `places` keeps (name, lon, lat) as the file has them, where there are any."""

    def __init__(self, actor: Actor, row: FacilityImport, table: RawTable) -> None:
        self.actor, self.row, self.table = actor, row, table
        mapping = row.mapping.get("columns", {})
        self.place = {f: table.headings.index(h) for f, h in mapping.items() if h in table.headings}
        self.heading = {f: mapping[f] for f in self.place}
        self.fixed_class = row.mapping.get("class", "")
        self.refused: list[Refused] = []
        self.places: list[tuple[str, float, float]] = []
        self.rules = _rules()
        self.classes: dict[str, bool] = {}

    def read(self) -> tuple[tuple[Candidate, ...], tuple[Refused, ...]]:
        good: list[tuple[int, dict[str, Any]]] = []
        codes: dict[str, int] = {}
        for number, cells in self.table.rows:
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
