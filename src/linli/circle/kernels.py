"""Compiles the engine of reach on a network of a few streets: at installation, so that nobody's first click waits for it.

numba keeps what it compiled beside the source; a mark says for which sources and versions that was done.
"""

from __future__ import annotations

import hashlib
import sys
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

BLOCK, STEP_DEGREES = 9, 0.001  # streets each way, and how far apart


def mark() -> str:
    """Names the sources and versions that compiled code belongs to. Imports nothing of the engine."""
    import linli_engines

    folder = Path(next(iter(linli_engines.__path__))) / "reach"
    digest = hashlib.sha256(f"{sys.version}|{version('numba')}|{version('numpy')}|{folder}".encode())
    for path in sorted(folder.rglob("*.py")):
        content = path.read_bytes()
        if b"njit" in content:
            digest.update(path.name.encode() + content)
    return digest.hexdigest()


def compile_all() -> None:
    """Walk every function that pages run, once, on a block of streets with a flight of steps."""
    import numpy as np
    import pyarrow

    from linli_engines.reach.isochrone import lines_of, outline, reached
    from linli_engines.reach.solving import nearest, reach

    import_module("linli.circle.queries")  # the door before the rooms behind it
    from .network import NO_STEPS, STREETS, streets_of

    at = np.arange(BLOCK * BLOCK)
    lon, lat = 116.35 + STEP_DEGREES * (at % BLOCK), 39.9 + STEP_DEGREES * (at // BLOCK)
    east, north = at[at % BLOCK < BLOCK - 1], at[at // BLOCK < BLOCK - 1]
    u, v = np.concatenate((east, north)), np.concatenate((east + 1, north + BLOCK))
    kind = np.where(np.arange(len(u)) == 7, "steps", "residential")
    nodes = pyarrow.table({"id": at, "lon": lon, "lat": lat})
    edges = pyarrow.table({"u": u, "v": v, "length_m": np.full(len(u), 100.0), "highway": kind})
    for profile in (STREETS, NO_STEPS):
        streets = streets_of("", profile, nodes, edges)
        homes = streets.place(lon[:-1] + 0.0003, lat[:-1]).places
        number = np.zeros(len(homes.arc), np.int32)
        reach(streets.graph, homes, homes, number, 1, 900.0)
        nearest(streets.graph, homes, homes, number, 1, 900.0)
        found = reached(streets.graph, homes, 0, 900.0)
        lines_of(streets.graph.network, found)
        outline(streets.graph.network, found, 45.0)
