"""Metres that add up the same in every order, and the checks of what a search is asked.

Costs are rounded to 2**-30 m (a nanometre): sums of such numbers below 8,000 km are exact in float64, so a way counted
from the home, from the facility or over shortcuts gives the same bits, and the ways can be compared with `==`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linli_engines.reach.network import Places

QUANTA_PER_M = float(2**30)
SLACK_M = 1e-6
"""`<=` the cap is within. The slack covers 2,000 roundings of half a nanometre and nothing that can be measured."""
LONGEST_CAP_M = 1e6


def exact(metres: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same metres rounded to whole quanta; inf stays inf. Raises ValueError for NaN and for costs below zero."""
    rounded: NDArray[np.float64] = np.rint(np.asarray(metres, dtype=np.float64) * QUANTA_PER_M)
    rounded /= QUANTA_PER_M
    if not (rounded >= 0).all():
        raise ValueError("a walking cost is negative or not a number")
    return rounded


def exact_one(metres: float) -> float:
    """The same for one number."""
    if metres == math.inf:
        return metres
    if not metres >= 0:
        raise ValueError("a walking cost is negative or not a number")
    return round(metres * QUANTA_PER_M) / QUANTA_PER_M


def limit_of(cap_m: float) -> float:
    """The largest distance that counts as within the cap. Raises ValueError for a cap that lets nobody walk."""
    if not (math.isfinite(cap_m) and 0 < cap_m <= LONGEST_CAP_M):
        raise ValueError(f"the cap must be more than 0 and at most {LONGEST_CAP_M:.0f} metres, not {cap_m!r}")
    return float(cap_m) + SLACK_M


def cap_of(minutes: float, metres_per_minute: float) -> float:
    """How far somebody walks in these minutes: another speed is another cap on the same metres. Raises ValueError."""
    if not (math.isfinite(minutes) and minutes > 0):
        raise ValueError(f"the minutes must be more than 0, not {minutes!r}")
    if not (math.isfinite(metres_per_minute) and metres_per_minute > 0):
        raise ValueError(f"the walking speed must be more than 0 metres a minute, not {metres_per_minute!r}")
    limit_of(minutes * metres_per_minute)
    return minutes * metres_per_minute


def check_items(item: NDArray[np.integer[Any]], facilities: Places, items: int) -> NDArray[np.int32]:
    """The item of each facility as int32. Raises ValueError when one is missing or none of 0..items - 1."""
    numbers = np.asarray(item)
    if items < 0:
        raise ValueError(f"the number of items is negative: {items}")
    if numbers.shape != facilities.arc.shape or (numbers.size and not np.issubdtype(numbers.dtype, np.integer)):
        raise ValueError("every facility needs the number of its item")
    wrong = np.flatnonzero((numbers < 0) | (numbers >= items))
    if wrong.size:
        first = int(wrong[0])
        raise ValueError(f"facility {first} has item {int(numbers[first])}, but there are {items} items")
    return numbers.astype(np.int32)
