"""Hints at intake, tried on a year of a city's cases: would three hints show an earlier open report of the same thing?

The city marks cases as `Duplicate` without saying of which, so no pair is known. What can be measured: of the marked
ones (those that the whole file lets be found: not on the city's default point), how many have an earlier case of the
same type, still open, within 200 m and 30 days, and how many show one among three hints; and the same for cases that
were not marked, which is what chance gives. `LINLI_REQUESTS` names the parquet file; without it there are no rows.
"""

from __future__ import annotations

import math
import os
import random
import sys
from collections import defaultdict
from datetime import timedelta
from pathlib import Path
from typing import Any

AREA = "duplicates"
NEAR_M, DAYS, HINTS = 200, timedelta(days=30), 3
DEFAULT_POINT = (42.3594, -71.0587)
SIDE = 0.0025  # degrees: wider than 200 m both ways in these latitudes


def rank(same: bool, related: bool, distance_m: float) -> tuple[int, float]:
    """As `linli.response.queries.duplicates.rank`, whose import would need a configured database."""
    return (0 if same else 1 if related else 2, distance_m)


def run() -> list[dict[str, Any]]:
    """Two orders of the hints (the nearest first; the same class first) on the same cases."""
    source = Path(os.environ.get("LINLI_REQUESTS", ""))
    if not source.is_file():
        print("LINLI_REQUESTS names no file: no rows of duplicates", file=sys.stderr)
        return []
    import pyarrow.parquet as pq

    names = ["opened", "closed", "closure", "reason", "type", "lat", "lon"]
    table = pq.read_table(source, columns=names)
    rows = sorted(zip(*(table.column(n).to_pylist() for n in names), strict=True), key=lambda r: r[0])
    cells: dict[tuple[int, int], list[Any]] = defaultdict(list)
    chance = random.Random(7)
    counts: dict[str, list[int]] = {"marked": [0, 0, 0, 0], "others": [0, 0, 0, 0]}
    for row in rows:
        opened, _closed, closure, reason, kind, lat, lon = row
        if lat is None or lon is None or (round(lat, 4), round(lon, 4)) == DEFAULT_POINT:
            continue
        cell = (int(lat / SIDE), int(lon / SIDE))
        group = "marked" if closure == "Duplicate" else "others"
        if group == "marked" or chance.random() < 0.05:
            near = _near(cells, cell, lat, lon, opened)
            by_distance = sorted(near, key=lambda n: n[0])[:HINTS]
            by_class = sorted(near, key=lambda n: rank(n[1] == kind, n[2] == reason, n[0]))[:HINTS]
            found = counts[group]
            found[0] += 1
            found[1] += any(n[1] == kind for n in near)
            found[2] += any(n[1] == kind for n in by_distance)
            found[3] += any(n[1] == kind for n in by_class)
        cells[cell].append(row)
    return [
        {"area": AREA, "name": f"{name} {group} (of {all_})", "value": round(100 * n / all_, 1), "unit": "%"}
        for group, (all_, *ns) in counts.items()
        if all_
        for name, n in zip(("reachable", "in 3 hints, nearest first", "in 3 hints, same class first"), ns, strict=True)
    ]


def _near(cells: Any, cell: tuple[int, int], lat: float, lon: float, opened: Any) -> list[tuple[float, str, str]]:
    """(metres, type, reason) of earlier cases that were open then, within 200 m and 30 days."""
    found = []
    for x in (-1, 0, 1):
        for y in (-1, 0, 1):
            for other in cells.get((cell[0] + x, cell[1] + y), ()):
                if opened - other[0] > DAYS or (other[1] is not None and other[1] <= opened):
                    continue
                far = 111_195 * math.hypot(other[5] - lat, (other[6] - lon) * math.cos(math.radians(lat)))
                if far <= NEAR_M:
                    found.append((far, other[4], other[3]))
    return found


if __name__ == "__main__":
    for line in run():
        print(f"{line['value']:6.1f} {line['unit']}  {line['name']}")
