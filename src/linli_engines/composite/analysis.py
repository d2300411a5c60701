"""A look at the structure: correlations, internal consistency, effective weights and importance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from linli_engines.composite.build import Result
from linli_engines.composite.errors import refuse
from linli_engines.composite.panel import Floats


def correlations(x: Floats, method: str = "pearson") -> Floats:
    """Of the columns of (rows, columns), each pair over the rows in which both are present; NaN below three rows or
    without spread. `method`: pearson, spearman (ranks within each pair's rows) or kendall (tau-b).
    """
    if method not in ("pearson", "spearman", "kendall"):
        raise refuse("CORRELATION", "a correlation is pearson, spearman or kendall", method)
    whole = not np.isnan(x).any()
    if whole and method != "kendall":
        return _pearson(_ranked(x) if method == "spearman" else x)
    count = x.shape[1]
    found = np.full((count, count), np.nan)
    for i in range(count):
        for j in range(i, count):
            both = ~np.isnan(x[:, i]) & ~np.isnan(x[:, j])
            if both.sum() >= 3:
                found[i, j] = found[j, i] = _pair(x[both, i], x[both, j], method)
    return found


def _ranked(x: Floats) -> Floats:
    """Ranks within each column; ties share their mean."""
    from scipy import stats  # slow to load

    found: Floats = stats.rankdata(x, axis=0)
    return found


def _pair(a: Floats, b: Floats, method: str) -> float:
    if method == "kendall":
        from scipy import stats  # slow to load

        return float(stats.kendalltau(a, b).statistic)
    if method == "spearman":
        a, b = _ranked(a), _ranked(b)
    return float(_pearson(np.column_stack((a, b)))[0, 1])


def _pearson(x: Floats) -> Floats:
    dev = x - x.mean(axis=0)
    size = np.sqrt((dev**2).sum(axis=0))
    with np.errstate(invalid="ignore", divide="ignore"):
        r = dev.T @ dev / np.outer(size, size)
    level = ~(np.ptp(x, axis=0) > 0)
    r[level] = np.nan
    r[:, level] = np.nan
    return np.clip(r, -1.0, 1.0) if len(x) >= 3 else np.full_like(r, np.nan)


def cronbach(x: Floats, pairwise: bool = False) -> float:
    """Alpha of (rows, columns): k / (k - 1) (1 - sum of variances / sum of all covariances), over the complete rows or
    each covariance over the rows in which its pair is present. Raises Refused: fewer than two columns or rows, level.
    """
    k = x.shape[1]
    there = ~np.isnan(x)
    if not pairwise:
        there = np.repeat(there.all(axis=1, keepdims=True), k, axis=1)
    if k < 2 or int(there[:, 0].sum()) < 2:
        raise refuse("TOO_FEW_ROWS", "alpha needs two columns and two rows")
    cov = np.empty((k, k))
    for i in range(k):
        for j in range(i, k):
            both = there[:, i] & there[:, j]
            a, b = x[both, i], x[both, j]
            cov[i, j] = cov[j, i] = ((a - a.mean()) * (b - b.mean())).sum() / (both.sum() - 1)
    whole = float(cov.sum())
    if not whole > 0:
        raise refuse("NO_SPREAD", "the sum of the columns is level: alpha is undefined")
    return k / (k - 1) * (1 - float(np.trace(cov)) / whole)


def effective_weights(result: Result) -> dict[str, float]:
    """Each code's weight in the root: the product of the shares on the way up. Raises Refused under benefit of the
    doubt, where every unit has its own.
    """
    framework = result.framework
    found = {framework.root: 1.0}
    for parent in reversed(framework.parents):
        shares = result.weights[parent]
        if shares.ndim == 3:
            raise refuse("DOUBT_BY_UNIT", "under benefit of the doubt weights are each unit's own", parent)
        for child, share in zip(framework.children[parent], shares.tolist(), strict=True):
            found[child] = found[parent] * share
    return found


def importance(result: Result, node: str = "", codes: Sequence[str] = (), year: int | None = None) -> dict[str, float]:
    """Squared correlation of each code (default the node's children) with the node: the share of its variance that a
    straight line in that code explains (Paruolo, Saisana and Saltelli 2013), which is not its weight.
    """
    top = node or result.framework.root
    names = tuple(codes) or result.framework.children[top]
    y = result.year_at(year)
    x = result.scores[y][:, [result.code_at(c) for c in (*names, top)]]
    r = correlations(x)
    return {name: float(r[i, -1] ** 2) for i, name in enumerate(names)}
