"""Text to typed values: what a campaign says."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ..actions.campaigns import AIM_MOST, NAME_MOST, CampaignPlan
from .choices import VERSION_MOST, Day, body_choices, class_choices, division_choices


class CampaignForm(forms.Form):
    name = forms.CharField(label=_("名称"), max_length=NAME_MOST)
    aim = forms.CharField(
        label=_("要达到什么"), required=False, max_length=AIM_MOST, widget=forms.Textarea(attrs={"rows": 2})
    )
    classes = forms.MultipleChoiceField(label=_("哪些问题"), help_text=_("可以选几类，也可以选整个大类。"))
    divisions = forms.MultipleChoiceField(label=_("在哪里"), help_text=_("区、街道或社区，可以选几个。"))
    first_day = forms.DateField(label=_("开始日期"), widget=Day())
    last_day = forms.DateField(label=_("截止日期"), widget=Day(), help_text=_("当天也算；最长一年。"))
    body = forms.TypedChoiceField(label=_("牵头单位"), required=False, coerce=int, empty_value=None)
    version = forms.IntegerField(required=False, widget=forms.HiddenInput, min_value=0, max_value=VERSION_MOST)

    def __init__(self, held: list[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        lists: dict[str, list[Any]] = {
            "classes": class_choices(tops=True),
            "divisions": division_choices(held, communities=True),
            "body": [("", _("不指定")), *body_choices("")],
        }
        for name, choices in lists.items():
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = choices
            field.widget.attrs["data-pick"] = ""

    def plan(self) -> CampaignPlan:
        said = self.cleaned_data
        return CampaignPlan(
            name=said["name"], aim=said["aim"], classes=tuple(said["classes"]), divisions=tuple(said["divisions"]),
            first_day=said["first_day"], last_day=said["last_day"], body_id=said["body"],
        )  # fmt: skip
