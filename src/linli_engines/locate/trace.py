"""Segments laid over the raster: which cells and rows each one meets, and which cells each polygon covers wholly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linli_engines.locate.segments import Segments

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

RUN_CELLS = 4_000_000


@dataclass(frozen=True, slots=True)
class Frame:
    """The raster: cell (row, column) holds the integer points from (column, row) << shift, `side` of them each way."""

    shift: int
    columns: int
    rows: int

    @property
    def side(self) -> int:
        return 1 << self.shift


@dataclass(frozen=True, slots=True)
class Bands:
    """One line for each (polygon, row, segment), sorted by polygon and row (`key`) and then by `first` column.

    Within its row the segment meets no column outside `first`..`last`. `at_floor`: it crosses the row's lowest line of
    points (half-open), at x = `floor_x` rounded down. `spans`: it crosses every line of points of the row.
    """

    key: Ints
    rank: Ints
    row: Ints
    seg: Ints
    first: Ints
    last: Ints
    toggles: Bools
    at_floor: Bools
    spans: Bools
    floor_x: Ints


def spread(counts: Ints) -> tuple[Ints, Ints]:
    """For counts [2, 0, 3]: owners [0, 0, 2, 2, 2] and places within the owner [0, 1, 0, 1, 2]."""
    owner = np.repeat(np.arange(len(counts)), counts)
    start = np.cumsum(counts) - counts
    return owner, np.arange(len(owner)) - start[owner]


def changes(*columns: Ints) -> Bools:
    """True where a row of the sorted columns differs from the row before, and at the first row."""
    new = np.zeros(len(columns[0]), dtype=bool)
    new[:1] = True
    for column in columns:
        new[1:] |= column[1:] != column[:-1]
    return new


def trace(segments: Segments, frame: Frame) -> tuple[Ints, Ints, Bands]:
    """The cells of the segments as parallel arrays (cell, segment), and the bands.

    Columns are had from the exact crossings with the first and last line of points of the row, rounded outwards, so a
    segment may be listed in a cell it narrowly misses but never misses a cell it meets.
    """
    s, shift = segments, frame.shift
    seg, step = spread((s.vy >> shift) - (s.uy >> shift) + 1)
    row = (s.uy[seg] >> shift) + step
    ux, uy, vx, vy = s.ux[seg], s.uy[seg], s.vx[seg], s.vy[seg]
    floor_y = row << shift
    top_y = floor_y + frame.side - 1
    dx, dy = vx - ux, vy - uy
    low = dx * (np.maximum(uy, floor_y) - uy)
    high = np.where(dy == 0, dx, dx * (np.minimum(vy, top_y) - uy))
    dy = np.maximum(dy, 1)
    floor_x = ux + low // dy
    first = np.minimum(floor_x, ux + high // dy) >> shift
    last = np.maximum(ux - (-low) // dy, ux - (-high) // dy) >> shift
    at_floor = (uy <= floor_y) & (floor_y < vy)
    spans = (uy <= floor_y) & (vy > top_y)

    piece, column = spread(last - first + 1)
    cells = row[piece] * frame.columns + first[piece] + column

    piece_of, use = spread((s.use_start[1:] - s.use_start[:-1])[seg])
    use += s.use_start[seg[piece_of]]
    rank = s.use_rank[use]
    key = rank * frame.rows + row[piece_of]
    order = np.lexsort((first[piece_of], key))
    p, use = piece_of[order], use[order]
    bands = Bands(
        key=key[order],
        rank=rank[order],
        row=row[p],
        seg=seg[p],
        first=first[p],
        last=last[p],
        toggles=s.use_toggles[use],
        at_floor=at_floor[p],
        spans=spans[p],
        floor_x=floor_x[p],
    )
    return cells, seg[piece], bands


def covers(bands: Bands, frame: Frame, nobody: int) -> NDArray[np.int32]:
    """For each cell the lowest rank that covers it wholly without an edge in it, or `nobody`.

    Between two neighbouring edges of a polygon in a row its inside does not change: the parity of the edges to the
    left, counted on the row's lowest line of points, decides for the whole run.
    """
    raster = np.full(frame.rows * frame.columns, nobody, dtype=np.int32)
    if not len(bands.key):
        return raster
    new = changes(bands.key)
    group = np.cumsum(new) - 1
    reach = np.maximum.accumulate(bands.last + group * frame.columns) - group * frame.columns
    crossings = np.cumsum(bands.at_floor & bands.toggles)
    before: Ints = (crossings - (bands.at_floor & bands.toggles))[new][group]
    inside = (crossings - before)[:-1] % 2 == 1
    run = np.flatnonzero(~new[1:] & inside & (bands.first[1:] > reach[:-1] + 1))
    run = run[np.argsort(-bands.rank[run], kind="stable")]
    start = bands.row[run] * frame.columns + reach[run] + 1
    length = bands.first[run + 1] - reach[run] - 1
    ends = np.cumsum(length)
    cut = 0
    while cut < len(run):
        # Chunks bound the memory when polygons overlap heavily; a later, lower rank overwrites an earlier one.
        stop = max(cut + 1, int(np.searchsorted(ends, (ends[cut - 1] if cut else 0) + RUN_CELLS)))
        owner, place = spread(length[cut:stop])
        raster[start[cut:stop][owner] + place] = bands.rank[run[cut:stop]][owner]
        cut = stop
    return raster
