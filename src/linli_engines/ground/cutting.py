"""Cutting one shape by a line on whole units: the line gives way to the units, never the shape by more than one.

Where the line meets an edge, the edge gets a corner: the unit nearest to the meeting point. Bending the edge and the line
by less than a unit may let them meet anew, so it is done again until nothing new is met.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from shapely import Geometry, LineString, Polygon

from linli_engines.ground.errors import Refused
from linli_engines.ground.lattice import Bends, Point, Shape, bends_between, edges, points, with_bends

ROUNDS = 6
LINE_MOST = 5_000
OVERSHOOT = 2.0


@dataclass(frozen=True, eq=False)
class Cut:
    """`parts` in one piece each; `bends`: corners that the shape's edges got, for its neighbours to get as well."""

    parts: list[Polygon]
    bends: Bends


def cut(shape: Shape, line: Geometry, reach: float) -> Cut:
    """The parts of a shape on the sides of a line. An end of the line inside, nearer than `reach` units to the border, is
    carried on to it; what does not reach the border is left away.

    Raises Refused: LINE_INVALID, LINE_CROSSES_ITSELF, LINE_DOES_NOT_CUT, TOO_FINE.
    """
    chain = _reaching(_chain(line), shape, reach)
    if not LineString(chain).is_simple:
        raise Refused("LINE_CROSSES_ITSELF", "the line crosses itself")
    bent = shape
    for _round in range(ROUNDS):
        chain, met, bends = _met(chain, bent)
        bent = with_bends(bent, bends)
        if not bent.is_valid:
            break
        inside = _inside(chain, met, bent)
        if inside is None:
            continue
        if not inside:
            raise Refused("LINE_DOES_NOT_CUT", "the line does not cut it")
        parts = _parts(bent, inside)
        if len(parts) <= len(shapely.get_parts(shape)):
            raise Refused("LINE_DOES_NOT_CUT", "the line does not cut it")
        return Cut(parts, bends_between(shape, bent))
    raise Refused("TOO_FINE", "the line runs too close to a border to keep them apart")


def _chain(line: Geometry) -> list[Point]:
    if line.geom_type != "LineString" or line.is_empty or not np.isfinite(shapely.get_coordinates(line)).all():
        raise Refused("LINE_INVALID", "not one line")
    chain = points(line)
    if len(chain) < 2:
        raise Refused("LINE_INVALID", "the line has no length")
    if len(chain) > LINE_MOST:
        raise Refused("LINE_INVALID", "the line has too many corners", count=len(chain), most=LINE_MOST)
    return chain


def _reaching(chain: list[Point], shape: Shape, reach: float) -> list[Point]:
    """The line carried on where it ends a little short of the border."""
    if reach <= 0 or chain[0] == chain[-1]:
        return chain
    border = shapely.boundary(shape)
    ends: list[list[Point]] = []
    for x, y in (chain[0], chain[-1]):
        end = shapely.Point(x, y)
        short = shapely.shortest_line(end, border)
        far = short.length
        if not 0 < far <= reach or not shape.contains(end):
            ends.append([])
            continue
        (_x, _y), (u, v) = short.coords
        more = 1 + OVERSHOOT / far
        ends.append([(round(x + (u - x) * more), round(y + (v - y) * more))])
    return [*ends[0], *chain, *ends[1]]


