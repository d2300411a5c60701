"""Points onto the network: the nearest edge, not the nearest node, by the same rules for facilities and for homes.

The main component is preferred within a tolerance; a walk to the network may not cross a barrier (river, railway, wall).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numba import njit
from numpy.typing import ArrayLike, NDArray

from linli_engines.reach.grid import Grid, crosses, grid_of
from linli_engines.reach.network import Float, Graph, Int, Places
from linli_engines.reach.ordering import hilbert_order
from linli_engines.reach.places import main_arcs, places_at

STATES = ("main", "other_component", "too_far", "behind_barrier", "no_coordinates")
"""What `Placed.state` numbers. The last three found no network."""


@dataclass(frozen=True)
class Ground:
    """A graph ready for placing. `grid` holds the pieces of its open edges; edge (S,) and before_m (S,): the edge each
    piece belongs to and the drawn metres before it, drawn_m (E,) the drawn length, main (E,) whether an edge is in the
    longest component.
    """

    graph: Graph
    grid: Grid
    edge: Int
    before_m: Float
    drawn_m: Float
    main: NDArray[np.bool_]


@dataclass(frozen=True)
class Placed:
    """Places and (k,) index into STATES: how each point fared."""

    places: Places
    state: NDArray[np.uint8]

    def counts(self) -> dict[str, int]:
        """Points by state, for the report."""
        return dict(zip(STATES, np.bincount(self.state, minlength=len(STATES)).tolist(), strict=True))


def ground_of(graph: Graph) -> Ground:
    """Everything that placing needs besides the points. Edges drawn as one spot (a loop without a line) are left out."""
    network = graph.network
    if network.line_start is None or network.line_xy is None:
        corner = network.node_xy[network.edge.ravel()]
        line_start = np.arange(0, 2 * len(network.edge) + 1, 2, dtype=np.int64)
    else:
        corner, line_start = network.line_xy, network.line_start
    segment, owner, before, drawn = _pieces(line_start, corner, graph.edge_arc)
    return Ground(graph, grid_of(segment), owner, before, drawn, _in_main(graph))


@njit(cache=True)
def _pieces(line_start: NDArray[np.int64], corner: Float, edge_arc: Int) -> Any:
    """Every straight piece of some length of an open edge: (segment, owner, drawn metres before it), drawn lengths."""
    edges, most = len(edge_arc), len(corner) - len(edge_arc)
    segment, owner, before = np.empty((most, 4)), np.empty(most, np.int32), np.empty(most)
    drawn = np.zeros(edges)
    kept = 0
    for e in range(edges):
        if edge_arc[e] < 0:
            continue
        for i in range(line_start[e], line_start[e + 1] - 1):
            ax, ay, bx, by = corner[i, 0], corner[i, 1], corner[i + 1, 0], corner[i + 1, 1]
            size = np.hypot(bx - ax, by - ay)
            if size > 0:
                segment[kept, 0], segment[kept, 1], segment[kept, 2], segment[kept, 3] = ax, ay, bx, by
                owner[kept], before[kept] = e, drawn[e]
                drawn[e] += size
                kept += 1
    return segment[:kept], owner[:kept], before[:kept], drawn


def _in_main(graph: Graph) -> NDArray[np.bool_]:
    return np.append(main_arcs(graph), False)[graph.edge_arc]


def barriers_of(geometries: ArrayLike) -> Grid:
    """Lines that no walk to the network may cross, from shapely lines or areas (their rims), in the network's metres."""
    shapes = np.asarray(shapely.get_parts(np.atleast_1d(np.asarray(geometries, dtype=object))))
    is_area = shapely.get_dimensions(shapes) == 2
    shapes = np.concatenate((shapes[~is_area], np.atleast_1d(shapely.boundary(shapes[is_area]))))
    lines = shapely.get_parts(shapes)
    corner, line = shapely.get_coordinates(lines, return_index=True)
    same = line[1:] == line[:-1]
    return grid_of(np.concatenate((corner[:-1][same], corner[1:][same]), axis=1))


