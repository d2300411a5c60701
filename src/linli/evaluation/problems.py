"""What the engine refuses or notes, as Chinese sentences: one for each of its codes, with the names of what is meant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from linli.core.errors import Invalid
from linli_engines.composite import Problem, Refused

SHOWN = 12

SENTENCES: dict[str, Any] = {
    "AHP_INCONSISTENT": _("两两比较前后不一致，一致性比率 CR 达到或超过 0.1，须由填写人明确确认才能采用"),
    "AHP_POSITIVE": _("两两比较只能填大于零的数"),
    "AHP_RECIPROCAL": _("两两比较的两个方向不互为倒数"),
    "AHP_SHAPE": _("两两比较表须是方的"),
    "AHP_SIZE": _("两两比较的项数超出了有随机一致性指标的范围"),
    "AGGREGATE_UNKNOWN": _("没有这种合成方法"),
    "BASE": _("参照范围只能是各年、合并各年或某一年"),
    "BASE_OF_RANKS": _("按名次标准化只能在各年之内或合并各年，不能按基年"),
    "BASE_YEAR": _("基年不在测算的年份里"),
    "CALIBRE": _("数据的口径与体系要求的口径不同，不能混用"),
    "CELL_TWICE": _("同一个地区、年份、指标有两个数，请先选定一个版次"),
    "CHANGE_METHOD": _("变化只能按加法或对数均值分解"),
    "CODE_TWICE": _("体系里有重复的代码"),
    "CORRELATION": _("没有这种相关系数"),
    "CUTS": _("分档的界限须由低到高"),
    "CYCLE": _("体系里有循环：一个节点成了自己的上级"),
    "DENOMINATOR_NOT_POSITIVE": _("分母须大于零"),
    "DENOMINATOR_UNKNOWN": _("没有作分母的数据"),
    "DIRECTION": _("方向只能是正向或逆向"),
    "DOUBT_BOUNDS": _("最优评价法的权重上下限不成立"),
    "DOUBT_BY_UNIT": _("最优评价法的权重因地区而异，不能这样分解"),
    "DOUBT_FIXED": _("最优评价法自行确定权重，不能手工调整"),
    "DOUBT_INFEASIBLE": _("没有满足上下限的权重"),
    "DOUBT_NOT_ARITHMETIC": _("最优评价法只能用于算术平均"),
    "EMPTY": _("没有可测算的地区、年份或数据"),
    "FACTOR": _("不确定因素没有可变的余地"),
    "FACTOR_COUNT": _("因子数不对"),
    "FACTOR_NAMES": _("不确定因素须各有名称"),
    "FRACTION_AS_PERCENT": _("百分数全都不超过 1 %，可能填成了比例，请核对"),
    "GOALPOSTS": _("目标下限须低于上限"),
    "GOALPOSTS_MISSING": _("指标没有目标上下限，不能用目标值标准化"),
    "GOALPOSTS_TREATED": _("目标上下限用的是指标原来的单位，不能先取对数或做 Box-Cox 变换"),
    "GRID_TOO_LARGE": _("组合太多，不能逐一计算，请改用抽样"),
    "GROUPS": _("分解的分组不成立"),
    "GROUP_LENGTH": _("分组标签与地区数不符"),
    "GROUP_UNKNOWN": _("没有这种分组标签，不能按组填补"),
    "IMPUTE_UNKNOWN": _("没有这种填补方法"),
    "INDICATOR_THIN": _("指标的实测数据少于要求"),
    "INFINITE": _("有不能计算的数"),
    "INTENSIVE": _("比例和得分不能再除以分母"),
    "JUMP": _("这一年的中位数比其他年份高或低五倍以上，可能是另一种口径的调查"),
    "LEAF_WITHOUT_DATA": _("指标没有任何数据"),
    "LEVEL": _("区间的把握须在 0 和 1 之间"),
    "LEVELS": _("分级至少要两级，并且要有得分"),
    "MEASURE": _("没有这种重要性度量"),
    "METHOD_DIFFERS": _("前后两次的合成方法不同，不能分解变化"),
    "NEGATIVE_UNDER_DOUBT": _("最优评价法的数据不能为负"),
    "NODE_EMPTY": _("节点下面没有内容"),
    "NODE_UNKNOWN": _("体系里没有这个节点"),
    "NORMALISE_UNKNOWN": _("没有这种标准化方法"),
    "NOT_ADDITIVE": _("这种平均不能按加法分解，请用对数均值"),
    "NOT_A_NUMBER": _("应为数字的地方是文字"),
    "NOT_DISCRETE": _("只有可列举的选择才能逐一计算，请改用抽样"),
    "NOT_POSITIVE": _("几何、调和平均要求数值大于零，下列数值不是"),
    "NOT_POSITIVE_BY_DESIGN": _("几何、调和平均要求数值大于零，而所选的标准化会得到零或负数，请把量程下限调到零以上"),
    "NO_INFORMATION": _("各列都没有差异，不能由数据定权重"),
    "NO_MEAN": _("按地区相互比较的方法不能拆成各项的贡献"),
    "NO_SPREAD": _("各地区的数值全部相等（或只有一个），不能这样标准化"),
    "ONE_YEAR": _("只测算一年，没有别的年份可以沿用或插补"),
    "OUTCOME_MISSING": _("没有得分，不能比较"),
    "PARENT_UNKNOWN": _("上级节点不在体系里"),
    "PATH_UNKNOWN": _("测算方案里没有这一处"),
    "PERCENT_AND_FRACTION": _("一年像百分数，另一年像比例，请核对"),
    "PERCENT_AS_FRACTION": _("比例大于 1，可能是百分数，请核对"),
    "POINTS": _("抽样点的形状不对"),
    "POWER_OF_TWO": _("抽样次数须是 2 的幂"),
    "PREDICTORS": _("回归填补至少要一个自变量"),
    "RATIO_NOT_POSITIVE": _("按比值标准化要求数值大于零"),
    "ROOT": _("体系须有且只有一个总指数"),
    "ROW_AMONG": _("按行填补只能在全部指标或同组指标之间"),
    "SCALE": _("量程须由差到好递增"),
    "SCALES_DIFFER": _("两个结果不在同一量程上，不能直接比较"),
    "SHAPE": _("数据的形状不对"),
    "SHARE": _("比例须在 0 和 1 之间"),
    "STILL_MISSING": _("填补之后仍缺数据"),
    "TOLERANCE": _("并列的容差须在 0 和 1 之间"),
    "TOO_FEW_ROWS": _("由数据定权重至少要三个数据完整的地区"),
    "TREAT_LIMITS": _("极端值处理的界限不能为负"),
    "TREAT_UNKNOWN": _("没有这种极端值处理方法"),
    "TWO_PARENTS": _("一个节点有两个上级"),
    "UNIT_MISMATCH": _("数据的单位与体系要求的单位不同，不能换算"),
    "UNIT_SCREENED": _("实测数据太少，不参加这一年的测算"),
    "UNIT_TWICE": _("地区重复"),
    "UNIT_UNKNOWN": _("没有这个地区"),
    "VARIABLE_TWICE": _("数据列重复"),
    "VARIABLE_UNKNOWN": _("没有这列数据"),
    "WEIGHT": _("权重须是不小于零的数"),
    "WEIGHT_MISSING": _("有节点没有权重"),
    "WEIGHT_SUM": _("权重之和不对"),
    "YEARS_NOT_COMPARABLE": _("各年分别标准化，不同年份的得分不能相互比较；要比较请用固定目标值、基年或合并各年"),
    "YEARS_ORDER": _("年份须由早到晚"),
    "YEAR_TWICE": _("年份重复"),
    "YEAR_UNKNOWN": _("没有这一年"),
}


@dataclass(frozen=True, slots=True)
class Told:
    """A problem as people read it. `where` is what is meant, by name; `detail` the engine's own words."""

    code: str
    sentence: str
    where: tuple[str, ...]
    more: int
    stops: bool
    detail: str = ""

    def __str__(self) -> str:
        if not self.where:
            return _t("%(what)s。") % {"what": self.sentence}
        listed = _t("；").join(self.where)
        if self.more:
            return _t("%(what)s：%(where)s，另有 %(n)s 处。") % {"what": self.sentence, "where": listed, "n": self.more}
        return _t("%(what)s：%(where)s。") % {"what": self.sentence, "where": listed}


