"""linli_engines.composite beside COINr's own figures and SALib: build, replicates, exact and sampled Sobol indices, what if.

On COINr's ASEM data where the reference data is there (LINLI_REFERENCE), else on made-up data of the same shape, which
the rows say. COINr is R: its figures are those measured with 1.1.14 on that data, quoted, not run here. SALib runs in
the peers' environment (LINLI_BENCH_PEERS names its Python); without it its rows are left out and it is said.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path[:0] = [p for p in (str(HERE.parent), str(HERE.parent / "src")) if p not in sys.path]

from linli_engines.composite.build import Result, build  # noqa: E402  (the path is set above)
from linli_engines.composite.explain import At, contributions  # noqa: E402
from linli_engines.composite.factors import Choice, Noise, Option, saltelli  # noqa: E402
from linli_engines.composite.framework import Framework, Indicator, Node  # noqa: E402
from linli_engines.composite.panel import Floats, Panel, Variable  # noqa: E402
from linli_engines.composite.scenario import Aggregate, Fill, Manual, Normalise, Scenario, Treat, Weigh  # noqa: E402
from linli_engines.composite.sensitivity import MeanShift, estimated, exact, mean_shift  # noqa: E402
from linli_engines.composite.study import Study  # noqa: E402
from linli_engines.composite.uncertainty import acceptability, beats, rank_table  # noqa: E402
from linli_engines.composite.whatif import reweighed  # noqa: E402

AREA = "composite"
REFERENCE = Path(os.environ.get("LINLI_REFERENCE") or HERE.parents[1] / "shared" / "data")
COINR = "COINr 1.1.14 (quoted)"
DENOMINATORS = ("Area", "Energy", "GDP", "Population")
BOOTS = 500
Row = dict[str, Any]


class Ground(NamedTuple):
    label: str
    panel: Panel
    framework: Framework
    scenario: Scenario


def asem(folder: Path) -> Ground:
    """COINr's example as it comes with the package."""
    with (folder / "ASEM_iMeta.csv").open(encoding="utf-8") as file:
        meta = list(csv.DictReader(file))
    with (folder / "ASEM_iData.csv").open(encoding="utf-8") as file:
        data = sorted(csv.DictReader(file), key=lambda r: r["uCode"])

    def named(text: str) -> str:
        return "" if text == "NA" else text

    leaves = tuple(
        Indicator(m["iCode"], m["Parent"], int(m["Direction"]), denominator=named(m["Denominator"]))
        for m in meta
        if m["Type"] == "Indicator"
    )
    tree = Framework(leaves, tuple(Node(m["iCode"], named(m["Parent"])) for m in meta if m["Type"] == "Aggregate"))
    codes = [*tree.leaves, *DENOMINATORS]
    values = np.array([[np.nan if r[c] == "NA" else float(r[c]) for c in codes] for r in data])
    groups = {"EurAsia_group": [r["EurAsia_group"] for r in data]}
    panel = Panel.single([r["uCode"] for r in data], codes, values, year=2018, **groups)
    scenario = Scenario(impute=(Fill("group_mean", group="EurAsia_group"),), treat=Treat())
    return Ground("ASEM", panel, tree, scenario)


