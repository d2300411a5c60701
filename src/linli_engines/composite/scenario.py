"""What is done to the data, step by step, as values: every choice is written down and enters the digest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any

from linli_engines.composite.digest import digest
from linli_engines.composite.errors import refuse

Base = str | int
"""Where reference values come from: "each" year by itself, all years "pooled", or the year given."""


@dataclass(frozen=True, slots=True)
class Screen:
    """Shares of observed cells that are asked for: a unit below is left out of that year; an indicator below is named."""

    unit_share: float = 0.0
    indicator_share: float = 0.0


@dataclass(frozen=True, slots=True)
class Fill:
    """One way to fill cells that are still missing. `method`: mean, median, group_mean, group_median (by `group`), row
    (mean of the unit's oriented min-max values, `among` "all" or "siblings"), carry (the last earlier value), interpolate
    (on the line between two years), regression (least squares on the `predictors` best correlated indicators).
    `max_gap` limits carry and interpolate to so many years from an observed one.
    """

    method: str
    group: str = ""
    among: str = "all"
    max_gap: int | None = None
    predictors: int = 1


@dataclass(frozen=True, slots=True)
class Treat:
    """Outliers by rule: a column with |skewness| > `skew` and kurtosis > `kurt` goes through `methods` until it passes:
    winsorise (at most `winmax` points), log, boxcox. `at` names other methods for single indicators; () leaves one alone.
    """

    methods: tuple[str, ...] = ("winsorise", "log")
    winmax: int = 5
    skew: float = 2.0
    kurt: float = 3.5
    base: Base = "each"
    at: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Normalise:
    """`method` is a key of `normalise.METHODS`. `scale`: the two numbers the method's natural ends go to (worst and best;
    mean and standard deviation for zscore), None: the method's own. `clip` holds goalposts within the scale.
    `margin`: the band around the mean of above_below. `at`: other methods for single indicators.
    """

    method: str = "minmax"
    scale: tuple[float, float] | None = None
    base: Base = "each"
    clip: bool = False
    margin: float = 0.2
    at: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Given:
    """The weights written into the tree, relative to their siblings."""


@dataclass(frozen=True, slots=True)
class Equal:
    """The same weight for every child."""


@dataclass(frozen=True, slots=True)
class Manual:
    """Weights by code. With `total` (1 or 100) they must add up to it; without, they are relative parts."""

    weights: Mapping[str, float]
    total: float | None = None


@dataclass(frozen=True, slots=True)
class Budget:
    """Points of each expert; every expert spends `total`. The weight is the mean over experts."""

    points: Mapping[str, Mapping[str, float]]
    total: float = 100.0


@dataclass(frozen=True, slots=True)
class Ahp:
    """Pairwise comparisons in the order of `codes`. CR of 0.1 or more must be accepted explicitly."""

    codes: tuple[str, ...]
    matrix: tuple[tuple[float, ...], ...]
    accept_inconsistent: bool = False


@dataclass(frozen=True, slots=True)
class Entropy:
    """Weights by the information in each child's column."""


@dataclass(frozen=True, slots=True)
class Critic:
    """Weights by spread and conflict: standard deviation times the sum of 1 - correlation."""


@dataclass(frozen=True, slots=True)
class Factors:
    """Weights from rotated principal components (Nicoletti). `count` None: eigenvalue above `min_eigenvalue`, share of
    variance above `min_share`, and until `min_total` is explained.
    """

    count: int | None = None
    min_eigenvalue: float = 1.0
    min_share: float = 0.1
    min_total: float = 0.6


@dataclass(frozen=True, slots=True)
class BenefitOfDoubt:
    """Each unit's own best weights, so that nobody scores above 1 with them. `low` and `high` bound each child's part
    `of` "score" (of the unit's own) or `of` "weights" (of their sum). `common` seeks one set of weights for all.
    """

    low: float = 0.0
    high: float = 1.0
    of: str = "score"
    common: bool = False


@dataclass(frozen=True, slots=True)
class Optimised:
    """Weights for which the children's importance (squared or plain correlation with their parent) has the shape of
    `targets`.
    """

    targets: Mapping[str, float]
    measure: str = "pearson"


Rule = Given | Equal | Manual | Budget | Ahp | Entropy | Critic | Factors | BenefitOfDoubt | Optimised


@dataclass(frozen=True, slots=True)
class Weigh:
    """One rule for all nodes, others for single nodes."""

    default: Rule = field(default_factory=Given)
    at: Mapping[str, Rule] = field(default_factory=dict)

    def rule(self, node: str) -> Rule:
        return self.at.get(node, self.default)


@dataclass(frozen=True, slots=True)
class Aggregate:
    """arithmetic, geometric, harmonic, power (exponent `power`), topsis, copeland, kemeny: for all nodes and, by `at`,
    for single ones. `coverage`: the share of weight that must be present; below it the node is missing, above it the
    weights of what is there are scaled up.
    """

    default: str = "arithmetic"
    at: Mapping[str, str] = field(default_factory=dict)
    power: float = 0.5
    coverage: float = 1.0

    def method(self, node: str) -> str:
        return self.at.get(node, self.default)


@dataclass(frozen=True, slots=True)
class Scenario:
    """`tolerance`: scores closer than this share of the largest score are a tie."""

    name: str = ""
    screen: Screen = field(default_factory=Screen)
    impute: tuple[Fill, ...] = ()
    treat: Treat | None = None
    normalise: Normalise = field(default_factory=Normalise)
    weigh: Weigh = field(default_factory=Weigh)
    aggregate: Aggregate = field(default_factory=Aggregate)
    tolerance: float = 1e-9

    @property
    def digest(self) -> str:
        """The name is a label: it does not enter."""
        return digest("scenario", replace(self, name=""))


def patched(value: Any, patch: Mapping[str, Any]) -> Any:
    """A copy with other values at dotted paths: {"treat.winmax": 3}. Raises Refused for a path that is not there."""
    for path, new in patch.items():
        value = _at(value, path.split("."), new, path)
    return value


def _at(value: Any, steps: list[str], new: Any, path: str) -> Any:
    step, rest = steps[0], steps[1:]
    if isinstance(value, Mapping):
        return {**value, step: _at(value.get(step), rest, new, path) if rest else new}
    if not is_dataclass(value) or isinstance(value, type) or step not in {f.name for f in fields(value)}:
        raise refuse("PATH_UNKNOWN", "the scenario has no such place", path)
    return replace(value, **{step: _at(getattr(value, step), rest, new, path) if rest else new})
