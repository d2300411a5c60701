"""The locator as its users hold it: build, ask, write, read. The work is done in build.py and query.py."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import IO

import numpy as np
from numpy.typing import ArrayLike, NDArray

from linli_engines.locate.build import build_tables
from linli_engines.locate.query import locate_flat, locate_one
from linli_engines.locate.segments import Ring
from linli_engines.locate.tables import Tables, load, save


class Locator:
    """Immutable, and safe to share between threads.

    Corners and points are rounded to 1e-7 degree; what follows is exact integer arithmetic. Polygons are closed: of
    those that hold or touch a point, the one with the lowest code in text order answers.
    """

    __slots__ = ("_tables", "codes")

    def __init__(self, tables: Tables, codes: Sequence[str]) -> None:
        self._tables = tables
        self.codes = tuple(codes)

    @classmethod
    def build(
        cls, codes: Sequence[str], polygons: Sequence[Sequence[Ring]], *, cell_target: int = 4_000_000
    ) -> Locator:
        """`polygons[i]` holds all rings, (n, 2) lon/lat, of all parts of the polygon `codes[i]`; even-odd.

        `cell_target` bounds the raster (four bytes a cell). Raises ValueError: lengths differ, codes repeat, corners
        that are no lon/lat, an extent over 107 degrees. Overlaps and gaps are not errors here: see the border rule.
        """
        return cls(build_tables(codes, polygons, cell_target), codes)

    def __len__(self) -> int:
        return len(self.codes)

    def locate(self, lon: float, lat: float) -> int:
        """Index into `codes`, or -1 outside, for NaN and for infinity."""
        return locate_one(self._tables, float(lon), float(lat))

    def locate_many(self, lon: ArrayLike, lat: ArrayLike) -> NDArray[np.int32]:
        """Indices as int32 of the shape of the inputs (broadcast); -1 outside, for NaN and for infinity."""
        x, y = np.broadcast_arrays(np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64))
        return locate_flat(self._tables, x.ravel(), y.ravel()).reshape(x.shape)

    @property
    def nbytes(self) -> int:
        """Memory of the tables in bytes."""
        return self._tables.nbytes

    def stats(self) -> dict[str, int | float]:
        """Sizes that explain speed and memory: the raster, the share of border cells, the records."""
        t = self._tables
        border = int((t.raster < -1).sum())
        return {
            "polygons": len(self),
            "segments": len(t.segment),
            "cell_units": 1 << int(t.frame[2]),
            "cells": len(t.raster),
            "border_cells": border,
            "one_line_records": len(t.one_line),
            "two_line_records": len(t.two_line),
            "corner_cells": len(t.cell_cover),
            "corner_edges": len(t.edge_segment),
            "bytes": t.nbytes,
        }

    def to_npz(self, file: str | os.PathLike[str] | IO[bytes]) -> None:
        """Write the finished tables and codes; numpy adds the ending .npz to a path that lacks it."""
        save(self._tables, self.codes, file)

    @classmethod
    def from_npz(cls, file: str | os.PathLike[str] | IO[bytes]) -> Locator:
        """Read what `to_npz` wrote. Raises ValueError for a file of another kind."""
        return cls(*load(file))
