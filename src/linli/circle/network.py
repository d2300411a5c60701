"""The walking network and the homes on it, as a process keeps them: read once per network, hung anew per revision."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
from django.utils.translation import gettext as _

from linli.core.errors import Missing

from . import revision
from .queries.homes import HomeTable, NetworkView, homes, network, network_content

if TYPE_CHECKING:
    from linli_engines.reach.network import Graph
    from linli_engines.reach.placing import Ground as Placeable
    from linli_engines.reach.placing import Placed

STREETS, NO_STEPS = "foot", "wheelchair"
NODES, EDGES = "walk_nodes.parquet", "walk_edges.parquet"
_lock = Lock()


@dataclass(frozen=True, eq=False)
class Streets:
    """One network for one way of walking: the graph, ready for placing. `digest` names it."""

    digest: str
    profile: str
    graph: Graph
    ground: Placeable

    @property
    def crs(self) -> str:
        return str(self.graph.network.crs)

    def metres(self, lon: Any, lat: Any) -> np.ndarray:
        """(k, 2) in the projection of the network."""
        from linli_engines.reach.coordinates import metres

        return metres(lon, lat, self.crs)

    def place(self, lon: Any, lat: Any, longest_m: float | None = None) -> Placed:
        """`placing.Placed` of points in WGS-84, by the same rule for homes and for facilities; no farther than the
        setting says, or `longest_m`."""
        from linli_engines.reach.placing import place

        longest, tolerance = longest_m or setting("snap_longest_m"), setting("snap_tolerance_m")
        return place(self.ground, self.metres(lon, lat), longest_m=longest, tolerance_m=tolerance)


@dataclass(frozen=True)
class Ground:
    """Streets with all homes hung onto them. `value` is the revision it was made at."""

    value: str
    streets: Streets
    homes: HomeTable
    placed: Placed


@cache
def _settings() -> dict[str, dict[str, Any]]:
    path = Path(__file__).resolve().parent / "data" / "reach.json"
    return {row["name"]: row for row in json.loads(path.read_text(encoding="utf-8"))}


def setting(name: str) -> float:
    """A number of data/reach.json, where its source stands too."""
    return float(_settings()[name]["value"])


def settings() -> list[dict[str, Any]]:
    """All of them, for the page that explains."""
    return list(_settings().values())


def streets(steps: bool = True) -> Streets:
    """The network in force, with or without steps. Raises Missing (no_network) before one was taken in."""
    view = _in_force()
    with _lock:  # two requests at once would build it twice
        return _streets(view.id, view.digest, STREETS if steps else NO_STEPS)


def _in_force() -> NetworkView:
    view = network()
    if view is None:
        raise Missing("no_network", _("还没有步行路网，请管理员装入资料包。"))
    return view


def ground(steps: bool = True) -> Ground:
    """Streets and homes as they stand now. Raises Missing (no_network)."""
    view = _in_force()
    _number, value = revision.current()
    with _lock:
        return _ground(view.id, view.digest, STREETS if steps else NO_STEPS, value)


@lru_cache(maxsize=3)
def _streets(id: int, digest: str, profile: str) -> Streets:
    import pyarrow.parquet as parquet

    with zipfile.ZipFile(io.BytesIO(network_content(id))) as packed:
        nodes, edges = (parquet.read_table(io.BytesIO(packed.read(name))) for name in (NODES, EDGES))
    return streets_of(digest, profile, nodes, edges)


def streets_of(digest: str, profile: str, nodes: Any, edges: Any) -> Streets:
    """The streets of two tables (pyarrow), ready for placing."""
    from linli_engines.reach.building import build
    from linli_engines.reach.contraction import contract
    from linli_engines.reach.placing import ground_of
    from linli_engines.reach.reading import source_of_tables

    graph = contract(build(source_of_tables(nodes, edges), profile=profile).network)
    return Streets(digest, profile, graph, ground_of(graph))


@lru_cache(maxsize=3)
def _ground(view_id: int, digest: str, profile: str, value: str) -> Ground:
    found, table = _streets(view_id, digest, profile), homes()
    return Ground(value, found, table, found.place(table.lon, table.lat))
