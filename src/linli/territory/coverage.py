"""Checks of a boundary layer as a whole: parents, overlaps, gaps, shift. No database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import shapely
from django.utils.translation import gettext as _
from shapely import Geometry

from .boundaries import LISTED, Checked
from .choices import DIGITS, Layer
from .geometry import area_m2, to_metres
from .pack import Boundaries
from .rules import wgs84_from_gcj02

TOLERANCE_M2 = 1.0  # between neighbours of one file
PARENT_TOLERANCE_M2 = 100.0  # one sliver along an imported parent's border
DIFFERENT = 0.02  # of the area of a parent with a source: official lines are never equal to ours, but close
STRAY = 0.2  # of its own area may a division lie outside such a parent
MANY_CORNERS = 20_000  # of an outline: then its shift is judged on a coarser one
NOTHING_LEFT = 0.999  # of the area: an approximate parent is only wrong if a child misses it altogether
ABOVE = {Layer.SUBDISTRICTS: Layer.DISTRICT, Layer.COMMUNITIES: Layer.SUBDISTRICTS, Layer.GRIDS: Layer.COMMUNITIES}
BELOW = {above: layer for layer, above in ABOVE.items()}


def check_layer(
    found: Checked, layer: Layer, district: str, layers: Mapping[Layer, Boundaries], imported: frozenset[Layer]
) -> None:
    """Adds problems of the layer as a whole to `found`. `layers` are the live ones, `imported` those in force."""
    if not found.geometries:
        return
    _check_district(found, {district, *layers[Layer.DISTRICT].geometries})
    _check_parents(found, layer, layers)
    _check_neighbours(found)
    _check_extent(found, layer, layers, imported)
    _check_children(found, layer, layers, imported)
    below = BELOW.get(layer)
    if below in imported and not found.stopped:
        _check_standing(found, layer, layers[below])
    _shorten(found)


def check_batch(
    batch: Mapping[Layer, Checked], district: str, live: Mapping[Layer, Boundaries], kept: frozenset[Layer]
) -> None:
    """Adds to each layer of a batch what does not fit: with its neighbours, with the layer above it (of the batch, else
    the live one) and with the layer below if that stays. `kept` are the layers in force; all borders are exact ones.
    """
    new = {layer: Boundaries(layer, found.geometries, found.names) for layer, found in batch.items()}
    merged = {**live, **new}
    districts = set(merged[Layer.DISTRICT].geometries)
    for layer, found in batch.items():
        if not found.geometries:
            found.add("empty", _("这一层没有任何面。"))
            continue
        _check_district(found, districts)
        if layer is Layer.DISTRICT and district not in districts:
            found.add("district_missing", _("缺少本区（%(code)s）的区界。") % {"code": district}, division=district)
        _check_parents(found, layer, merged)
        _check_neighbours(found)
        _check_extent(found, layer, {**merged, Layer.DISTRICT: live[Layer.DISTRICT]} if layer is Layer.DISTRICT else merged,
                      frozenset(Layer))  # fmt: skip
        below = BELOW.get(layer)
        if below is not None and below not in batch:
            if below is not Layer.GRIDS or below in kept:  # a grid that nobody put in force is made anew
                _check_children(found, layer, live, frozenset(Layer))
            if below in kept and not found.stopped:
                _check_standing(found, layer, live[below])
        _shorten(found)


def _check_standing(found: Checked, layer: Layer, children: Boundaries) -> None:
    """A layer below that stays must lie in the new borders, sliver by sliver."""
    nested = Checked(dict(children.geometries), dict(children.names))
    above = {layer: Boundaries(layer, found.geometries)}
    _check_extent(nested, children.layer, above, frozenset(Layer))
    found.problems += nested.problems


def _check_district(found: Checked, districts: set[str]) -> None:
    for code in found.geometries:
        if code[:6] not in districts:
            text = _("编码不属于本区（%(code)s）。") % {"code": _("、").join(sorted(districts))}
            found.add("other_district", text, feature=found.features[code], division=code)


def _check_parents(found: Checked, layer: Layer, layers: Mapping[Layer, Boundaries]) -> None:
    if layer not in ABOVE:
        return
    above = layers[ABOVE[layer]]
    parents = above.geometries.keys() | above.names.keys()
    for code, index in found.features.items():
        if code[:-3] not in parents:
            found.add(
                "unknown_parent", _("上级编码 %(code)s 不存在。") % {"code": code[:-3]}, feature=index, division=code
            )


def _check_neighbours(found: Checked) -> None:
    """Overlaps between two features, and holes that no feature covers."""
    codes = list(found.geometries)
    shapes = np.array([found.geometries[c] for c in codes], dtype=object)
    left, right = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    for a, b in zip(left.tolist(), right.tolist(), strict=True):
        if a < b:
            common = shapely.intersection(shapes[a], shapes[b])
            if shapely.area(common) > 0 and (size := area_m2(common)) > TOLERANCE_M2:
                text = _("与 %(other)s 重叠 %(m2)s 平方米。") % {"other": codes[a], "m2": round(size)}
                found.add("overlap", text, feature=found.features[codes[b]], division=codes[b], area_m2=round(size, 1),
                          **_inside(common))  # fmt: skip
    whole = shapely.union_all(shapes)
    for part in shapely.get_parts(whole):
        for ring in shapely.get_rings(part)[1:]:
            hole = shapely.polygons(ring)
            if (size := area_m2(hole)) > TOLERANCE_M2:
                text = _("各面之间有 %(m2)s 平方米的缝隙。") % {"m2": round(size)}
                found.add("gap", text, area_m2=round(size, 1), **_inside(hole))


def _check_extent(found: Checked, layer: Layer, layers: Mapping[Layer, Boundaries], imported: frozenset[Layer]) -> None:
    """Against the parents: exact to slivers if they were imported, roughly if they are only derived."""
    above = ABOVE.get(layer, Layer.DISTRICT)
    reference = dict(layers[above].geometries)
    if not reference:
        return
    whole, target = shapely.union_all(list(found.geometries.values())), shapely.union_all(list(reference.values()))
    different = area_m2(shapely.symmetric_difference(whole, target))
    if different > DIFFERENT * area_m2(target):
        _check_shift(found, whole, target, different, layers.get(layer) or Boundaries(layer, {}))
    if layer is Layer.DISTRICT:
        if different > DIFFERENT * area_m2(target):
            found.add("differs", _("与现有区界相差 %(m2)s 平方米。") % {"m2": round(different)}, warning=True)
        return
    strict, rough = above in imported, layers[above].approximate
    text = _("%(code)s 之内有 %(m2)s 平方米没有被覆盖。")
    for code, parent in reference.items():
        own = [g for c, g in found.geometries.items() if c.startswith(code)]
        missing = shapely.difference(parent, shapely.union_all(own)) if own else parent
        limit = 0.0 if strict else area_m2(parent) * (NOTHING_LEFT if rough else DIFFERENT)
        _mismatch(found, "gap", text, missing, code, None, limit)
    text = _("%(code)s 有 %(m2)s 平方米在上级区划之外。")
    for code, geometry in found.geometries.items():
        if (above_it := reference.get(code[: DIGITS[above]])) is not None:
            outside = shapely.difference(geometry, above_it)
            limit = 0.0 if strict else area_m2(geometry) * (NOTHING_LEFT if rough else STRAY)
            _mismatch(found, "outside_parent", text, outside, code, found.features.get(code), limit)


def _mismatch(
    found: Checked, kind: str, text: str, geometry: Geometry, code: str, index: int | None, limit_m2: float
) -> None:
    """Against an imported parent (limit 0) each sliver that is too large is a problem; against a derived one the sum
    is a warning up to the limit and a problem above it.
    """
    parts = shapely.get_parts(geometry).tolist() if limit_m2 == 0.0 else [geometry]
    for part in parts:
        if shapely.area(part) > 0 and (size := area_m2(part)) > PARENT_TOLERANCE_M2:
            found.add(
                kind,
                text % {"code": code, "m2": round(size)},
                feature=index,
                division=code,
                area_m2=round(size, 1),
                warning=size <= limit_m2,
                **_inside(part),
            )


def _check_shift(found: Checked, whole: Geometry, target: Geometry, different: float, known: Boundaries) -> None:
    """GCJ-02 in a WGS-84 file moves everything by some 550 m: undoing it would make the outlines agree much better.

    The division that comes closest to its known place is named as a landmark, with how far it lies off.
    """
    tolerance = 1e-5 if shapely.get_num_coordinates(whole) < MANY_CORNERS else 1e-4
    moved = shapely.make_valid(_unshifted(shapely.simplify(whole, tolerance)))
    if area_m2(shapely.symmetric_difference(moved, target)) >= 0.5 * different:
        return
    name, was_m, is_m = _landmark(found, whole, target, known)
    text = _(
        "“%(name)s”偏离已知位置 %(was)s 米，按 GCJ-02 换算后只差 %(now)s 米：很像 GCJ-02 坐标。请转换为 WGS-84 后再导入。"
    )
    found.add("maybe_gcj02", text % {"name": name, "was": round(was_m), "now": round(is_m)}, **_inside(whole))


def _unshifted(geometry: Geometry) -> Geometry:
    def back(corners: np.ndarray) -> np.ndarray:
        return np.array([wgs84_from_gcj02(x, y) for x, y in corners.tolist()]).reshape(-1, 2)

    return shapely.transform(geometry, back)


def _landmark(found: Checked, whole: Geometry, target: Geometry, known: Boundaries) -> tuple[str, float, float]:
    """(name, metres off as it is, metres off once shifted back) of the best known division, else of the outline."""
    pairs = [
        (known.names.get(c) or c, found.geometries[c], g) for c, g in known.geometries.items() if c in found.geometries
    ]
    pairs = pairs or [(_("区界"), whole, target)]
    best = (pairs[0][0], 0.0, float("inf"))
    for name, given, there in pairs:
        middle, goal = shapely.centroid(given), to_metres(shapely.centroid(there))
        now_m = shapely.distance(to_metres(_unshifted(middle)), goal)
        if now_m < best[2]:
            best = (name, float(shapely.distance(to_metres(middle), goal)), float(now_m))
    return best


def _check_children(
    found: Checked, layer: Layer, layers: Mapping[Layer, Boundaries], imported: frozenset[Layer]
) -> None:
    """Imported children must keep a parent; derived ones are recut, and those that lose theirs are named."""
    below = BELOW.get(layer)
    if below is None:
        return
    standing = layers[below]
    for code in sorted({*standing.geometries, *(standing.named or ())}):
        if code[: DIGITS[layer]] not in found.geometries:
            text = _("下级 %(code)s 将失去上级区划。") % {"code": code}
            found.add("orphan", text, division=code, warning=below not in imported)


def _inside(geometry: Geometry) -> dict[str, float]:
    point = shapely.point_on_surface(geometry)
    return {"lon": round(float(shapely.get_x(point)), 6), "lat": round(float(shapely.get_y(point)), 6)}


def _shorten(found: Checked) -> None:
    """At most LISTED of a kind; the last one says how many more there are."""
    by_kind: dict[str, list[int]] = {}
    for number, problem in enumerate(found.problems):
        by_kind.setdefault(problem.code, []).append(number)
    dropped: set[int] = set()
    for numbers in by_kind.values():
        if len(numbers) > LISTED:
            last = numbers[LISTED - 1]
            more = len(numbers) - LISTED
            text = found.problems[last].message + _("同类问题还有 %(n)s 个未列出。") % {"n": more}
            found.problems[last] = replace(found.problems[last], message=text)
            dropped.update(numbers[LISTED:])
    found.problems = [p for n, p in enumerate(found.problems) if n not in dropped]
