"""Text to typed values: a net's file, a merger, a decision, a grid matter. Saves nothing."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from linli.organisations.choices import BodyKind
from linli.territory.polygons import LARGEST_BYTES

from .choices import Net, Object, Provenance, Subject
from .matters import FIELDS, Row

FILES = ".geojson,.json,.gpkg"


def _file_words() -> str:
    """Filled in when it is read: a lazy text and % would be settled in the language of the start."""
    return _("GeoJSON 或 GeoPackage，WGS-84 经纬度，最多 %(n)s MB。") % {"n": LARGEST_BYTES >> 20}


class LayerForm(forms.Form):
    """One net's cells, from a file."""

    net = forms.ChoiceField(label=_("网"), choices=Net.choices)
    name = forms.CharField(label=_("名称"), max_length=120, help_text=_("例如“2026 年城市管理网格”。不写个人姓名。"))
    file = forms.FileField(
        label=_("文件"),
        widget=forms.FileInput(attrs={"accept": FILES}),
        help_text=lazy(_file_words, str)(),
    )
    provenance = forms.ChoiceField(
        label=_("可信程度"),
        choices=[(Provenance.PROVISIONAL, _("暂定")), (Provenance.SOURCED, _("有出处"))],
        initial=Provenance.PROVISIONAL,
    )
    source = forms.CharField(label=_("出处"), max_length=200, required=False)


class MergerForm(forms.Form):
    """What counts when nets are compared."""

    name = forms.CharField(label=_("名称"), max_length=80, help_text=_("公开的题目，例如“2026 年三网融合”。"))
    share = forms.IntegerField(
        label=_("至少占网格的百分之几才算责任单位"), min_value=1, max_value=50, initial=10,
        help_text=_("占得更少的，只当作界线不一致。"),
    )  # fmt: skip
    tolerance_m = forms.IntegerField(label=_("界线相差几米以内算一致"), min_value=1, max_value=100, initial=10)

    def values(self) -> dict[str, Any]:
        d = self.cleaned_data
        return {"name": d["name"], "share": d["share"] / 100, "tolerance_m": float(d["tolerance_m"])}


class GridMatterForm(forms.Form):
    """One grid matter of a draft."""

    code = forms.CharField(label=_("编码"), max_length=12)
    name = forms.CharField(label=_("名称"), max_length=60)
    name_en = forms.CharField(label=_("英文名称"), max_length=120, required=False)
    object = forms.ChoiceField(
        label=_("对象"), choices=Object.choices, help_text=_("地点、设施、服务或组织，不能是人。")
    )
    nets = forms.MultipleChoiceField(
        label=_("所属的网"), choices=Net.choices, required=False, widget=forms.CheckboxSelectMultiple
    )
    subject = forms.ChoiceField(label=_("责任主体"), choices=Subject.choices)
    body_code = forms.ChoiceField(label=_("责任单位"), required=False)
    body_kind = forms.ChoiceField(
        label=_("责任单位的种类"), required=False, help_text=_("各街道各有一个的，选种类，不选单位。")
    )
    classes = forms.CharField(
        label=_("问题类型"), max_length=120, required=False, help_text=_("类型编码的开头，用空格分开。")
    )
    steps = forms.CharField(
        label=_("工作流程"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("一行一步：谁：做什么：时限。"),
    )  # fmt: skip
    provenance = forms.ChoiceField(label=_("可信程度"), choices=Provenance.choices)
    source = forms.CharField(label=_("出处"), max_length=200, required=False)

    def __init__(self, *args: Any, bodies: list[tuple[str, str]], **more: Any) -> None:
        super().__init__(*args, **more)
        blank = ("", "—")
        self.fields["body_code"].choices = [blank, *bodies]  # type: ignore[attr-defined]
        self.fields["body_kind"].choices = [blank, *BodyKind.choices]  # type: ignore[attr-defined]

    def row(self) -> Row:
        d = self.cleaned_data
        steps = "\n".join(line.strip() for line in d["steps"].splitlines() if line.strip())
        return Row(
            **{
                **{k: d[k] for k in FIELDS},
                "nets": " ".join(d["nets"]),
                "classes": " ".join(d["classes"].split()),
                "steps": steps,
            }
        )
