"""Where matters belong after a change: old area codes in, new ones out, by the column. Reads points, writes nothing."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from shapely import Geometry

from linli.flow import rezone
from linli.territory import queries as territory
from linli_engines.locate import Locator

from .mapping import Moves

Texts = NDArray[np.str_]
Compute = Callable[[rezone.Placed], Texts]


def computer(moves: Moves) -> Compute:
    """What `flow.rezone` asks of each part, once the territory shows the new borders.

    A code that goes whole goes by the table. Of ground that was parted a matter goes by its point, among the codes that
    the ground has now; without a point, or with one that lies elsewhere, it stays with the main part.
    """
    finders: dict[str, tuple[Locator, Texts]] = {}

    def compute(part: rezone.Placed) -> Texts:
        areas, back = np.unique(part.area, return_inverse=True)
        table = np.array([moves.codes.get(code, code) for code in areas.tolist()], dtype="<U15")
        found = table[back]
        parted = [code for code in areas.tolist() if code in moves.parted]
        if not parted:
            return found
        lon, lat = rezone.points(part)
        for code in parted:
            these = np.flatnonzero((part.area == code) & np.isfinite(lon) & np.isfinite(lat))
            if len(these):
                if code not in finders:
                    locator = territory.locator_for(_shapes(moves.parted[code]))
                    finders[code] = locator, np.array([*locator.codes, ""])
                locator, codes = finders[code]
                hit = codes[locator.locate_many(lon[these], lat[these])]
                found[these] = np.where(hit != "", hit, found[these])
        return found

    return compute


def latecomers(moves: Moves) -> Compute:
    """For matters that a process opened by the old borders a moment after the flip: only codes that are nobody's now."""
    kept = set(moves.codes.values())
    gone = {old: new for old, new in moves.codes.items() if old not in kept}

    def compute(part: rezone.Placed) -> Texts:
        return np.array([gone.get(code, code) for code in part.area.tolist()], dtype="<U15")

    return compute


def _shapes(codes: tuple[str, ...]) -> dict[str, Geometry]:
    """The live divisions or cells of these codes that are drawn."""
    cells = territory.cells() if any(len(c) == 15 for c in codes) else {}
    drawn = {c: cells.get(c) if len(c) == 15 else territory.division_boundary(c) for c in codes}
    return {c: shape for c, shape in drawn.items() if shape is not None}
