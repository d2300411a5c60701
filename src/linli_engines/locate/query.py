"""Reading the tables: many points with numpy in chunks that fit the cache, one point in plain Python."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from linli_engines.locate.segments import UNITS_PER_DEGREE
from linli_engines.locate.tables import GROUP, Tables
from linli_engines.locate.trace import spread

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Labels = NDArray[np.int32]

CHUNK = 1 << 15

LOWEST_BIT = np.zeros(1 << GROUP, dtype=np.uint8)
for _bit in reversed(range(GROUP)):
    LOWEST_BIT[1 << _bit :: 1 << (_bit + 1)] = _bit


def locate_flat(t: Tables, lon: Floats, lat: Floats) -> Labels:
    """Indices for flat arrays of equal length."""
    found = np.empty(len(lon), dtype=np.int32)
    with np.errstate(over="ignore", invalid="ignore"):
        for cut in range(0, len(lon), CHUNK):
            _locate_chunk(t, lon[cut : cut + CHUNK], lat[cut : cut + CHUNK], found[cut : cut + CHUNK])
    return found


def _units(degrees: Floats, origin: int, cells: int, shift: int) -> Ints:
    """Local integer coordinates. What lies beyond the raster, is infinite or no number lands in its outer ring."""
    units = degrees * UNITS_PER_DEGREE
    np.rint(units, out=units)
    units -= origin
    np.fmax(units, 0.0, out=units)
    np.fmin(units, float((cells << shift) - 1), out=units)
    return units.astype(np.int64)


def _locate_chunk(t: Tables, lon: Floats, lat: Floats, found: Labels) -> None:
    origin_x, origin_y, shift, columns, rows = t.frame.tolist()
    x = _units(lon, origin_x, columns, shift)
    y = _units(lat, origin_y, rows, shift)
    np.take(t.raster, (y >> shift) * columns + (x >> shift), out=found, mode="clip")
    border = np.flatnonzero(found < -1)
    if not len(border):
        return
    record = -2 - found[border].astype(np.int64)
    x, y = x[border], y[border]
    ones, twos = len(t.one_line), len(t.two_line)
    label = np.empty(len(border), dtype=np.int32)
    at = np.flatnonzero(record < ones)
    label[at] = _one_line(t, x[at], y[at], record[at])
    if len(at) < len(border):
        at = np.flatnonzero((record >= ones) & (record < ones + twos))
        label[at] = _two_lines(t, x[at], y[at], record[at] - ones)
        at = np.flatnonzero(record >= ones + twos)
        if len(at):
            label[at] = _corner(t, x[at], y[at], record[at] - ones - twos)
    found[border] = label


def _sign(a: Ints, b: Ints, c: Ints, x: Ints, y: Ints) -> Ints:
    """0 below, 1 on, 2 above the line."""
    value = a * x
    value += b * y
    value += c
    sign: Ints = np.sign(value) + 1
    return sign


def _one_line(t: Tables, x: Ints, y: Ints, record: Ints) -> Labels:
    line = t.one_line[record]
    sign = _sign(line[:, 0], line[:, 1], line[:, 2], x, y)
    found: Labels = t.one_label[record * 3 + sign]
    return found


def _two_lines(t: Tables, x: Ints, y: Ints, record: Ints) -> Labels:
    line = t.two_line[record]
    sign = _sign(line[:, 0], line[:, 1], line[:, 2], x, y)
    sign += 3 * _sign(line[:, 3], line[:, 4], line[:, 5], x, y)
    found: Labels = t.two_label[record * 9 + sign]
    return found


def _corner(t: Tables, x: Ints, y: Ints, cell: Ints) -> Labels:
    """The lowest rank among the candidates that hold or touch the point, and the one that covers the cell."""
    best = t.cell_cover[cell]
    first = t.cell_group[cell]
    groups = t.cell_group[cell + 1] - first
    for turn in range(int(groups.max())):
        at = np.flatnonzero(groups > turn) if turn else np.arange(len(cell))
        group = first[at] + turn
        mask = _holders(t, x[at], y[at], group)
        held = np.flatnonzero(mask)
        rank = t.candidate[t.group_candidate[group[held]] + LOWEST_BIT[mask[held]]]
        best[at[held]] = np.minimum(best[at[held]], rank)
    return t.index_of_rank[best]


def _holders(t: Tables, x: Ints, y: Ints, group: Labels) -> NDArray[np.uint16]:
    """For each point the mask of the candidates of its group that hold or touch it: a ray west, half-open in y."""
    start = t.group_edge[group]
    counts = (t.group_edge[group + 1] - start).astype(np.int64)
    point, edge = spread(counts)
    edge += start[point]
    segment = t.segment[t.edge_segment[edge]]
    ux, uy, vx, vy = segment.T
    px, py = x[point], y[point]
    up, across = py - uy, px - ux
    turn = (vx - ux) * up
    turn -= (vy - uy) * across
    counted = (up >= 0) & (py < vy) & (turn < 0)
    flips = t.edge_toggles[edge] * counted
    mask = t.group_base[group] ^ np.bitwise_xor.reduceat(flips, np.cumsum(counts) - counts)
    on = np.flatnonzero((turn == 0) & (up >= 0) & (py <= vy) & (across * (px - vx) <= 0))
    if len(on):
        np.bitwise_or.at(mask, point[on], t.edge_touches[edge[on]])
    return mask


def locate_one(t: Tables, lon: float, lat: float) -> int:
    """The same answer for one point without the overhead of arrays."""
    origin_x, origin_y, shift, columns, rows = t.frame.tolist()
    fx, fy = lon * UNITS_PER_DEGREE - origin_x, lat * UNITS_PER_DEGREE - origin_y
    if not (0.0 <= fx <= (columns << shift) - 1 and 0.0 <= fy <= (rows << shift) - 1):
        return -1
    x, y = round(lon * UNITS_PER_DEGREE) - origin_x, round(lat * UNITS_PER_DEGREE) - origin_y
    value = t.raster.item((y >> shift) * columns + (x >> shift))
    if value >= -1:
        return int(value)
    record = -2 - value
    if record < len(t.one_line):
        a, b, c = t.one_line[record].tolist()
        value = a * x + b * y + c
        return int(t.one_label.item(record * 3 + (value > 0) + (value >= 0)))
    record -= len(t.one_line)
    if record < len(t.two_line):
        a, b, c, d, e, f = t.two_line[record].tolist()
        value, other = a * x + b * y + c, d * x + e * y + f
        sign = (value > 0) + (value >= 0) + 3 * ((other > 0) + (other >= 0))
        return int(t.two_label.item(record * 9 + sign))
    return _corner_one(t, x, y, record - len(t.two_line))


def _corner_one(t: Tables, x: int, y: int, cell: int) -> int:
    best: int = t.cell_cover.item(cell)
    for group in range(t.cell_group.item(cell), t.cell_group.item(cell + 1)):
        mask: int = t.group_base.item(group)
        touched = 0
        for edge in range(t.group_edge.item(group), t.group_edge.item(group + 1)):
            ux, uy, vx, vy = t.segment[t.edge_segment.item(edge)].tolist()
            if not uy <= y <= vy:
                continue
            turn = (vx - ux) * (y - uy) - (vy - uy) * (x - ux)
            if turn < 0:
                if y < vy:
                    mask ^= t.edge_toggles.item(edge)
            elif turn == 0 and (x - ux) * (x - vx) <= 0:
                touched |= t.edge_touches.item(edge)
        mask |= touched
        if mask:
            low = (mask & -mask).bit_length() - 1
            best = min(best, t.candidate.item(t.group_candidate.item(group) + low))
    return int(t.index_of_rank.item(best))
