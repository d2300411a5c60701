"""Text to typed values: what a run computes, in plain words. What is left at "as the scenario says" is not touched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

KEEP = ""
AS_SAID = (KEEP, _("按所选方案"))
IMPUTE: dict[str, tuple[Any, list[dict[str, Any]]]] = {
    "none": (_("不填补：缺就是缺"), []),
    "interpolate": (_("两年之间插补"), [{"method": "interpolate"}]),
    "interpolate_carry": (_("先插补，再沿用上一次"), [{"method": "interpolate"}, {"method": "carry"}]),
    "interpolate_median": (_("先插补，再用各地中位数"), [{"method": "interpolate"}, {"method": "median"}]),
    "group_median": (_("用同区域的中位数"), [{"method": "group_median", "group": "region"}]),
    "median": (_("用各地中位数"), [{"method": "median"}]),
    "row": (_("按本地其他指标估"), [{"method": "row"}]),
    "regression": (_("由相关指标回归"), [{"method": "regression"}]),
}
TREAT: dict[str, tuple[Any, dict[str, Any] | None]] = {
    "none": (_("不处理"), None),
    "winsorise": (_("缩尾：把极端值移到相邻值"), {"methods": ["winsorise"]}),
    "winsorise_log": (_("先缩尾，不行再取对数"), {"methods": ["winsorise", "log"]}),
}
NORMALISE = (
    ("minmax", _("极差：最差到最好")), ("goalposts", _("目标值：体系里写明的上下限")), ("zscore", _("标准分：离均值几个标准差")),
    ("percentile", _("百分位：按名次")), ("rank", _("名次")), ("ratio_best", _("与最好之比")), ("ratio_mean", _("与均值之比")),
)  # fmt: skip
BASE = (
    ("pooled", _("合并各年：各年可以相互比较")), ("each", _("每年单独：年份之间不能比较")), ("first", _("第一年为基年")),
)  # fmt: skip
WEIGH = (
    ("given", _("体系里写明的权重")), ("equal", _("同一上级下等权")), ("entropy", _("熵权：差异大的权重大")), ("critic", _("CRITIC：差异大、不重复的权重大")),
    ("factors", _("主成分：由数据结构定")), ("benefit_of_doubt", _("最优评价：各地取对自己最有利的")),
)  # fmt: skip
AGGREGATE = (
    ("arithmetic", _("算术平均：长处可以补短处")), ("geometric", _("几何平均：短处拉低总分")), ("harmonic", _("调和平均：短处拉低更多")),
    ("power", _("幂平均（0.5）")), ("topsis", _("TOPSIS：与最好、最差的距离")), ("copeland", _("Copeland：两两比较胜负")),
)  # fmt: skip
FIELD_OF = {
    "impute": ("IMPUTE_UNKNOWN", "GROUP_UNKNOWN", "GROUP_LENGTH", "ONE_YEAR", "ROW_AMONG", "PREDICTORS", "SHARE"),
    "treat": ("TREAT_UNKNOWN", "TREAT_LIMITS", "GOALPOSTS_TREATED"),
    "normalise": ("NORMALISE_UNKNOWN", "GOALPOSTS_MISSING", "NO_SPREAD", "RATIO_NOT_POSITIVE"),
    "scale_low": ("SCALE",),
    "base": ("BASE", "BASE_YEAR", "BASE_OF_RANKS"),
    "weigh": ("WEIGHT", "WEIGHT_SUM", "WEIGHT_MISSING", "AHP_INCONSISTENT", "AHP_POSITIVE", "AHP_RECIPROCAL", "AHP_SHAPE",
              "AHP_SIZE", "DOUBT_BOUNDS", "DOUBT_INFEASIBLE", "NEGATIVE_UNDER_DOUBT", "NO_INFORMATION", "TOO_FEW_ROWS", "FACTOR_COUNT"),
    "aggregate": ("AGGREGATE_UNKNOWN", "NOT_POSITIVE", "NOT_POSITIVE_BY_DESIGN", "DOUBT_NOT_ARITHMETIC"),
    "coverage": ("STILL_MISSING",),
    "factors": ("FACTOR", "FACTOR_NAMES", "PATH_UNKNOWN", "POINTS", "GRID_TOO_LARGE"),
}  # fmt: skip
"""Which field a problem of the engine is about; all else is said above the form."""


def field_of(code: str) -> str:
    return next((name for name, codes in FIELD_OF.items() if code in codes), "")


class RunForm(forms.Form):
    """`scenarios` and `factors` are those of the framework chosen before; years those for which there may be data."""

    year_from = forms.TypedChoiceField(label=_("从哪一年"), coerce=int)
    year_to = forms.TypedChoiceField(label=_("到哪一年"), coerce=int)
    scenario = forms.TypedChoiceField(
        label=_("测算方案"), coerce=int, help_text=_("体系自带的方案写在体系里；另存的方案由本机构设定。")
    )
    name = forms.CharField(label=_("给这次测算起个名字"), required=False, max_length=120)
    impute = forms.ChoiceField(label=_("缺数据怎么填"), required=False, choices=[AS_SAID, *((k, v[0]) for k, v in IMPUTE.items())],
                               help_text=_("实测的数从不改动；填补的数会逐个标明。"))  # fmt: skip
    treat = forms.ChoiceField(label=_("极端值"), required=False, choices=[AS_SAID, *((k, v[0]) for k, v in TREAT.items())],
                              help_text=_("只处理偏斜又尖峭的指标，每处都记在案。"))  # fmt: skip
    normalise = forms.ChoiceField(label=_("怎样放到同一尺度"), required=False, choices=[AS_SAID, *NORMALISE])
    base = forms.ChoiceField(label=_("以哪些年份为参照"), required=False, choices=[AS_SAID, *BASE])
    scale_low = forms.FloatField(label=_("最差的得几分"), required=False, min_value=0, max_value=99,
                                 help_text=_("最好的得 100 分。几何、调和平均要求大于 0。"))  # fmt: skip
    weigh = forms.ChoiceField(label=_("权重"), required=False, choices=[AS_SAID, *WEIGH])
    aggregate = forms.ChoiceField(label=_("怎样合成"), required=False, choices=[AS_SAID, *AGGREGATE])
    coverage = forms.IntegerField(label=_("至少要有多少权重的数据（%）"), required=False, min_value=1, max_value=100,
                                  help_text=_("不够的地区没有得分，写“数据不足”。"))  # fmt: skip
    factors = forms.MultipleChoiceField(label=_("同时试哪些变化"), required=False, widget=forms.CheckboxSelectMultiple,
                                        help_text=_("这些选择换一换，看名次会不会变；不选就没有区间。"))  # fmt: skip

    def __init__(self, *args: Any, years: Sequence[int], scenarios: Sequence[tuple[int, str]],
                 factors: Sequence[tuple[str, str]], **kwargs: Any) -> None:  # fmt: skip
        super().__init__(*args, **kwargs)
        for name in ("year_from", "year_to"):
            self.fields[name].choices = [(y, str(y)) for y in years]  # type: ignore[attr-defined]
        self.fields["scenario"].choices = list(scenarios)  # type: ignore[attr-defined]
        self.fields["factors"].choices = list(factors)  # type: ignore[attr-defined]
        if not factors:
            del self.fields["factors"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("year_from") and data.get("year_to") and data["year_from"] > data["year_to"]:
            self.add_error("year_to", _t("结束的年份不能早于开始的年份。"))
        return data

    @property
    def years(self) -> list[int]:
        return list(range(self.cleaned_data["year_from"], self.cleaned_data["year_to"] + 1))

    def document(self, said: Mapping[str, Any]) -> dict[str, Any] | None:
        """The chosen scenario with what was set otherwise; None if nothing was."""
        data = self.cleaned_data
        made = {k: dict(v) if isinstance(v, Mapping) else v for k, v in said.items()}
        if data["impute"]:
            made["impute"] = IMPUTE[data["impute"]][1]
        if data["treat"]:
            made["treat"] = TREAT[data["treat"]][1]
        normalise = dict(made.get("normalise") or {})
        if data["normalise"]:
            normalise = {"method": data["normalise"], "base": normalise.get("base", "each")}
        if data["base"]:
            normalise["base"] = data["year_from"] if data["base"] == "first" else data["base"]
        if data["scale_low"] is not None:
            normalise["scale"] = [data["scale_low"], 100.0]
        if normalise:
            made["normalise"] = normalise
        if data["weigh"]:
            made["weigh"] = {"default": {"kind": data["weigh"]}, "at": {}}
        aggregate = dict(made.get("aggregate") or {})
        if data["aggregate"]:
            aggregate = {"default": data["aggregate"], "coverage": aggregate.get("coverage", 1.0)}
        if data["coverage"] is not None:
            aggregate["coverage"] = data["coverage"] / 100
        if aggregate:
            made["aggregate"] = aggregate
        return made if made != dict(said) else None
