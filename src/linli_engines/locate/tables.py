"""The finished tables a locator reads, and their file form. They are written once by build.py and never change."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, fields
from typing import IO

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Labels = NDArray[np.int32]
Masks = NDArray[np.uint16]

FORMAT = "linli-locate-1"
GROUP = 16
"""Candidate polygons of a cell are tested sixteen at a time, one bit each."""


@dataclass(frozen=True, slots=True)
class Tables:
    """Raster, sign records and corner records.

    `frame` is (origin x, origin y, shift, columns, rows) in units of 1e-7 degree; a cell is a square of 2**shift units.
    `raster` holds an index (the cell lies wholly in that polygon), -1 (outside all), or -2 - record. Records are
    numbered through: first those of one line, then those of two, then the corner cells.
    `one_line`, `two_line`: coefficients a, b, c of each line; a*x + b*y + c is 0 on it. `one_label` and `two_label`
    hold an index for each combination of signs, base three.
    Corner cell i owns groups `cell_group[i]:cell_group[i+1]` and is wholly covered by rank `cell_cover[i]` (or none).
    Group g starts from the inside-mask `group_base[g]`, owns edges `group_edge[g]:group_edge[g+1]` and names its bits
    by `candidate[group_candidate[g] + bit]`, a rank. `index_of_rank` has one more entry, -1, for none.
    """

    frame: Ints
    raster: Labels
    one_line: Ints
    one_label: Labels
    two_line: Ints
    two_label: Labels
    segment: Ints
    cell_group: Labels
    cell_cover: Labels
    group_base: Masks
    group_edge: Labels
    group_candidate: Labels
    edge_segment: Labels
    edge_toggles: Masks
    edge_touches: Masks
    candidate: Labels
    index_of_rank: Labels

    @property
    def nbytes(self) -> int:
        return sum(getattr(self, field.name).nbytes for field in fields(self))


def save(tables: Tables, codes: tuple[str, ...], file: str | os.PathLike[str] | IO[bytes]) -> None:
    """Write one .npz. The raster is kept as runs: a fifth of the size and quicker to read than the plain array."""
    arrays = {field.name: getattr(tables, field.name) for field in fields(tables) if field.name != "raster"}
    raster = tables.raster
    starts = np.flatnonzero(np.append(True, raster[1:] != raster[:-1])) if raster.size else np.empty(0, dtype=np.int64)
    arrays["run_value"] = raster[starts]
    arrays["run_length"] = np.diff(np.append(starts, raster.size)).astype(np.int32)
    arrays["codes"] = np.frombuffer(json.dumps(codes).encode(), dtype=np.uint8)
    np.savez(file, format=np.array(FORMAT), **arrays)


def load(file: str | os.PathLike[str] | IO[bytes]) -> tuple[Tables, tuple[str, ...]]:
    """Read what `save` wrote. Raises ValueError for a file of another kind."""
    with np.load(file, allow_pickle=False) as stored:
        if not hasattr(stored, "files") or "format" not in stored.files or str(stored["format"]) != FORMAT:
            raise ValueError(f"not a locator file of format {FORMAT}")
        arrays = {field.name: stored[field.name] for field in fields(Tables) if field.name != "raster"}
        arrays["raster"] = np.repeat(stored["run_value"], stored["run_length"])
        codes = tuple(json.loads(stored["codes"].tobytes()))
    return Tables(**arrays), codes
