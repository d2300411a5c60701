"""Small nets for tests: cells that follow the base grid, shifted, without a body, or with holes in the cover."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import shapely
from shapely import Geometry

from linli.core.actor import SYSTEM, Actor
from linli.ground.actions import layers, mergers
from linli.ground.choices import Net
from linli.ground.models import NetLayer, NetMerger
from linli.organisations import queries as organisations
from linli.territory import queries as territory
from linli.territory.polygons import geojson_file

BODIES = ("110102-enforcement", "110102-sanitation", "110102018-office")
Pick = Callable[[str], str]


def tell(_done: int, _total: int, _words: Any) -> None:
    """Nobody listens."""


def file_of(rows: list[tuple[Mapping[str, Any], Geometry | None]]) -> bytes:
    return geojson_file(rows)


def by_community(pick: Pick) -> list[tuple[Mapping[str, Any], Geometry | None]]:
    """One cell for each community, as its base grids draw it; `pick`: the code of its body."""
    groups: dict[str, list[Geometry]] = {}
    for code, shape in territory.cells().items():
        groups.setdefault(code[:12], []).append(shape)
    return [
        ({"code": code, "name": f"网格{code}", "body": pick(code), "duty": "巡查路灯"}, shapely.union_all(shapes))
        for code, shapes in sorted(groups.items())
    ]


def put(net: str, data: bytes, actor: Actor = SYSTEM, name: str = "试验图层") -> NetLayer:
    """Staged, read and in force."""
    row = read(net, data, actor, name)
    layers.put_in_force(actor=actor, layer_id=row.pk)
    return layers.layer_of(row.pk)


def read(net: str, data: bytes, actor: Actor = SYSTEM, name: str = "试验图层") -> NetLayer:
    """Staged and read."""
    row = layers.stage(actor=actor, net=net, name=name, data=data)
    layers.read_layer(layer_id=row.pk, tell=tell)
    return layers.layer_of(row.pk)


def two(code: str) -> str:
    """Bodies by turns."""
    return known()[int(code[9:12]) % 2]


def known() -> tuple[str, ...]:
    """Codes of a few active bodies."""
    return tuple(b.code for b in organisations.bodies())[:4]


def shifted(rows: list[tuple[Mapping[str, Any], Geometry | None]], metres: float) -> list[Any]:
    """The same cells some metres east."""
    return [(said, shapely.transform(g, lambda c: np.add(c, (metres / 85_000, 0.0)))) for said, g in rows]


def compared(actor: Actor = SYSTEM, *, nets: tuple[str, ...] = (Net.CITY, Net.SERVICE)) -> NetMerger:
    """A merger of a net that follows the grid and one that lies 25 m off; the third net has no layer."""
    for n, net in enumerate(nets):
        put(net, file_of(shifted(by_community(two), 25.0 * n)))
    row = mergers.open_merger(actor=actor, name="试验融合")
    mergers.compute(merger_id=row.pk, tell=tell)
    return mergers.merger_of(row.pk)
