"""Text to typed values: circles, members, records, designations. Nothing is saved here."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from linli.core import clock

from .actions.records import CircleFacts
from .choices import CircleLevel, CircleState, DesignationState, MemberKind, Provenance
from .queries import records

FEN = 100


class Day(forms.DateInput):
    """A date field of the browser, in ISO form."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class CircleForm(forms.Form):
    code = forms.CharField(label=_("编号"), max_length=40, help_text=_("字母、数字和连字符，存后不改。"))
    name = forms.CharField(label=_("名称"), max_length=100)
    communities = forms.MultipleChoiceField(label=_("覆盖的社区"), widget=forms.SelectMultiple(attrs={"size": 8}))
    state = forms.ChoiceField(label=_("状态"), choices=CircleState.choices)
    level = forms.ChoiceField(label=_("级别"), choices=CircleLevel.choices)
    year = forms.IntegerField(label=_("建成或计划年份"), min_value=1949, max_value=2100)
    note = forms.CharField(label=_("说明"), required=False, max_length=400, widget=forms.Textarea(attrs={"rows": 2}))
    source = forms.CharField(label=_("出处"), required=False, max_length=400)
    provenance = forms.ChoiceField(label=_("依据"), choices=Provenance.choices, initial=Provenance.PROVISIONAL)

    def __init__(self, *args: Any, communities: list[tuple[str, list[tuple[str, str]]]], **kwargs: Any) -> None:
        """`communities`: those the writer may choose from, grouped by subdistrict."""
        super().__init__(*args, **kwargs)
        field = self.fields["communities"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = communities

    def facts(self) -> CircleFacts:
        data = self.cleaned_data
        return CircleFacts(**(data | {"communities": tuple(data["communities"])}))


class MemberForm(forms.Form):
    kind = forms.ChoiceField(label=_("类别"), choices=MemberKind.choices)
    name = forms.CharField(label=_("名称"), max_length=100, help_text=_("单位、店铺或队伍的名称，不写个人。"))
    offers = forms.CharField(label=_("提供什么"), required=False, max_length=200)
    joined_on = forms.DateField(label=_("加入日期"), required=False, widget=Day)


class LeaveForm(forms.Form):
    left_on = forms.DateField(label=_("退出日期"), widget=Day)


class RecordForm(forms.Form):
    kind = forms.ChoiceField(label=_("台账"))
    amount = forms.CharField(
        label=_("数值"), max_length=20, help_text=_("人数、平方米；经费写元，可到分；是否写 1 或 0。")
    )
    as_of = forms.DateField(label=_("截至"), widget=Day)
    evidence = forms.CharField(
        label=_("依据"), max_length=200, help_text=_("文件、合同、登记的名称和日期；不写个人信息。")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kinds = {k.code: k for k in records.kinds()}
        field = self.fields["kind"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(k.code, f"{k.name}（{k.unit}）" if k.unit else k.name) for k in self.kinds.values()]
        self.fields["as_of"].initial = clock.today

    def clean(self) -> dict[str, Any]:
        """Yuan become fen; everything else is a whole number."""
        data: dict[str, Any] = super().clean() or {}
        kind, text = self.kinds.get(data.get("kind", "")), str(data.get("amount", "")).replace(",", "").strip()
        if kind is None or not text:
            return data
        fen = kind.value == "fen"
        if not re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,2})?" if fen else r"[0-9]{1,13}", text):
            self.add_error("amount", _t("写成数字：经费可以有两位小数，其他是整数。"))
            return data
        data["amount"] = int(Decimal(text) * FEN) if fen else int(text)
        return data


class DesignationForm(forms.Form):
    community = forms.ChoiceField(label=_("社区"))
    year = forms.IntegerField(label=_("年份"), min_value=1949, max_value=2100)
    state = forms.ChoiceField(label=_("结果"), choices=DesignationState.choices)
    met = forms.MultipleChoiceField(label=_("达到的标准"), required=False, widget=forms.CheckboxSelectMultiple)
    evidence = forms.CharField(label=_("依据"), max_length=200)

    def __init__(
        self,
        *args: Any,
        programme: records.ProgrammeView,
        communities: list[tuple[str, list[tuple[str, str]]]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        for name, choices in (
            ("community", communities),
            ("met", [(c["code"], c["name"]) for c in programme.criteria]),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = choices
        self.fields["year"].initial = clock.today().year
