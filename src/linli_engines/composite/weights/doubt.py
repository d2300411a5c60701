"""Benefit of the doubt: each unit is weighed by the weights that suit it best, so that no unit passes 1 (Melyn and Moesen 1991)."""

from __future__ import annotations

import numpy as np
from scipy import optimize

from linli_engines.composite.errors import refuse
from linli_engines.composite.panel import Floats
from linli_engines.composite.scenario import BenefitOfDoubt


def doubt_weights(x: Floats, rule: BenefitOfDoubt) -> Floats:
    """Weights (units, children) for the scores `sum of w x`; a unit with a gap has NaN. `x` (units, children), more
    always better, none below 0. Raises Refused: a negative value, bounds that nothing satisfies.
    """
    children = x.shape[1]
    if not 0 <= rule.low <= rule.high or rule.low * children > 1 + 1e-12 or rule.high * children < 1 - 1e-12:
        raise refuse(
            "DOUBT_BOUNDS", f"shares of {rule.low:g} to {rule.high:g} cannot add up to 1 over {children} children"
        )
    whole = ~np.isnan(x).any(axis=1)
    rows = x[whole]
    if (rows < 0).any():
        raise refuse("NEGATIVE_UNDER_DOUBT", "benefit of the doubt asks for values from 0 up")
    found = np.full(x.shape, np.nan)
    ones = np.ones(children)
    if rule.common:
        mean = rows.mean(axis=0) if len(rows) else ones
        found[whole] = _best(rows, rows.sum(axis=0), ones if rule.of == "weights" else mean, rule)
    else:
        best = [_best(rows, row, ones if rule.of == "weights" else row, rule) for row in rows]
        found[whole] = np.array(best).reshape(rows.shape)
    return found


def _best(y: Floats, aim: Floats, own: Floats, rule: BenefitOfDoubt) -> Floats:
    """Maximise aim w so that y w <= 1 for all units and each part `own` w keeps to its share of their sum."""
    limits = [y]
    tops = [np.ones(len(y))]
    eye = np.diag(own)
    if rule.low > 0:
        limits.append(rule.low * own[None] - eye)
        tops.append(np.zeros(len(own)))
    if rule.high < 1:
        limits.append(eye - rule.high * own[None])
        tops.append(np.zeros(len(own)))
    answer = optimize.linprog(-aim, A_ub=np.vstack(limits), b_ub=np.concatenate(tops), method="highs")
    if not answer.success:
        raise refuse("DOUBT_INFEASIBLE", "no weights keep to the bounds")
    best: Floats = answer.x
    return best
