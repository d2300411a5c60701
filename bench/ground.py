"""The ground when borders move, on SQLite and PostgreSQL: matters rewritten, and what others wait for meanwhile.

`python bench/run.py ground`. Each database in a process of its own; PostgreSQL is left out, and said so, where none answers.
"""

from __future__ import annotations

import json
import os
import sys
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
    return [*borders(), *designer(), *walls()]


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


if __name__ == "__main__":
    print(json.dumps(run(), ensure_ascii=False, indent=1))
