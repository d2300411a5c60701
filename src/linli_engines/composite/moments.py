"""Sample skewness and excess kurtosis with the corrections of SAS and Excel (type 2 of Joanes and Gill 1998)."""

from __future__ import annotations

import numpy as np

from linli_engines.composite.panel import Floats


def skew_kurt(x: Floats) -> tuple[Floats, Floats]:
    """Both by column of a (rows, columns) table, NaN cells left out; NaN below four values or without spread."""
    n = np.sum(~np.isnan(x), axis=0).astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        dev = x - np.nansum(x, axis=0) / n
        square = dev * dev
        m2 = np.nansum(square, axis=0) / n
        g1 = np.nansum(square * dev, axis=0) / n / m2**1.5
        g2 = np.nansum(square * square, axis=0) / n / m2**2 - 3
        skew = g1 * np.sqrt(n * (n - 1)) / (n - 2)
        kurt = ((n + 1) * g2 + 6) * (n - 1) / ((n - 2) * (n - 3))
    none = (n < 4) | ~(m2 > 0)
    return np.where(none, np.nan, skew), np.where(none, np.nan, kurt)


def skew_kurt_one(x: Floats) -> tuple[float, float]:
    """The same for one column without gaps: the inner loop of winsorising."""
    n = len(x)
    dev = x - x.sum() / n
    square = dev * dev
    m2 = float(square.sum()) / n
    if n < 4 or not m2 > 0:
        return float("nan"), float("nan")
    g1 = float((square * dev).sum()) / n / m2**1.5
    g2 = float((square * square).sum()) / n / m2**2 - 3
    return g1 * (n * (n - 1)) ** 0.5 / (n - 2), ((n + 1) * g2 + 6) * (n - 1) / ((n - 2) * (n - 3))
