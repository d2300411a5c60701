"""Weights sought backwards: those with which the children matter as much as they are meant to (Becker et al. 2017)."""

from __future__ import annotations

import numpy as np
from scipy import optimize

from linli_engines.composite.errors import refuse
from linli_engines.composite.panel import Floats
from linli_engines.composite.weights.spread import whole_rows


def importance(x: Floats, weights: Floats, measure: str) -> Floats:
    """Of each column in the weighted mean, as shares: "pearson" correlation or its "square" (the linear main effect);
    zeros where the mean is level.
    """
    score = x @ weights
    dx, ds = x - x.mean(axis=0), score - score.mean()
    spread = np.sqrt((dx**2).sum(axis=0) * (ds**2).sum())
    r = dx.T @ ds / np.where(spread > 0, spread, np.inf)
    size = r if measure == "pearson" else r * r
    total = size.sum()
    found: Floats = size / total if total != 0 else np.zeros(len(size))
    return found


def optimised(x: Floats, targets: Floats, measure: str) -> Floats:
    """Least squares between importance and targets over weights that add up to 1, none below 0; starts from the targets
    and from equal weights. Raises Refused: a level column, targets without a sum above 0.
    """
    rows = whole_rows(x)
    if not (np.ptp(rows, axis=0) > 0).all():
        raise refuse("NO_SPREAD", "a column is level: it can have no importance")
    if (targets < 0).any() or not targets.sum() > 0:
        raise refuse("WEIGHT", "targets are numbers from 0 up with a sum above 0")
    aim = targets / targets.sum()
    y = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    spread = rows.std(axis=0)

    def loss(v: Floats) -> float:
        return float(((importance(rows, v / v.sum(), measure) - aim) ** 2).sum())

    starts = [aim, np.full(len(aim), 1 / len(aim)), (aim / spread) / (aim / spread).sum()]
    inverse = np.linalg.pinv(np.corrcoef(y, rowvar=False)) @ aim / spread
    if (inverse > 0).all():
        starts.append(inverse / inverse.sum())
    answers = [
        optimize.minimize(
            loss,
            np.maximum(start, 1e-4),
            method="SLSQP",
            bounds=[(1e-6, 1)] * len(aim),
            constraints=[{"type": "eq", "fun": lambda v: v.sum() - 1}],
            options={"maxiter": 500, "ftol": 1e-15},
        )
        for start in starts
    ]
    best: Floats = min(answers, key=lambda answer: loss(answer.x)).x
    return best / best.sum()
