"""Three nets laid over the base grid: what is found of each base grid and net, and where borders disagree. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import shapely
from shapely import Geometry

from linli_engines.ground import borders, overlay, to_degrees

from .choices import Finding

WHOLE = 0.99
"""From this share on a body holds the base grid: the rest is drawing."""
MISSING = 0.5
"""A base grid of which a net leaves more than this uncovered has no data; one without a body has nobody."""
STRETCHES = 400
"""Stretches of borders that are kept for the map and the list, the largest areas first."""


@dataclass(frozen=True, slots=True)
class Held:
    """A cell of a net: who answers for it (id of a body), and its shape in whole units."""

    body: int | None
    shape: Geometry


@dataclass(frozen=True, slots=True)
class Line:
    """One base grid and one net. `claims`: (cell, body, share of the base grid), largest first; `body`: the answer that
    needs no decision.
    """

    code: str
    finding: str
    claims: tuple[tuple[str, int | None, float], ...]
    uncovered: float
    body: int | None = None

    @property
    def missing(self) -> bool:
        return is_missing(self.finding, self.uncovered)


@dataclass(frozen=True, slots=True)
class Compared:
    """One net beside the base grid. `said`: numbers for the summary; `stretches` as NetBorder keeps them."""

    lines: tuple[Line, ...]
    said: Mapping[str, Any]
    stretches: tuple[list[Any], ...]


def is_missing(finding: str, uncovered: float) -> bool:
    """Nobody is found because the net has no data there, not because nobody answers."""
    return finding == Finding.NONE and uncovered > MISSING


def sums(claims: Sequence[Sequence[Any]]) -> list[tuple[int, float]]:
    """(body, share of the base grid) of those who claim it, largest first; equal ones by the number of the body."""
    found: Counter[int] = Counter()
    for _cell, body, share in claims:
        if body is not None:
            found[body] += share
    return sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))


def finding_of(claims: Sequence[Sequence[Any]], share: float) -> tuple[str, int | None]:
    """What is found where these claim a base grid: the finding, and the body where there is but one."""
    held = sums(claims)
    strong = [(body, s) for body, s in held if s >= share - 1e-9]
    if not strong:
        return Finding.NONE, None
    if len(strong) > 1:
        return Finding.SEVERAL, None
    body, most = strong[0]
    return (Finding.ONE, body) if most >= WHOLE else (Finding.BORDER, body)


def compare(base: Mapping[str, Geometry], cells: Mapping[str, Held], *, share: float, tolerance_m: float) -> Compared:
    """Every base grid gets one line, whatever the net covers."""
    layer = {code: held.shape for code, held in cells.items()}
    found = overlay(base, layer)
    lines = []
    for code in sorted(base):
        claims = tuple((c, cells[c].body, round(s, 6)) for c, s in found.shares[code] if s >= 1e-4)
        finding, body = finding_of(claims, share)
        lines.append(Line(code, finding, claims, round(found.uncovered[code], 6), body))
    along = borders(base, layer, tolerance_m=tolerance_m)
    off = sorted(along.stretches, key=lambda s: (-s.area_m2, s.pair))
    count = Counter(line.finding for line in lines)
    off_m = sum(s.off_m for s in off)
    said = {
        "cells": len(cells), "length_m": round(along.length_m), "agreeing_m": round(along.agreeing_m),
        "agreeing": round(along.agreeing, 4) if layer else None, "off_m": round(off_m), "stretches": len(off),
        "mean_m": round(sum(s.mean_m * s.off_m for s in off) / off_m, 1) if off_m else 0.0,
        "max_m": round(max((s.max_m for s in off), default=0.0), 1), "area_m2": round(sum(s.area_m2 for s in off)),
        "missing": sum(line.missing for line in lines), **{f: count[f] for f in Finding.values},
    }  # fmt: skip
    return Compared(tuple(lines), said, tuple(_drawn(s) for s in off[:STRETCHES]))


def _drawn(s: Any) -> list[Any]:
    parts = [
        [[round(x, 6), round(y, 6)] for x, y in shapely.get_coordinates(part).tolist()]
        for part in shapely.get_parts(to_degrees(s.line) if not s.line.is_empty else s.line).tolist()
    ]
    return [*s.pair, round(s.length_m), round(s.off_m), round(s.mean_m, 1), round(s.max_m, 1), round(s.area_m2), parts]