def _met(chain: list[Point], shape: Shape) -> tuple[list[Point], set[Point], Bends]:
    """The line with a corner wherever it meets the border, these corners, and what edges of the border got."""
    way = list(edges(shape))
    x0, y0 = chain[0]
    start = np.array([e[0] for e in way], dtype=np.int64) - (x0, y0)
    end = np.array([e[1] for e in way], dtype=np.int64) - (x0, y0)
    put: dict[int, set[Point]] = {}
    met: set[Point] = set()
    out: list[Point] = [chain[0]]
    for p, q in pairwise(chain):
        on: list[tuple[float, Point]] = []
        for k, t, at in _meetings(np.subtract(p, (x0, y0)), np.subtract(q, (x0, y0)), start, end):
            here = (at[0] + x0, at[1] + y0)
            on.append((t, here))
            met.add(here)
            if here not in way[k]:
                put.setdefault(k, set()).add(here)
        out += [at for _t, at in sorted(on)]
        out.append(q)
    bends: Bends = {}
    for k, corners in put.items():
        (ax, ay), (bx, by) = way[k]
        between = sorted(corners, key=lambda c: (c[0] - ax) * (bx - ax) + (c[1] - ay) * (by - ay))
        bends[way[k]] = between
        bends[way[k][::-1]] = between[::-1]
    return [c for k, c in enumerate(out) if k == 0 or c != out[k - 1]], met, bends


def _meetings(p: np.ndarray, q: np.ndarray, a: np.ndarray, b: np.ndarray) -> list[tuple[int, float, Point]]:
    """(edge, where along p-q, the unit) for each edge a-b that p-q meets. Signs are exact: 64 bit hold the products."""

    def side(o: np.ndarray, d: np.ndarray, c: np.ndarray) -> np.ndarray:
        turn: np.ndarray = d[..., 0] * (c[..., 1] - o[..., 1]) - d[..., 1] * (c[..., 0] - o[..., 0])
        return turn

    d, e = q - p, b - a
    sa, sb = side(p, d, a), side(p, d, b)
    sp, sq = side(a, e, p), side(a, e, q)
    length = float(d @ d)
    found: list[tuple[int, float, Point]] = []
    for k in np.flatnonzero((np.sign(sa) * np.sign(sb) < 0) & (np.sign(sp) * np.sign(sq) < 0)).tolist():
        t = float(sp[k]) / (float(sp[k]) - float(sq[k]))
        found.append((k, t, (round(p[0] + t * d[0]), round(p[1] + t * d[1]))))
    along = (a - p) @ d
    for k in np.flatnonzero((sa == 0) & (along >= 0) & (along <= length)).tolist():
        found.append((k, float(along[k]) / length, (int(a[k, 0]), int(a[k, 1]))))
    for end, sign, t in ((p, sp, 0.0), (q, sq, 1.0)):
        far = np.einsum("ij,ij->i", end - a, e)
        on = (sign == 0) & (far >= 0) & (far <= np.einsum("ij,ij->i", e, e))
        found += [(k, t, (int(end[0]), int(end[1]))) for k in np.flatnonzero(on).tolist()]
    return found


def _inside(chain: list[Point], met: set[Point], shape: Shape) -> list[LineString] | None:
    """Pieces of the line that run through the shape from border to border; None where one still crosses the border."""
    at = [k for k, c in enumerate(chain) if c in met]
    if not at:
        return [LineString(chain)] if chain[0] == chain[-1] and shape.contains(LineString(chain)) else []
    pieces = [LineString(chain[i : j + 1]) for i, j in pairwise(at)]
    if chain[0] == chain[-1] and at[0] > 0:  # a ring that was begun inside
        pieces.append(LineString([*chain[at[-1] :], *chain[1 : at[0] + 1]]))
    loose = [LineString(c) for c in (chain[: at[0] + 1], chain[at[-1] :]) if len(c) > 1]
    border = shapely.boundary(shape)
    kept = []
    for piece in pieces:
        if shape.covers(piece):
            if not border.covers(piece):
                kept.append(piece)
        elif not shape.touches(piece):
            return None
    if chain[0] != chain[-1] and any(shape.crosses(piece) for piece in loose):
        return None
    return kept


def _parts(shape: Shape, inside: list[LineString]) -> list[Polygon]:
    noded = shapely.union_all([shapely.boundary(shape), *inside])
    faces = shapely.get_parts(shapely.polygonize([noded]))
    return [face for face in faces.tolist() if shape.contains(face.point_on_surface())]
