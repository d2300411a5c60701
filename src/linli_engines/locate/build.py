"""From codes and rings to the finished tables: frame, raster, sign records, corner records, in that order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from linli_engines.locate.border import border_of
from linli_engines.locate.corners import corners_of
from linli_engines.locate.segments import SPAN_LIMIT, Ring, Segments, segments_of
from linli_engines.locate.signs import Insides, SignRecords, cells_by_lines, lines_of, sign_records
from linli_engines.locate.tables import Tables
from linli_engines.locate.trace import Frame, covers, trace

Ints = NDArray[np.int64]

TABLE_LINES = 2


def build_tables(
    codes: Sequence[str], polygons: Sequence[Sequence[Ring]], cell_target: int, table_lines: int = TABLE_LINES
) -> Tables:
    """`table_lines` = 0 sends every border cell to the ray test: the other design, kept for measuring and for tests.

    Raises ValueError: lengths differ, codes repeat, corners that are no lon/lat, an extent over 107 degrees.
    """
    if len(codes) != len(polygons):
        raise ValueError(f"{len(codes)} codes for {len(polygons)} polygons")
    if len(set(codes)) != len(codes):
        raise ValueError("a code stands twice")
    nobody = len(codes)
    order = np.array(sorted(range(nobody), key=codes.__getitem__), dtype=np.int64)
    rank_of = np.empty(nobody, dtype=np.int64)
    rank_of[order] = np.arange(nobody)
    segments = segments_of(polygons, rank_of)
    frame, origin = _frame(segments, cell_target)
    local = _moved(segments, origin)

    pair_raster, pair_seg, bands = trace(local, frame)
    raster = covers(bands, frame, nobody)
    border = border_of(local, pair_raster, pair_seg, raster, max(1, nobody))
    lines, insides = lines_of(local), Insides(bands)
    by_lines = cells_by_lines(local, lines, border, frame, table_lines)
    one = sign_records(border, frame, lines, insides, *by_lines[1], nobody)
    two = sign_records(border, frame, lines, insides, *by_lines[2], nobody)
    rest = np.ones(len(border.cells), dtype=bool)
    rest[one.cells] = rest[two.cells] = False
    corners = corners_of(local, border, bands, frame, np.flatnonzero(rest))

    index_of_rank = np.append(order, -1).astype(np.int32)
    raster = index_of_rank[raster]
    raster[border.cells[one.cells]] = -2 - one.record
    raster[border.cells[two.cells]] = -2 - len(one.line) - two.record
    raster[border.cells[rest]] = -2 - len(one.line) - len(two.line) - np.arange(int(rest.sum()))
    return Tables(
        frame=np.array([*origin, frame.shift, frame.columns, frame.rows], dtype=np.int64),
        raster=raster,
        one_line=one.line,
        one_label=_labels(one, index_of_rank),
        two_line=two.line,
        two_label=_labels(two, index_of_rank),
        segment=np.column_stack((local.ux, local.uy, local.vx, local.vy)),
        cell_group=corners.cell_group.astype(np.int32),
        cell_cover=corners.cell_cover.astype(np.int32),
        group_base=corners.group_base.astype(np.uint16),
        group_edge=corners.group_edge.astype(np.int32),
        group_candidate=corners.group_candidate.astype(np.int32),
        edge_segment=corners.edge_segment.astype(np.int32),
        edge_toggles=corners.edge_toggles.astype(np.uint16),
        edge_touches=corners.edge_touches.astype(np.uint16),
        candidate=corners.candidate.astype(np.int32),
        index_of_rank=index_of_rank,
    )


def _labels(records: SignRecords, index_of_rank: NDArray[np.int32]) -> NDArray[np.int32]:
    return index_of_rank[records.label].ravel()


def _frame(segments: Segments, cell_target: int) -> tuple[Frame, tuple[int, int]]:
    """The finest raster of at most `cell_target` cells, with one cell of outside around; sides are powers of two."""
    if cell_target < 9:
        raise ValueError("a raster needs at least nine cells")
    if not len(segments.ux):
        return Frame(0, 1, 1), (0, 0)
    low_x, low_y = int(min(segments.ux.min(), segments.vx.min())), int(segments.uy.min())
    span_x = int(max(segments.ux.max(), segments.vx.max())) - low_x
    span_y = int(segments.vy.max()) - low_y
    shift = 0
    while ((span_x >> shift) + 3) * ((span_y >> shift) + 3) > cell_target:
        shift += 1
    frame = Frame(shift, (span_x >> shift) + 3, (span_y >> shift) + 3)
    if max(frame.columns, frame.rows) << shift > SPAN_LIMIT:
        raise ValueError("the polygons reach over more than 107 degrees")
    return frame, (low_x - frame.side, low_y - frame.side)


def _moved(s: Segments, origin: tuple[int, int]) -> Segments:
    x, y = origin
    return Segments(s.ux - x, s.uy - y, s.vx - x, s.vy - y, s.use_seg, s.use_rank, s.use_toggles, s.use_start)
