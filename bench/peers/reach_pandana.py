"""pandana on the same network and facilities, in its own environment and process: reads an .npz, prints one line of JSON.

`python reach_pandana.py FILE`. pandana is AGPL: measured from outside, never installed with the product.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any


def main(file: str) -> dict[str, Any]:
    """Seconds (wall, CPU) of the build and of each item, and the metres found for comparison."""
    import numpy as np
    import pandana
    import pandas as pd

    data = np.load(file)
    xy, edge, metres = data["xy"], data["edge"], pd.Series(data["metres"])
    wall, cpu = time.perf_counter(), time.process_time()
    network = pandana.Network(
        pd.Series(xy[:, 0]), pd.Series(xy[:, 1]), pd.Series(edge[:, 0]), pd.Series(edge[:, 1]), metres.to_frame("m")
    )
    build = time.perf_counter() - wall, time.process_time() - cpu
    each, found = [], []
    for number in np.unique(data["item"]):
        node = data["node"][data["item"] == number]
        wall, cpu = time.perf_counter(), time.process_time()
        network.set_pois("one", float(data["cap_m"]), 1, pd.Series(xy[node, 0]), pd.Series(xy[node, 1]))
        answer = network.nearest_pois(float(data["cap_m"]), "one", num_pois=1)
        each.append((time.perf_counter() - wall, time.process_time() - cpu))
        found.append(answer[1].to_numpy()[data["home"]].tolist())
    return {"version": pandana.__version__, "build": build, "each": each, "found": found}


if __name__ == "__main__":
    out = sys.stdout
    sys.stdout = sys.stderr  # pandana talks
    print(json.dumps(main(sys.argv[1])), file=out)
