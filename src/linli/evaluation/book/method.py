"""A scenario in words: what was done to the data, step by step, as a reader who wants to do it again must know it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from linli_engines.composite import (
    Ahp,
    BenefitOfDoubt,
    Budget,
    Choice,
    Critic,
    Entropy,
    Equal,
    Factors,
    Fill,
    Given,
    Manual,
    Noise,
    Normalise,
    Optimised,
    Range,
    Scenario,
    Treat,
)

from ..charts.svg import number
from ..web.explore_words import MEAN, TREATMENT


def steps(scenario: Scenario, names: Mapping[str, str]) -> list[str]:
    """One sentence or more for each step, in the order of computation."""
    return [
        _("指标：先把分子、分母换算到同一单位，再相除；分母缺的，指标也缺。"),
        *_screen(scenario),
        _impute(scenario.impute),
        _treat(scenario.treat, names),
        _("方向：越小越好的指标，在标准化之前统一转为越大越好。"),
        *_normalise(scenario.normalise, names),
        *_weigh(scenario, names),
        *_aggregate(scenario, names),
        _("位次：得分相差不超过最高分的十亿分之一，视为并列。缺得分的地区没有位次。"),
    ]


def _screen(scenario: Scenario) -> list[str]:
    share = scenario.screen.unit_share
    if not share:
        return []
    return [_("筛选：一年中实测指标不足 %(share)s 的地区，不参加这一年的测算。") % {"share": _share(share)}]


def _impute(fills: Sequence[Fill]) -> str:
    if not fills:
        return _("填补：不填补，缺的就是缺的。")
    said = [_fill(f) for f in fills]
    return _("填补：实测值一律不改；缺的依次用%(ways)s。") % {"ways": _("，再用").join(said)}


def _fill(fill: Fill) -> str:
    ways = {
        "mean": _("当年各地均值"), "median": _("当年各地中位数"), "group_mean": _("当年同组均值"),
        "group_median": _("当年同组中位数"), "row": _("本地其他指标的平均水平"), "carry": _("本地上一次的值"),
        "interpolate": _("本地前后两年之间插补"), "regression": _("由最相关的指标回归"),
    }  # fmt: skip
    words = str(ways.get(fill.method, fill.method))
    if fill.group:
        words += _("（按“%(group)s”分组）") % {"group": _("区域") if fill.group == "region" else fill.group}
    if fill.max_gap is not None:
        words += _("（相隔不超过 %(n)s 年）") % {"n": fill.max_gap}
    return words


def _treat(treat: Treat | None, names: Mapping[str, str]) -> str:
    if treat is None:
        return _("异常值：不处理。")
    ways = _("、").join(str(TREATMENT.get(m, m)) for m in treat.methods)
    words = {"skew": f"{treat.skew:g}", "kurt": f"{treat.kurt:g}", "ways": ways, "n": treat.winmax}
    text = _("异常值：偏度绝对值大于 %(skew)s 且峰度大于 %(kurt)s 的指标，依次试用%(ways)s，直到通过；缩尾最多 %(n)s 个。") % words  # fmt: skip
    if treat.at:
        text += _("单独规定的有：%(names)s。") % {"names": _("、").join(names.get(c, c) for c in treat.at)}
    return text


def _normalise(how: Normalise, names: Mapping[str, str]) -> list[str]:
    ways = {
        "minmax": _("极差法，（值 − 最小值）÷（最大值 − 最小值）"), "goalposts": _("目标值法，（值 − 下限）÷（上限 − 下限）"),
        "zscore": _("标准分，（值 − 均值）÷ 标准差"), "rank": _("名次"), "borda": _("Borda 分"), "percentile": _("百分位"),
        "percentrank": _("百分位名次"), "categorical": _("按百分位分档给分"), "ratio_mean": _("与均值之比"),
        "ratio_best": _("与最好值之比"), "ratio_worst": _("与最差值之比"), "diff_mean": _("与均值的相对差"),
        "diff_worst": _("与最差值的相对差"), "above_below": _("高于、接近或低于均值"),
    }  # fmt: skip
    text = _("标准化：%(way)s。") % {"way": ways.get(how.method, how.method)}
    if how.scale is not None:
        a, b = (f"{v:g}" for v in how.scale)
        mean = how.method == "zscore"
        text += (_("均值换成 %(a)s 分，标准差换成 %(b)s 分。") if mean else _("最差换成 %(a)s 分，最好换成 %(b)s 分。")) % {"a": a, "b": b}  # fmt: skip
    if how.method == "goalposts":
        text += _("超出上下限的按上下限计。") if how.clip else ""
        return [text, _("上下限是固定的，各年得分可以相互比较。")]
    if how.base == "pooled":
        return [text, _("最大、最小、均值等参照值取自全部年份，各年得分可以相互比较。")]
    if how.base == "each":
        return [text, _("参照值取自当年，各年得分不能相互比较，只能比较位次。")]
    return [text, _("参照值取自 %(year)s 年，各年得分可以相互比较。") % {"year": how.base}]


def rule_words(rule: Any) -> str:
    """A way to weigh, in a few words."""
    if isinstance(rule, Manual):
        return _("人工给定")
    if isinstance(rule, Budget):
        return _("%(n)s 位专家分配一百分，取平均") % {"n": len(rule.points)}
    if isinstance(rule, Ahp):
        return _("层次分析法（两两比较）")
    if isinstance(rule, BenefitOfDoubt):
        return _("最优评价法（各地取对自己最有利的权重）")
    plain: dict[type, str] = {
        Given: _("体系给定"), Equal: _("相等"), Entropy: _("熵权法"), Critic: _("CRITIC 法"), Factors: _("因子分析"),
        Optimised: _("使重要性符合目标"),
    }  # fmt: skip
    return plain.get(type(rule), type(rule).__name__)


def _weigh(scenario: Scenario, names: Mapping[str, str]) -> list[str]:
    found = [_("权重：%(rule)s；同级权重合计为 1。") % {"rule": rule_words(scenario.weigh.default)}]
    found += [
        _("“%(node)s”以下的权重：%(rule)s。") % {"node": names.get(node, node), "rule": rule_words(rule)}
        for node, rule in scenario.weigh.at.items()
    ]
    return found


def _aggregate(scenario: Scenario, names: Mapping[str, str]) -> list[str]:
    how = scenario.aggregate
    found = [_("合成：逐级用%(mean)s。") % {"mean": MEAN.get(how.default, how.default)}]
    found += [
        _("“%(node)s”用%(mean)s。") % {"node": names.get(node, node), "mean": MEAN.get(mean, mean)}
        for node, mean in how.at.items()
    ]
    share = _share(how.coverage)
    text = _("一级之内，有得分的下级占权重不足 %(share)s 时，这一级没有得分；足的，按现有下级的权重放大。") if how.coverage < 1 else _("一级之内，下级缺一个，这一级就没有得分。")  # fmt: skip
    return [*found, text % {"share": share} if how.coverage < 1 else text]


def factors(found: Sequence[Any]) -> list[str]:
    """What was varied for the intervals."""
    said = []
    for factor in found:
        if isinstance(factor, Choice):
            options = _("、").join(str(o.label) for o in factor.options)
            said.append(_("%(name)s：在%(options)s之间变换。") % {"name": factor.name, "options": options})
        elif isinstance(factor, Range):
            words = {"name": factor.name, "low": number(factor.low, 2), "high": number(factor.high, 2)}
            said.append(_("%(name)s：在 %(low)s 到 %(high)s 之间变动。") % words)
        elif isinstance(factor, Noise):
            said.append(_("%(name)s：每个权重各自上下浮动至多 %(size)s。") % {"name": factor.name, "size": _share(factor.size)})  # fmt: skip
    return said


def _share(value: float) -> str:
    return f"{value * 100:g}%"
