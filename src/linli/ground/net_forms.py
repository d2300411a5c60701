"""Text to typed values: a net's file, a merger, a decision, a grid matter. Saves nothing."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from linli.territory.choices import Provenance
from linli.territory.polygons import LARGEST_BYTES

from .choices import Net

FILES = ".geojson,.json,.gpkg"


class LayerForm(forms.Form):
    """One net's cells, from a file."""

    net = forms.ChoiceField(label=_("网"), choices=Net.choices)
    name = forms.CharField(label=_("名称"), max_length=120, help_text=_("例如“2026 年城市管理网格”。不写个人姓名。"))
    file = forms.FileField(
        label=_("文件"),
        widget=forms.FileInput(attrs={"accept": FILES}),
        help_text=_("GeoJSON 或 GeoPackage，WGS-84 经纬度，最多 %(n)s MB。") % {"n": LARGEST_BYTES >> 20},
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
