"""The border cells: their segments, their candidate polygons, and whoever covers them wholly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linli_engines.locate.segments import Segments
from linli_engines.locate.trace import changes, spread

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Border:
    """`cells`: sorted raster places. Cells are named by their place in `cells` in the parallel arrays that follow:
    pairs (cell, segment) sorted by cell; candidates (cell, rank) sorted; uses (cell, segment, candidate).
    """

    cells: Ints
    cover: Ints
    pair_cell: Ints
    pair_seg: Ints
    candidate_cell: Ints
    candidate_rank: Ints
    use_cell: Ints
    use_seg: Ints
    use_candidate: Ints
    use_toggles: NDArray[np.bool_]


def border_of(segments: Segments, pair_raster: Ints, pair_seg: Ints, cover: NDArray[np.int32], nobody: int) -> Border:
    order = np.argsort(pair_raster, kind="stable")
    pair_raster, pair_seg = pair_raster[order], pair_seg[order]
    new = changes(pair_raster)
    cells, pair_cell = pair_raster[new], np.cumsum(new) - 1

    pair, use = spread((segments.use_start[1:] - segments.use_start[:-1])[pair_seg])
    use += segments.use_start[pair_seg[pair]]
    key = pair_cell[pair] * nobody + segments.use_rank[use]
    keys, use_candidate = np.unique(key, return_inverse=True)
    return Border(
        cells=cells,
        cover=cover[cells].astype(np.int64),
        pair_cell=pair_cell,
        pair_seg=pair_seg,
        candidate_cell=keys // nobody,
        candidate_rank=keys % nobody,
        use_cell=pair_cell[pair],
        use_seg=pair_seg[pair],
        use_candidate=use_candidate,
        use_toggles=segments.use_toggles[use],
    )
