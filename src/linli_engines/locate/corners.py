"""Border cells where edges end or many lines meet: an exact ray to the west over the edges of the row, by bit masks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linli_engines.locate.border import Border
from linli_engines.locate.segments import Segments
from linli_engines.locate.tables import GROUP
from linli_engines.locate.trace import Bands, Frame, spread

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Corners:
    """See Tables for the arrays of the same names; `candidate` holds ranks."""

    cell_group: Ints
    cell_cover: Ints
    group_base: Ints
    group_edge: Ints
    group_candidate: Ints
    edge_segment: Ints
    edge_toggles: Ints
    edge_touches: Ints
    candidate: Ints


def corners_of(segments: Segments, border: Border, bands: Bands, frame: Frame, cells: Ints) -> Corners:
    """The corner records of `cells` (sorted places in Border.cells).

    For a candidate polygon the ray to the west counts its edges of this row that are not wholly east of the cell. Edges
    west of the cell that cross the whole row count for every point alike: they go into the base mask.
    """
    place = np.full(len(border.cells), -1)
    place[cells] = np.arange(len(cells))
    mine = place[border.candidate_cell] >= 0
    owner, rank = place[border.candidate_cell[mine]], border.candidate_rank[mine]
    first_candidate = np.searchsorted(owner, np.arange(len(cells) + 1))
    local = np.arange(len(owner)) - first_candidate[owner]
    groups_before = np.append(0, np.cumsum(-(-np.diff(first_candidate) // GROUP)))
    group = groups_before[owner] + local // GROUP
    bit = np.left_shift(1, local % GROUP)
    count_groups = int(groups_before[-1])

    row, column = border.cells[cells] // frame.columns, border.cells[cells] % frame.columns
    key = rank * frame.rows + row[owner]
    start = np.searchsorted(bands.key, key)
    candidate, band = spread(np.searchsorted(bands.key, key, side="right") - start)
    band += start[candidate]
    west = bands.last[band] < column[owner[candidate]]
    constant = west & bands.spans[band]
    base = np.zeros(count_groups, dtype=np.int64)
    flip = constant & bands.toggles[band]
    np.bitwise_xor.at(base, group[candidate[flip]], bit[candidate[flip]])

    level = segments.uy == segments.vy
    listed = (bands.first[band] <= column[owner[candidate]]) & ~constant & ~(west & level[bands.seg[band]])
    candidate, band = candidate[listed], band[listed]
    count_segments = max(1, len(segments.ux))
    edge_key, edge = np.unique(group[candidate] * count_segments + bands.seg[band], return_inverse=True)
    touches = np.bincount(edge, bit[candidate], len(edge_key)).astype(np.int64)
    toggles = np.bincount(edge, bit[candidate] * bands.toggles[band], len(edge_key)).astype(np.int64)
    return Corners(
        cell_group=groups_before,
        cell_cover=border.cover[cells],
        group_base=base,
        group_edge=np.searchsorted(edge_key // count_segments, np.arange(count_groups + 1)),
        group_candidate=np.flatnonzero(local % GROUP == 0),
        edge_segment=edge_key % count_segments,
        edge_toggles=toggles,
        edge_touches=touches,
        candidate=rank,
    )
