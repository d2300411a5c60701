"""Text to typed values: the head and the rows of a draft. Nothing is saved here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from . import trees
from .choices import NodeKind, Provenance

DIRECTIONS = ((1, _("正向：越大越好")), (-1, _("逆向：越小越好")))


class HeadForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    name = forms.CharField(label=_("名称"), max_length=120)
    name_en = forms.CharField(label=_("英文名"), max_length=160, required=False)
    valid_from = forms.IntegerField(label=_("从哪一年起用"), min_value=1990, max_value=2100)
    source = forms.CharField(label=_("出处"), max_length=400, required=False)
    note = forms.CharField(label=_("说明"), max_length=600, required=False, widget=forms.Textarea(attrs={"rows": 3}))


class NodeForm(forms.Form):
    """One row of a tree; `parents` are the rows that others may hang on."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    kind = forms.ChoiceField(label=_("层级"), choices=NodeKind.choices)
    parent = forms.ChoiceField(label=_("上级"), required=False)
    code = forms.RegexField(
        trees.CODE.pattern, label=_("代码"), max_length=40, strip=True,
        help_text=_("小写字母、数字和下划线；测算和表格里用它认这一行。"),
        error_messages={"invalid": _("代码用小写字母、数字和下划线，最多 40 个。")},
    )  # fmt: skip
    name = forms.CharField(label=_("名称"), max_length=120)
    name_en = forms.CharField(label=_("英文名"), max_length=160, required=False)
    weight = forms.FloatField(
        label=_("权重"), min_value=0, max_value=1e6, initial=1,
        help_text=_("同一上级下面各项相等，或者加起来是 100（或 1）。"),
    )  # fmt: skip
    direction = forms.TypedChoiceField(label=_("方向"), coerce=int, choices=DIRECTIONS, initial=1)
    symbol = forms.CharField(label=pgettext_lazy("measure", "单位"), max_length=20, required=False)
    numerator = forms.CharField(
        label=_("算式"), max_length=300, required=False,
        help_text=_("统计代码用加号、减号相连，减号两边空格。不写就是没有数据。"),
    )  # fmt: skip
    denominator = forms.CharField(label=_("除以"), max_length=300, required=False)
    denominator_symbol = forms.CharField(label=_("分母单位"), max_length=20, required=False)
    factor = forms.FloatField(label=_("系数"), initial=1)
    goal_low = forms.FloatField(label=_("目标下限"), required=False)
    goal_high = forms.FloatField(label=_("目标上限"), required=False)
    target = forms.FloatField(label=_("目标值"), required=False)
    definition = forms.CharField(
        label=_("定义"), max_length=600, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    calibre = forms.CharField(label=_("口径"), max_length=160, required=False)
    provenance = forms.ChoiceField(label=_("可信程度"), choices=Provenance.choices, initial=Provenance.PROVISIONAL)
    source = forms.CharField(label=_("出处"), max_length=400, required=False)

    def __init__(self, *args: Any, parents: Sequence[trees.Row], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["parent"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("无（只有总指数）")), *((r.code, f"{r.name}（{r.code}）") for r in parents)]

    def row(self) -> trees.Row:
        """What was typed as a row of a tree; what only indicators have is left out elsewhere."""
        values = {k: v for k, v in self.cleaned_data.items() if k != "version"}
        if values["kind"] != NodeKind.INDICATOR:
            blank = trees.Row("", "", "", "")
            plain = (
                "direction",
                "symbol",
                "numerator",
                "denominator",
                "denominator_symbol",
                "factor",
                "goal_low",
                "goal_high",
                "target",
            )
            values |= {name: getattr(blank, name) for name in plain}
        return trees.Row(**values)


def initial_of(row: trees.Row, version: int) -> dict[str, Any]:
    """A row as the form shows it."""
    return {**asdict(row), "version": version}
