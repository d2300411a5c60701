"""Composite indices: panel, tree and scenario in, scores with everything that explains them out. Method: docs/methods/composite.md.

What lives here: the arithmetic, from imputation to sensitivity. What does not: where a cell came from, who may see it.
"""

from __future__ import annotations

from linli_engines.composite.analysis import correlations, cronbach, effective_weights, importance
from linli_engines.composite.build import Result, Stages, build, comparable, result_digest
from linli_engines.composite.change import Change, change
from linli_engines.composite.check import check
from linli_engines.composite.compare import Difference, difference, without_each
from linli_engines.composite.errors import Problem, Refused
from linli_engines.composite.explain import At, contributions
from linli_engines.composite.factors import Choice, Noise, Option, Range, experts
from linli_engines.composite.framework import Framework, Indicator, Node, flat
from linli_engines.composite.panel import Panel, Status, Variable
from linli_engines.composite.ranks import bands, levels, ranks
from linli_engines.composite.scenario import (
    Aggregate,
    Ahp,
    BenefitOfDoubt,
    Budget,
    Critic,
    Entropy,
    Equal,
    Factors,
    Fill,
    Given,
    Manual,
    Normalise,
    Optimised,
    Scenario,
    Screen,
    Treat,
    Weigh,
    patched,
)
from linli_engines.composite.sensitivity import Indices, MeanShift, UnitRank, UnitScore, indices
from linli_engines.composite.shapley import shapley
from linli_engines.composite.study import Cloud, Study
from linli_engines.composite.uncertainty import RankTable, acceptability, beats, rank_table
from linli_engines.composite.weights.ahp import Comparison, compare, pooled
from linli_engines.composite.weights.factor import FactorAnalysis, analyse
from linli_engines.composite.whatif import reweighed

__all__ = [
    "Aggregate",
    "Ahp",
    "At",
    "BenefitOfDoubt",
    "Budget",
    "Change",
    "Choice",
    "Cloud",
    "Comparison",
    "Critic",
    "Difference",
    "Entropy",
    "Equal",
    "FactorAnalysis",
    "Factors",
    "Fill",
    "Framework",
    "Given",
    "Indicator",
    "Indices",
    "Manual",
    "MeanShift",
    "Node",
    "Noise",
    "Normalise",
    "Optimised",
    "Option",
    "Panel",
    "Problem",
    "Range",
    "RankTable",
    "Refused",
    "Result",
    "Scenario",
    "Screen",
    "Stages",
    "Status",
    "Study",
    "Treat",
    "UnitRank",
    "UnitScore",
    "Variable",
    "Weigh",
    "acceptability",
    "analyse",
    "bands",
    "beats",
    "build",
    "change",
    "check",
    "comparable",
    "compare",
    "contributions",
    "correlations",
    "cronbach",
    "difference",
    "effective_weights",
    "experts",
    "flat",
    "importance",
    "indices",
    "levels",
    "patched",
    "pooled",
    "rank_table",
    "ranks",
    "result_digest",
    "reweighed",
    "shapley",
    "without_each",
]
