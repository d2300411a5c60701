"""The ground of this room for its tests: catalogues, a handful of facilities, a small network in Niujie."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pyarrow
import pytest
from django.conf import settings
from pyarrow import parquet

from linli.circle.actions import load
from linli.config import pack
from linli.core.actor import SYSTEM, Actor, Post
from linli.territory import queries as territory

DISTRICT, NIUJIE, EAST = "110102", "110102018", "110102018001"
PLANNER = Actor("person", 1, "规划员", (Post(1, "planner", DISTRICT),))
STREET = Actor("person", 2, "街道规划员", (Post(2, "planner", NIUJIE),))
AUDITOR = Actor("person", 4, "审计员", (Post(4, "auditor", DISTRICT),))


def spot(code: str = EAST) -> tuple[float, float]:
    """Where the label of a community stands."""
    view = territory.division(code)
    assert view is not None and view.lon is not None and view.lat is not None
    return view.lon, view.lat


@pytest.fixture
def catalogues(xicheng: object) -> None:
    """The shipped catalogues, class rules and paces."""
    pack._load_catalogues(Path(settings.PACK), lambda *_a: None)


@pytest.fixture
def facilities(catalogues: None) -> int:
    """Every fortieth facility of the pack, and all of one kind, so that names repeat and classes are many."""
    text = (Path(settings.PACK) / "facilities.csv").read_text(encoding="utf-8")
    head, *rows = text.splitlines(keepends=True)
    kept = [r for i, r in enumerate(rows) if i % 40 == 0 or ",hospital," in r]
    return load.load_facilities(actor=SYSTEM, text="".join([head, *kept])).added


@pytest.fixture
def streets(xicheng: object) -> str:
    """A cross of four streets around Niujie's first community, as a pack brings them."""
    lon, lat = spot()
    nodes = {"id": [1, 2, 3, 4, 5], "lon": [lon, lon - 0.02, lon + 0.02, lon, lon],
             "lat": [lat, lat, lat, lat - 0.02, lat + 0.02]}  # fmt: skip
    edges = {"u": [1, 1, 1, 1], "v": [2, 3, 4, 5], "length_m": [1703.0, 1703.0, 2226.0, 2226.0]}
    files = {"walk_nodes.parquet": _parquet(nodes), "walk_edges.parquet": _parquet(edges), "crossings.csv": b"id\n1\n"}
    return load.load_network(actor=SYSTEM, files=files, as_of=date(2024, 3, 1), source="test", provenance="sourced")


def _parquet(columns: dict[str, list[float]]) -> bytes:
    out = io.BytesIO()
    parquet.write_table(pyarrow.table(columns), out)
    return out.getvalue()


@pytest.fixture
def as_csv() -> Callable[..., bytes]:
    """Rows of a city's list as the bytes of a CSV."""

    def made(rows: list[dict[str, object]]) -> bytes:
        out = io.StringIO()
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
        return out.getvalue().encode()

    return made
