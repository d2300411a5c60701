"""Border cells crossed by one or two whole lines: the signs of a point to the lines look its polygon up in a table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linli_engines.locate.border import Border
from linli_engines.locate.segments import Segments
from linli_engines.locate.trace import Bands, Frame, changes

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class SignRecords:
    """For `cells` (places in Border.cells): record number of each, and the records: line coefficients, rank table."""

    cells: Ints
    record: Ints
    line: Ints
    label: Ints


@dataclass(frozen=True, slots=True)
class Lines:
    """Canonical lines a*x + b*y + c, shape (n, 3), and the line of each segment."""

    abc: Ints
    of_segment: Ints


def lines_of(s: Segments) -> Lines:
    """Segments on one straight line share one line: the coefficients are reduced, the direction of u → v is unique."""
    dx, dy = s.vx - s.ux, s.vy - s.uy
    common = np.gcd(dx, dy)
    a, b = dy // common, -dx // common
    c = -(a * s.ux + b * s.uy)
    order = np.lexsort((c, b, a))
    abc = np.column_stack((a, b, c))[order]
    new = changes(*abc.T)
    of_segment = np.empty(len(order), dtype=np.int64)
    of_segment[order] = np.cumsum(new) - 1
    return Lines(abc[new], of_segment)


def crosses_whole(s: Segments, border: Border, frame: Frame) -> Bools:
    """For each (cell, segment): the segment holds all that its line has in the cell.

    It does when each end lies at or beyond the side of the cell which the line leaves by; then the line's prolongation
    cannot come back into the cell.
    """
    seg = border.pair_seg
    left = (border.cells % frame.columns)[border.pair_cell] << frame.shift
    floor = (border.cells // frame.columns)[border.pair_cell] << frame.shift
    right, top = left + frame.side - 1, floor + frame.side - 1
    ux, uy, vx, vy = s.ux[seg], s.uy[seg], s.vx[seg], s.vy[seg]
    rises, east, west = vy > uy, vx > ux, vx < ux
    starts = (rises & (uy <= floor)) | (east & (ux <= left)) | (west & (ux >= right))
    ends = (rises & (vy >= top)) | (east & (vx >= right)) | (west & (vx <= left))
    whole: Bools = starts & ends
    return whole


def cells_by_lines(s: Segments, lines: Lines, border: Border, frame: Frame, most: int) -> dict[int, tuple[Ints, Ints]]:
    """{m: (cells, lines of shape (cells, m))} for the cells crossed wholly by m = 1 or 2 lines; none if m > `most`."""
    broken = np.bincount(border.pair_cell, ~crosses_whole(s, border, frame), len(border.cells)) > 0
    count_lines = max(1, len(lines.abc))
    key = np.unique(border.pair_cell * count_lines + lines.of_segment[border.pair_seg])
    cell, line = key // count_lines, key % count_lines
    count = np.bincount(cell, minlength=len(border.cells))
    count[broken | (count > most)] = 0
    return {m: (np.flatnonzero(count == m), line[count[cell] == m].reshape(-1, m)) for m in (1, 2)}


class Insides:
    """Is the point (x, lowest line of the row) inside the polygon? Asked only where x lies on no edge."""

    def __init__(self, bands: Bands) -> None:
        counted = bands.at_floor & bands.toggles
        self._keys = np.unique(bands.key)
        dense = np.searchsorted(self._keys, bands.key[counted])
        self._crossings = np.sort((dense << 30) + bands.floor_x[counted])

    def __call__(self, key: Ints, x: Ints) -> Bools:
        start = np.searchsorted(self._keys, key) << 30
        west = np.searchsorted(self._crossings, start + x) - np.searchsorted(self._crossings, start)
        inside: Bools = west % 2 == 1
        return inside


def sign_records(
    border: Border, frame: Frame, lines: Lines, insides: Insides, cells: Ints, cell_lines: Ints, nobody: int
) -> SignRecords:
    """Records for the cells of `cell_lines.shape[1]` lines. Cells without a usable reference point are left out."""
    abc = lines.abc[cell_lines]
    left = (border.cells[cells] % frame.columns) << frame.shift
    floor = (border.cells[cells] // frame.columns) << frame.shift
    x = np.full(len(cells), -1)
    for part in (0, 1, 2, 3, 5):
        tried = left + (frame.side - 1) * part // 5
        value = abc[:, :, 0] * tried[:, None] + abc[:, :, 1] * floor[:, None] + abc[:, :, 2]
        x = np.where((x < 0) & (value != 0).all(axis=1), tried, x)
    usable = x >= 0
    cells, cell_lines, abc, x, floor = cells[usable], cell_lines[usable], abc[usable], x[usable], floor[usable]
    above = abc[:, :, 0] * x[:, None] + abc[:, :, 1] * floor[:, None] + abc[:, :, 2] > 0
    label = _labels(border, frame, lines, insides, cells, cell_lines, x, above, nobody)
    return _deduplicated(cells, cell_lines, lines, label, nobody)


def _labels(
    border: Border,
    frame: Frame,
    lines: Lines,
    insides: Insides,
    cells: Ints,
    cell_lines: Ints,
    x: Ints,
    above: Bools,
    nobody: int,
) -> Ints:
    """Rank for each cell and each combination of signs, shape (cells, 3**m).

    From the reference point, whose insides are known, crossing a line flips those polygons that have an edge on it; on
    a line they are all touched.
    """
    m = cell_lines.shape[1]
    place = np.full(len(border.cells), -1)
    place[cells] = np.arange(len(cells))
    mine = place[border.candidate_cell] >= 0
    owner, rank = place[border.candidate_cell[mine]], border.candidate_rank[mine]
    start = np.searchsorted(owner, np.arange(len(cells)))
    inside = insides(rank * frame.rows + (border.cells // frame.columns)[border.candidate_cell[mine]], x[owner])

    number = np.cumsum(mine) - 1
    use = place[border.use_cell] >= 0
    candidate = number[border.use_candidate[use]]
    on_line = lines.of_segment[border.use_seg[use]]
    flips = np.empty((m, len(owner)), dtype=bool)
    touches = np.empty((m, len(owner)), dtype=bool)
    for slot in range(m):
        here = cell_lines[owner[candidate], slot] == on_line
        touches[slot] = np.bincount(candidate, here, len(owner)) > 0
        flips[slot] = np.bincount(candidate, here & border.use_toggles[use], len(owner)) % 2 == 1

    cover = border.cover[cells]
    label = np.empty((len(cells), 3**m), dtype=np.int64)
    for combination in range(3**m):
        member, on = inside.copy(), np.zeros(len(owner), dtype=bool)
        for slot in range(m):
            sign = combination // 3**slot % 3
            if sign == 1:
                on |= touches[slot]
            else:
                member ^= flips[slot] & (above[owner, slot] != (sign == 2))
        found = np.where(member | on, rank, nobody)
        label[:, combination] = np.minimum(np.minimum.reduceat(found, start), cover) if len(cells) else cover
    return label


def _deduplicated(cells: Ints, cell_lines: Ints, lines: Lines, label: Ints, nobody: int) -> SignRecords:
    """Cells along one edge mostly have the same lines and labels: keep each combination once."""
    m = cell_lines.shape[1]
    key = np.zeros(len(cells), dtype=np.int64)
    for column in range(m):
        key = np.unique(key * max(1, len(lines.abc)) + cell_lines[:, column], return_inverse=True)[1]
    for column in range(3**m):
        key = np.unique(key * (nobody + 1) + label[:, column], return_inverse=True)[1]
    _, first, record = np.unique(key, return_index=True, return_inverse=True)
    return SignRecords(cells, record, lines.abc[cell_lines[first]].reshape(-1, 3 * m), label[first])
