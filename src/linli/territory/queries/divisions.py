"""What a code is: its name, its place in the tree, its boundary, its label point."""

from __future__ import annotations

import json
from typing import Any

from django.utils.translation import gettext_lazy as _

from linli.core.errors import Missing

from ..choices import Level
from ..models import LayerCell
from ..snapshot import DivisionView, current


def division(code: str) -> DivisionView | None:
    """The division of a 6-, 9- or 12-digit code."""
    return current().divisions.get(code)


def divisions(level: int, parent: str = "") -> tuple[DivisionView, ...]:
    """Divisions of a level (6, 9 or 12 digits) inside `parent`, by code; those without a boundary too."""
    return current().children.get((level, parent), ())


def division_name(code: str, short: bool = False) -> str:
    """The name of a division; of a 15-digit code, that of its community. "" for no code, the code itself if unknown."""
    view = current().divisions.get(code[:12])
    if view is None:
        return code
    return view.short_name if short else view.name


def district() -> DivisionView:
    """The district of the pack. Raises Missing while no territory is loaded."""
    found = divisions(Level.DISTRICT)
    if not found:
        raise Missing("territory_not_loaded", _("还没有装入资料包，请管理员运行 linli load-pack。"))
    if len(found) == 1:
        return found[0]
    edition = current().edition
    return next((v for v in found if edition is not None and v.code == edition.district), found[0])


def districts() -> tuple[DivisionView, ...]:
    """Every district: one, or two while a merger is prepared."""
    return divisions(Level.DISTRICT)


def grid_center(code: str) -> tuple[float, float]:
    """A point inside a cell. For a cell that no longer exists, the label of its community or subdistrict.

    Raises Missing if even those are unknown.
    """
    here = current()
    if code in here.cells:
        lon, lat, _approximate = here.cells[code]
        return lon, lat
    for n in (12, 9, 6):
        view = here.divisions.get(code[:n])
        if view is not None and view.lon is not None and view.lat is not None:
            return view.lon, view.lat
    raise Missing("unknown_code", _("没有这个编码的网格或区划。"))


def grid_boundary(code: str) -> str | None:
    """The GeoJSON geometry of a cell of the live grid. One small query."""
    here = current()
    if code not in here.cells:
        return None
    cell = LayerCell.objects.filter(layer__edition_id=here.edition_id, layer__key="base", code=code)
    return cell.values_list("boundary", flat=True).first()


def grid_codes(community: str = "") -> tuple[str, ...]:
    """Codes of the base grid, all or those that begin with `community` (any prefix)."""
    return tuple(c for c in current().cells if c.startswith(community))


def boundaries_geojson(level: int, parent: str = "") -> str:
    """A FeatureCollection of a level's boundaries as text, with names, label points and how far to trust them."""
    here = current()
    features = [_feature(v, here.boundaries[v.code]) for v in divisions(level, parent) if v.has_boundary]
    return '{"type":"FeatureCollection","features":[' + ",".join(features) + "]}"


def _feature(view: DivisionView, boundary: str) -> str:
    properties = json.dumps(_properties(view), ensure_ascii=False, separators=(",", ":"))
    return f'{{"type":"Feature","id":"{view.code}","properties":{properties},"geometry":{boundary}}}'


def _properties(view: DivisionView) -> dict[str, Any]:
    fields = ("code", "name", "short_name", "parent", "approximate", "provenance", "lon", "lat")
    return {name: getattr(view, name) for name in fields}


def bounds(code: str = "") -> tuple[float, float, float, float]:
    """West, south, east, north of a division with a boundary; of the whole ground for "" or a code without one."""
    known = current().boxes
    for n in (12, 9):
        if code[:n] in known and len(code) >= n:
            return known[code[:n]]
    whole = [known[v.code] for v in districts() if v.code in known] or [known[district().code]]
    west, south, east, north = zip(*whole, strict=True)
    return min(west), min(south), max(east), max(north)
