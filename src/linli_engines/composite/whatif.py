"""What if some weights were others: the scores again, in under a millisecond, from a result that stays as it is."""

from __future__ import annotations

import numpy as np

from linli_engines.composite.build import Result, table
from linli_engines.composite.errors import refuse
from linli_engines.composite.panel import Floats
from linli_engines.composite.scenario import Aggregate
from linli_engines.composite.tree import climb


def reweighed(result: Result, weights: dict[str, float], aggregate: Aggregate | None = None) -> Floats:
    """What if: scores (years, units, codes) with some weights changed, the shares of their siblings scaled to what is
    left. A code's number is its new share under its parent. Milliseconds; nothing is stored. Raises Refused.
    """
    held = dict(result.weights)
    framework = result.framework
    for parent in dict.fromkeys(framework.parent_of.get(code, "") for code in weights):
        changed = {c: w for c, w in weights.items() if framework.parent_of.get(c, "") == parent}
        if not parent:
            raise refuse("NODE_UNKNOWN", "no weight can be given to what has no parent in the tree", *changed)
        if held[parent].ndim == 3:
            raise refuse("DOUBT_FIXED", "benefit of the doubt finds its own weights", parent)
        held[parent] = _scaled(framework.children[parent], held[parent], changed, parent)
    return table(result.ground, climb(result.ground, held, aggregate or result.scenario.aggregate))


def _scaled(children: tuple[str, ...], shares: Floats, changed: dict[str, float], parent: str) -> Floats:
    total = sum(changed.values())
    if any(not 0 <= w <= 1 for w in changed.values()) or total > 1 + 1e-12:
        raise refuse("WEIGHT_SUM", f"shares under {parent} lie between 0 and 1 and add up to at most 1", *changed)
    kept = np.array([code not in changed for code in children])
    rest = shares[kept].sum()
    if not rest > 0 and abs(total - 1) > 1e-9:
        raise refuse("WEIGHT_SUM", f"the shares under {parent} add up to {total:g}, not 1", *changed)
    out = np.array([changed.get(code, 0.0) for code in children])
    if rest > 0:
        out[kept] = shares[kept] / rest * (1 - total)
    return out