def told(problem: Problem, names: Mapping[str, str] | None = None) -> Told:
    """A problem in Chinese, codes replaced by names where they are known."""
    known = names or {}
    where = tuple(", ".join(known.get(part, part) for part in place.split(", ")) for place in problem.where)
    sentence = str(SENTENCES[problem.code]) if problem.code in SENTENCES else problem.text
    return Told(problem.code, sentence, where[:SHOWN], max(0, len(where) - SHOWN), problem.stops, problem.text)


def refusal(refused: Refused, names: Mapping[str, str] | None = None, field: str = "scenario") -> Invalid:
    """The engine's refusal as one of ours: the first code, every sentence."""
    found = [told(p, names) for p in refused.problems]
    sentence = str(found[0]) if len(found) == 1 else _t("有 %(n)s 处问题，没有测算。") % {"n": len(found)}
    return Invalid(found[0].code.lower(), sentence, fields={field: [str(t) for t in found]})


def as_json(problems: Iterable[Problem], names: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
    """Kept with a result: code and places. Sentences are made when they are shown, in the reader's language."""
    known = names or {}
    return [
        {
            "code": p.code,
            "text": p.text,
            "where": [", ".join(known.get(part, part) for part in place.split(", ")) for place in p.where],
            "stops": p.stops,
        }
        for p in problems
    ]


def from_json(kept: Iterable[Mapping[str, Any]]) -> list[Told]:
    return [told(Problem(k["code"], k["text"], tuple(k["where"]), k["stops"])) for k in kept]
