"""A street network as somebody drew it, before any cleaning: what `reading` gives and `building` takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

Float = NDArray[np.float64]
Int = NDArray[np.int32]


@dataclass(frozen=True)
class Tag:
    """One tag of every edge: values[code[i]], or none where code[i] is -1."""

    code: Int
    values: tuple[str, ...]

    @classmethod
    def of(cls, texts: Sequence[str | None]) -> Tag:
        """From one text per edge; None and the empty text are no value."""
        values = sorted({t for t in texts if t})
        place = {v: i for i, v in enumerate(values)}
        return cls(np.array([place.get(t or "", -1) for t in texts], np.int32), tuple(values))


@dataclass(frozen=True)
class Source:
    """Nodes and edges in degrees of WGS-84.

    node_id, lon, lat (N,); elevation_m (N,) or None; from_id, to_id (E,) node ids; length_m (E,) metres, NaN where
    unknown; tags by key; line_start (E + 1,), line_lonlat (M, 2): the drawn way of each edge with both its ends, from
    from_id to to_id, or None when every edge is straight. crossing: kind of crossing by node id (crossing_delays.csv).
    swapped: whether longitude and latitude stood in each other's place and were put right.
    """

    node_id: NDArray[np.int64]
    lon: Float
    lat: Float
    from_id: NDArray[np.int64]
    to_id: NDArray[np.int64]
    length_m: Float
    tags: Mapping[str, Tag] = field(default_factory=dict)
    elevation_m: Float | None = None
    line_start: NDArray[np.int64] | None = None
    line_lonlat: Float | None = None
    crossing: Mapping[int, str] = field(default_factory=dict)
    swapped: bool = False


def source_of(
    node_id: ArrayLike, lon: ArrayLike, lat: ArrayLike, from_id: ArrayLike, to_id: ArrayLike, length_m: ArrayLike | None = None, **more: object
) -> Source:  # fmt: skip
    """A `Source` of lists. Raises ValueError where lists that belong together differ in length."""
    ids, x, y = np.asarray(node_id, np.int64), np.asarray(lon, np.float64), np.asarray(lat, np.float64)
    tail, head = np.asarray(from_id, np.int64), np.asarray(to_id, np.int64)
    length = np.full(len(tail), np.nan) if length_m is None else np.asarray(length_m, np.float64)
    if not len(ids) == len(x) == len(y) or not len(tail) == len(head) == len(length):
        raise ValueError("columns of one table differ in length")
    return Source(ids, x, y, tail, head, length, **more)  # type: ignore[arg-type]
