"""Text to typed values: a questionnaire, its letters, and what an expert answers. Nothing is saved here."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from linli.core.errors import Invalid
from linli.vault import slips

from . import opinions
from .actions.experts import SEATS_MOST
from .choices import QuestionKind


class QuestionnaireForm(forms.Form):
    title = forms.CharField(label=_("标题"), max_length=120)
    kind = forms.ChoiceField(
        label=_("怎么问"), choices=QuestionKind.choices, widget=forms.RadioSelect, initial=QuestionKind.BUDGET
    )
    nodes = forms.MultipleChoiceField(
        label=_("问哪些"), widget=forms.CheckboxSelectMultiple,
        help_text=_("每选一项，专家就给它下面的各项定一次权重。两两比较最多 9 项。"),
    )  # fmt: skip
    closes_on = forms.DateField(
        label=_("截止日"), required=False, widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
    note = forms.CharField(
        label=_("给专家的话"), max_length=600, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, *args: Any, nodes: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["nodes"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = list(nodes)


class SeatsForm(forms.Form):
    count = forms.IntegerField(label=_("几位专家"), min_value=1, max_value=SEATS_MOST, initial=7)


class AdoptForm(forms.Form):
    name = forms.CharField(label=_("方案名称"), max_length=80)
    accept_inconsistent = forms.BooleanField(label=_("合并后不一致也采用"), required=False)


class ExpertCodeForm(forms.Form):
    code = forms.CharField(
        label=_("咨询码"),
        max_length=slips.LONGEST,
        help_text=_("信上的十个字母和数字，例如 ABCDE-FG234。"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )


def points_of(values: Mapping[str, str], children: Sequence[str]) -> dict[str, float]:
    """Points that were typed; an empty field is none. Raises Invalid that names the child."""
    found = {}
    for child in children:
        text = values.get(f"points-{child}", "").strip()
        if text and not re.fullmatch(r"[0-9]{1,3}", text):
            raise Invalid("bad_points", _t("分数写整数。"), fields={child: [_t("分数写整数。")]})
        if text:
            found[child] = float(text)
    return found


def comparisons_of(values: Mapping[str, str], n: int) -> dict[tuple[int, int], float]:
    """Pairs that were compared: which is more important, and by how much. Raises Invalid."""
    found = {}
    for i, j in opinions.pairs(n):
        which, degree = values.get(f"which-{i}-{j}", ""), values.get(f"degree-{i}-{j}", "")
        if which == "same":
            found[i, j] = 1.0
        elif which in ("first", "second"):
            if degree not in {str(d) for d in opinions.DEGREES}:
                sentence = _t("请选重要多少。")
                raise Invalid("no_degree", sentence, fields={f"{i}-{j}": [sentence]})
            found[i, j] = float(degree) if which == "first" else 1 / float(degree)
    return found


def shown_comparison(value: float | None) -> tuple[str, int]:
    """A judgement as the form shows it: first, second, same or nothing, and the degree."""
    if value is None:
        return "", 3
    if abs(value - 1) < 1e-9:
        return "same", 3
    return ("first", round(value)) if value > 1 else ("second", round(1 / value))
