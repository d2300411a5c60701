"""Which choice moves the result: Sobol indices, exact where the choices can all be enumerated, else sampled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from linli_engines.composite.errors import refuse
from linli_engines.composite.factors import Choice, grid, saltelli
from linli_engines.composite.panel import Floats
from linli_engines.composite.study import Cloud, Study

GRID_LIMIT = 50_000
STILL = 1e-24
"""A variance below this share of the square of the values is rounding."""


@dataclass(frozen=True, slots=True)
class MeanShift:
    """Mean over units of |rank - nominal rank|."""


@dataclass(frozen=True, slots=True)
class UnitRank:
    unit: str


@dataclass(frozen=True, slots=True)
class UnitScore:
    """The score of a unit at a node that the study keeps; default the ranked one."""

    unit: str
    node: str = ""


Target = MeanShift | UnitRank | UnitScore


@dataclass(frozen=True, eq=False)
class Indices:
    """Arrays (factors, targets). `first`: share of variance by the factor alone; `total`: with all its interactions.
    `pairs` (factors, factors, targets): what two do together beyond each alone, exact only. Intervals (2, factors,
    targets) are bootstrap quantiles, sampled only. A target that does not vary has zeros.
    """

    names: tuple[str, ...]
    first: Floats
    total: Floats
    variance: Floats
    exact: bool
    runs: int
    pairs: Floats | None = None
    first_interval: Floats | None = None
    total_interval: Floats | None = None


def outcomes(cloud: Cloud, targets: Sequence[Target]) -> Floats:
    """(replicates, targets). Raises Refused: a unit or node that is not there, a missing value among the outcomes."""
    found = np.empty((len(cloud.ranks), len(targets)))
    for t, target in enumerate(targets):
        if isinstance(target, MeanShift):
            found[:, t] = mean_shift(cloud)
            continue
        if target.unit not in cloud.units:
            raise refuse("UNIT_UNKNOWN", "not in the panel", target.unit)
        u = cloud.units.index(target.unit)
        if isinstance(target, UnitRank):
            found[:, t] = np.where(cloud.ranks[:, u] > 0, cloud.ranks[:, u], np.nan)
            continue
        node = target.node or cloud.node
        if node not in cloud.scores:
            raise refuse("NODE_UNKNOWN", "the study does not keep this node", node)
        found[:, t] = cloud.scores[node][:, u]
    missing = np.flatnonzero(np.isnan(found).any(axis=0)).tolist()
    if missing:
        raise refuse("OUTCOME_MISSING", "some replicates have no value", *(str(targets[t]) for t in missing))
    return found


def mean_shift(cloud: Cloud) -> Floats:
    """Mean |rank - nominal rank| of each replicate over the units that are ranked in both."""
    both = (cloud.ranks > 0) & (cloud.nominal_ranks > 0)
    shift = np.abs(cloud.ranks - cloud.nominal_ranks) * both
    found: Floats = shift.sum(axis=1) / np.maximum(both.sum(axis=1), 1)
    return found


def indices(study: Study, targets: Sequence[Target], n: int = 1024, seed: int = 1, boots: int = 500) -> Indices:
    """Exact where every factor is a choice and the combinations are at most 50,000, else sampled; `exact` says which."""
    choices = [factor for factor in study.factors if isinstance(factor, Choice)]
    if len(choices) == len(study.factors) and _combinations(choices) <= GRID_LIMIT:
        return exact(study, targets)
    return sampled(study, targets, n, seed, boots)


def _combinations(choices: Sequence[Choice]) -> float:
    return float(np.prod([len(choice.options) for choice in choices], dtype=float))


def exact(study: Study, targets: Sequence[Target]) -> Indices:
    """By enumeration of all combinations, with their probabilities: no sampling error. Raises Refused: a factor that is
    no choice, over 50,000 combinations.
    """
    choices = [factor for factor in study.factors if isinstance(factor, Choice)]
    if len(choices) < len(study.factors):
        names = [f.name for f in study.factors if not isinstance(f, Choice)]
        raise refuse("NOT_DISCRETE", "only choices can be enumerated; sample instead", *names)
    sizes = [len(choice.options) for choice in choices]
    if _combinations(choices) > GRID_LIMIT:
        raise refuse(
            "GRID_TOO_LARGE",
            f"{_combinations(choices):,.0f} combinations, the limit is {GRID_LIMIT:,}: sample instead",
        )
    y = outcomes(study.run_options(grid(choices)), targets)
    return enumerated(y.reshape(*sizes, -1), [choice.shares for choice in choices], [choice.name for choice in choices])


def enumerated(y: Floats, shares: Sequence[Floats], names: Sequence[str]) -> Indices:
    """Indices of a full table: one axis for each factor, the last for targets."""
    k = y.ndim - 1
    centred = y - _mean(y, shares, set())[(0,) * k]
    variance = _mean(centred**2, shares, set()).reshape(-1)
    alone = {i: _variance(centred, shares, {i}) for i in range(k)}
    safe = np.where(variance > 0, variance, 1.0)
    first = np.array([alone[i] for i in range(k)]) / safe
    total = np.array([variance - _variance(centred, shares, set(range(k)) - {i}) for i in range(k)]) / safe
    pairs = np.zeros((k, k, len(variance)))
    for i in range(k):
        for j in range(i + 1, k):
            pairs[i, j] = pairs[j, i] = (_variance(centred, shares, {i, j}) - alone[i] - alone[j]) / safe
    still = ~(variance > STILL * np.max(np.abs(y), initial=0.0) ** 2)
    first[:, still] = total[:, still] = 0.0
    pairs[:, :, still] = 0.0
    return Indices(tuple(names), first, total, variance, True, int(np.prod(y.shape[:-1])), pairs)


def _mean(y: Floats, shares: Sequence[Floats], keep: set[int]) -> Floats:
    """Expectation over all axes but `keep`; the axes stay with length 1."""
    for axis, share in enumerate(shares):
        if axis not in keep:
            shape = [1] * y.ndim
            shape[axis] = len(share)
            y = (y * share.reshape(shape)).sum(axis=axis, keepdims=True)
    return y


def _variance(centred: Floats, shares: Sequence[Floats], keep: set[int]) -> Floats:
    return _mean(_mean(centred, shares, keep) ** 2, shares, set()).reshape(-1)


def sampled(study: Study, targets: Sequence[Target], n: int = 1024, seed: int = 1, boots: int = 500) -> Indices:
    """Saltelli (2010) for first order and Jansen (1999) for total effects on n (factors + 2) Sobol points, with
    bootstrap intervals of 90 %. `n` is a power of two.
    """
    y = outcomes(study.run(saltelli(n, study.widths, seed)), targets)
    return estimated(y, n, [factor.name for factor in study.factors], seed, boots)


def estimated(
    y: Floats, n: int, names: Sequence[str], seed: int = 1, boots: int = 500, centred: bool = True
) -> Indices:
    """From outcomes (n (factors + 2), targets) in the order A, B, then A with one factor from B. The variance is taken
    over A and B together with n - 1. `centred` takes their mean off first: it changes nothing that is estimated, but a
    large mean makes the first order noisy. COINr does not.
    """
    y = y.reshape(len(y), -1)
    k = len(names)
    if len(y) != n * (k + 2):
        raise refuse("POINTS", f"{len(y)} outcomes for {n} points and {k} factors")
    if np.isnan(y).any():
        raise refuse("OUTCOME_MISSING", "an outcome is missing: it is not zero")
    size = np.abs(y).max(axis=0, initial=0.0)
    y = y - y[: 2 * n].mean(axis=0) if centred else y
    a, b = y[:n], y[n : 2 * n]
    mixed = y[2 * n :].reshape(k, n, -1)
    one = np.full((1, n), 1.0)
    first, total, variance = _estimates(a, b, mixed, one, size)
    intervals: list[Floats] = []
    if boots:
        rng = np.random.default_rng(seed)
        picked = rng.integers(n, size=(boots, n)) + np.arange(boots)[:, None] * n
        counts = np.bincount(picked.ravel(), minlength=boots * n).reshape(boots, n).astype(float)
        s, st, _ = _estimates(a, b, mixed, counts, size)
        intervals = [np.quantile(s, (0.05, 0.95), axis=0), np.quantile(st, (0.05, 0.95), axis=0)]
    return Indices(
        tuple(names),
        first[0],
        total[0],
        variance[0],
        False,
        len(y),
        None,
        *(intervals or (None, None)),  # type: ignore[arg-type]
    )


def _estimates(a: Floats, b: Floats, mixed: Floats, counts: Floats, size: Floats) -> tuple[Floats, Floats, Floats]:
    """(boots, factors, targets) for each way of counting the n rows, and the variance (boots, targets)."""
    n = len(a)
    whole = (counts @ a + counts @ b) / (2 * n)
    square = counts @ a**2 + counts @ b**2
    variance = (square - 2 * n * whole**2) / (2 * n - 1)
    still = variance <= STILL * size**2
    safe = np.where(still, 1.0, variance)[:, None]
    first = np.stack([counts @ (b * (m - a)) for m in mixed], axis=1) / n / safe
    total = np.stack([counts @ (a - m) ** 2 for m in mixed], axis=1) / (2 * n) / safe
    return np.where(still[:, None], 0.0, first), np.where(still[:, None], 0.0, total), variance
