"""What a border change looks like: borders before and after, and the ground that changes hands. Reads only."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import shapely
from shapely import Geometry

from linli.territory.choices import Layer
from linli.territory.layers import LayerContent, LayerFeature

from ..mapping import Mapped

LAYERS = {6: Layer.DISTRICT, 9: Layer.SUBDISTRICTS, 12: Layer.COMMUNITIES}
Live = Mapping[Layer, LayerContent]


@dataclass(frozen=True, slots=True)
class Code:
    """One row of the code table: what a code becomes. `new_name` differs where a line says so or it goes into another."""

    old: str
    name: str
    new: str
    new_name: str
    parted: tuple[str, ...] = ()

    @property
    def level(self) -> int:
        return len(self.old)


def code_table(found: Mapped, live: Live, digits: int = 0) -> list[Code]:
    """Every old code that changes or is parted, coarse first; `digits`: up to that level only."""
    before, after = _names(live), _names({**live, **found.layers})
    moves = found.moves
    rows = []
    for old in sorted({*moves.codes, *moves.parted}, key=lambda c: (len(c), c)):
        new = moves.codes.get(old, old)
        if not digits or len(old) <= digits:
            rows.append(Code(old, before.get(old, ""), new, after.get(new, ""), moves.parted.get(old, ())[1:]))
    return rows


def renamed(found: Mapped, live: Live) -> list[Code]:
    """Codes that stay and have another name."""
    before, after = _names(live), _names({**live, **found.layers})
    return [
        Code(code, name, code, after[code])
        for code, name in sorted(before.items())
        if code in after and after[code] != name and code not in found.moves.codes and len(code) < 15
    ]


def made(found: Mapped, live: Live) -> list[Code]:
    """Divisions that were not there and that no old code becomes by itself."""
    before, after = _names(live), _names({**live, **found.layers})
    taken = set(found.moves.codes.values())
    return [Code("", "", c, n) for c, n in sorted(after.items()) if c not in before and c not in taken and len(c) < 15]


def _names(layers: Live) -> dict[str, str]:
    return {f.code: f.name for content in layers.values() for f in content.features}


def picture(found: Mapped, live: Live) -> str:
    """JSON: `before`, `after` (borders of divisions that change: code, name, level), `moved` (ground that changes hands)."""
    old = {n: _drawn(live, n) for n in LAYERS}
    new = {n: _drawn({**live, **found.layers}, n) for n in LAYERS}
    codes = found.moves.codes
    before, after = [], []
    for n in LAYERS:  # a division that only has another code now keeps its borders: nothing to draw
        heirs = {c: new[n].get(codes.get(c, c)) for c in old[n]}
        before += [_feature(f, n) for c, f in sorted(old[n].items()) if _differs(f, heirs[c])]
        kept = {heir.code for c, heir in heirs.items() if heir is not None and not _differs(old[n][c], heir)}
        after += [_feature(f, n) for c, f in sorted(new[n].items()) if c not in kept]
    moved = [
        {
            "type": "Feature",
            "properties": {"from": a, "to": b, "text": text},
            "geometry": shapely.geometry.mapping(shape),
        }
        for a, b, text, shape in _handed(found, live)
    ]
    sets = {"before": before, "after": after, "moved": moved}
    return json.dumps({k: {"type": "FeatureCollection", "features": v} for k, v in sets.items()}, ensure_ascii=False)


def _drawn(layers: Live, digits: int) -> dict[str, LayerFeature]:
    content = layers.get(LAYERS[digits])
    return {f.code: f for f in content.features if f.geometry is not None} if content else {}


def _differs(one: LayerFeature, other: LayerFeature | None) -> bool:
    if other is None or one.name != other.name:
        return True
    return one.geometry is not other.geometry and not shapely.equals_exact(one.geometry, other.geometry)


def _feature(f: LayerFeature, level: int) -> dict[str, Any]:
    point = f.geometry.representative_point() if f.geometry is not None else None
    label = {"x": point.x, "y": point.y} if point is not None else {}
    properties = {"code": f.code, "name": f.name, "level": level, **label}
    return {"type": "Feature", "properties": properties, "geometry": shapely.geometry.mapping(f.geometry)}


def _handed(found: Mapped, live: Live) -> list[tuple[str, str, str, Geometry]]:
    """Ground whose subdistrict (else community) is another afterwards: (from, to, words, shape), from its base grids."""
    codes, before, after = found.moves.codes, _names(live), _names({**live, **found.layers})
    heirs: dict[str, str] = {}  # new code -> the old one that it goes on from
    for old in before:
        new = codes.get(old, old)
        if len(old) < 15 and (new == old or new not in heirs):
            heirs[new] = old
    groups: dict[tuple[str, str], list[Geometry]] = defaultdict(list)
    grids = live.get(Layer.GRIDS)
    for cell in grids.features if grids else ():
        new = codes.get(cell.code, cell.code)
        for n in (9, 12):
            if heirs.get(new[:n]) != cell.code[:n]:
                groups[cell.code[:n], new[:n]].append(cell.geometry)
                break
    return [
        (a, b, f"{before.get(a, a)} → {after.get(b, b)}", shapely.union_all(shapes))
        for (a, b), shapes in sorted(groups.items())
    ]
