"""A matter type as a form: what is said becomes a row of the catalogue's table; what is wrong stands at its field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from linli.core.errors import Invalid
from linli.flow.rules import Variant
from linli.worktime.choices import UNIT_LABELS

from . import class_rules
from .choices import Level, Object, Theme, Tree, Urgency
from .class_rules import LIMITED, PARTS, SHORT, with_parts
from .rules import CASE

PROVENANCE = [("provisional", gettext_lazy("暂定")), ("sourced", gettext_lazy("有出处"))]
UNITS = list(UNIT_LABELS.items())
OPTIONAL = [verb for verb, move in CASE.moves.items() if move.optional]
MORE_NEEDS = (("feed_back", "photos"), ("pass", "photos"), ("rework", "photos"), ("call_back", "satisfaction"))
SAMPLED = {"sample_pass": "pass", "sample_call_back": "call_back"}
_SELECT = forms.CheckboxSelectMultiple
_LONG = forms.Textarea(attrs={"rows": 3})


def _text(label: Any, name: str, required: bool = True, hint: Any = "") -> forms.CharField:
    return forms.CharField(label=label, required=required, max_length=SHORT[name], help_text=hint)


class TypeForm(forms.Form):
    code = _text(gettext_lazy("编码"), "code", hint=gettext_lazy("数字，以大类的编码开头；用过的编码不能再用。"))
    name = _text(gettext_lazy("名称"), "name")
    name_en = _text(gettext_lazy("英文名称"), "name_en")
    tree = forms.ChoiceField(label=gettext_lazy("目录"), choices=Tree.choices)
    top_code = _text(gettext_lazy("大类编码"), "top_code")
    top_name = _text(gettext_lazy("大类"), "top_name")
    top_name_en = _text(gettext_lazy("大类英文名称"), "top_name_en")
    object = forms.ChoiceField(
        label=gettext_lazy("对象"),
        choices=Object.choices,
        help_text=gettext_lazy("对象是地点、设施、服务或单位，不能是人。"),
    )
    level = forms.ChoiceField(
        label=gettext_lazy("层级"),
        choices=Level.choices,
        help_text=gettext_lazy("由谁决定怎么办；社区一级的小事社区自己办结。"),
    )
    dwelling = forms.BooleanField(label=gettext_lazy("涉及住户：对外只显示到社区，并且晚一天"), required=False)
    urgency = forms.ChoiceField(label=gettext_lazy("紧急程度"), choices=Urgency.choices)
    handle_amount = forms.CharField(
        label=gettext_lazy("办结时限"), max_length=5, widget=forms.TextInput(attrs={"inputmode": "numeric"})
    )
    handle_unit = forms.ChoiceField(label=gettext_lazy("办结时限的单位"), choices=UNITS)
    words = _text(
        gettext_lazy("常用说法"), "words", False, gettext_lazy("居民会怎么说，用空格或顿号分开；登记时按它找。")
    )
    themes = forms.MultipleChoiceField(
        label=gettext_lazy("七有五性"), required=False, choices=Theme.choices, widget=_SELECT
    )
    filing = forms.CharField(
        label=gettext_lazy("立案条件"), required=False, max_length=class_rules.LONG_TEXT, widget=_LONG
    )
    closing = forms.CharField(
        label=gettext_lazy("结案条件"), required=False, max_length=class_rules.LONG_TEXT, widget=_LONG
    )
    without = forms.MultipleChoiceField(
        label=gettext_lazy("这类事项没有的环节"),
        required=False,
        widget=_SELECT,
        help_text=gettext_lazy("去掉一项，它后面的动作一起去掉。核查、结案、重开、随主案结案不能去。"),
    )
    chosen = forms.MultipleChoiceField(
        label=gettext_lazy("这类事项另有的做法"),
        required=False,
        widget=_SELECT,
        help_text=gettext_lazy("选了“抽查未抽中”的，要写明抽查的比例。"),
    )
    sample_pass = forms.CharField(
        label=gettext_lazy("自行处置后核查的比例（%）"),
        required=False,
        max_length=3,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    sample_call_back = forms.CharField(
        label=gettext_lazy("回访的比例（%）"),
        required=False,
        max_length=3,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    needs = forms.MultipleChoiceField(label=gettext_lazy("另加的必填项"), required=False, widget=_SELECT)
    provenance = forms.ChoiceField(label=gettext_lazy("类型的可信程度"), choices=PROVENANCE)
    source = _text(gettext_lazy("类型的出处"), "source")
    limit_provenance = forms.ChoiceField(label=gettext_lazy("时限的可信程度"), choices=PROVENANCE)
    limit_source = _text(gettext_lazy("时限的出处"), "limit_source")
    note = forms.CharField(label=gettext_lazy("为什么这样改"), required=False, max_length=200)

    def __init__(self, *args: Any, fixed_code: str = "", **more: Any) -> None:
        super().__init__(*args, **more)
        self.fixed_code = fixed_code
        if fixed_code:
            del self.fields["code"]
        self._choices("without", [(verb, CASE.moves[verb].label) for verb in PARTS])
        self._choices("chosen", [(verb, CASE.moves[verb].label) for verb in OPTIONAL])
        needs = [(f"{v}:{n}", f"{CASE.moves[v].label}{_('：')}{CASE.need_labels[n]}") for v, n in MORE_NEEDS]
        self._choices("needs", needs)
        for stage in LIMITED:
            label = class_rules.limit_label(stage)
            self.fields[f"limit_{stage}"] = forms.CharField(
                label=label, required=False, max_length=5, widget=forms.TextInput(attrs={"inputmode": "numeric"})
            )
            unit = forms.ChoiceField(label=_("%(stage)s的单位") % {"stage": label}, required=False, choices=UNITS)
            self.fields[f"unit_{stage}"] = unit

    def _choices(self, name: str, choices: list[tuple[str, Any]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = choices

    @property
    def stage_limits(self) -> list[tuple[Any, Any]]:
        """(amount, unit) fields of each stage that may have a limit of its own."""
        return [(self[f"limit_{stage}"], self[f"unit_{stage}"]) for stage in LIMITED]

    def row(self) -> dict[str, str]:
        """What the form says as a row of the catalogue's table; call after is_valid()."""
        said = self.cleaned_data
        plain = (
            "name", "name_en", "tree", "top_code", "top_name", "top_name_en", "object", "level", "urgency",
            "handle_amount", "handle_unit", "filing", "closing", "provenance", "source", "limit_provenance",
            "limit_source",
        )  # fmt: skip
        row = {name: str(said[name]).strip() for name in plain}
        row["code"] = self.fixed_code or said["code"].strip()
        row["dwelling"] = "yes" if said["dwelling"] else "no"
        row["words"] = " ".join(said["words"].replace("、", " ").replace("，", " ").split())
        row["themes"] = " ".join(said["themes"])
        row["without"] = " ".join(sorted(with_parts(said["without"])))
        row["chosen"] = " ".join(said["chosen"])
        row["needs"] = " ".join(said["needs"])
        row["samples"] = " ".join(
            f"{verb}:{said[name].strip()}" for name, verb in SAMPLED.items() if said[name].strip()
        )
        row["limits"] = " ".join(
            f"{stage}:{said[f'limit_{stage}'].strip()}:{said[f'unit_{stage}']}"
            for stage in LIMITED
            if said[f"limit_{stage}"].strip()
        )
        return row

    def refused(self, why: Invalid) -> None:
        """Put each sentence of a refusal at the field that it is about."""
        for name, sentences in why.fields.items():
            for sentence in sentences:
                self.add_error(self._field_for(name, str(sentence)), str(sentence))

    def _field_for(self, name: str, sentence: str) -> str | None:
        if name == "samples":
            back = (str(CASE.moves[verb].label) for verb in ("archive", "call_back"))
            return "sample_call_back" if sentence.startswith(tuple(back)) else "sample_pass"
        if name == "limits":
            words = {str(class_rules.limit_label(s)): s for s in LIMITED}
            stage = words.get(sentence.partition("：")[0])
            return f"limit_{stage}" if stage else None
        return name if name in self.fields else None


def initial_of(row: Mapping[str, str]) -> dict[str, Any]:
    """What the form shows of a row."""
    variant: Variant = class_rules.variant_of(row)
    shown: dict[str, Any] = dict(row)
    shown |= {
        "dwelling": row.get("dwelling") == "yes",
        "themes": row.get("themes", "").split(),
        "without": [verb for verb in PARTS if verb in variant.without],
        "chosen": sorted(variant.chosen),
        "needs": [f"{v}:{n}" for v, n in variant.also_needs],
    }
    shown |= {name: dict(variant.samples).get(verb, "") for name, verb in SAMPLED.items()}
    for stage, amount, unit in variant.limits:
        shown |= {f"limit_{stage}": amount, f"unit_{stage}": unit}
    return shown
