"""A small result to look at: eight units, three years, two parts of three and two indicators; one gap that stays one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from linli.evaluation.queries.explore import NodeLook, Spread, Subject, UnitLook
from linli_engines.composite import (
    Choice,
    Fill,
    Framework,
    Indicator,
    Node,
    Normalise,
    Option,
    Panel,
    Scenario,
    Study,
    Variable,
    acceptability,
    beats,
    build,
    rank_table,
)
from linli_engines.composite.factors import grid

UNITS = ("110000", "120000", "130000", "140000", "310000", "320000", "330000", "340000")
NAMES = ("北京", "天津", "河北", "山西", "上海", "江苏", "浙江", "安徽")
YEARS = (2019, 2020, 2021)
LEAVES = ("beds", "doctors", "waits", "parks", "roads")
LABELS = ("床位数", "医师数", "等候天数", "公园绿地", "道路长度")
TREE = Framework(
    (
        Indicator("beds", "health", goalposts=(0, 100), weight=2),
        Indicator("doctors", "health", goalposts=(0, 100)),
        Indicator("waits", "health", direction=-1, goalposts=(0, 100)),
        Indicator("parks", "living", goalposts=(0, 100)),
        Indicator("roads", "living", goalposts=(0, 100)),
    ),
    (Node("index"), Node("health", "index", 0.6), Node("living", "index", 0.4)),
)
GOALPOSTS = Scenario(normalise=Normalise("goalposts"))
NODES = {
    code: NodeLook(code, name, "indicator", symbol="张", provenance="sourced")
    for code, name in zip(LEAVES, LABELS, strict=True)
} | {
    "index": NodeLook("index", "综合评价指数", "root"),
    "health": NodeLook("health", "社会服务", "part"),
    "living": NodeLook("living", "社会环境", "part"),
}


def panel(seed: int = 7) -> Panel:
    """Values 5 to 95, growing a little by year; 安徽 has no parks at all, 河北 no beds in 2020."""
    rng = np.random.default_rng(seed)
    values = np.round(rng.uniform(10, 80, (1, len(UNITS), len(LEAVES))) + rng.uniform(-5, 5, (3, len(UNITS), 5)), 2)
    values[:, 7, 3] = np.nan
    values[1, 2, 0] = np.nan
    region = ("东部", "东部", "东部", "中部", "东部", "东部", "东部", "中部")
    return Panel(UNITS, YEARS, tuple(Variable(c) for c in LEAVES), values, {"region": region})


def subject(scenario: Scenario = GOALPOSTS, tree: Framework = TREE, spread: bool = True, **more: object) -> Subject:
    """The result with its names; with what a small study of two factors says of the last year."""
    filled = replace(scenario, impute=(Fill("interpolate"),))
    result = build(panel(), tree, filled)
    region = result.panel.groups["region"]
    units = {c: UnitLook(c, n, n, {"region": g}) for c, n, g in zip(UNITS, NAMES, region, strict=True)}
    spreads = {YEARS[-1]: _spread(result.panel, tree, filled)} if spread else {}
    return Subject(result, units, NODES, spreads, **more)  # type: ignore[arg-type]


def _spread(data: Panel, tree: Framework, scenario: Scenario) -> Spread:
    factors = (
        Choice("标准化", (Option("目标值", {"normalise.method": "goalposts"}), Option("极差", {"normalise.method": "minmax"}))),
        Choice("合成", (Option("算术", {"aggregate.default": "arithmetic"}), Option("幂", {"aggregate.power": 0.5}))),
    )  # fmt: skip
    study = Study(data, tree, scenario, factors)
    cloud = study.run_options(grid(factors))
    table = rank_table(cloud)
    columns = (table.low, table.high, table.median, table.score_low, table.score_high)
    return Spread(
        table.units,
        *(tuple(c.tolist()) for c in columns),
        tuple(map(tuple, acceptability(cloud).tolist())),
        tuple(map(tuple, beats(cloud).tolist())),
    )
