"""Files of a net's cells, row by row: what is taken, what is refused and why, what is worth a look. No tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from django.utils.translation import gettext_lazy as _
from shapely import Geometry

from linli.territory.polygons import RawFeature
from linli.territory.rules import in_china, wgs84_from_gcj02
from linli_engines.ground import UNITS_PER_DEGREE, Plane, Refused, cleaned, from_degrees

from . import problems

CODE_MOST, NAME_MOST, DUTY_MOST = 32, 100, 200
CELLS_MOST = 10_000
COVERED_LEAST = 0.98
"""A net that covers less of the district than this is told to leave a part without data."""
COLUMNS = {
    "code": ("code", "编码", "网格编码"),
    "name": ("name", "名称", "网格名称"),
    "body": ("body", "责任单位", "单位"),
    "duty": ("duty", "职责", "职责内容"),
}
_NUMBER_OF_A_PERSON = re.compile(r"(?<!\d)(1\d{10}|\d{17}[\dXx])(?!\d)")


@dataclass(frozen=True, slots=True)
class Cell:
    """A row that is taken. `shape`: whole units of 1e-7 degree."""

    number: int
    code: str
    name: str
    body: int | None
    duty: str
    shape: Geometry
    area_m2: int


@dataclass(frozen=True, slots=True)
class Said:
    """About one row of the file (`row` from 1; 0: about all of it)."""

    row: int
    code: str
    about: str
    message: str

    def data(self) -> dict[str, Any]:
        return {"row": self.row, "code": self.code, "about": self.about, "message": str(self.message)}


@dataclass(slots=True)
class Read:
    """What a file holds: `covered` is the share of the district that the cells cover; `stopped` says why none is taken."""

    cells: list[Cell] = field(default_factory=list)
    refused: list[Said] = field(default_factory=list)
    warnings: list[Said] = field(default_factory=list)
    covered: float = 0.0
    stopped: str = ""


def read_cells(rows: Iterable[RawFeature], *, bodies: Mapping[str, int], outline: Geometry) -> Read:
    """`bodies`: ids by code and by name (a name that two have is not in it); `outline`: the district in whole units."""
    found = Read()
    seen: dict[str, int] = {}
    listed = list(rows)
    if len(listed) > CELLS_MOST:
        found.stopped = str(_("要素太多：%(n)s 个，最多 %(most)s 个。") % {"n": len(listed), "most": CELLS_MOST})
        return found
    plane = Plane((outline.bounds[1] + outline.bounds[3]) / 2e7)
    shapely.prepare(outline)
    for row in listed:
        values = {key: _value(row.properties, names) for key, names in COLUMNS.items()}
        said = _fault(values, bodies, seen)
        shape = None
        if said is None:
            shape, said = _shape(row, values["code"], outline, found)
        if said is not None:
            found.refused.append(Said(row.number, said[0], values["code"][:40], str(said[1])))
            continue
        seen[values["code"]] = row.number
        body = bodies.get(values["body"]) if values["body"] else None
        area = round(float(plane.area_m2([shape])[0]))
        found.cells.append(Cell(row.number, values["code"], values["name"], body, values["duty"], shape, area))
    _whole(found, outline)
    return found


def _value(properties: Mapping[str, Any], names: tuple[str, ...]) -> str:
    for name in names:
        value = properties.get(name)
        if value is not None:
            whole = int(value) if isinstance(value, float) and value.is_integer() else value
            return " ".join(str(whole).replace("\x00", "").split())
    return ""


def _fault(values: Mapping[str, str], bodies: Mapping[str, int], seen: Mapping[str, int]) -> tuple[str, Any] | None:
    code = values["code"]
    if not code:
        return "missing_code", _("缺少编码（code）。")
    if len(code) > CODE_MOST or not re.fullmatch(r"[0-9A-Za-z_.\-]+", code):
        return "bad_code", _("编码由字母、数字和连字符组成，最多 %(n)s 位。") % {"n": CODE_MOST}
    if code in seen:
        return "duplicate_code", _("编码重复，与第 %(n)s 个要素相同。") % {"n": seen[code]}
    for key, most in (("name", NAME_MOST), ("duty", DUTY_MOST)):
        if len(values[key]) > most:
            return "too_long", _("“%(key)s”太长：最多 %(n)s 个字。") % {"key": COLUMNS[key][1], "n": most}
        if _NUMBER_OF_A_PERSON.search(values[key]):
            return "person", _("这里只写地点和事项，不写个人的电话或证件号码。")
    if values["body"] and values["body"] not in bodies:
        return "unknown_body", _("没有这个单位，或名称不唯一：%(name)s。") % {"name": values["body"][:60]}
    return None


def _shape(
    row: RawFeature, code: str, outline: Geometry, found: Read
) -> tuple[Geometry | None, tuple[str, Any] | None]:
    """The shape in whole units, or why there is none; what was mended goes to the warnings."""
    if row.geometry is None:
        text = problems.UNREAD.get(row.problem, problems.UNREAD["bad_geometry"])
        return None, (row.problem or "bad_geometry", text % {"n": row.number})
    west, south, east, north = shapely.bounds(row.geometry).tolist()
    if not all(map(np.isfinite, (west, south, east, north))):
        return None, ("bad_geometry", problems.UNREAD["bad_geometry"] % {"n": row.number})
    if not (in_china(west, south) and in_china(east, north)):
        if in_china(south, west) and in_china(north, east):
            return None, ("swapped_coordinates", _("经度和纬度写反了。"))
        if max(abs(west), abs(east)) > 180 or max(abs(south), abs(north)) > 90:
            return None, ("wrong_crs", _("坐标不是经纬度，可能是投影坐标。请转换为 WGS-84 后再导入。"))
        return None, ("outside", _("图形不在中国境内。"))
    try:
        shape, notes = cleaned(row.geometry, scale=UNITS_PER_DEGREE)
    except Refused as refused:
        return None, (refused.code.lower(), problems.sentence(refused, problems.READING, n=row.number))
    if not outline.intersects(shape):
        return None, ("outside", _("图形不在本区范围内。"))
    for note in notes:
        if note.code not in {"WRONG_ORIENTATION", "HEIGHT", "SIMPLIFIED", "DUPLICATES"}:  # mended without a loss
            found.warnings.append(
                Said(row.number, note.code.lower(), code, str(problems.NOTES.get(note.code, note.code)))
            )
    return shape, None


def _whole(found: Read, outline: Geometry) -> None:
    """What is to be said of all cells together."""
    if not found.cells:
        found.stopped = found.stopped or str(_("没有一行可以采用。"))
        return
    shapes = np.array([c.shape for c in found.cells], dtype=object)
    union = shapely.union_all(shapes)
    total = float(shapely.area(outline))
    found.covered = min(1.0, float(shapely.area(shapely.intersection(union, outline))) / total)
    said: list[tuple[str, Any]] = []
    if found.covered < COVERED_LEAST:
        text = _("这些网格只覆盖全区的 %(share)s%%。没有覆盖的地方在融合时记为“没有数据”，不记为“没有责任单位”。")
        said.append(("covers_part", text % {"share": f"{100 * found.covered:.1f}"}))
    overlapping = float(shapely.area(shapes).sum() - shapely.area(union))
    if overlapping > total * 1e-4:
        share = f"{100 * overlapping / total:.1f}"
        said.append(("overlap", _("有网格互相重叠，重叠面积相当于全区的 %(share)s%%。") % {"share": share}))
    if without := sum(c.body is None for c in found.cells):
        said.append(("no_body", _("%(n)s 个网格没有写责任单位，融合时这些地方没有责任单位。") % {"n": without}))
    outside = float(shapely.area(union)) - found.covered * total
    if outside > 0.02 * total:
        said.append(
            ("sticks_out", _("有一部分在区界以外，相当于全区的 %(s)s%%。") % {"s": f"{100 * outside / total:.1f}"})
        )
        if maybe_gcj02(union, outline):
            text = _("按 GCJ-02 换算后与区界吻合得多：很像 GCJ-02 坐标。请转换为 WGS-84 后再导入。")
            found.stopped = str(text)
            said.append(("maybe_gcj02", text))
    found.warnings[:0] = [Said(0, code, "", str(text)) for code, text in said]


def maybe_gcj02(union: Geometry, outline: Geometry) -> bool:
    """Whether undoing the shift of GCJ-02 leaves less than half as much outside the district. Both in whole units."""
    rough = shapely.simplify(union, 2000)

    def back(corners: np.ndarray) -> np.ndarray:
        moved = [wgs84_from_gcj02(x / UNITS_PER_DEGREE, y / UNITS_PER_DEGREE) for x, y in corners.tolist()]
        return np.array(moved).reshape(-1, 2) * UNITS_PER_DEGREE

    moved = shapely.make_valid(shapely.transform(rough, back))
    outside = shapely.area(shapely.difference(shapely.make_valid(rough), outline))
    return bool(shapely.area(shapely.difference(moved, outline)) < 0.5 * outside)


def district_outline(boundary: Geometry | None) -> Geometry:
    """The district in whole units; nothing where it has no boundary."""
    return from_degrees(boundary) if boundary is not None else shapely.Polygon()
