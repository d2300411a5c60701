"""Principal components of the correlation matrix, rotated by varimax, and the weights of Nicoletti et al. (2000)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from linli_engines.composite.errors import refuse
from linli_engines.composite.panel import Floats
from linli_engines.composite.scenario import Factors
from linli_engines.composite.weights.spread import whole_rows


@dataclass(frozen=True, eq=False)
class FactorAnalysis:
    """`loadings` (children, factors) after rotation; `explained`: sum of squared loadings of each factor."""

    correlation: Floats
    eigenvalues: Floats
    loadings: Floats
    explained: Floats
    weights: Floats

    @property
    def share(self) -> Floats:
        """Of the variance that the kept factors explain together."""
        return self.explained / self.explained.sum()


def analyse(x: Floats, rule: Factors) -> FactorAnalysis:
    """Raises Refused: no more complete rows than children, a level column."""
    rows = whole_rows(x)
    if len(rows) <= x.shape[1]:
        raise refuse(
            "TOO_FEW_ROWS",
            f"{len(rows)} complete rows do not carry {x.shape[1]} factors: take fewer children or more units",
        )
    if not (np.ptp(rows, axis=0) > 0).all():
        raise refuse("NO_SPREAD", "a column is level: it correlates with nothing")
    r = np.atleast_2d(np.corrcoef(rows, rowvar=False))
    values, vectors = np.linalg.eigh(r)
    values, vectors = values[::-1], vectors[:, ::-1]
    kept = rule.count or _count(values, rule)
    if not 1 <= kept <= len(values):
        raise refuse("FACTOR_COUNT", f"{kept} factors of {len(values)} children")
    raw = vectors[:, :kept] * np.sqrt(values[:kept])
    loadings = varimax(raw) if kept > 1 else raw
    loadings = loadings * np.where(loadings.sum(axis=0) < 0, -1.0, 1.0)
    explained = (loadings**2).sum(axis=0)
    return FactorAnalysis(r, values, loadings, explained, _weights(loadings, explained))


def _count(values: Floats, rule: Factors) -> int:
    """The Handbook's three rules: eigenvalue, own share and total share of the variance."""
    share = values / values.sum()
    kept = int(np.sum((values > rule.min_eigenvalue) & (share > rule.min_share)))
    enough = int(np.searchsorted(np.cumsum(share), rule.min_total - 1e-12) + 1)
    return max(kept, enough, 1)


def varimax(loadings: Floats, turns: int = 500, slack: float = 1e-12) -> Floats:
    """Kaiser's rotation, rows brought to length 1 first."""
    size = np.sqrt((loadings**2).sum(axis=1, keepdims=True))
    a = loadings / np.where(size > 0, size, 1.0)
    n, k = a.shape
    rotation = np.eye(k)
    before = 0.0
    for _ in range(turns):
        b = a @ rotation
        u, s, v = np.linalg.svd(a.T @ (b**3 - b * (b**2).sum(axis=0) / n))
        rotation = u @ v
        if s.sum() - before <= slack * s.sum():
            break
        before = float(s.sum())
    turned: Floats = a @ rotation * size
    return turned


def _weights(loadings: Floats, explained: Floats) -> Floats:
    """Each child counts in the factor it loads on most: its squared loading as a share of the factor, times the
    factor's share, all scaled to 1.
    """
    square = loadings**2
    amount = square / explained * (explained / explained.sum())
    best = amount[np.arange(len(amount)), square.argmax(axis=1)]
    found: Floats = best / best.sum()
    return found