def place(
    ground: Ground, xy: ArrayLike, *, longest_m: float, tolerance_m: float, barriers: Grid | None = None
) -> Placed:
    """Put points (k, 2), in metres, onto the nearest edge within `longest_m` in a straight line.

    An edge of the main component is taken where it is at most `tolerance_m` farther than the nearest of any. Points
    with NaN find nothing. Raises ValueError: a distance below zero or no number.
    """
    if not (longest_m >= 0 and tolerance_m >= 0 and np.isfinite(longest_m)):
        raise ValueError("distances are numbers, zero or more")
    points = np.ascontiguousarray(xy, np.float64).reshape(-1, 2)
    known = np.flatnonzero(np.isfinite(points).all(axis=1))
    order = known[hilbert_order(points[known])]
    wall = grid_of(np.zeros((0, 4))) if barriers is None else barriers
    piece, state = _nearest(
        points, order, ground.grid.segment, ground.grid.frame, ground.grid.start, ground.grid.item, ground.edge,
        ground.main, wall.segment, wall.frame, wall.start, wall.item, longest_m, tolerance_m,
    )  # fmt: skip
    found = np.flatnonzero(piece >= 0)
    near = ground.grid.segment[piece[found]]
    share, foot = _foot(points[found], near)
    edge = np.full(len(points), -1, np.int32)
    edge[found] = ground.edge[piece[found]]
    drawn = ground.before_m[piece[found]] + share * np.hypot(near[:, 2] - near[:, 0], near[:, 3] - near[:, 1])
    share_all, snap, feet = np.zeros(len(points)), np.zeros(len(points)), points.copy()
    share_all[found] = np.minimum(drawn / ground.drawn_m[edge[found]], 1.0)
    snap[found], feet[found] = np.hypot(*(points[found] - foot).T), foot
    return Placed(places_at(ground.graph, edge, share_all, snap, feet, points), state)


def _foot(points: Float, near: Float) -> tuple[Float, Float]:
    """The share of each piece at which it is nearest, and that point."""
    way = near[:, 2:] - near[:, :2]
    share = ((points - near[:, :2]) * way).sum(axis=1) / (way**2).sum(axis=1)
    share = np.clip(share, 0.0, 1.0)
    return share, near[:, :2] + share[:, None] * way


@njit(cache=True)
def _nearest(
    points: Float, order: NDArray[np.int64], segment: Float, frame: Float, start: Int, item: Int, owner: Int,
    main: NDArray[np.bool_], wall: Float, wall_frame: Float, wall_start: Int, wall_item: Int,
    longest: float, tolerance: float,
) -> Any:  # fmt: skip
    """(piece or -1, state) of each point: rings of cells outwards until nothing nearer can come."""
    west, south, side = frame[0], frame[1], frame[2]
    columns, rows = np.int64(frame[3]), np.int64(frame[4])
    east, north = west + columns * side, south + rows * side
    piece, state = np.full(len(points), -1, np.int32), np.full(len(points), 4, np.uint8)
    walls = len(wall) > 0
    for k in order:
        px, py = points[k, 0], points[k, 1]
        state[k] = 2
        if px < west - longest or px > east + longest or py < south - longest or py > north + longest:
            continue
        column, row = np.int64(np.floor((px - west) / side)), np.int64(np.floor((py - south) / side))
        inside_x, inside_y = px - west - column * side, py - south - row * side
        rim = min(min(inside_x, side - inside_x), min(inside_y, side - inside_y))
        any_m, main_m, blocked, ring = np.inf, np.inf, False, 0
        any_piece: Any = np.int64(-1)
        main_piece: Any = np.int64(-1)
        while True:
            beyond = (ring - 1) * side + rim if ring > 0 else 0.0
            if beyond > min(longest, min(main_m, any_m + tolerance)):
                break
            lowest: Any = max(row - ring, 0)
            for r in range(lowest, min(row + ring, rows - 1) + 1):
                step = 1 if r == row - ring or r == row + ring else max(2 * ring, 1)
                for c in range(column - ring, column + ring + 1, step):
                    if c < 0 or c >= columns:
                        continue
                    cell = r * columns + c
                    for i in range(start[cell], start[cell + 1]):
                        s = np.uint32(item[i])
                        ax, ay = segment[s, 0], segment[s, 1]
                        wx, wy = segment[s, 2] - ax, segment[s, 3] - ay
                        share = min(max(((px - ax) * wx + (py - ay) * wy) / (wx * wx + wy * wy), 0.0), 1.0)
                        fx, fy = ax + share * wx, ay + share * wy
                        away = np.sqrt((px - fx) ** 2 + (py - fy) ** 2)
                        is_main = main[owner[s]]
                        nearer = away < any_m or (away == any_m and s < any_piece)
                        if is_main and not nearer:
                            nearer = away < main_m or (away == main_m and s < main_piece)
                        if not nearer or away > longest:
                            continue
                        if walls and crosses(px, py, fx, fy, wall, wall_frame, wall_start, wall_item):
                            blocked = True
                            continue
                        if away < any_m or (away == any_m and s < any_piece):
                            any_m, any_piece = away, np.int64(s)
                        if is_main and (away < main_m or (away == main_m and s < main_piece)):
                            main_m, main_piece = away, np.int64(s)
            ring += 1
        if main_piece >= 0 and main_m <= any_m + tolerance:
            piece[k], state[k] = main_piece, 0
        elif any_piece >= 0:
            piece[k], state[k] = any_piece, 1
        elif blocked:
            state[k] = 3
    return piece, state
