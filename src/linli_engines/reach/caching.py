"""Derived arrays on disk, named by what they were made from. A file is whole or it is not there: see `keep`."""

from __future__ import annotations

import os
import re
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linli_engines.reach.contraction import contract
from linli_engines.reach.network import Graph, Network

FORMAT = 1
"""Part of every name: raise it when arrays change their meaning, and old files are no longer found."""

Arrays = Mapping[str, NDArray[Any]]
WORD = re.compile(r"[a-z0-9_]{1,80}")


def path_of(folder: Path, kind: str, digest: str) -> Path:
    """Where the arrays of a kind made from content of that digest lie. Raises ValueError for a name that is no word."""
    if not WORD.fullmatch(kind) or not WORD.fullmatch(digest):
        raise ValueError(f"not a name for a file: {kind!r}, {digest!r}")
    return folder / f"{kind}-{FORMAT}-{digest}.npz"


def keep(folder: Path, kind: str, digest: str, arrays: Arrays) -> Path:
    """Write arrays beside their final name and move them there at once: a reader sees the whole file or none.

    Two writers of the same content do no harm: the later one replaces the earlier by its equal.
    """
    target = path_of(folder, kind, digest)
    folder.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=folder, prefix=f".{kind}-", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]  # its other argument is no array
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, target)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
    return target


def kept(folder: Path, kind: str, digest: str) -> dict[str, NDArray[Any]] | None:
    """The arrays, or None where there are none or the file is damaged (zip checks every array against its CRC-32)."""
    try:
        with np.load(path_of(folder, kind, digest), allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (FileNotFoundError, EOFError, OSError, ValueError, KeyError, zipfile.BadZipFile):
        return None


def derived(folder: Path, kind: str, digest: str, make: Callable[[], Arrays]) -> Arrays:
    """The kept arrays, or those that `make` gives, which are kept from then on."""
    found = kept(folder, kind, digest)
    if found is None:
        found = dict(make())
        keep(folder, kind, digest, found)
    return found


def keep_network(folder: Path, network: Network) -> Path:
    """Write a network under its digest."""
    arrays = {f.name: getattr(network, f.name) for f in fields(Network) if f.name not in {"crs", "digest"}}
    if network.forward_m is network.backward_m:
        del arrays["backward_m"]
    there = {name: values for name, values in arrays.items() if values is not None}
    return keep(folder, "network", network.digest, {**there, "crs": np.array(network.crs)})


def kept_network(folder: Path, digest: str) -> Network | None:
    """The network of a digest, or None where it is not kept or damaged."""
    found = kept(folder, "network", digest)
    if found is None:
        return None
    crs = str(found.pop("crs"))
    start, corner = found.pop("line_start", None), found.pop("line_xy", None)
    backward = found.pop("backward_m", found["forward_m"])
    return Network(**found, backward_m=backward, line_start=start, line_xy=corner, crs=crs, digest=digest)


def graph_of(folder: Path, network: Network) -> Graph:
    """The contracted network, from disk where it was kept."""
    made = derived(folder, "graph", network.digest, lambda: _arrays_of(contract(network)))
    directed = bool(made["directed"])
    arrays = {name: values for name, values in made.items() if name != "directed"}
    if not directed:  # one array under both names, as contraction gives them
        arrays |= {name: arrays[twin] for name, twin in TWINS.items()}
    return Graph(network=network, directed=directed, **arrays)


TWINS = {
    "arc_backward_m": "arc_forward_m",
    "edge_backward_m": "edge_forward_m",
    "node_backward_m": "node_forward_m",
    "back_start": "start",
    "back_head": "head",
    "back_cost_m": "cost_m",
}


def _arrays_of(graph: Graph) -> dict[str, NDArray[Any]]:
    names = {f.name for f in fields(Graph)} - {"network", "directed"} - (set() if graph.directed else set(TWINS))
    return {**{name: getattr(graph, name) for name in sorted(names)}, "directed": np.array(graph.directed)}
