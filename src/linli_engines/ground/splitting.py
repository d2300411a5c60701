"""Large blocks into pieces of about one size: cut across the long side, again and again. Metres in, metres out."""

from __future__ import annotations

import math

import numpy as np
import shapely
from shapely import LineString, Polygon
from shapely.affinity import rotate

STEPS = 24
SQUARE = 1.4
"""A block less than so many times as long as broad is tried across its other side, too."""


def pieces(block: Polygon, target_m2: float, smallest_m2: float) -> tuple[list[Polygon], list[LineString]]:
    """The pieces of a block and the cuts between them. A piece below `smallest_m2` stays for a neighbour to absorb."""
    done: list[Polygon] = []
    cuts: list[LineString] = []
    queue = [block]
    while queue:
        part = queue.pop()
        count = round(part.area / target_m2)
        if count < 2 or part.area < 2 * smallest_m2:
            done.append(part)
            continue
        halves, cut = _halved(part, (count // 2) / count)
        if cut is None:
            done.append(part)
            continue
        cuts += cut
        queue += halves
    return done, cuts


def _halved(part: Polygon, share: float) -> tuple[list[Polygon], list[LineString] | None]:
    """Two sides of the best cut that leaves `share` of the area on one side; the cut inside the part."""
    box = shapely.oriented_envelope(part)
    if box.geom_type != "Polygon":
        return [], None
    corners = shapely.get_coordinates(box)
    sides = np.diff(corners[:3], axis=0)
    lengths = np.hypot(sides[:, 0], sides[:, 1])
    angles = np.degrees(np.arctan2(sides[:, 1], sides[:, 0]))
    long = int(lengths.argmax())
    tried = [long] if lengths[long] > SQUARE * lengths[1 - long] else [long, 1 - long]
    best: tuple[float, list[Polygon], list[LineString]] | None = None
    for k in tried:
        halves, cut = _cut(part, float(angles[k]), share)
        worst = min((h.area for h in halves), default=0.0)
        cost = sum(line.length for line in cut) + 10 * math.sqrt(part.area) * (len(halves) - 2)
        if worst > 0 and (best is None or cost < best[0]):
            best = (cost, halves, cut)
    return (best[1], best[2]) if best else ([], None)


def _cut(part: Polygon, angle: float, share: float) -> tuple[list[Polygon], list[LineString]]:
    """Across the direction `angle` (degrees), so that `share` of the area lies before the cut."""
    at = part.centroid
    lying = rotate(part, -angle, origin=at)
    x0, y0, x1, y1 = lying.bounds
    low, high = x0, x1
    for _step in range(STEPS):
        middle = (low + high) / 2
        if shapely.clip_by_rect(lying, x0 - 1, y0 - 1, middle, y1 + 1).area < share * lying.area:
            low = middle
        else:
            high = middle
    x = (low + high) / 2
    line = LineString([(x, y0 - 1), (x, y1 + 1)])
    inside = [g for g in shapely.get_parts(shapely.intersection(line, lying)) if g.geom_type == "LineString"]
    halves = [
        rotate(g, angle, origin=at)
        for g in shapely.get_parts(
            shapely.polygonize([shapely.union_all([shapely.boundary(lying), *map(_longer, inside)])])
        )
        if shapely.contains(lying, g.point_on_surface())
    ]
    return halves, [rotate(g, angle, origin=at) for g in inside]


def _longer(line: LineString, by: float = 0.05) -> LineString:
    """The vertical line a little longer at both ends, so that it meets what it ends at."""
    (x, a), (_x, b) = line.coords[0], line.coords[-1]
    low, high = min(a, b), max(a, b)
    return LineString([(x, low - by), (x, high + by)])
