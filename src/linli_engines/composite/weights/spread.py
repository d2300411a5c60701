"""Weights from the data's own spread: entropy and CRITIC."""

from __future__ import annotations

import numpy as np

from linli_engines.composite.errors import refuse
from linli_engines.composite.panel import Floats


def whole_rows(x: Floats) -> Floats:
    """The rows without a gap. Raises Refused if fewer than three are left."""
    rows = x[~np.isnan(x).any(axis=1)]
    if len(rows) < 3:
        raise refuse("TOO_FEW_ROWS", f"weights from data need three complete rows, here are {len(rows)}")
    return rows


def entropy(x: Floats) -> Floats:
    """1 - the entropy of each column's shares, scaled to 1 (Shannon; Zeleny 1982). Columns are shifted to their minimum
    only if they have values below zero.
    """
    rows = whole_rows(x)
    rows = rows - np.minimum(rows.min(axis=0), 0.0)
    total = rows.sum(axis=0)
    share = rows / np.where(total > 0, total, 1.0)
    logs = np.log(np.where(share > 0, share, 1.0))
    information = 1 + (share * logs).sum(axis=0) / np.log(len(rows))
    information = np.where(total > 0, np.maximum(information, 0.0), 0.0)
    if not information.sum() > 0:
        raise refuse("NO_INFORMATION", "every column is level: entropy gives no weights")
    return information / information.sum()


def critic(x: Floats) -> Floats:
    """Standard deviation x sum of (1 - correlation), scaled to 1 (Diakoulaki, Mavrotas and Papayannakis 1995), on
    columns brought to [0, 1]. A level column gets 0.
    """
    rows = whole_rows(x)
    span = np.ptp(rows, axis=0)
    live = span > 0
    if not live.any():
        raise refuse("NO_INFORMATION", "every column is level: CRITIC gives no weights")
    y = (rows[:, live] - rows[:, live].min(axis=0)) / span[live]
    r = np.atleast_2d(np.corrcoef(y, rowvar=False))
    amount = np.zeros(x.shape[1])
    amount[live] = y.std(axis=0, ddof=1) * (1 - r).sum(axis=0)
    if not amount.sum() > 0:
        amount[live] = y.std(axis=0, ddof=1)  # columns that say all the same: no conflict to weigh by
    return amount / amount.sum()
