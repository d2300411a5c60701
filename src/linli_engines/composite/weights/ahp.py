"""Weights from pairwise comparisons (Saaty): principal eigenvector, consistency ratio, the judgements that fit least."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import ArrayLike

from linli_engines.composite.errors import refuse
from linli_engines.composite.panel import Floats

CR_LIMIT = 0.1
RECIPROCITY = 1e-3
"""Matrices are typed with three digits: 0.333 x 3 passes."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """`weights` add up to 1; `misfit` is a_ij w_j / w_i, 1 where a judgement agrees with the weights."""

    weights: Floats
    largest_eigenvalue: float
    consistency_index: float
    consistency_ratio: float
    misfit: Floats

    @property
    def consistent(self) -> bool:
        return self.consistency_ratio < CR_LIMIT


@cache
def random_index() -> dict[int, float]:
    text = resources.files(__package__).joinpath("ahp_random_index.csv").read_text(encoding="utf-8")
    return {int(row["order"]): float(row["random_index"]) for row in csv.DictReader(text.splitlines())}


def compare(matrix: ArrayLike) -> Comparison:
    """Raises Refused: not square, not positive, not reciprocal, more children than the table of random indices has."""
    a = np.asarray(matrix, dtype=float)
    if a.ndim != 2 or a.shape[0] != a.shape[1] or not len(a):
        raise refuse("AHP_SHAPE", f"a comparison is a square table, this has shape {a.shape}")
    n = len(a)
    if not np.isfinite(a).all() or (a <= 0).any():
        raise refuse("AHP_POSITIVE", "a comparison holds numbers above 0")
    if np.abs(a * a.T - 1).max() > 2 * RECIPROCITY:
        i, j = np.unravel_index(int(np.abs(a * a.T - 1).argmax()), a.shape)
        raise refuse("AHP_RECIPROCAL", f"row {i + 1}, column {j + 1} is {a[i, j]:g}, the other way round {a[j, i]:g}")
    if n not in random_index():
        raise refuse(
            "AHP_SIZE",
            f"{n} are too many to compare pairwise; the table of random indices ends at {max(random_index())}",
        )
    values, vectors = np.linalg.eig(a)
    k = int(np.argmax(values.real))
    w = np.abs(vectors[:, k].real)
    w /= w.sum()
    top = float(values[k].real)
    ci = (top - n) / (n - 1) if n > 1 else 0.0
    ri = random_index()[n]
    return Comparison(w, top, ci, ci / ri if ri else 0.0, a * w[None] / w[:, None])


def pooled(matrices: Sequence[ArrayLike]) -> Floats:
    """Several experts' tables as one: the geometric mean of each judgement keeps it reciprocal (Aczel and Saaty 1983)."""
    stack = np.stack([np.asarray(m, dtype=float) for m in matrices])
    found: Floats = np.exp(np.log(stack).mean(axis=0))
    return found
