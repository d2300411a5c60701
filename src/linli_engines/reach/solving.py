"""The questions: what is within a walk of these places, and of every node of the network; any way gives the same answer."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linli_engines.reach.attached import Points, Streets, hang, streets_of
from linli_engines.reach.expansion import NodeRows, NodeTable, expand, rows_of
from linli_engines.reach.facilities import from_facilities, nearest_at_nodes, nearest_of_items
from linli_engines.reach.hierarchy import Hierarchy, build_hierarchy
from linli_engines.reach.lanes import Sweep, from_lanes, graph_steps, steps_of, sweep_of
from linli_engines.reach.metres import check_items, limit_of
from linli_engines.reach.network import Graph, Places, Reach
from linli_engines.reach.origins import from_origins
from linli_engines.reach.planning import Way, plan_nodes, plan_way
from linli_engines.reach.threads import blank

Items = NDArray[np.integer[Any]]
KEPT = 4
_kept: OrderedDict[str, Hierarchy] = OrderedDict()
_lock = Lock()


def reach(
    graph: Graph, places: Places, facilities: Places, item: Items, items: int, cap_m: float, *, way: Way | None = None
) -> Reach:
    """Nearest, second nearest and count of facilities within the cap, for R places and K items.

    item (F,) numbers 0..items - 1 of the facilities; an item may have none. Metres are walked from the place to the
    facility, the ways to the network at both ends included; exactly the cap is within. Two facilities at one spot are
    two. way: "origins" or "facilities"; None takes the cheaper.
    Raises ValueError for a cap that is not above 0, for an item that is none, for a place of another graph.
    """
    limit_m, streets, homes, points, numbers = _asked(graph, places, facilities, item, items, cap_m)
    if way is None:
        way = plan_way(streets, homes, points, items, limit_m).way
    answer = blank(len(homes.arc), items)
    if way == "origins":
        from_origins(streets, homes, points, numbers, answer, limit_m)
    elif way == "facilities":
        from_facilities(streets, homes, points, numbers, answer, limit_m)
    else:
        raise ValueError(f"{way} gives the nearest alone")
    return Reach(answer.nearest, answer.second, answer.number, float(cap_m))


def nearest(
    graph: Graph, places: Places, facilities: Places, item: Items, items: int, cap_m: float, *, way: Way | None = None
) -> NDArray[np.float32]:
    """`Reach.nearest_m` alone, (R, K) float32, by any of the four ways. Raises ValueError as `reach` does."""
    limit_m, streets, homes, points, numbers = _asked(graph, places, facilities, item, items, cap_m)
    if way is None:
        ready = kept_hierarchy(graph, limit_m) is not None
        way = plan_way(streets, homes, points, items, limit_m, nearest_only=True, hierarchy_ready=ready).way
    answer = blank(len(homes.arc), items)
    if way == "origins":
        from_origins(streets, homes, points, numbers, answer, limit_m)
    elif way == "facilities":
        from_facilities(streets, homes, points, numbers, answer, limit_m)
    elif way == "items":
        nearest_of_items(streets, homes, points, numbers, answer, limit_m)
    else:
        hierarchy = hierarchy_for(graph, streets, limit_m)
        from_lanes(sweep_of(hierarchy, limit_m), hierarchy, streets, homes, points, numbers, answer)
    return answer.nearest


def _asked(
    graph: Graph, places: Places, facilities: Places, item: Items, items: int, cap_m: float
) -> tuple[float, Streets, Points, Points, NDArray[np.int32]]:
    limit_m, numbers = limit_of(cap_m), check_items(item, facilities, items)
    streets = streets_of(graph)
    return limit_m, streets, hang(streets, places), hang(streets, facilities), numbers


def kept_hierarchy(graph: Graph, limit_m: float) -> Hierarchy | None:
    """The hierarchy of a network with this digest, if it was built for this cap or a larger one."""
    with _lock:
        found = _kept.get(graph.network.digest)
        if found is None or found.limit_m < limit_m or len(found.row) != len(graph.node):
            return None
        _kept.move_to_end(graph.network.digest)
        return found


def hierarchy_for(graph: Graph, streets: Streets, limit_m: float) -> Hierarchy:
    """The kept hierarchy, or a new one, which is kept under the network's digest; the last few networks are."""
    found = kept_hierarchy(graph, limit_m)
    if found is None:
        found = build_hierarchy(streets, limit_m)
        if graph.network.digest:
            with _lock:
                _kept[graph.network.digest] = found
                while len(_kept) > KEPT:
                    _kept.popitem(last=False)
    return found


class Scenarios:
    """Every node of a network, again and again: other facilities, other items, another cap, the same buffers.

    largest_cap_m bounds what may be asked. Not for two threads at once.
    """

    def __init__(self, graph: Graph, largest_cap_m: float) -> None:
        self._graph, self._streets = graph, streets_of(graph)
        self._limit_m = limit_of(largest_cap_m)
        self._hierarchy: Hierarchy | None = None
        self._sweep: Sweep | None = None
        self._rows: dict[bool, NodeRows] = {}

    def table(
        self, facilities: Places, item: Items, items: int, cap_m: float, *,
        steps: NDArray[np.uint16] | None = None, way: Way | None = None,
    ) -> NodeTable:  # fmt: skip
        """What every node of the network reaches of every item: a table of N rows and K columns.

        steps: a table to write over, of an earlier answer; without it a new one is made. way: "lanes" or "items".
        Raises ValueError as `reach` does, and for a cap above the largest or a table of another shape.
        """
        limit_m, numbers = limit_of(cap_m), check_items(item, facilities, items)
        if limit_m > self._limit_m:
            raise ValueError(f"the cap may be {self._limit_m:.0f} m at most here, not {cap_m!r}")
        points = hang(self._streets, facilities)
        if steps is None:
            steps = np.empty((len(self._graph.node_arc), items), np.uint16)
        if way is None:
            ready = self._hierarchy is not None
            way = plan_nodes(self._streets, points, items, limit_m, hierarchy_ready=ready).way
        if way == "lanes":
            table = graph_steps(self._sweep_of(limit_m), points, numbers, items)
        elif way == "items":
            table = steps_of(nearest_at_nodes(self._streets, points, numbers, items, limit_m), limit_m)
        else:
            raise ValueError(f"{way} does not answer for nodes")
        return expand(self._rows_of(way == "lanes"), table, points, numbers, limit_m, steps)

    def _sweep_of(self, limit_m: float) -> Sweep:
        if self._hierarchy is None:
            self._hierarchy = hierarchy_for(self._graph, self._streets, self._limit_m)
        if self._sweep is None or self._sweep.limit_m != limit_m:
            self._sweep = sweep_of(self._hierarchy, limit_m)
        return self._sweep

    def _rows_of(self, lanes: bool) -> NodeRows:
        if lanes not in self._rows:
            row = np.arange(self._streets.nodes, dtype=np.int32)
            if lanes and self._hierarchy is not None:
                row = self._hierarchy.row
            self._rows = {lanes: rows_of(self._graph, row)}
        return self._rows[lanes]
