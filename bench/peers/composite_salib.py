"""SALib on the same outcomes, in its own environment and process: reads an .npz, prints one line of JSON.

`python composite_salib.py FILE`. SALib brings pandas and matplotlib, which the product does without.
"""

from __future__ import annotations

import json
import sys
import time
from importlib.metadata import version
from typing import Any


def main(file: str) -> dict[str, Any]:
    """CPU seconds of the estimation with bootstrap intervals, and the indices. Outcomes come in SALib's order."""
    import numpy as np
    from SALib.analyze import sobol

    data = np.load(file)
    names = data["names"].tolist()
    problem = {"num_vars": len(names), "names": names, "bounds": [[0, 1]] * len(names)}
    best, found = float("inf"), None
    for _ in range(3):
        start = time.process_time()
        found = sobol.analyze(problem, data["y"], calc_second_order=False, num_resamples=int(data["boots"]), seed=1)
        best = min(best, time.process_time() - start)
    assert found is not None
    return {"version": version("SALib"), "seconds": best, "first": found["S1"].tolist(), "total": found["ST"].tolist()}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1])))
