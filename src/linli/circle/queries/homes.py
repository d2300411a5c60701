"""Homes as arrays, and the walking network as it was taken in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

import numpy as np

from .. import revision
from ..models import Home, Network


@dataclass(frozen=True)
class HomeTable:
    """Places where people live, by code. Arrays (N,): id int64, lon and lat in degrees of WGS-84, residents float64 with
    NaN where no number is published, the others text."""

    id: np.ndarray
    code: np.ndarray
    name: np.ndarray
    lon: np.ndarray
    lat: np.ndarray
    community: np.ndarray
    residents: np.ndarray

    def __len__(self) -> int:
        return len(self.id)


@dataclass(frozen=True, slots=True)
class NetworkView:
    """The walking network in force. `digest` names its content; `report` is what was counted when it was taken in."""

    id: int
    digest: str
    source: str
    provenance: str
    as_of: date
    report: dict[str, Any]


def homes() -> HomeTable:
    """All homes. Kept per revision."""
    _number, value = revision.current()
    return _kept(value) if value else _read()


def network() -> NetworkView | None:
    """The network in force: the newest; None before one was taken in."""
    row = Network.objects.order_by("-pk").defer("content").first()
    if row is None:
        return None
    return NetworkView(row.pk, row.digest, row.source, row.provenance, row.as_of, row.report)


def network_content(id: int) -> bytes:
    """The packed table of a network: a ZIP of walk_nodes.parquet, walk_edges.parquet and crossings.csv."""
    return bytes(Network.objects.values_list("content", flat=True).get(pk=id))


@lru_cache(maxsize=2)
def _kept(value: str) -> HomeTable:
    return _read()


def _read() -> HomeTable:
    fields = ("id", "code", "name", "lon", "lat", "community", "residents")
    rows = list(Home.objects.order_by("code").values_list(*fields))
    columns: list[Any] = [list(c) for c in zip(*rows, strict=True)] or [[] for _f in fields]
    columns[-1] = [np.nan if n is None else n for n in columns[-1]]
    kinds = {"id": np.int64, "lon": np.float64, "lat": np.float64, "residents": np.float64}
    return HomeTable(*(np.array(c, kinds.get(f, np.str_)) for f, c in zip(fields, columns, strict=True)))
