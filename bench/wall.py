"""The wall of a command centre over 20,000 open cases: what a refresh costs the server and the wire, and its first paint.

`python bench/run.py wall`; `bench/ground.py` runs it as well. Each database in a process of its own; the first paint is
left out, and said so, where there is no Chromium.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from bench.peers import scratch

AREA = "wall"
CASES = int(os.environ.get("LINLI_BENCH_CASES", "100000"))  # a fifth of them open
NAME = "linli_bench_wall"


def run() -> list[dict[str, Any]]:
    """Both databases, one after the other."""
    return scratch.on_both(scratch.HERE / "walls.py", NAME, {"sqlite": CASES, "postgresql": CASES})


if __name__ == "__main__":
    print(json.dumps(run(), ensure_ascii=False, indent=1))
