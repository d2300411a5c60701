"""One process that answers twice and says its peak: `python reach_memory.py FOLDER DIGEST`, a line of JSON.

FOLDER keeps the network (`caching`) and facilities.npz (node, item, items, cap_m). Only what answering needs is loaded.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src"))

from linli_engines.reach.caching import kept_network
from linli_engines.reach.contraction import contract
from linli_engines.reach.places import places_at_nodes
from linli_engines.reach.solving import Scenarios


def peak_kib() -> int:
    """Of this process alone: ru_maxrss would be inherited from whoever started it."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


def main(folder: Path, digest: str) -> None:
    network = kept_network(folder, digest)
    assert network is not None, "the network was not kept"
    graph = contract(network)
    asked = np.load(folder / "facilities.npz")
    facilities, items, cap_m = places_at_nodes(graph, asked["node"]), int(asked["items"]), float(asked["cap_m"])
    scenarios = Scenarios(graph, cap_m)
    table = scenarios.table(facilities, asked["item"], items, cap_m, way="lanes")
    scenarios.table(facilities, asked["item"], items, cap_m, steps=table.steps, way="lanes")
    print(json.dumps({"peak_kib": peak_kib(), "table_kib": table.steps.nbytes // 1024}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
