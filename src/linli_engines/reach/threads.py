"""The answer while it is written, and its parts on threads of our own.

Compiled code lets go of the interpreter; plain threads do what numba's own pool may not: be called from several
threads of a server at once.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

THREADS = min(2, os.cpu_count() or 1)
PARTS_A_THREAD = 4
"""More parts than threads: the last part is short, so no thread waits long for the other."""


class Answer(NamedTuple):
    """nearest, second (R, K) float32 in metres and number (R, K) uint16, as `Reach` has them (its count)."""

    nearest: NDArray[np.float32]
    second: NDArray[np.float32]
    number: NDArray[np.uint16]


def blank(places: int, items: int) -> Answer:
    """Nothing is reached."""
    shape = (places, items)
    return Answer(np.full(shape, np.inf, np.float32), np.full(shape, np.inf, np.float32), np.zeros(shape, np.uint16))


def in_parts(work: Callable[[int, int], None], length: int) -> None:
    """Call work(low, high) over 0..length in parts, on as many threads as there are."""
    parts = min(length, THREADS * PARTS_A_THREAD if length > 64 else 1)
    if parts <= 1 or THREADS == 1:
        if length:
            work(0, length)
        return
    cuts = [length * i // parts for i in range(parts + 1)]
    with ThreadPoolExecutor(THREADS) as pool:
        for future in [pool.submit(work, low, high) for low, high in pairwise(cuts)]:
            future.result()
