"""Three nets over the district as an office might hold them, all of it simulated: each follows the base grid, one lies some
metres off, one joins cells in pairs, one leaves a subdistrict out; a merger of them, half decided.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import numpy as np
import shapely
from shapely import Geometry

from linli.core.actor import SYSTEM, Actor
from linli.ground.actions import catalogue, layers, mergers
from linli.ground.choices import Finding, Net
from linli.ground.queries import mergers as reads
from linli.ground.queries import nets as net_reads
from linli.jobs import runner
from linli.organisations import queries as organisations
from linli.territory import queries as territory
from linli.territory.polygons import geojson_file

SEED = 20261122
OFF_M = 18.0
SOURCE = "模拟数据：由单元网格变化得出，不是真实的责任划分"
DUTIES = {
    Net.CITY: "路灯、井盖、环境卫生和占道堆物的巡查",
    Net.SERVICE: "公共服务设施和社区活动场地的巡查",
    Net.SECURITY: "消防通道、楼道堆物和安全隐患的巡查",
}
Rows = list[tuple[Mapping[str, Any], Geometry]]


def play(*, actor: Actor = SYSTEM, seed: int = SEED) -> dict[str, int]:
    """Layers in force, a merger partly decided, the catalogue. Nothing where there is a layer already."""
    if net_reads.layers(actor):
        return {}
    catalogue.load_matters(actor=actor)
    chance = random.Random(seed)
    cells = dict(sorted(territory.cells().items()))
    if not cells:
        return {}
    by_net = {Net.CITY: _city(cells, chance), Net.SERVICE: _service(cells, chance), Net.SECURITY: _security(cells)}
    for net, rows in by_net.items():
        name = f"{Net(net).label}（模拟）"
        row = layers.stage(actor=actor, net=net, name=name, data=geojson_file(rows), source=SOURCE, simulated=True)
        runner.run_job.call(row.report["job"])
        layers.put_in_force(actor=actor, layer_id=row.pk)
    merger = mergers.open_merger(actor=actor, name="三网融合（模拟数据）", simulated=True)
    runner.run_job.call(merger.summary["job"])
    decided = _decide(actor, merger.pk)
    return {"layers": len(by_net), "cells": sum(map(len, by_net.values())), "decided": decided}


def _row(net: Net, code: str, body: str, shape: Geometry) -> tuple[Mapping[str, Any], Geometry]:
    return {"code": code, "name": "", "body": body, "duty": DUTIES[net]}, shape


def _office(code: str) -> str:
    """The body at the subdistrict of a cell; "" where there is none."""
    found = organisations.bodies(kinds={"subdistrict_office"}, division=code[:9]) or organisations.bodies(
        division=code[:9]
    )
    return found[0].code if found else ""


def _district(kind_words: tuple[str, ...]) -> list[str]:
    return [b.code for b in organisations.bodies() if any(word in b.code for word in kind_words)]


def _city(cells: Mapping[str, Geometry], chance: random.Random) -> Rows:
    """The base grid; the community decides which of a few bodies; now and then nobody was written down."""
    bodies = _district(("sanitation", "enforcement", "urban-management", "landscaping")) or [""]
    rows = []
    for n, (code, shape) in enumerate(cells.items()):
        body = bodies[int(code[9:12] or 0) % len(bodies)]
        rows.append(_row(Net.CITY, f"CG{n + 1:05d}", "" if chance.random() < 0.01 else body, shape))
    return rows


def _service(cells: Mapping[str, Geometry], chance: random.Random) -> Rows:
    """The base grid, drawn some metres off and with names of the subdistricts' own offices."""
    angle = chance.random() * 0.6
    step = OFF_M * np.cos(angle) / 85_000, OFF_M * np.sin(angle) / 111_000
    moved = shapely.transform(np.array(list(cells.values()), dtype=object), lambda c: np.add(c, step))
    offices = {code: _office(code) for code in sorted({c[:9] for c in cells})}
    pairs = zip(cells, moved.tolist(), strict=True)
    return [_row(Net.SERVICE, f"SF{n:05d}", offices[code[:9]], shape) for n, (code, shape) in enumerate(pairs, 1)]


def _security(cells: Mapping[str, Geometry]) -> Rows:
    """Cells parted in two across the base grid for every third, and the last subdistrict left out."""
    last = max(cells)[:9]
    bodies = _district(("emergency", "fire", "traffic-police", "police")) or [""]
    rows, n = [], 0
    for place, (code, shape) in enumerate(cells.items()):
        if code[:9] == last:
            continue
        parts = _halves(shape) if place % 3 == 0 else [shape]
        for k, part in enumerate(parts):
            n += 1
            rows.append(_row(Net.SECURITY, f"ZA{n:05d}", bodies[(place // 3 + k) % len(bodies)], part))
    return rows


def _halves(shape: Geometry) -> list[Geometry]:
    west, south, east, north = shape.bounds
    middle = (west + east) / 2
    halves = [shape.intersection(shapely.box(a, south, b, north)) for a, b in ((west, middle), (middle, east))]
    return [h for h in halves if h.geom_type in ("Polygon", "MultiPolygon") and not h.is_empty] or [shape]


def _decide(actor: Actor, merger_id: int) -> int:
    """What leaves little doubt goes to the largest share, subdistrict by subdistrict, up to half."""
    merger, done = mergers.merger_of(merger_id), 0
    for division in territory.divisions(9)[:7]:
        rows = reads.matching(merger_id, reads.Wanted(finding=Finding.BORDER, state="open", within=division.code))
        ids = list(rows.values_list("pk", flat=True)[: mergers.BULK_MOST])
        if ids:
            reason = "界线只差几米，占得最多的单位已在管护（模拟）"
            done += mergers.decide_largest(actor=actor, merger=merger, line_ids=ids, reason=reason)[0]
    return done
