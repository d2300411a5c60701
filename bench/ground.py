"""The ground when borders move, on SQLite and PostgreSQL: matters rewritten, and what others wait for meanwhile.

`python bench/run.py ground`. Each database in a process of its own; PostgreSQL is left out, and said so, where none answers.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from bench.peers import scratch

AREA = "ground"
MATTERS = int(os.environ.get("LINLI_BENCH_MATTERS", "1000000"))
NAME = os.environ.get("LINLI_BENCH_NAME", "linli_bench_ground")
Row = dict[str, Any]


def run() -> list[Row]:
    """Every measurement of this area."""
    return [*borders(), *designer(), *nets(), *walls()]


def borders() -> list[Row]:
    """A change of borders over a million matters (`flow.rezone`), with somebody who writes beside it.

    The answers cost nothing here. What `ground.carry_out` adds is in docs/methods/borders.md: the table of codes (0.2 s
    CPU for a million matters) and the new edition of the territory.
    """
    return scratch.on_both(scratch.HERE / "borders.py", NAME, {"sqlite": MATTERS, "postgresql": MATTERS})


def designer() -> list[Row]:
    """The whole district divided by its job, then edited by hand, with the CPU beside the wall."""
    return scratch.on_both(scratch.HERE / "designer.py", NAME, {"sqlite": 40, "postgresql": 40})


def walls() -> list[Row]:
    """The wall of a command centre over 20,000 open cases (`bench/wall.py`)."""
    from bench import wall

    return wall.run()


def nets() -> list[Row]:
    """Three nets of the pack's base grids, each some metres off, merged (no database)."""
    import shapely

    from linli.ground import merging
    from linli_engines.ground import from_degrees

    layer = json.loads((Path(__file__).resolve().parents[1] / "packs" / "xicheng" / "grids.geojson").read_text())
    base = {f["properties"]["code"]: from_degrees(shapely.geometry.shape(f["geometry"])) for f in layer["features"]}
    began = time.process_time()
    for metres in (0, 12, 25):
        moved = {c: shapely.transform(s, lambda at, m=metres: at + m * 117) for c, s in base.items()}
        cells = {c: merging.Held(n % 40, s) for n, (c, s) in enumerate(moved.items())}
        merging.compare(base, cells, share=0.1, tolerance_m=10.0)
    spent = time.process_time() - began
    return [
        {
            "name": f"three nets of {len(base):,} cells merged with the base grid", "database": "", "value": round(spent, 2),
            "unit": "s CPU", "better": "lower", "limit": 5.0, "peer": "", "peer_value": None,
        }
    ]  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(run(), ensure_ascii=False, indent=1))
