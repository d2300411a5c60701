"""What makes a way longer than it is: slopes, and waiting at crossings. Both are put into walking metres."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Int = NDArray[np.int32]

DATA = Path(__file__).parent / "data"


@dataclass(frozen=True)
class WalkingFunction:
    """Speed on a slope s: exp(-steepness |s + offset|) up to a constant; slopes count up to `steepest`."""

    steepness: float
    offset: float
    steepest: float

    def factor(self, slope: Float) -> Float:
        """Cost per metre against level ground; NaN (height unknown) counts as level. Rising slopes are positive."""
        s = np.clip(np.nan_to_num(slope), -self.steepest, self.steepest)
        return np.asarray(np.exp(self.steepness * (np.abs(s + self.offset) - abs(self.offset))))


def walking_function(name: str = "tobler", path: Path = DATA / "walking_functions.csv") -> WalkingFunction:
    """A published walking function by its name. Raises KeyError for one that the table does not hold."""
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["name"] == name:
                return WalkingFunction(float(row["steepness"]), float(row["offset"]), float(row["steepest"]))
    raise KeyError(name)


def crossing_seconds(path: Path = DATA / "crossing_delays.csv") -> dict[str, float]:
    """Seconds lost on average by kind of crossing."""
    with path.open(encoding="utf-8", newline="") as file:
        return {row["kind"]: float(row["seconds"]) for row in csv.DictReader(file)}


def delays_m(crossing: Mapping[int, str], seconds: Mapping[str, float], speed_m_s: float) -> dict[int, float]:
    """Delay of each crossing node in walking metres; kinds without seconds cost nothing. Raises ValueError: speed."""
    if not (np.isfinite(speed_m_s) and speed_m_s > 0):
        raise ValueError("a walking speed is above zero")
    return {node: seconds[kind] * speed_m_s for node, kind in crossing.items() if seconds.get(kind, 0.0) > 0}


def slope_costs(length_m: Float, edge: Int, elevation_m: Float, walking: WalkingFunction) -> tuple[Float, Float]:
    """(forward, backward) cost of each edge from the heights of its ends; an edge without length has no slope."""
    rise = elevation_m[edge[:, 1]] - elevation_m[edge[:, 0]]
    slope = np.divide(rise, length_m, out=np.zeros(len(length_m)), where=length_m > 0)
    return length_m * walking.factor(slope), length_m * walking.factor(-slope)


@dataclass(frozen=True)
class Stars:
    """The network after each delayed node became a star: `edge` with its ends moved to the rays' new nodes.

    old_node (K,) the delayed node each new node stands at (new nodes follow the old ones); ray_edge (K, 2) and
    ray_m (K,): edges of no length from the delayed node to the new ones that cost half of the delay each.
    """

    edge: Int
    old_node: Int
    ray_edge: Int
    ray_m: Float


def stars(edge: Int, nodes: int, delayed: Int, delay_m: Float) -> Stars:
    """Give each edge end at a delayed node a node of its own, half the delay away from the middle.

    Passing through costs the delay once, however many edges meet; a walk that begins or ends at the kerb does not pay
    for the crossing, and the cost along a real edge stays proportional to its length.
    """
    by_node = np.zeros(nodes)
    by_node[delayed] = delay_m
    moved = edge.copy()
    row, side = np.nonzero(by_node[edge] > 0)
    old = edge[row, side]
    new = nodes + np.arange(len(row), dtype=np.int32)
    moved[row, side] = new
    return Stars(moved, old, np.column_stack((old, new)).astype(np.int32), by_node[old] / 2)
