"""Where matters belong after a change: old area codes in, new ones out, by the column. Reads points, writes nothing."""

from __future__ import annotations

from collections import defaultdict
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


def returners(moves: Moves) -> Compute:
    """For matters that came in under the new borders, once the territory shows the old ones again.

    A code that is no more goes back to the one whose place it took, or where the point lies if it took several. A code
    that was there before and after goes by the point, to a division of its own level; without one it stays.
    """
    olds: dict[str, list[str]] = defaultdict(list)
    for old, new in moves.codes.items():
        olds[new].append(old)
    named = sorted({*olds, *(code for codes in moves.parted.values() for code in codes)})
    alive = {code for code in named if _is_live(code)}

    def compute(part: rezone.Placed) -> Texts:
        found = part.area.astype("<U15")
        lon, lat = rezone.points(part)
        for i in np.flatnonzero(np.isin(found, named)).tolist():
            area = str(found[i])
            there = _located(float(lon[i]), float(lat[i]))
            if area in alive:
                found[i] = there.get(len(area)) or area
            elif len(olds[area]) == 1:
                found[i] = olds[area][0]
            else:
                found[i] = next((there[n] for n in (15, 12, 9) if n <= len(area) and n in there), area)
        return found

    return compute


def _is_live(code: str) -> bool:
    return code in territory.cells(code) if len(code) == 15 else territory.division(code) is not None


def _located(lon: float, lat: float) -> dict[int, str]:
    """The live divisions at a point, by their digits."""
    if not (np.isfinite(lon) and np.isfinite(lat)):
        return {}
    here = territory.locate_many([lon], [lat])
    codes = [str(level[0]) for level in (here.grid, here.community, here.subdistrict)]
    return {len(code): code for code in codes if code}


def _shapes(codes: tuple[str, ...]) -> dict[str, Geometry]:
    """The live divisions or cells of these codes that are drawn."""
    cells = territory.cells() if any(len(c) == 15 for c in codes) else {}
    drawn = {c: cells.get(c) if len(c) == 15 else territory.division_boundary(c) for c in codes}
    return {c: shape for c, shape in drawn.items() if shape is not None}
