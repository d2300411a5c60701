"""linli_engines.reach: every node of Beijing and Xicheng × 180 items × 500 facilities each, beside scipy and pandana.

Side by side in one run; facilities stand at nodes, since the peers know no places on edges. Compiled code is loaded on
a small network before anything is timed. pandana runs in its own environment (`requirements/bench.txt`,
LINLI_BENCH_PEERS names its Python); without it, and without the reference data, the rows are left out and it is said.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import dijkstra

HERE = Path(__file__).resolve().parent
sys.path[:0] = [p for p in (str(HERE.parent), str(HERE.parent / "src")) if p not in sys.path]

from bench import _child  # noqa: E402  (the path is set above)
from bench.peers.reach_ground import (  # noqa: E402
    CAP_M,
    ITEMS,
    REFERENCE,
    Ground,
    clipped,
    ground_on,
    matrix_of,
    network_of,
    sources,
)  # fmt: skip
from linli_engines.reach.caching import keep_network  # noqa: E402
from linli_engines.reach.contraction import contract  # noqa: E402
from linli_engines.reach.expansion import NodeTable  # noqa: E402
from linli_engines.reach.live import LiveReach  # noqa: E402
from linli_engines.reach.network import Network  # noqa: E402
from linli_engines.reach.places import places_at_nodes  # noqa: E402
from linli_engines.reach.placing import ground_of, place  # noqa: E402
from linli_engines.reach.siting import cover_most  # noqa: E402
from linli_engines.reach.solving import Scenarios, reach  # noqa: E402
from linli_engines.reach.threads import THREADS  # noqa: E402

AREA = "reach"
POINTS, EDITS, SCIPY_ITEMS, PANDANA_ITEMS = 100_000, 400, 4, 2
Row = dict[str, Any]


class Timing(NamedTuple):
    wall_s: float
    cpu_s: float


def timed(work: Callable[[], object], turns: int = 1) -> Timing:
    """The best of several turns; CPU time is that of all threads, and steadier than the wall clock on a shared machine."""
    best = Timing(np.inf, np.inf)
    for _ in range(turns):
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        best = Timing(
            min(best.wall_s, time.perf_counter() - wall), min(best.cpu_s, time.process_time() - cpu)
        )  # fmt: skip
    return best


def row(name: str, value: float, unit: str, **more: Any) -> Row:
    return {"name": name, "value": round(value, 5), "unit": unit, "better": "lower", "database": "", **more}


def both(name: str, took: Timing, limit: float | None = None, unit: str = "s", scale: float = 1.0) -> list[Row]:
    """The wall clock with its limit, and the CPU time beside it."""
    return [
        row(name, took.wall_s * scale, unit, limit=limit), row(f"{name}, CPU", took.cpu_s * scale, unit),
    ]  # fmt: skip


def floors_s(shape: tuple[int, int]) -> tuple[Timing, Timing]:
    """(writing such a table once, the floor of two sweeps over it), with as many threads as the engine uses.

    A sweep upwards writes every row, one downwards reads and writes it. Measured on at least half a gigabyte, which no
    cache holds, and scaled: for a small table that stays in the cache it is no floor.
    """
    length = max(shape[0] * shape[1], 2**28)
    table = np.zeros(length, np.uint16)
    cuts = np.linspace(0, length, THREADS + 1).astype(int)
    parts = [table[a:b] for a, b in pairwise(cuts)]

    def all_parts(work: Callable[[NDArray[np.uint16]], object]) -> None:
        threads = [threading.Thread(target=work, args=(part,)) for part in parts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def change(part: NDArray[np.uint16]) -> None:
        np.add(part, 1, out=part)

    share = shape[0] * shape[1] / length
    once = timed(lambda: all_parts(lambda part: part.fill(7)), 5)
    again = timed(lambda: all_parts(change), 5)
    write = Timing(once.wall_s * share, once.cpu_s * share)
    return write, Timing(write.wall_s + again.wall_s * share, write.cpu_s + again.cpu_s * share)


def table_rows(ground: Ground, limits: bool) -> tuple[list[Row], NodeTable]:
    """The full matrix for the first time, again, and again with other facilities; the floor beside it."""
    size = f"{ground.name}, {len(ground.network.node_xy):,} nodes × {ITEMS} items × 500 facilities"
    made: dict[str, Any] = {}
    facilities = ground.facilities

    def first() -> None:
        made["scenarios"] = Scenarios(ground.graph, CAP_M)
        made["table"] = made["scenarios"].table(facilities, ground.item, ITEMS, CAP_M)

    def again() -> None:
        made["table"] = made["scenarios"].table(
            facilities, ground.item, ITEMS, CAP_M, steps=made["table"].steps, way="lanes"
        )

    rows = both(f"{size}: full matrix, first time", timed(first), 2.5 if limits else None)
    rows += both(f"{ground.name}: hierarchy, built once for lanes", timed(again))
    repeat, (write, floor) = timed(again, 9), floors_s(made["table"].steps.shape)
    rows += both(f"{size}: full matrix again", repeat, 0.10 if limits else None)
    rows += both(f"{ground.name}: the table written once", write)
    rows += both(f"{ground.name}: memory-bandwidth floor of two sweeps over the table", floor)
    times = f"{ground.name}: full matrix again, times the floor"
    rows.append(row(times, repeat.wall_s / floor.wall_s, "x", limit=2.0 if limits else None))
    rows.append(row(f"{times} of one thread (a C++ sweep of one thread: 2.0)", repeat.wall_s / floor.cpu_s, "x"))
    return rows, made["table"]


def scipy_rows(ground: Ground, table: NodeTable) -> list[Row]:
    """scipy from all facilities of an item at once, with the limit: a few items, scaled to all; and the agreement."""
    graph = matrix_of(ground.network)
    found: list[NDArray[np.float64]] = []

    def few() -> None:
        found.clear()
        for k in range(SCIPY_ITEMS):
            sources_ = np.unique(ground.node[ground.item == k])
            found.append(dijkstra(graph, directed=False, indices=sources_, min_only=True, limit=CAP_M))

    took = timed(few)
    ours = table.metres(np.arange(len(ground.network.node_xy)))[:, :SCIPY_ITEMS].T
    theirs = np.array(found)
    reached, other = np.isfinite(ours), np.isfinite(theirs)
    metres = np.where(reached, ours, theirs)
    wrong = (reached != other) & (np.abs(metres - CAP_M) > 0.1)  # nearer to the cap the rounding decides
    apart = np.abs(ours[reached & other] - theirs[reached & other]).max(initial=0.0)
    scaled = Timing(took.wall_s * ITEMS / SCIPY_ITEMS, took.cpu_s * ITEMS / SCIPY_ITEMS)
    return [
        *both(f"{ground.name}: scipy dijkstra min_only, {SCIPY_ITEMS} items scaled to {ITEMS}", scaled),
        row(
            f"{ground.name}: reached by one and not by the other, of {ours.size:,}", int(wrong.sum()), "pairs", limit=0
        ),
        row(f"{ground.name}: largest difference to scipy", float(apart), "m", limit=0.1),
    ]


def pandana_rows(ground: Ground, table: NodeTable, first_s: float, limits: bool) -> list[Row]:
    """pandana for a few items, scaled; its answers are up to a millimetre an edge short, which is not held against it."""
    python = os.environ.get("LINLI_BENCH_PEERS", "")
    if not python or not Path(python).is_file():
        print("LINLI_BENCH_PEERS names no Python with pandana: its rows are left out", file=sys.stderr)
        return []
    keep = ground.item < PANDANA_ITEMS
    network = ground.network
    edge = np.isfinite(network.forward_m) & (network.edge[:, 0] != network.edge[:, 1])
    with tempfile.TemporaryDirectory(prefix="linli-bench-") as folder:
        file = Path(folder) / "network.npz"
        np.savez(
            file, xy=network.node_xy, edge=network.edge[edge], metres=np.maximum(network.forward_m[edge], 0.001),
            node=ground.node[keep], item=ground.item[keep], home=ground.home, cap_m=CAP_M,
        )  # fmt: skip
        try:
            words = _child.said([python, str(HERE / "peers" / "reach_pandana.py"), str(file)], os.environ)
        except subprocess.CalledProcessError as error:
            print(f"pandana failed, its rows are left out: {error}", file=sys.stderr)
            return []
    said = json.loads(words.splitlines()[-1])
    each = np.array(said["each"]).mean(axis=0) * ITEMS
    took = Timing(float(each[0] + said["build"][0]), float(each[1] + said["build"][1]))
    name = f"{ground.name}: pandana {said['version']}, build and {PANDANA_ITEMS} items scaled to {ITEMS}"
    ours = table.metres(ground.home)[:, :PANDANA_ITEMS].T
    theirs = np.array(said["found"])
    near = np.isfinite(ours) & (theirs < CAP_M)
    apart = float(np.median(np.abs(ours - theirs)[near])) if near.any() else 0.0
    return [
        *both(name, took),
        row(
            f"{ground.name}: first full matrix, times faster than pandana", took.wall_s / first_s, "x",
            better="higher", limit=100 if limits else None, peer="pandana, wall s", peer_value=round(took.wall_s, 2),
        ),
        row(f"{ground.name}: median difference to pandana at {len(ground.home):,} homes", apart, "m"),
    ]  # fmt: skip


def edit_rows(ground: Ground) -> list[Row]:
    """The matrix of the homes with second and count, and single facilities that come and go in it."""
    homes = places_at_nodes(ground.graph, ground.home)
    facilities = ground.facilities
    took = timed(lambda: reach(ground.graph, homes, facilities, ground.item, ITEMS, CAP_M))
    live = LiveReach(ground.graph, homes, facilities, ground.item, ITEMS, CAP_M)
    chance = np.random.default_rng(7)
    spots = [places_at_nodes(ground.graph, ground.home[[i]]) for i in chance.integers(0, len(ground.home), EDITS)]
    added, removed = [], []
    for number, spot in enumerate(spots):
        start = time.perf_counter()
        edit = live.add(spot, number % ITEMS)
        middle = time.perf_counter()
        live.remove(edit.facility)
        added.append(middle - start)
        removed.append(time.perf_counter() - middle)
    homes_name = f"{ground.name}, {len(ground.home):,} homes × {ITEMS} items"
    return [
        *both(f"{homes_name}: nearest, second and count, first time", took),
        row(f"{homes_name}: add a facility, median of {EDITS}", float(np.median(added)) * 1e3, "ms", limit=0.1),
        row(f"{homes_name}: remove a facility, median of {EDITS}", float(np.median(removed)) * 1e3, "ms", limit=0.1),
    ]


def placing_rows(ground: Ground) -> list[Row]:
    """Points anywhere within 100 m of nodes onto the nearest edge; what is prepared once per network is a row of its own."""
    chance = np.random.default_rng(9)
    near = ground.network.node_xy[chance.integers(0, len(ground.network.node_xy), POINTS)]
    points = near + chance.normal(0, 30, near.shape)
    made: dict[str, Any] = {}
    rows = both(f"{ground.name}: edges prepared for placing", timed(lambda: made.update(g=ground_of(ground.graph))))
    work = partial(place, made["g"], points, longest_m=400.0, tolerance_m=50.0)
    return rows + both(f"{ground.name}: {POINTS:,} points onto edges", timed(work, 3), 1.5)


def siting_rows(ground: Ground) -> list[Row]:
    """Maximal covering with 3,000 candidates out of the network: who of the homes walks at most the cap."""
    chance = np.random.default_rng(11)
    candidates = ground.graph.node[chance.permutation(len(ground.graph.node))[:3_000]]
    homes = places_at_nodes(ground.graph, ground.home)
    number = np.arange(len(candidates), dtype=np.int32)
    answer = reach(ground.graph, homes, places_at_nodes(ground.graph, candidates), number, len(number), CAP_M)
    covers, people = answer.count > 0, chance.integers(50, 3_000, len(ground.home)).astype(float)
    made: dict[str, Any] = {}
    work = lambda: made.update(s=cover_most(covers, people, count=20, time_limit_s=60))  # noqa: E731
    name = f"{ground.name}: 20 of {len(candidates):,} candidates for {len(ground.home):,} homes"
    rows = both(f"{name}, most covered", timed(work))
    return [*rows, row(f"{name}, gap left", 100 * made["s"].gap, "%", limit=0)]


def growth_rows(ground: Ground) -> Iterator[Row]:
    """Cost again, by CPU: with nodes, with items and with the cap."""

    def again(g: Ground, items: int, cap_m: float) -> tuple[float, float]:
        facilities, item = g.some(items)
        scenarios = Scenarios(g.graph, cap_m)
        first = timed(lambda: scenarios.table(facilities, item, items, cap_m, way="lanes"))
        table = scenarios.table(facilities, item, items, cap_m, way="lanes")
        took = timed(lambda: scenarios.table(facilities, item, items, cap_m, steps=table.steps, way="lanes"), 3)
        return first.cpu_s, took.cpu_s

    for share in (0.125, 0.25, 0.5):
        part = ground_on(ground.name, clipped(ground.network, share))
        first, repeat = again(part, ITEMS, CAP_M)
        name = f"{ground.name} growth, {len(part.network.node_xy):>9,} nodes"
        yield from (row(f"{name}: hierarchy and matrix, CPU", first, "s"), row(f"{name}: again, CPU", repeat, "s"))
    for items in (45, 90, 180):
        yield row(f"{ground.name} growth, {items:>3} items: again, CPU", again(ground, items, CAP_M)[1], "s")
    for cap_m in (600.0, 1_200.0, 2_400.0):
        bare = ground_on(ground.name, ground.network, contract(_renamed(ground.network, f"{cap_m:.0f}")))
        first, repeat = again(bare, ITEMS, cap_m)
        name = f"{ground.name} growth, cap {cap_m:>5,.0f} m"
        yield from (row(f"{name}: hierarchy and matrix, CPU", first, "s"), row(f"{name}: again, CPU", repeat, "s"))


def _renamed(network: Network, digest: str) -> Network:
    """The same network under another name, so that no hierarchy is kept for it."""
    from dataclasses import replace

    return replace(network, digest=digest)


def memory_rows(ground: Ground) -> list[Row]:
    """The peak of a process that has the kept network, contracts it and answers twice; the table alone beside it."""
    with tempfile.TemporaryDirectory(prefix="linli-bench-") as folder:
        keep_network(Path(folder), ground.network)
        np.savez(Path(folder) / "facilities.npz", node=ground.node, item=ground.item, items=ITEMS, cap_m=CAP_M)
        line = [sys.executable, str(HERE / "peers" / "reach_memory.py"), folder, ground.network.digest]
        said = json.loads(_child.said(line, os.environ).splitlines()[-1])
    return [
        row(f"{ground.name}: peak memory of a process that answers twice", said["peak_kib"] / 2**20, "GiB", limit=1.0),
        row(f"{ground.name}: of that the table", said["table_kib"] / 2**20, "GiB"),
    ]


def warm() -> None:
    """Load the compiled code on a corner of Xicheng."""
    small = ground_on("warm", clipped(network_of("Xicheng"), 0.05), items=2)
    scenarios = Scenarios(small.graph, 300.0)
    for way in ("items", "lanes"):
        scenarios.table(small.facilities, small.item, 2, 300.0, way=way)  # type: ignore[arg-type]
    homes = places_at_nodes(small.graph, small.home[:50])
    reach(small.graph, homes, small.facilities, small.item, 2, 300.0, way="origins")
    reach(small.graph, homes, small.facilities, small.item, 2, 300.0, way="facilities")
    live = LiveReach(small.graph, homes, small.facilities, small.item, 2, 300.0)
    live.remove(live.add(places_at_nodes(small.graph, small.home[:1]), 0).facility)
    place(ground_of(small.graph), small.network.node_xy[:5], longest_m=10.0, tolerance_m=5.0)


def measured(name: str) -> Iterator[Row]:
    """All rows of one network."""
    made: dict[str, Any] = {}
    yield from both(f"{name}: read and built", timed(lambda: made.update(n=network_of(name))))
    yield from both(f"{name}: chains contracted", timed(lambda: made.update(g=contract(made["n"]))))
    ground = ground_on(name, made["n"], made["g"])
    rows, table = table_rows(ground, limits=name == "Beijing")
    yield from rows
    yield from scipy_rows(ground, table)
    yield from pandana_rows(ground, table, rows[0]["value"], limits=name == "Beijing")
    del table
    yield from edit_rows(ground)
    yield from placing_rows(ground)
    if name == "Xicheng":
        yield from siting_rows(ground)
    else:
        yield from memory_rows(ground)
        yield from growth_rows(ground)


def run() -> list[Row]:
    """Rows of every network that is there; the load of the machine is one of them, since it shares its cores."""
    warm()
    found = []
    for name in ("Xicheng", "Beijing"):
        if name not in sources():
            print(f"no network of {name} (LINLI_REFERENCE is {REFERENCE}): its rows are left out", file=sys.stderr)
            continue
        found += list(measured(name))
    return [*found, row("load of the machine at the end, one minute", os.getloadavg()[0], "processes")]
