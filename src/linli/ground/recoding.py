"""Codes of a grid that was designed anew: ground that stays itself keeps its code, other ground gets a free serial. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping

import numpy as np
import shapely
from shapely import Geometry

from linli_engines.ground import Refused

SAME = 0.5
"""Common ground over the ground of both together, above which two cells are one: no cell can have two such."""
MOST = 999


def recoded(drawn: Mapping[str, Geometry], live: Mapping[str, Geometry], taken: Collection[str] = ()) -> dict[str, Geometry]:  # fmt: skip
    """`drawn` with other codes. Free serials are neither live nor `taken`, in the order of the drawn codes.

    Raises Refused(FULL) where a community has no serial left.
    """
    kept = _kept(drawn, live)
    used: dict[str, set[str]] = defaultdict(set)
    for code in {*live, *taken}:
        used[code[:12]].add(code)
    found: dict[str, Geometry] = {}
    for code, shape in sorted(drawn.items()):
        name = kept.get(code) or _free(code[:12], used[code[:12]], {*kept.values()})
        used[code[:12]].add(name)
        found[name] = shape
    return dict(sorted(found.items()))


def _kept(drawn: Mapping[str, Geometry], live: Mapping[str, Geometry]) -> dict[str, str]:
    if not drawn or not live:
        return {}
    names, codes = list(drawn), list(live)
    new, old = np.array(list(drawn.values()), dtype=object), np.array(list(live.values()), dtype=object)
    a, b = shapely.STRtree(old).query(new, predicate="intersects")
    common = shapely.area(shapely.intersection(new[a], old[b]))
    both = shapely.area(new)[a] + shapely.area(old)[b] - common
    one = np.flatnonzero(common > SAME * both)
    pairs = [(names[a[i]], codes[b[i]]) for i in one.tolist()]
    return {n: c for n, c in pairs if n[:12] == c[:12]}


def _free(community: str, used: set[str], kept: Collection[str]) -> str:
    for n in range(1, MOST + 1):
        if (code := f"{community}{n:03d}") not in used and code not in kept:
            return code
    raise Refused("FULL", "no serial left", community)
