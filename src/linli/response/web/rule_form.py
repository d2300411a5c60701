"""One routing rule as a form: the same words as in the table that is taken in, names or codes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from linli.exchange.columns import Cell, Wrong, said, typed

from ..choices import Channel
from ..imports import RouteImporter, rule_from, values_of
from ..queries import routing as reads
from ..routing import Names, Rule

_LINE = forms.TextInput


class RuleForm(forms.Form):
    divisions = forms.CharField(
        label=gettext_lazy("区划"),
        max_length=4_000,
        widget=_LINE,
        help_text=gettext_lazy("名称或 6、9、12 位代码，用顿号分开；“全区”是全部。"),
    )
    classes = forms.CharField(
        label=gettext_lazy("问题类型"),
        required=False,
        max_length=4_000,
        widget=_LINE,
        help_text=gettext_lazy("名称、编码或编码的开头两位；不写是各类问题。"),
    )
    channels = forms.MultipleChoiceField(
        label=gettext_lazy("来源"),
        required=False,
        choices=Channel.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("都不选就是全部来源。"),
    )
    hours = forms.CharField(
        label=gettext_lazy("时间"),
        required=False,
        max_length=20,
        widget=forms.TextInput(attrs={"list": "hours-list", "autocomplete": "off"}),
        help_text=gettext_lazy("工作时间、非工作时间，或 22:00-06:00 这样；不写是全天。"),
    )
    lead = forms.CharField(
        label=gettext_lazy("牵头单位"),
        required=False,
        max_length=80,
        widget=forms.TextInput(attrs={"list": "body-list", "autocomplete": "off"}),
        help_text=gettext_lazy("单位全名或代码；不写就由区里决定。"),
    )
    joint = forms.CharField(
        label=gettext_lazy("协办单位"),
        required=False,
        max_length=2_000,
        widget=_LINE,
        help_text=gettext_lazy("可以写几个，用顿号分开。"),
    )
    note = forms.CharField(label=gettext_lazy("备注"), required=False, max_length=200)
    provenance = forms.ChoiceField(
        label=gettext_lazy("可信程度"),
        choices=[("provisional", gettext_lazy("暂定")), ("sourced", gettext_lazy("有出处"))],
    )
    source = forms.CharField(label=gettext_lazy("出处"), required=False, max_length=200)

    def rule(self) -> Rule | None:
        """The rule that the form says, or None with the reason at its field."""
        values: dict[str, Any] = {}
        for column in RouteImporter().columns():
            if column.key not in self.fields:
                continue
            given = self.cleaned_data.get(column.key) or ""
            if isinstance(given, list):
                values[column.key] = tuple(given)
                continue
            try:
                values[column.key] = typed(column, Cell(given))
            except Wrong as why:
                self.add_error(column.key, why.sentence)
        if self.errors:
            return None
        rule = rule_from(values, 1)
        for problem in reads.problems([rule]):
            if problem.fatal or problem.code == "no_such_class":
                self.add_error(problem.field if problem.field in self.fields else None, problem.sentence)
        return None if self.errors else rule


def initial_of(rule: Rule, names: Names) -> dict[str, Any]:
    """What the form shows of a rule: names where a name finds its code again, else codes."""
    values = values_of(rule)
    shown: dict[str, Any] = {"channels": list(rule.channels), "provenance": rule.provenance}
    for column in RouteImporter().columns():
        if column.key in ("divisions", "classes", "joint"):
            name = {"divisions": names.division, "classes": names.case_class, "joint": names.body}[column.key]
            shown[column.key] = _("、").join(_findable(column.key, c, name(c)) for c in values[column.key])
        elif column.key == "lead":
            shown["lead"] = _findable("lead", rule.lead, names.body(rule.lead)) if rule.lead else ""
        elif column.key in ("hours", "note", "source"):
            shown[column.key] = said(column, values[column.key])
    return shown


def _findable(key: str, code: str, name: str) -> str:
    values = {"divisions": ("",), key: name if key == "lead" else (name,)}
    found = rule_from(values, 1)
    back = found.lead if key == "lead" else getattr(found, key)
    return name if back in (code, (code,)) else code