def made_up(units: int, indicators: int, years: int, label: str) -> Ground:
    """Lognormal columns, 3 % gaps, every other indicator by a denominator; three levels above the indicators."""
    rng = np.random.default_rng(20261122)
    values = rng.lognormal(sigma=rng.uniform(0.2, 1.2, indicators), size=(years, units, indicators))
    values[rng.random(values.shape) < 0.03] = np.nan
    below = rng.uniform(5, 100, (years, units, 1))
    codes = [f"i{k:03d}" for k in range(indicators)]
    parts = max(2, indicators // 10) * 2
    leaves = tuple(
        Indicator(c, f"s{k % parts}", 1 if k % 3 else -1, denominator="people" if k % 2 else "")
        for k, c in enumerate(codes)
    )
    nodes = (
        Node("index"),
        Node("p0", "index"),
        Node("p1", "index"),
        *(Node(f"s{k}", f"p{k % 2}") for k in range(parts)),
    )
    panel = Panel(
        tuple(f"u{k}" for k in range(units)),
        tuple(range(2005, 2005 + years)),
        (*map(Variable, codes), Variable("people")),
        np.concatenate((values, below), axis=2),
    )
    fills = (Fill("interpolate"), Fill("carry")) if years > 1 else ()
    base = "pooled" if years > 1 else "each"
    scenario = Scenario(impute=(*fills, Fill("median")), treat=Treat(), normalise=Normalise(base=base))
    return Ground(label, panel, Framework(leaves, nodes), scenario)


def timed(work: Callable[[], object], turns: int = 5) -> tuple[float, float]:
    """The best wall time and the best CPU time of several turns, in seconds."""
    walls, cpus = [], []
    for _ in range(turns):
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    return min(walls), min(cpus)


def row(name: str, value: float, unit: str, **more: Any) -> Row:
    return {"name": name, "value": round(value, 6), "unit": unit, "better": "lower", "database": "", **more}


def both(
    name: str, took: tuple[float, float], limit: float, unit: str = "s", scale: float = 1.0, peer: float | None = None
) -> list[Row]:
    """The wall clock with its limit and what COINr took, and the CPU time beside it."""
    quoted = {} if peer is None else {"peer": COINR, "peer_value": peer}
    wall, cpu = took
    return [row(name, wall * scale, unit, limit=limit, **quoted), row(f"{name}, by CPU time", cpu * scale, unit)]


def choices(ground: Ground) -> tuple[Choice, ...]:
    """COINr's four factors: winsorising limit, normalisation, a hundred noisy sets of weights, mean: 2,000 points."""
    rng = np.random.default_rng(1)
    tree = ground.framework
    sets = [
        {c: 1 + 0.25 * (2 * u - 1) for c, u in zip(tree.codes, rng.random(len(tree.codes)), strict=True)}
        for _ in range(100)
    ]
    return (
        Choice("winmax", tuple(Option(str(n), {"treat.winmax": n}) for n in range(1, 6))),
        Choice(
            "norm",
            (
                Option("minmax", {"normalise": Normalise(scale=(1, 100))}),
                Option("z", {"normalise": Normalise("zscore", (10, 2))}),
            ),
        ),
        Choice("weights", tuple(Option(str(k), {"weigh": Weigh(Manual(own))}) for k, own in enumerate(sets))),
        Choice("mean", tuple(Option(m, {"aggregate": Aggregate(m)}) for m in ("arithmetic", "geometric"))),
    )


def study(ground: Ground, *factors: Any) -> Study:
    return Study(ground.panel, ground.framework, ground.scenario, factors)


def replicates(ground: Ground, count: int) -> Floats:
    return study(ground, *choices(ground)).run(np.random.default_rng(2).random((count, 4))).ranks.astype(float)


def fresh_weights(ground: Ground, cube: Floats) -> None:
    """Every weight of every level drawn anew, with ranks, intervals, acceptability and pairs."""
    cloud = study(ground, Noise("weights", 0.25)).run(cube)
    rank_table(cloud)
    acceptability(cloud)
    beats(cloud)


def coinr_rows(ground: Ground) -> list[Row]:
    def quoted(seconds: float) -> float | None:
        return seconds if ground.label == "ASEM" else None  # measured on that data

    size = f"{len(ground.panel.units)} x {len(ground.framework.leaves)} ({ground.label})"
    work = partial(build, ground.panel, ground.framework, ground.scenario)
    rows = both(f"build, {size}", timed(work, 9), 20.0, "ms", 1e3, quoted(170.0))
    rows += both(
        f"uncertainty, 1,000 replicates, {size}", timed(partial(replicates, ground, 1_000), 3), 1.0, peer=quoted(156.0)
    )
    rows += both(
        f"sensitivity, 6,000 replicates, {size}",
        timed(partial(replicates, ground, 6_000), 3),
        2.0,
        peer=quoted(1_471.0),
    )
    cube = np.random.default_rng(3).random((10_000, study(ground, Noise("w", 0.25)).widths[0]))
    name = f"10,000 replicates, new weights at every level, ranks and pairs, {size}"
    rows += both(name, timed(partial(fresh_weights, ground, cube), 3), 0.5, peer=quoted(1_560.0))
    name = f"exact Sobol indices over 2,000 combinations, {size}"
    rows += both(name, timed(lambda: exact(study(ground, *choices(ground)), [MeanShift()]), 5), 0.1)
    return rows


def answer_rows(result: Result) -> list[Row]:
    """What a page asks while somebody moves a slider."""
    tree = result.framework
    first = tree.children[tree.root][0]
    unit = result.panel.units[0]
    return [
        *both(
            "what if: one weight changed, all scores",
            timed(partial(reweighed, result, {first: 0.3}), 20),
            5.0,
            "ms",
            1e3,
        ),
        *both("one score taken apart", timed(partial(contributions, At(result, unit)), 20), 5.0, "ms", 1e3),
    ]


def panel_rows() -> list[Row]:
    ground = made_up(31, 150, 20, "made up")
    took = timed(partial(build, ground.panel, ground.framework, ground.scenario), 3)
    return both("a year of 31 x 150 over 20 years, filled and treated", took, 50.0, "ms", 1e3 / 20)


def salib_rows(ground: Ground) -> list[Row]:
    python = os.environ.get("LINLI_BENCH_PEERS", "")
    if not python or not Path(python).is_file():
        print("LINLI_BENCH_PEERS names no Python with SALib: its rows are left out", file=sys.stderr)
        return []
    n = 1_024
    factors = choices(ground)
    y = mean_shift(study(ground, *factors).run(saltelli(n, [1] * 4, seed=1)))
    names = [factor.name for factor in factors]
    ours = estimated(y, n, names, boots=BOOTS)
    a, b, mixed = y[:n], y[n : 2 * n], y[2 * n :].reshape(4, n)
    with tempfile.TemporaryDirectory(prefix="linli-bench-") as folder:
        file = Path(folder) / "outcomes.npz"
        np.savez(file, y=np.column_stack((a, *mixed, b)).ravel(), names=names, boots=BOOTS)
        line = [python, str(HERE / "peers" / "composite_salib.py"), str(file)]
        done = subprocess.run(line, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"SALib failed, its rows are left out: {done.stderr[-400:]}", file=sys.stderr)
        return []
    said = json.loads(done.stdout.splitlines()[-1])
    _, cpu = timed(partial(estimated, y, n, names, boots=BOOTS))
    apart = max(np.abs(ours.first[:, 0] - said["first"]).max(), np.abs(ours.total[:, 0] - said["total"]).max())
    peer = {"peer": f"SALib {said['version']}", "peer_value": round(said["seconds"] * 1e3, 3)}
    return [
        row(
            f"indices of 4 factors from {6 * n:,} outcomes with {BOOTS} resamples, by CPU time", cpu * 1e3, "ms", **peer
        ),
        row(
            "largest difference of an index from SALib's (it divides by n, we by n - 1)", float(apart), "", limit=0.001
        ),
    ]


def run() -> list[Row]:
    folder = REFERENCE / "index" / "coinr_asem"
    if folder.exists():
        ground = asem(folder)
    else:
        print(f"no ASEM data (LINLI_REFERENCE is {REFERENCE}): made-up data of its shape instead", file=sys.stderr)
        ground = made_up(51, 49, 1, "made up")
    result = build(ground.panel, ground.framework, ground.scenario)
    return [*coinr_rows(ground), *answer_rows(result), *panel_rows(), *salib_rows(ground)]


if __name__ == "__main__":
    for one in run():
        print(one["value"], one["unit"], one["name"], "| limit", one.get("limit"), "| peer", one.get("peer_value"))
